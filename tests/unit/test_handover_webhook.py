"""The webhook against a real HTTP server on this machine."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from appliance.config.handover import WebhookConfig
from appliance.errors import ApplianceError
from appliance.handover.message import DeliveryError
from appliance.handover.webhook import WebhookChannel
from tests.unit.storage_fakes import handover


@dataclass
class Receiver:
    """What the server answers, and what it was sent."""

    port: int = 0
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hangs: threading.Event | None = None
    requests: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.requests.append((self.path, dict(self.headers), json.loads(body)))
            if state.hangs is not None:
                state.hangs.wait(10)
                return
            self.send_response(state.status)
            for name, value in state.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    if state.hangs is not None:
        state.hangs.set()
    server.shutdown()
    thread.join()
    server.server_close()


def no_secret(name: str) -> str:
    raise LookupError(name)


def channel(port: int, **settings: Any) -> WebhookChannel:
    config = WebhookConfig(kind="webhook", name="desk", url=f"http://127.0.0.1:{port}/desk", **settings)
    return WebhookChannel(config, {"token": "s3cr3t", "broken": "two\r\nlines"}.__getitem__)


async def failure(channel: WebhookChannel) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        await channel.deliver(handover(), "key-1")
    assert "s3cr3t" not in str(caught.value)
    return caught.value


async def test_the_message_arrives_with_its_key_and_secrets(receiver: Receiver) -> None:
    await channel(receiver.port, headers={"Authorization": "Bearer {{ secrets.token }}"}).deliver(handover(), "key-1")
    ((path, headers, body),) = receiver.requests
    assert path == "/desk"
    assert headers["Idempotency-Key"] == "key-1"
    assert headers["Authorization"] == "Bearer s3cr3t"
    assert headers["Content-Type"] == "application/json"
    assert body == json.loads(json.dumps(handover().as_dict()))


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_every_success_is_one(receiver: Receiver, status: int) -> None:
    receiver.status = status
    await channel(receiver.port).deliver(handover(), "key-1")


@pytest.mark.parametrize("status", [400, 410, 413, 415, 422, 451, 499])
async def test_a_refusal_of_the_message_is_permanent(receiver: Receiver, status: int) -> None:
    receiver.status = status
    error = await failure(channel(receiver.port))
    assert (str(error), error.permanent) == (f"the receiver answered {status}", True)


@pytest.mark.parametrize("status", [301, 302, 307, 401, 403, 404, 405, 408, 409, 425, 429, 500, 502, 503, 504, 599])
async def test_what_may_be_mended_is_not(receiver: Receiver, status: int) -> None:
    receiver.status = status
    receiver.headers = {"Location": f"http://127.0.0.1:{receiver.port}/elsewhere"}
    assert not (await failure(channel(receiver.port))).permanent
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("asked", "taken"), [("120", 120.0), ("soon", 0.0), ("-1", 0.0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0.0)]
)
async def test_the_receiver_may_ask_for_time(receiver: Receiver, asked: str, taken: float) -> None:
    receiver.status, receiver.headers = 503, {"Retry-After": asked}
    assert (await failure(channel(receiver.port))).retry_after_s == taken


async def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        error = await failure(channel(free.getsockname()[1]))
    assert "cannot be reached" in str(error)
    assert not error.permanent


async def test_a_receiver_that_hangs_is_left(receiver: Receiver) -> None:
    receiver.hangs = threading.Event()
    error = await failure(channel(receiver.port, timeout_s=0.2))
    assert (str(error), error.permanent) == ("no answer within 0.2 s", False)


async def test_a_receiver_that_hangs_up_after_the_message_is_asked_again(receiver: Receiver) -> None:
    receiver.hangs = threading.Event()
    receiver.hangs.set()
    error = await failure(channel(receiver.port))
    assert not error.permanent
    assert len(receiver.requests) == 1


@pytest.mark.parametrize("name", ["missing", "broken"])
async def test_a_secret_that_cannot_be_used_is_named_and_nothing_is_sent(receiver: Receiver, name: str) -> None:
    error = await failure(channel(receiver.port, headers={"Authorization": f"{{{{ secrets.{name} }}}}"}))
    assert f"the secret {name} is" in str(error)
    assert not error.permanent
    assert receiver.requests == []


async def test_the_message_of_another_error_is_not_passed_on() -> None:
    def explains(name: str) -> str:
        raise ApplianceError(f"{name} could be hunter2")

    config = WebhookConfig(kind="webhook", name="desk", url="https://localhost:1", headers={"A": "{{secrets.token}}"})
    error = await failure(WebhookChannel(config, explains))
    assert str(error) == "the secret token is missing"


async def test_a_proxy_of_the_environment_is_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    await channel(receiver.port).deliver(handover(), "key-1")
    assert len(receiver.requests) == 1


async def test_a_server_without_tls_gets_nothing(receiver: Receiver) -> None:
    config = WebhookConfig(kind="webhook", name="desk", url=f"https://127.0.0.1:{receiver.port}", timeout_s=5)
    error = await failure(WebhookChannel(config, no_secret))
    assert not error.permanent
    assert receiver.requests == []
