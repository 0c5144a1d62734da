"""What programs on this machine can ask a running appliance over HTTP: its health, its figures, its recent turns.

| path | answer |
|---|---|
| `GET /healthz` | 200 while the event loop runs |
| `GET /readyz` | 200 when people can be served, else 503 with what is missing |
| `GET /metrics` | for Prometheus |
| `GET /status` | JSON: every part, and the figures of the last turns |
| `GET /turns?after=N&last=M` | JSON: recent turns with their times |
| `POST /reload?who=NAME` | loads the configuration anew |
| `GET /notice` | JSON: what a screen shows about what is kept, and whether this conversation is |
| `POST /consent?agreed=yes` or `no` | takes a decision about what is kept, made on a screen or with a button |

With the secret `monitoring_token` all but the first two want it, as `Authorization: Bearer …`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from appliance.clock import Clock, SystemClock
from appliance.ops.health import Part, State
from appliance.ops.loopback import LoopbackServer, PortError, Request, Response, Route, serve
from appliance.ops.status import Monitor
from appliance.ops.turns import KEPT
from appliance.tools.errors import ToolError
from appliance.tools.secrets import secret

TOKEN_SECRET = "monitoring_token"  # noqa: S105 - the name of the secret, not the secret

LONGEST_NAME = 64
PORT = "monitoring.http_port"
AGAIN_S = 5.0
"""After so long a port that was taken is tried again."""

Reload = Callable[[str], Awaitable[Mapping[str, object]]]
"""Loads the configuration anew for whoever asks; tells what became of it: with an `error` nothing has changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Controls:
    """What can be changed from outside, while there is somebody to change it."""

    reload: Reload | None = None
    decide: Callable[[bool], None] | None = None
    """Takes a person's decision about what is kept."""
    notice: Callable[[], Mapping[str, object]] | None = None
    """Returns what a screen shows about what is kept."""


class Pages:
    """Answers the requests from what is observed."""

    def __init__(self, monitor: Monitor, controls: Callable[[], Controls], renderer: ThreadPoolExecutor) -> None:
        self._monitor = monitor
        self._controls = controls
        self._renderer = renderer

    def routes(self) -> dict[str, Route]:
        """Return who answers what."""
        return {
            "/healthz": Route(handle=self.healthz, guarded=False),
            "/readyz": Route(handle=self.readyz, guarded=False),
            "/metrics": Route(handle=self.metrics),
            "/status": Route(handle=self.status),
            "/turns": Route(handle=self.turns),
            "/reload": Route(handle=self.reload, method="POST"),
            "/consent": Route(handle=self.consent, method="POST"),
            "/notice": Route(handle=self.notice),
        }

    async def healthz(self, _: Request) -> Response:
        """Answer: that is what is asked."""
        return Response(body=b"ok\n")

    async def readyz(self, _: Request) -> Response:
        """Tell whether people can be served."""
        missing = self._monitor.health.missing
        if not missing:
            return Response(body=b"ok\n")
        lines = "".join(f"{part.part} is {part.state}: {part.detail}\n" for part in missing)
        return Response(status=HTTPStatus.SERVICE_UNAVAILABLE, body=lines.encode())

    async def metrics(self, _: Request) -> Response:
        """Write down all metrics, on a thread of their own: it takes some milliseconds."""
        self._monitor.gauges.show_health(self._monitor.health)
        loop = asyncio.get_running_loop()
        text = await loop.run_in_executor(self._renderer, generate_latest, self._monitor.registry)
        return Response(body=text, content_type=CONTENT_TYPE_LATEST)

    async def status(self, _: Request) -> Response:
        """Tell how everything is."""
        return _json(self._monitor.status())

    async def turns(self, request: Request) -> Response:
        """Tell of recent turns."""
        try:
            after, last = int(request.query.get("after", "0")), int(request.query.get("last", str(KEPT)))
        except ValueError:
            return _json({"error": "after and last are whole numbers"}, HTTPStatus.BAD_REQUEST)
        turns = self._monitor.turns.after(after, max(last, 0))
        return _json({"started_at": self._monitor.started_at, "turns": turns})

    async def reload(self, request: Request) -> Response:
        """Load the configuration anew."""
        reload = self._controls().reload
        if reload is None:
            return _json({"error": "this appliance cannot reload now"}, HTTPStatus.SERVICE_UNAVAILABLE)
        who = "".join(filter(str.isprintable, request.query.get("who", "")))[:LONGEST_NAME]
        told = await reload(who or "http")
        return _json(told, HTTPStatus.UNPROCESSABLE_ENTITY if told.get("error") else HTTPStatus.OK)

    async def notice(self, _: Request) -> Response:
        """Tell what a screen shows about what is kept."""
        notice = self._controls().notice
        if notice is None:
            return _json({"error": "there is no conversation now"}, HTTPStatus.SERVICE_UNAVAILABLE)
        return _json(notice())

    async def consent(self, request: Request) -> Response:
        """Take a decision about what is kept."""
        decide, agreed = self._controls().decide, {"yes": True, "no": False}.get(request.query.get("agreed", ""))
        if agreed is None:
            return _json({"error": "agreed is yes or no"}, HTTPStatus.BAD_REQUEST)
        if decide is None:
            return _json({"error": "there is no conversation now"}, HTTPStatus.SERVICE_UNAVAILABLE)
        decide(agreed)
        return _json({"agreed": agreed})


@asynccontextmanager
async def serving(
    monitor: Monitor, port: int | None, controls: Callable[[], Controls] = Controls, clock: Clock | None = None
) -> AsyncIterator[int]:
    """Answer on `port` of the loopback, which is yielded; 0 takes a free one, None answers nowhere.

    While another program has it, the health says so and it is tried again: people are served without it.
    """
    if port is None:
        yield 0
        return
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="metrics") as renderer:
        server = LoopbackServer(Pages(monitor, controls, renderer).routes(), token())
        async with AsyncExitStack() as stack:
            try:
                bound = await stack.enter_async_context(serve(server, port, PORT))
            except PortError as error:
                detail = f"Nobody can ask how it is: {error}. It is tried again every {AGAIN_S:.0f} s."
                monitor.health.report(Part.MONITORING, State.DEGRADED, detail)
                bound = port
                later = asyncio.ensure_future(_serve_later(server, port, monitor, clock or SystemClock()))
                stack.push_async_callback(asyncio.wait, (later,))
                stack.callback(later.cancel)
            yield bound


async def _serve_later(server: LoopbackServer, port: int, monitor: Monitor, clock: Clock) -> None:
    """Answer from the moment at which the port is free, until cancelled."""
    while True:
        await clock.sleep(AGAIN_S)
        with suppress(PortError):
            async with serve(server, port, PORT):
                monitor.health.report(Part.MONITORING, State.OK, f"Port {port} is free, and answers.")
                await asyncio.Event().wait()


def token() -> str:
    """Return the secret that protects the port, empty where there is none."""
    try:
        return secret(TOKEN_SECRET)
    except ToolError:
        return ""


def _json(told: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK) -> Response:
    body = json.dumps(told, ensure_ascii=False).encode() + b"\n"
    return Response(status=status, body=body, content_type="application/json")
