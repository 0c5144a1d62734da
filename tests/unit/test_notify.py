"""What systemd would receive, on a real datagram socket."""

from __future__ import annotations

import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.ops.notify import Notifier
from tests.unit.audio_fakes import FakeClock


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        yield listening


def telling(manager: socket.socket) -> Notifier:
    return Notifier.from_environment(FakeClock(), {"NOTIFY_SOCKET": manager.getsockname()})


def test_the_life_of_a_service(manager: socket.socket) -> None:
    notifier = telling(manager)
    assert notifier.listening
    notifier.extend_timeout(90, "Loading the models")
    notifier.ready("Listening")
    notifier.alive()
    notifier.stopping()
    assert [manager.recv(4096) for _ in range(4)] == [
        b"EXTEND_TIMEOUT_USEC=90000000\nSTATUS=Loading the models",
        b"READY=1\nSTATUS=Listening",
        b"WATCHDOG=1",
        b"STOPPING=1",
    ]


def test_a_reload_says_when_it_began(manager: socket.socket) -> None:
    clock = FakeClock()
    clock.time = 12.345678
    Notifier(manager.getsockname(), clock).reloading()
    assert manager.recv(4096) == b"RELOADING=1\nMONOTONIC_USEC=12345678"


def test_a_status_stays_on_one_line_and_cannot_bring_in_fields(manager: socket.socket) -> None:
    telling(manager).status("lost\nREADY=1\n" + "x" * 1000)
    received = manager.recv(4096)
    assert received.startswith(b"STATUS=lost READY=1 xxx")
    assert b"\n" not in received
    assert len(received) < 300


def test_an_abstract_socket() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("")  # the kernel chooses an abstract name
        listening.settimeout(5)
        name = "@" + listening.getsockname()[1:].decode()
        Notifier(name, FakeClock()).ready()
        assert listening.recv(4096) == b"READY=1"


def test_without_a_manager_nothing_happens(caplog: pytest.LogCaptureFixture) -> None:
    notifier = Notifier.from_environment(FakeClock(), {})
    notifier.ready()
    assert not notifier.listening
    assert not caplog.records


def test_an_address_that_cannot_be_one_is_told(caplog: pytest.LogCaptureFixture) -> None:
    assert not Notifier("vsock:2:1234", FakeClock()).listening
    assert "vsock:2:1234" in caplog.text


def test_a_manager_that_has_gone_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    notifier = Notifier(str(tmp_path / "gone"), FakeClock())
    for _ in range(3):
        notifier.alive()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
