"""A push-to-talk button for programs on this machine: `POST /talk` and `POST /release` over HTTP on the loopback.

Small on purpose: two requests, no body, one answer, and the connection is closed.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from urllib.parse import urlsplit

from appliance.errors import ConfigError

log = logging.getLogger(__name__)

TOKEN_VARIABLE = "APPLIANCE_TALK_TOKEN"  # noqa: S105 - the name of the variable, not the token
HOST = "127.0.0.1"
LARGEST_REQUEST = 8192
PATIENCE_S = 5.0

_LOOPBACK_NAMES = {"127.0.0.1", "localhost", "::1"}


class BadRequestError(Exception):
    """What came is not HTTP."""


class TalkServer:
    """Answers requests by pressing and releasing the button.

    A web page from elsewhere in a browser on this machine is refused: by its `Origin`, and by the `Host` under
    which it reached us.
    """

    def __init__(self, talk: Callable[[], None], release: Callable[[], None], token: str = "") -> None:
        """Require `token` with each request unless it is empty."""
        self._actions = {"/talk": talk, "/release": release}
        self._credentials = f"Bearer {token}".encode() if token else b""

    async def on_connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                status = await self._answer(reader)
                writer.write(_response(status))
                await writer.drain()
        except (TimeoutError, ConnectionError) as error:
            log.debug("a push-to-talk request was broken off: %r", error)
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader) -> HTTPStatus:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            method, path, headers = _parse(head)
        except asyncio.LimitOverrunError:
            return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
        except (asyncio.IncompleteReadError, BadRequestError):
            return HTTPStatus.BAD_REQUEST
        return self._act(method, path, headers)

    def _act(self, method: str, path: str, headers: Mapping[str, str]) -> HTTPStatus:
        if not _from_this_machine(headers):
            return HTTPStatus.FORBIDDEN
        if self._credentials and not hmac.compare_digest(headers.get("authorization", "").encode(), self._credentials):
            return HTTPStatus.UNAUTHORIZED
        if path not in self._actions:
            return HTTPStatus.NOT_FOUND
        if method != "POST":
            return HTTPStatus.METHOD_NOT_ALLOWED
        self._actions[path]()
        return HTTPStatus.NO_CONTENT


@asynccontextmanager
async def serve_talk(server: TalkServer, port: int) -> AsyncIterator[int]:
    """Listen on `port` of the loopback (0 takes a free one), which is yielded, until the block is left.

    Raises ConfigError when the port is taken.
    """
    try:
        listening = await asyncio.start_server(server.on_connection, HOST, port, limit=LARGEST_REQUEST)
    except OSError as error:
        raise ConfigError(
            f"attention.http_port: port {port} of this machine cannot be used: {error.strerror}",
            remedy="Choose another port, or stop the program that has it.",
        ) from error
    async with listening:
        yield listening.sockets[0].getsockname()[1]


def _parse(head: bytes) -> tuple[str, str, dict[str, str]]:
    """Return method, path and headers, their names in lower case."""
    request, *lines = head.decode("latin-1").split("\r\n")[:-2]
    try:
        method, path, version = request.split(" ")
        pairs = [line.split(":", 1) for line in lines]
        headers = {name.lower(): value.strip() for name, value in pairs}
    except ValueError as error:
        raise BadRequestError from error
    if not version.startswith("HTTP/1."):
        raise BadRequestError
    return method, path, headers


def _from_this_machine(headers: Mapping[str, str]) -> bool:
    addresses = [f"//{headers.get('host', '')}"]
    if "origin" in headers:
        addresses.append(headers["origin"])
    try:
        return all(urlsplit(address).hostname in _LOOPBACK_NAMES for address in addresses)
    except ValueError:
        return False


def _response(status: HTTPStatus) -> bytes:
    return f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
