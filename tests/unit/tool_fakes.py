"""A web service on the loopback, and short ways to declare tools."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from appliance.config.tools import ToolConfig
from appliance.tools.secrets import Secrets

EXAMPLES = ["where is my parcel", "has my order left", "track my order"]
NO_SECRETS = Secrets({})


def declared(**settings: Any) -> ToolConfig:
    """Return a tool; what is not given is harmless."""
    given = {"name": "order_status", "description": "Looks up an order.", "examples": EXAMPLES} | settings
    return ToolConfig.model_validate_json(json.dumps(given))


@dataclass(slots=True)
class Asked:
    """A request that came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: Any


@dataclass(slots=True)
class Service:
    """Answers every request alike and remembers it; `released` ends a slow answer."""

    status: int = 200
    body: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    slow: bool = False
    asked: list[Asked] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    address: str = ""

    def answers(self, document: Any, status: int = 200) -> None:
        self.status, self.body = status, json.dumps(document).encode()


class _Handler(BaseHTTPRequestHandler):
    service: Service

    def _answer(self) -> None:
        service = self.service
        length = int(self.headers.get("Content-Length", 0))
        body = json.loads(self.rfile.read(length)) if length else None
        service.asked.append(Asked(self.command, self.path, dict(self.headers), body))
        if service.slow:
            service.released.wait(10)
            self.close_connection = True
            return
        self.send_response(service.status)
        for name, value in service.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(service.body)))
        self.end_headers()
        try:
            self.wfile.write(service.body)
        except OSError:
            self.close_connection = True  # whoever asked has hung up

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - the names that http.server looks for

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def web_service() -> Iterator[Service]:
    service = Service()
    handler = type("Handler", (_Handler,), {"service": service})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        service.address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield service
        finally:
            service.released.set()
            server.shutdown()
            thread.join()
