"""The push-to-talk port: two requests on the loopback, and nothing else gets through."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from appliance.audio.ports import Frame
from appliance.bus import Bus
from appliance.clock import SystemClock
from appliance.config.models import AttentionConfig, AttentionMode
from appliance.dialogue.gate import Gate
from appliance.dialogue.journal import Journal
from appliance.ops.buttons import buttons
from appliance.ops.loopback import PortError
from appliance.ops.talk import HOST, TalkServer, serve_talk


class Button:
    def __init__(self) -> None:
        self.pressed: list[str] = []

    def talk(self) -> None:
        self.pressed.append("talk")

    def release(self) -> None:
        self.pressed.append("release")


@pytest.fixture
def button() -> Button:
    return Button()


@pytest.fixture
async def address(button: Button) -> AsyncIterator[str]:
    async with serve_talk(TalkServer(button.talk, button.release), 0) as port:
        yield f"http://{HOST}:{port}"


@pytest.fixture
async def guarded(button: Button) -> AsyncIterator[str]:
    async with serve_talk(TalkServer(button.talk, button.release, "secret"), 0) as port:
        yield f"http://{HOST}:{port}"


async def request(address: str, path: str, method: str = "POST", **headers: str) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.request(method, address + path, headers=headers)).status_code


async def raw(address: str, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(HOST, int(address.rsplit(":", 1)[1]))
    writer.write(data)
    writer.write_eof()
    try:
        return await reader.readline()
    finally:
        writer.close()


async def test_talk_and_release(address: str, button: Button) -> None:
    assert await request(address, "/talk") == 204
    assert await request(address, "/release") == 204
    assert button.pressed == ["talk", "release"]


async def test_a_screen_on_this_machine_may_press(address: str, button: Button) -> None:
    assert await request(address, "/talk", Origin="http://localhost:8000") == 204
    assert button.pressed == ["talk"]


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("GET", "/talk", {}, 405),
        ("POST", "/", {}, 404),
        ("POST", "/talk/../release", {}, 404),
        ("POST", "/talk", {"Origin": "https://example.org"}, 403),
        ("POST", "/talk", {"Origin": "null"}, 403),
        ("POST", "/talk", {"Origin": "http://[::"}, 403),
        ("POST", "/talk", {"Host": "rebound.example.org"}, 403),
    ],
)
async def test_everything_else_is_refused(
    address: str, button: Button, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    host, port = address.removeprefix("http://").split(":")
    lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in {"Host": f"{host}:{port}", **headers}.items())]
    answer = await raw(address, ("\r\n".join(lines) + "\r\n\r\n").encode())
    assert answer.split()[1] == str(status).encode()
    assert button.pressed == []


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x16\x03\x01 hello\r\n\r\n", b"400"),
        (b"POST /talk\r\n\r\n", b"400"),
        (b"POST /talk HTTP/1.1\r\nno colon\r\n\r\n", b"400"),
        (b"POST /talk HTTP/1.1\r\nHost: localhost\r\n", b"400"),
        (b"POST /talk HTTP/1.1\r\n\r\n", b"403"),
        (b"POST /talk HTTP/1.1\r\nX: " + b"x" * 100_000 + b"\r\n\r\n", b"431"),
        (b"", b"400"),
    ],
)
async def test_what_is_no_proper_request_is_answered_and_forgotten(
    address: str, button: Button, data: bytes, status: bytes
) -> None:
    try:
        assert (await raw(address, data)).split()[1] == status
    except ConnectionResetError:
        assert status == b"431"
    assert button.pressed == []
    assert await request(address, "/talk") == 204


async def test_the_token_is_required_when_there_is_one(guarded: str, button: Button) -> None:
    assert await request(guarded, "/talk") == 401
    assert await request(guarded, "/talk", Authorization="Bearer wrong") == 401
    assert button.pressed == []
    assert await request(guarded, "/talk", Authorization="Bearer secret") == 204
    assert button.pressed == ["talk"]


async def test_a_port_that_is_taken_is_named_and_systemd_tries_again(button: Button) -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortError, match=f"port {port}") as caught:
            async with serve_talk(TalkServer(button.talk, button.release), port):
                pass
    assert "another port" in caught.value.remedy
    unit = (Path(__file__).parents[2] / "systemd/appliance.service").read_text(encoding="utf-8")
    (never,) = re.findall(r"^RestartPreventExitStatus=(.*)$", unit, re.MULTILINE)
    assert str(PortError.exit_status) not in never.split()


class Silence:
    """A conversation in which nothing is said."""

    idle = True

    def __init__(self) -> None:
        self.turns = 0

    def on_frame(self, frame: Frame) -> None:
        pass

    def yield_floor(self) -> None:
        pass

    def start_over(self) -> None:
        pass

    def end_turn(self) -> None:
        self.turns += 1


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("mode", [AttentionMode.PUSH_TO_TALK, AttentionMode.SCREEN])
async def test_the_configured_port_is_the_button_of_the_gate(mode: AttentionMode) -> None:
    settings = AttentionConfig(mode=mode, http_port=free_port())
    conversation = Silence()
    gate = Gate(settings, conversation, Journal(Bus(), SystemClock()), None, None)
    address = f"http://{HOST}:{settings.http_port}"
    async with buttons(settings, gate):
        awake = []
        for path in ("/talk", "/release"):
            assert await request(address, path) == 204
            awake.append(gate.awake)
        assert awake == [True, False]
        assert conversation.turns == 1
    with pytest.raises(httpx.ConnectError):
        await request(address, "/talk")


async def test_without_a_button_mode_no_port_is_opened() -> None:
    settings = AttentionConfig(mode=AttentionMode.ALWAYS, http_port=free_port())
    gate = Gate(settings, Silence(), Journal(Bus(), SystemClock()), None, None)
    async with buttons(settings, gate):
        with pytest.raises(httpx.ConnectError):
            await request(f"http://{HOST}:{settings.http_port}", "/talk")


def test_the_mode_screen_needs_a_port() -> None:
    with pytest.raises(ValueError, match=r"attention\.http_port"):
        AttentionConfig(mode=AttentionMode.SCREEN)
