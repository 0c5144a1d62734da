"""The transports that every HTTP client and mail client here uses: look up, check, connect to what was checked.

Host header and TLS (server name, certificate) stay those of the name: only the address is fixed, so that a name server
that answers differently the second time changes nothing. Each hop of a redirect passes here again.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Sequence
from functools import partial

import httpx

from appliance.config.addresses import Address
from appliance.egress.policy import LOOPBACK_ONLY, Policy
from appliance.egress.resolver import Lookup, resolve, system_lookup

_LIMITS = httpx.Limits(max_keepalive_connections=0)
"""A connection is kept by its address, and two names may share one: so none is kept."""
_NOT_REACHED = (httpx.ConnectError, httpx.ConnectTimeout)


class CheckedTransport(httpx.AsyncBaseTransport):
    """For `httpx.AsyncClient(transport=…)`. Raises EgressRefusedError for what the policy refuses."""

    def __init__(
        self, policy: Policy = LOOPBACK_ONLY, tls: ssl.SSLContext | bool = True, *, lookup: Lookup = system_lookup
    ) -> None:
        self._resolve = partial(resolve, policy=policy, lookup=lookup)
        self._inner = httpx.AsyncHTTPTransport(verify=tls, trust_env=False, limits=_LIMITS)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the first of the checked addresses that can be reached."""
        addresses = await self._addresses(request)
        for address in addresses[:-1]:
            try:
                return await self._inner.handle_async_request(_at(address, request))
            except _NOT_REACHED:
                continue
        return await self._inner.handle_async_request(_at(addresses[-1], request))

    async def aclose(self) -> None:
        """Close what is open."""
        await self._inner.aclose()

    async def _addresses(self, request: httpx.Request) -> Sequence[Address]:
        patience_s = request.extensions.get("timeout", {}).get("connect")
        try:
            async with asyncio.timeout(patience_s):
                return await asyncio.to_thread(self._resolve, request.url.host, _port(request.url))
        except TimeoutError as error:
            raise httpx.ConnectTimeout(f"{request.url.host} was not found in time", request=request) from error
        except socket.gaierror as error:
            raise httpx.ConnectError(f"{request.url.host} is not known: {error.strerror}", request=request) from error


class BlockingCheckedTransport(httpx.BaseTransport):
    """The same for `httpx.Client(transport=…)`, which commands use."""

    def __init__(
        self, policy: Policy = LOOPBACK_ONLY, tls: ssl.SSLContext | bool = True, *, lookup: Lookup = system_lookup
    ) -> None:
        self._resolve = partial(resolve, policy=policy, lookup=lookup)
        self._inner = httpx.HTTPTransport(verify=tls, trust_env=False, limits=_LIMITS)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request to the first of the checked addresses that can be reached."""
        try:
            addresses = self._resolve(request.url.host, _port(request.url))
        except socket.gaierror as error:
            raise httpx.ConnectError(f"{request.url.host} is not known: {error.strerror}", request=request) from error
        for address in addresses[:-1]:
            try:
                return self._inner.handle_request(_at(address, request))
            except _NOT_REACHED:
                continue
        return self._inner.handle_request(_at(addresses[-1], request))

    def close(self) -> None:
        """Close what is open."""
        self._inner.close()


def connected(host: str, port: int, timeout_s: float, policy: Policy = LOOPBACK_ONLY) -> socket.socket:
    """Return a connection to a host, for libraries that bring a protocol and take a socket; blocks.

    Raises:
        EgressRefusedError: The policy refuses it.
        OSError: It is not known or cannot be reached.
    """
    *others, last = resolve(host, port, policy)
    for address in others:
        try:
            return socket.create_connection((str(address), port), timeout_s)
        except OSError:
            continue
    return socket.create_connection((str(last), port), timeout_s)


def _port(url: httpx.URL) -> int:
    """Return the port of an address. Raises httpx.UnsupportedProtocol for a scheme that is not HTTP."""
    if url.scheme not in {"http", "https"}:
        raise httpx.UnsupportedProtocol(f"{url.scheme or 'no scheme'}: only http:// and https:// can be asked")
    return url.port or (443 if url.scheme == "https" else 80)


def _at(address: Address, request: httpx.Request) -> httpx.Request:
    """Return the request with the address for the name; `Host` was made of the name when the request was."""
    return httpx.Request(
        request.method,
        request.url.copy_with(host=str(address)),
        headers=request.headers,
        stream=request.stream,
        extensions={"sni_hostname": request.url.host, **request.extensions},
    )
