"""`appliance run` as a process on the private sound server, and what is waited for."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

from tests.device.pulse import PulseServer

READY_S = 90.0
ANSWER_S = 40.0
CPU_TO_LISTENING_S = 20.0
"""Processor seconds, so that a machine with other things to do is no failure; 4 to 6 are usual when all is warm."""


class Daemon:
    """`appliance run` on the private sound server."""

    def __init__(self, pulse: PulseServer, state: Path, **settings: str) -> None:
        environment = pulse.full_environment() | {
            "APPLIANCE__PERSONA__GREETING": "",
            "APPLIANCE__STORAGE__DIRECTORY": str(state),
            "APPLIANCE__MONITORING__HTTP_PORT": "null",
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "1000",
            **settings,
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "appliance", "run", "--captions"],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, name="daemon output")
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(self._lines)

    @property
    def cpu_s(self) -> float:
        """Processor seconds so far."""
        spent = psutil.Process(self._process.pid).cpu_times()
        return spent.user + spent.system

    def says(self, text: str, within_s: float, after: int = 0) -> None:
        """Wait until it has printed `text`, beyond the first `after` characters."""
        wait_until(lambda: text in self.output[after:], within_s, lambda: f"no {text!r} in:\n{self.output[after:]}")

    def listens(self) -> None:
        """Wait until it has told what it keeps, and listens."""
        self.says("listening", READY_S)
        self.says("I keep notes of our conversation", ANSWER_S)

    def interrupt(self, how: signal.Signals = signal.SIGINT) -> int:
        """Press Ctrl-C, or end it as systemd does, and return the exit status."""
        self._process.send_signal(how)
        status = self._process.wait(20)
        self._reader.join()
        return status

    def hang_up(self) -> None:
        """Ask it to load its configuration anew."""
        self._process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._reader.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            self._lines.extend(iter(stream.readline, ""))


def wait_until(condition: object, within_s: float, explain: object) -> None:
    deadline = time.monotonic() + within_s
    while not condition():  # type: ignore[operator]
        if time.monotonic() > deadline:
            raise AssertionError(explain())  # type: ignore[operator]
        time.sleep(0.05)
