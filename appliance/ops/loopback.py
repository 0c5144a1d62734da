"""A small HTTP server for programs on this machine: one request without a body, one answer, and it is closed.

A web page from elsewhere in a browser on this machine is refused: by its `Origin`, and by the `Host` under which it
reached us (DNS rebinding). No header allows other origins to read an answer.
"""

from __future__ import annotations

import asyncio
import errno
import hmac
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import cast
from urllib.parse import parse_qsl, urlsplit

from appliance.errors import ApplianceError

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
LARGEST_REQUEST = 8192
PATIENCE_S = 5.0
"""How long a client may take to send its request, and again to take the answer."""
MOST_CONNECTIONS = 32
"""More at the same time are sent away with 503."""

_LOOPBACK_NAMES = {"127.0.0.1", "localhost", "::1"}
_HEADERS = "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n"


class PortError(ApplianceError):
    """A port of this machine cannot be used; a moment later it may be free, so that trying again is of use."""

    code = "port"
    exit_status = 13


class BadRequestError(Exception):
    """What came is not HTTP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a client wants; header names in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """What it gets."""

    status: HTTPStatus = HTTPStatus.OK
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who answers a path. HEAD is answered where GET is."""

    handle: Callable[[Request], Awaitable[Response]]
    method: str = "GET"
    guarded: bool = True
    """Whether the token is required, if there is one."""


class LoopbackServer:
    """Answers requests by the routes."""

    def __init__(self, routes: Mapping[str, Route], token: str = "", *, patience_s: float = PATIENCE_S) -> None:
        """Require `token` (`Authorization: Bearer …`) on guarded routes unless it is empty."""
        self._routes = dict(routes)
        self._patience_s = patience_s
        self._credentials = f"Bearer {token}".encode() if token else b""
        self._connections: set[asyncio.Task[object]] = set()

    async def on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request. A client that is too slow loses its connection and nothing else."""
        task = cast("asyncio.Task[object]", asyncio.current_task())
        self._connections.add(task)
        writer.transport.set_write_buffer_limits(0)
        try:
            await self._serve(reader, writer)
        except (TimeoutError, ConnectionError, asyncio.CancelledError) as error:
            log.debug("a request was broken off: %r", error)
            writer.transport.abort()
        finally:
            self._connections.discard(task)
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def close(self) -> None:
        """Break off what is still open."""
        open_still = [*self._connections]
        for task in open_still:
            task.cancel()
        await asyncio.gather(*open_still, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) > MOST_CONNECTIONS:
            answer, with_body = Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "1"}), True
        else:
            answer, with_body = await self._answer(reader)
        async with asyncio.timeout(self._patience_s):
            writer.write(_encoded(answer, with_body=with_body))
            await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[Response, bool]:
        """Return the answer, and whether its body is wanted."""
        try:
            async with asyncio.timeout(self._patience_s):
                head = await reader.readuntil(b"\r\n\r\n")
            request = _parse(head)
        except asyncio.LimitOverrunError:
            return Response(status=HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE), True
        except (asyncio.IncompleteReadError, BadRequestError):
            return Response(status=HTTPStatus.BAD_REQUEST), True
        return await self._handle(request), request.method != "HEAD"

    async def _handle(self, request: Request) -> Response:
        route = self._routes.get(request.path)
        if not _from_this_machine(request.headers):
            return Response(status=HTTPStatus.FORBIDDEN)
        if (route is None or route.guarded) and not self._knows_token(request):
            return Response(status=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": "Bearer"})
        if route is None:
            return Response(status=HTTPStatus.NOT_FOUND)
        allowed = ("GET", "HEAD") if route.method == "GET" else (route.method,)
        if request.method not in allowed:
            return Response(status=HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(allowed)})
        try:
            return await route.handle(request)
        except Exception:
            log.exception("%s %s could not be answered", request.method, request.path)
            return Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)

    def _knows_token(self, request: Request) -> bool:
        given = request.headers.get("authorization", "").encode()
        return not self._credentials or hmac.compare_digest(given, self._credentials)


@asynccontextmanager
async def serve(server: LoopbackServer, port: int, setting: str) -> AsyncIterator[int]:
    """Listen on `port` of the loopback (0 takes a free one), which is yielded, until the block is left.

    `setting` is named in the error. Raises PortError when the port is taken.
    """
    try:
        listening = await asyncio.start_server(server.on_connection, HOST, port, limit=LARGEST_REQUEST)
    except OSError as error:
        raise PortError(
            f"{setting}: port {port} of this machine cannot be used: {os.strerror(error.errno or errno.EINVAL)}",
            remedy="Choose another port, or stop the program that has it.",
        ) from error
    async with listening:
        try:
            yield listening.sockets[0].getsockname()[1]
        finally:
            listening.close()
            await server.close()


def _parse(head: bytes) -> Request:
    start, *lines = head.decode("latin-1").split("\r\n")[:-2]
    try:
        method, target, version = start.split(" ")
        pairs = [line.split(":", 1) for line in lines]
        headers = {name.lower(): value.strip() for name, value in pairs}
        path, _, query = target.partition("?")
        values = dict(parse_qsl(query, max_num_fields=16))
    except ValueError as error:
        raise BadRequestError from error
    if not version.startswith("HTTP/1."):
        raise BadRequestError
    return Request(method=method, path=path, query=values, headers=headers)


def _from_this_machine(headers: Mapping[str, str]) -> bool:
    addresses = [f"//{headers.get('host', '')}"]
    if "origin" in headers:
        addresses.append(headers["origin"])
    try:
        return all(urlsplit(address).hostname in _LOOPBACK_NAMES for address in addresses)
    except ValueError:
        return False


def _encoded(answer: Response, *, with_body: bool) -> bytes:
    lines = [f"HTTP/1.1 {answer.status.value} {answer.status.phrase}", f"Content-Length: {len(answer.body)}"]
    if answer.body:
        lines.append(f"Content-Type: {answer.content_type}")
    lines.extend(f"{name}: {value}" for name, value in answer.headers.items())
    head = "\r\n".join(lines) + "\r\n" + _HEADERS + "\r\n"
    return head.encode() + (answer.body if with_body else b"")
