"""The daemon, as it is installed: a visitor speaks into the microphone and is answered from the loudspeaker."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from appliance.app.engines import EngineRoom
from appliance.audio.levels import dbfs
from appliance.audio.ports import Samples
from appliance.audio.resample import resample
from appliance.config.load import load
from appliance.ops.visitor import ERRANDS, VISIT, Turn, say
from tests.device.pulse import MOUTH, RATE, SPEAKER, PulseServer

READY_S = 90.0
ANSWER_S = 40.0
QUIET_DBFS = -55.0


class Daemon:
    """`appliance run` on the private sound server."""

    def __init__(self, pulse: PulseServer, state: Path) -> None:
        environment = pulse.full_environment() | {
            "APPLIANCE__PERSONA__GREETING": "",
            "APPLIANCE__STORAGE__DIRECTORY": str(state),
            "PYTHONUNBUFFERED": "1",
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

    def says(self, text: str, within_s: float) -> None:
        """Wait until it has printed `text`."""
        wait_until(lambda: text in self.output, within_s, lambda: f"no {text!r} in:\n{self.output}")

    def listens(self) -> None:
        """Wait until it has told what it keeps, and listens."""
        self.says("listening", READY_S)
        self.says("I keep notes of our conversation", ANSWER_S)

    def interrupt(self) -> int:
        """Press Ctrl-C and return the exit status."""
        self._process.send_signal(signal.SIGINT)
        status = self._process.wait(20)
        self._reader.join()
        return status

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


@pytest.fixture
def daemon(pulse: PulseServer, tmp_path: Path) -> Iterator[Daemon]:
    running = Daemon(pulse, tmp_path / "state")
    try:
        running.listens()
        yield running
    finally:
        running.kill()


@pytest.fixture(scope="module")
def question() -> Samples:
    """The visitor asks when the clinic opens, at 48 kHz."""
    return spoken(VISIT, "saturday")


def spoken(visit: Sequence[Turn], name: str) -> Samples:
    """Return a turn of the visitor at 48 kHz."""
    return resample(say(next(turn for turn in visit if turn.name == name)), 16_000, RATE)


def words_of(heard: Samples) -> str:
    """Transcribe what the room heard."""

    room = EngineRoom(load())
    try:
        return asyncio.run(room.transcriber().transcribe(resample(heard, RATE, 16_000))).text.lower()
    finally:
        room.close()


def loud(heard: Samples) -> bool:
    return len(heard) > RATE // 10 and dbfs(heard[-RATE // 10 :]) > QUIET_DBFS


@pytest.mark.device
@pytest.mark.models
def test_a_visitor_asks_and_hears_the_answer(pulse: PulseServer, daemon: Daemon, question: Samples) -> None:
    recorder = pulse.listen()
    pulse.speak(question).wait()
    daemon.says("first sound", ANSWER_S)
    answer = words_of(recorder.stop())
    assert "saturday" in daemon.output.lower()
    assert "nine" in answer or "9" in answer, answer
    assert daemon.interrupt() == 0


@pytest.mark.device
@pytest.mark.models
def test_ctrl_c_in_the_middle_of_a_sentence_ends_it_cleanly(
    pulse: PulseServer, daemon: Daemon, question: Samples
) -> None:
    recorder = pulse.listen()
    pulse.speak(question).wait()
    wait_until(lambda: loud(recorder.heard()), ANSWER_S, lambda: f"it said nothing:\n{daemon.output}")
    assert daemon.interrupt() == 0
    assert "Traceback" not in daemon.output
    recorder.stop()


@pytest.mark.device
@pytest.mark.models
def test_a_task_goes_on_after_kill_9(pulse: PulseServer, daemon: Daemon, tmp_path: Path) -> None:
    pulse.speak(spoken(ERRANDS, "book")).wait()
    daemon.says("For which day?", ANSWER_S)
    daemon.kill()
    again = Daemon(pulse, tmp_path / "state")
    try:
        again.says("going on with a conversation", READY_S)
        again.listens()
        pulse.speak(spoken(ERRANDS, "day")).wait()
        again.says("At what time?", ANSWER_S)
        assert again.interrupt() == 0
    finally:
        again.kill()


@pytest.mark.device
@pytest.mark.models
def test_unplugged_devices_come_back_by_themselves(pulse: PulseServer, daemon: Daemon, question: Samples) -> None:
    pulse.unplug(MOUTH)
    pulse.unplug(SPEAKER)
    daemon.says("lost", 20.0)
    pulse.plug_in(MOUTH)
    pulse.plug_in(SPEAKER)
    daemon.says("is back", 20.0)
    recorder = pulse.listen()
    pulse.speak(question).wait()
    daemon.says("first sound", ANSWER_S)
    assert np.max(np.abs(recorder.stop())) > 0.05
    assert daemon.interrupt() == 0


@pytest.mark.device
def test_without_a_microphone_it_says_what_to_do(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PULSE_")}
    environment |= {"PULSE_SERVER": f"unix:{tmp_path}/none", "HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "appliance", "run"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 5
    assert "error:" in done.stderr
    assert "→" in done.stderr
    assert "Traceback" not in done.stderr
