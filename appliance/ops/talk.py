"""A push-to-talk button for programs on this machine: `POST /talk` and `POST /release` over HTTP on the loopback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus

from appliance.ops.loopback import HOST, LoopbackServer, Request, Response, Route, serve

__all__ = ["HOST", "TOKEN_VARIABLE", "TalkServer", "serve_talk"]

TOKEN_VARIABLE = "APPLIANCE_TALK_TOKEN"  # noqa: S105 - the name of the variable, not the token


class TalkServer(LoopbackServer):
    """Answers requests by pressing and releasing the button."""

    def __init__(self, talk: Callable[[], None], release: Callable[[], None], token: str = "") -> None:
        """Require `token` with each request unless it is empty."""
        actions = {"/talk": talk, "/release": release}
        super().__init__({path: Route(handle=_does(act), method="POST") for path, act in actions.items()}, token)


def _does(act: Callable[[], None]) -> Callable[[Request], Awaitable[Response]]:
    async def handle(_: Request) -> Response:
        act()
        return Response(status=HTTPStatus.NO_CONTENT)

    return handle


def serve_talk(server: TalkServer, port: int) -> AbstractAsyncContextManager[int]:
    """Listen on `port` of the loopback as `serve` does. Raises PortError when the port is taken."""
    return serve(server, port, "attention.http_port")
