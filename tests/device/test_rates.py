"""Devices at rates that nobody expects: converted where that can be, refused with a way out where it cannot."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from appliance.audio.levels import dbfs
from appliance.audio.ports import LISTENING_RATE
from appliance.audio.resample import resample
from tests.device.pulse import MOUTH, RATE, SPEAKER, PulseServer
from tests.device.test_devices import Rig, fidelity, voice_like

pytestmark = pytest.mark.device

MICROPHONE_RATE, LOUDSPEAKER_RATE = 37_800, 22_050
ALIKE = 0.97
"""Three conversions lose some of what is above 7 kHz."""

ONE_RATE = """
</usr/share/alsa/alsa.conf>
pcm.nothing { type null }
pcm.digital { type a52 slavepcm "nothing" rate 44100 channels 2 format S16_LE }
"""
"""An output that encodes for a digital link, at 44.1 kHz and no other rate."""


@pytest.fixture
def odd(pulse: PulseServer) -> PulseServer:
    """A server whose devices have odd rates."""
    for sink, rate in ((MOUTH, MICROPHONE_RATE), (SPEAKER, LOUDSPEAKER_RATE)):
        pulse.unplug(sink)
        pulse.pactl("load-module", "module-null-sink", f"sink_name={sink}", f"rate={rate}", "channels=1", "norewinds=1")
        assert f" {rate}Hz" in pulse.pactl("list", "short", "sinks").partition(sink)[2]
    return pulse


async def test_behind_a_sound_server_devices_of_odd_rates_are_heard_and_played(odd: PulseServer) -> None:
    rig = Rig()
    rig.microphone.start(rig.frames.append)
    try:
        said = voice_like(2.0)
        await rig.until(lambda: len(rig.frames) > 5)
        odd.speak(said).wait()
        await rig.until(lambda: dbfs(rig.heard()[-8_000:]) < -60 < dbfs(rig.heard()))
        assert fidelity(rig.heard(), resample(said, RATE, LISTENING_RATE), LISTENING_RATE) > ALIKE
        recorder = odd.listen()
        piece = voice_like(2.0, rig.playout.sample_rate)
        number = rig.playout.enqueue(piece)
        await rig.until(lambda: rig.playout.played(number).finished)
        await rig.until(lambda: fidelity(recorder.heard(), piece) > ALIKE)
        recorder.stop()
    finally:
        rig.microphone.stop()


def test_a_loudspeaker_with_one_rate_that_is_of_no_use_is_refused_with_a_way_out(
    pulse: PulseServer, tmp_path: Path
) -> None:
    alsa = tmp_path / "alsa.conf"
    alsa.write_text(ONE_RATE, encoding="utf-8")
    settings = {"ALSA_CONFIG_PATH": str(alsa), "APPLIANCE__AUDIO__OUTPUT_DEVICE": "digital"}
    settings["APPLIANCE__STORAGE__DIRECTORY"] = str(tmp_path / "state")
    done = subprocess.run(
        [sys.executable, "-m", "appliance", "run"],
        env=pulse.full_environment() | settings,
        capture_output=True,
        text=True,
        check=False,
        timeout=90,
    )
    assert done.returncode == 5, done.stderr
    assert "the loudspeaker 'digital' does not support 48000 Hz or 24000 Hz" in done.stderr
    assert "which convert" in done.stderr.partition("→")[2]
    assert "Traceback" not in done.stderr
