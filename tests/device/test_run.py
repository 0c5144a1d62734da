"""The daemon, as it is installed: a visitor speaks into the microphone and is answered from the loudspeaker."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
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
from tests.device.daemon import ANSWER_S, READY_S, Daemon, wait_until
from tests.device.pulse import MOUTH, RATE, SPEAKER, PulseServer

QUIET_DBFS = -55.0


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
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_stopped_in_the_middle_of_a_sentence_it_ends_at_once_and_knows_what_was_heard(
    pulse: PulseServer, daemon: Daemon, question: Samples, tmp_path: Path, how: signal.Signals
) -> None:
    recorder = pulse.listen()
    pulse.speak(question).wait()
    wait_until(lambda: loud(recorder.heard()), ANSWER_S, lambda: f"it said nothing:\n{daemon.output}")
    assert daemon.interrupt(how) == 0
    recorder.stop()
    assert "Traceback" not in daemon.output
    assert "— interrupted" in daemon.output
    again = Daemon(pulse, tmp_path / "state")
    try:
        again.says("listening", READY_S)
        assert "going on with a conversation" in again.output
    finally:
        again.kill()


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
