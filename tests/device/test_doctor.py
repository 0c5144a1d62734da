"""The doctor with real PortAudio on a private PulseAudio."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from appliance.audio.files import write_wav
from appliance.ops.doctor import devices, levels, sound_server
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import State
from tests.device.pulse import RATE, PulseServer
from tests.unit.doctor_fakes import context_of, only, states

pytestmark = pytest.mark.device


def beside(pulse: PulseServer, folder: Path) -> Context:
    return context_of(folder, environ=os.environ | pulse.environment)


async def test_devices_and_their_rates_are_found(pulse: PulseServer, tmp_path: Path) -> None:
    context = beside(pulse, tmp_path)
    assert "The sound server is pulseaudio" in only(await sound_server.check(context), State.OK).what
    found = await devices.check(context)
    assert states(found) == [State.OK, State.OK]
    assert "Hz" in found[0].what
    assert "at 48000 Hz" in found[1].what


async def test_silence_is_told_and_so_is_a_microphone_that_is_overdriven(pulse: PulseServer, tmp_path: Path) -> None:
    context = beside(pulse, tmp_path)
    assert "nothing at all comes from it" in only(await levels.check(context), State.WARN).what
    noise = np.random.default_rng(1).uniform(-1.5, 1.5, 30 * RATE).clip(-1.0, 1.0).astype(np.float32)
    write_wav(tmp_path / "noise.wav", noise, RATE)
    voice = pulse.play(tmp_path / "noise.wav")
    try:
        assert "overdriven" in only(await levels.check(context), State.WARN).what
    finally:
        voice.kill()
        voice.wait()


async def test_a_server_that_was_stopped_fails(pulse: PulseServer, tmp_path: Path) -> None:
    context = beside(pulse, tmp_path)
    pulse.stop()
    assert "does not answer" in only(await sound_server.check(context), State.FAIL).what
    assert only(await devices.check(context), State.FAIL).remedy
