"""A sound system that hangs must not hang the appliance; its threads come first where they may."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from appliance.audio.portaudio import STOP_S, PortAudioCard
from appliance.audio.ports import Samples
from appliance.audio.priority import realtime_threads
from appliance.clock import SystemClock
from appliance.errors import AudioDeviceError
from tests.device.pulse import PulseServer

pytestmark = pytest.mark.device


def listen(block: Samples) -> None:
    assert len(block)


def be_silent(block: Samples) -> None:
    block[:] = 0.0


async def test_stop_returns_though_the_server_hangs_and_start_works_when_it_goes_on(
    pulse: PulseServer, caplog: pytest.LogCaptureFixture
) -> None:
    clock = SystemClock()
    card = PortAudioCard(None, None, clock)
    card.start(listen, be_silent)
    try:
        pulse.freeze()
        begun = clock.now()
        with caplog.at_level(logging.WARNING):
            card.stop()
        assert clock.now() - begun < STOP_S + 1.0
        assert "does not close its streams" in caplog.text
        with pytest.raises(AudioDeviceError, match="does not answer"):
            card.start(listen, be_silent)
    finally:
        pulse.thaw()
    deadline = clock.now() + 10.0
    while True:
        try:
            card.start(listen, be_silent)
            break
        except AudioDeviceError:
            assert clock.now() < deadline
            await asyncio.sleep(0.1)
    captured = card.counters.captured
    while card.counters.captured == captured:
        assert clock.now() < deadline
        await asyncio.sleep(0.05)
    begun = clock.now()
    card.stop()
    assert clock.now() - begun < STOP_S / 2


def test_a_program_ends_though_the_server_hangs(pulse: PulseServer) -> None:
    program = """
import sys
from appliance.audio.portaudio import PortAudioCard
from appliance.clock import SystemClock
card = PortAudioCard(None, None, SystemClock())
card.start(lambda block: None, lambda block: block.fill(0.0))
print("open", flush=True)
sys.stdin.readline()
card.stop()
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env=pulse.full_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        with process:
            assert process.stdout is not None
            assert process.stdin is not None
            assert process.stdout.readline() == "open\n"
            pulse.freeze()
            process.stdin.write("\n")
            process.stdin.flush()
            assert process.wait(20.0) == 0
    finally:
        process.kill()
        pulse.thaw()


def test_the_threads_of_the_sound_system_are_realtime_where_that_is_allowed(pulse: PulseServer) -> None:
    assert pulse
    with realtime_threads():
        allowed = os.sched_getscheduler(0) == os.SCHED_RR
    card = PortAudioCard(None, None, SystemClock())
    before = threads()
    card.start(listen, be_silent)
    try:
        policies = [os.sched_getscheduler(thread) for thread in threads() - before]
    finally:
        card.stop()
    assert len(policies) >= 2
    assert set(policies) == {os.SCHED_RR if allowed else os.SCHED_OTHER}
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def threads() -> set[int]:
    return {int(entry.name) for entry in Path("/proc/self/task").iterdir()}
