"""Downloads over HTTP that resume where they were cut."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import cache
from typing import Final
from urllib.request import getproxies_environment, proxy_bypass

import httpx

from appliance.clock import block_thread
from appliance.egress.policy import LOOPBACK_ONLY, EgressRefusedError, Policy
from appliance.egress.transport import BlockingCheckedTransport
from appliance.models.sources.base import Request, SourceError

TIMEOUT: Final = httpx.Timeout(30.0, connect=5.0)
RETRY_PAUSES_S: Final = (0.5, 2.0, 5.0)

_UNREACHABLE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


class HttpDownloader:
    """Downloads from one host, and remembers for its lifetime when that cannot be reached.

    Only what `policy` allows is reached. Where it allows the Internet and the environment names a proxy, that is asked.
    """

    def __init__(self, pause: Callable[[float], None] = block_thread, policy: Policy = LOOPBACK_ONLY) -> None:
        self._policy = policy
        self._pause = pause
        self._reached = False
        self._unreachable = ""

    def download(self, url: str, request: Request) -> None:
        """Write what `url` gives to `request.part`, beginning after the bytes that are there.

        A connection that breaks is taken up again as long as each attempt brings something, and thrice if it does not.

        Raises:
            SourceError: The host cannot be reached, does not have the file, or has one of another size.
        """
        if self._unreachable:
            raise SourceError(self._unreachable)
        pauses = iter(RETRY_PAUSES_S)
        most = request.have
        with self._client(url) as client:
            while request.have != request.file.size:
                problem = self._attempt(client, url, request)
                if request.have > most:
                    most, pauses = request.have, iter(RETRY_PAUSES_S)
                elif (pause := next(pauses, None)) is None:
                    raise SourceError(problem)
                else:
                    self._pause(pause)

    def _client(self, url: str) -> httpx.Client:
        if self._policy.public and _has_proxy(url):  # which looks names up and connects itself
            return httpx.Client(verify=_tls(), timeout=TIMEOUT, follow_redirects=True)
        transport = BlockingCheckedTransport(self._policy, _tls())
        return httpx.Client(transport=transport, trust_env=False, timeout=TIMEOUT, follow_redirects=True)

    def _attempt(self, client: httpx.Client, url: str, request: Request) -> str:
        """Return why the download is not complete, if it is not and another attempt may help."""
        try:
            problem = _stream(client, url, request)
        except EgressRefusedError as error:
            raise SourceError(f"{url}: {error}") from error
        except _UNREACHABLE as error:
            if self._reached:
                return f"{url}: {error}"
            self._unreachable = f"{httpx.URL(url).host or url} cannot be reached ({error})"
            raise SourceError(self._unreachable) from error
        except httpx.TransportError as error:
            self._reached = True
            return f"{url}: the connection broke ({error or type(error).__name__})"
        except (httpx.InvalidURL, httpx.TooManyRedirects) as error:
            raise SourceError(f"{url}: {error}") from error
        self._reached = True
        return problem


def _has_proxy(url: str) -> bool:
    parts, proxies = httpx.URL(url), getproxies_environment()
    return bool(proxies.get(parts.scheme) or proxies.get("all")) and not proxy_bypass(parts.host)


@cache
def _tls() -> ssl.SSLContext:
    """Read the certificates of this machine once, not for every file."""
    return httpx.create_ssl_context()


def _stream(client: httpx.Client, url: str, request: Request) -> str:
    have = request.have if request.have < request.file.size else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with client.stream("GET", url, headers=headers) as response:
        status = response.status_code
        if status == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            request.part.unlink(missing_ok=True)
            return f"{url}: the server refused to resume"
        if status == httpx.codes.TOO_MANY_REQUESTS or response.is_server_error:
            return f"{url}: HTTP {status}"
        if status not in (httpx.codes.OK, httpx.codes.PARTIAL_CONTENT):
            raise SourceError(f"{url}: HTTP {status}")
        resumes = status == httpx.codes.PARTIAL_CONTENT
        _check_length(response, url, have if resumes else 0, request.file.size)
        _write(response, request, mode="ab" if resumes else "wb")
    if request.have != request.file.size:
        raise SourceError(f"{url}: has {request.have} bytes instead of {request.file.size}")
    return ""


def _check_length(response: httpx.Response, url: str, start: int, size: int) -> None:
    """Refuse an answer of the wrong length, such as a log-in page, before it is downloaded."""
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and start + int(announced) != size:
        raise SourceError(f"{url}: has {start + int(announced)} bytes instead of {size}")
    content_range = response.headers.get("Content-Range")
    if content_range is not None and not content_range.startswith(f"bytes {start}-"):
        raise SourceError(f"{url}: asked to go on at byte {start}, the server sent {content_range}")


def _write(response: httpx.Response, request: Request, mode: str) -> None:
    with request.part.open(mode) as stream:
        for (
            chunk
        ) in response.iter_raw():  # of no fixed size: what waits to fill a chunk is lost when the connection breaks
            stream.write(chunk)
            request.arrived(len(chunk))
            if stream.tell() > request.file.size:
                return
