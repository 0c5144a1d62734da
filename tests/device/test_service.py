"""The daemon under a service manager: what it tells, and that a hang is no secret."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.device.pulse import PulseServer

READY_S = 90.0
PERIOD_S = 3.0
"""What WatchdogSec= would be; it is fed three times as often."""
HUNG_S = 60.0
_SEIZE, _INTERRUPT, _DETACH = 0x4206, 0x4207, 17
"""ptrace(2)"""
_WALL = 0x40000000


class Service:
    """`appliance run` on the private sound server, and the socket on which it tells how it is."""

    def __init__(self, pulse: PulseServer, folder: Path) -> None:
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._manager.bind(str(folder / "notify"))
        self._output = folder / "output"
        self.told: list[str] = []
        self.stopped: list[int] = []
        environment = pulse.full_environment() | {
            "APPLIANCE__PERSONA__GREETING": "",
            "APPLIANCE__STORAGE__DIRECTORY": str(folder / "state"),
            "NOTIFY_SOCKET": str(folder / "notify"),
            "WATCHDOG_USEC": f"{PERIOD_S * 1_000_000:.0f}",
        }
        with self._output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "appliance", "run"], env=environment, stdout=output, stderr=output
            )

    def hears(self, line: str, within_s: float) -> str:
        """Wait for a datagram with a line that begins with `line`, and return that line."""
        deadline = time.monotonic() + within_s
        while (left := deadline - time.monotonic()) > 0:
            self._manager.settimeout(left)
            try:
                self.told.append(self._manager.recv(4096).decode())
            except TimeoutError:
                break
            for found in self.told[-1].splitlines():
                if found.startswith(line):
                    return found
        raise AssertionError(f"no {line!r} in {self.told} and:\n{self._output.read_text()}")

    def kill(self) -> None:
        self.process.kill()
        for thread in self.stopped:  # the dead wait for their tracer, and the process for its dead
            os.waitpid(thread, _WALL)
        self.process.wait()
        self._manager.close()

    def stop_others(self) -> None:
        """Let every thread beside that of the event loop hang: they do nothing any more, and nobody is told."""
        main = str(self.process.pid)
        self.stopped = [int(task.name) for task in Path(f"/proc/{main}/task").iterdir() if task.name != main]
        for thread in self.stopped:
            ptrace(_SEIZE, thread)
            ptrace(_INTERRUPT, thread)
            os.waitpid(thread, _WALL)

    def let_go(self) -> None:
        for thread in self.stopped:
            ptrace(_DETACH, thread)
        self.stopped = []


def ptrace(request: int, thread: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = [ctypes.c_long(request), ctypes.c_long(thread), ctypes.c_void_p(), ctypes.c_void_p()]
    if libc.ptrace(*arguments) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@pytest.fixture
def service(pulse: PulseServer, tmp_path: Path) -> Iterator[Service]:
    running = Service(pulse, tmp_path)
    yield running
    running.kill()


@pytest.mark.device
@pytest.mark.models
def test_it_tells_when_it_is_ready_alive_and_stopping(service: Service) -> None:
    assert service.hears("EXTEND_TIMEOUT_USEC=", READY_S)
    service.hears("READY=1", READY_S)
    assert "STATUS=Listening" in service.told[-1]
    assert not any("WATCHDOG=1" in told for told in service.told)
    for _ in range(4):
        service.hears("WATCHDOG=1", PERIOD_S)
    service.process.send_signal(signal.SIGTERM)
    service.hears("STOPPING=1", PERIOD_S)
    assert service.process.wait(20) == 0


@pytest.mark.device
@pytest.mark.models
def test_threads_that_hang_are_told_although_the_event_loop_runs(service: Service) -> None:
    service.hears("READY=1", READY_S)
    for _ in range(5):
        service.hears("WATCHDOG=1", PERIOD_S)
        service.stop_others()
        try:
            service.hears("WATCHDOG=1", PERIOD_S)
            break
        except AssertionError:  # one of them held Python's lock, and so the event loop hung with it: not that case
            service.let_go()
    assert "microphone has not advanced" in service.hears("STATUS=Hung:", HUNG_S)
    with pytest.raises(AssertionError, match="no 'WATCHDOG=1'"):
        service.hears("WATCHDOG=1", PERIOD_S)
    assert service.process.poll() is None
