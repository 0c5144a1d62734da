"""Real PortAudio on a private PulseAudio: what is said is heard, what is queued is played, what is lost comes back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest

from appliance.audio.echo import NoEcho
from appliance.audio.levels import dbfs
from appliance.audio.microphone import StreamMicrophone
from appliance.audio.playout import Playout
from appliance.audio.portaudio import PortAudioCard, list_devices
from appliance.audio.ports import LISTENING_RATE, Frame, Samples
from appliance.audio.resample import resample
from appliance.clock import SystemClock
from appliance.errors import AudioDeviceError
from tests.device.pulse import MOUTH, RATE, SPEAKER, PulseServer
from tests.unit.audio_fakes import DeafDetector

pytestmark = pytest.mark.device


class Rig:
    """Our microphone and loudspeaker on the private server."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.card = PortAudioCard(None, None, self.clock)
        self.playout = Playout(self.card, self.clock)
        echo = NoEcho(self.card.playout_rate)
        self.microphone = StreamMicrophone(self.card, self.playout, DeafDetector(), echo, self.clock, self)
        self.frames: list[Frame] = []
        self.news: list[str] = []

    def lost(self, direction: str, detail: str) -> None:
        assert detail
        self.news.append(f"lost {direction}")

    def found(self, direction: str) -> None:
        self.news.append(f"found {direction}")

    def xrun(self, direction: str, count: int) -> None:
        self.news.append(f"xrun {direction} {count}")

    def restarted(self, reason: str) -> None:
        self.news.append(f"restarted {reason}")

    def heard(self) -> Samples:
        return np.concatenate([np.zeros(0, np.float32), *(frame.pcm for frame in self.frames)])

    async def until(self, condition: Callable[[], bool], limit_s: float = 15.0) -> None:
        deadline = self.clock.now() + limit_s
        while not condition():
            assert self.clock.now() < deadline, f"waited {limit_s} s in vain; {self.news}"
            await asyncio.sleep(0.02)


@pytest.fixture
async def rig(pulse: PulseServer) -> AsyncIterator[Rig]:
    assert pulse
    rig = Rig()
    rig.microphone.start(rig.frames.append)
    yield rig
    rig.microphone.stop()


def voice_like(seconds: float, rate: int = RATE) -> Samples:
    """Noise in the band of speech with a syllable rhythm, and silence at both ends."""
    noise = np.random.default_rng(7).standard_normal(int(seconds * 8_000)).astype(np.float32)
    rhythm = 0.5 - 0.5 * np.cos(2 * np.pi * 4 * np.arange(len(noise)) / 8_000)
    return resample((0.15 * noise * rhythm).astype(np.float32), 8_000, rate)


def best_match(recording: Samples, original: Samples) -> tuple[int, float]:
    """Return where `original` lies in `recording` and its correlation there."""
    size = 1 << (len(recording) + len(original)).bit_length()
    spectrum = np.fft.rfft(recording, size) * np.conj(np.fft.rfft(original, size))
    at = int(np.argmax(np.fft.irfft(spectrum, size)[: len(recording)]))
    part = recording[at : at + len(original)]
    if len(part) < len(original) or not np.any(part):
        return at, 0.0
    return at, float(np.dot(part, original) / np.linalg.norm(part) / np.linalg.norm(original))


def fidelity(recording: Samples, original: Samples, rate: int = RATE) -> float:
    """Return the median correlation of pieces of 0.25 s: a busy machine may slip once, the rest must be the same."""
    pieces = [original[start : start + rate // 4] for start in range(0, len(original) - rate // 4 + 1, rate // 4)]
    return float(np.median([best_match(recording, piece)[1] for piece in pieces]))


async def test_what_is_said_is_heard(rig: Rig, pulse: PulseServer) -> None:
    said = voice_like(2.0)
    await rig.until(lambda: len(rig.frames) > 5)
    pulse.speak(said).wait()
    await rig.until(lambda: dbfs(rig.heard()[-8_000:]) < -60 < dbfs(rig.heard()))
    assert fidelity(rig.heard(), resample(said, RATE, LISTENING_RATE), LISTENING_RATE) > 0.99
    assert all(before.end == after.start for before, after in zip(rig.frames, rig.frames[1:], strict=False))


async def test_frames_come_in_real_time(rig: Rig) -> None:
    await rig.until(lambda: len(rig.frames) > 60)
    times = [frame.t for frame in rig.frames]
    assert np.all(np.diff(times) > 0.0)
    assert (times[-1] - times[20]) / (len(times) - 21) == pytest.approx(0.032, rel=0.1)
    assert abs(rig.clock.now() - times[-1]) < 0.25


async def test_what_is_queued_is_played(rig: Rig, pulse: PulseServer) -> None:
    recorder = pulse.listen()
    piece = voice_like(2.0, rig.playout.sample_rate)
    number = rig.playout.enqueue(piece)
    await rig.until(lambda: rig.playout.played(number).finished)
    await asyncio.sleep(0.3)
    assert fidelity(recorder.stop(), piece) > 0.99


@pytest.mark.parametrize("action", ["hold", "drop"])
async def test_the_room_is_silent_200_ms_after_hold_and_drop(rig: Rig, pulse: PulseServer, action: str) -> None:
    recorder = pulse.listen()
    rate = rig.playout.sample_rate
    rig.playout.enqueue(0.3 * np.sin(2 * np.pi * 440 * np.arange(rate * 10) / rate).astype(np.float32))
    await rig.until(lambda: dbfs(recorder.heard()[-2_000:]) > -20)
    getattr(rig.playout, action)()
    position, t = len(recorder.heard()), rig.clock.now()
    await asyncio.sleep(0.5)
    heard = recorder.stop()
    last_sound = int(np.flatnonzero(np.abs(heard) > 0.001)[-1])
    assert len(heard) > last_sound + 5_000, f"still playing {rig.clock.now() - t:.3f} s later"
    assert (last_sound - position) / RATE <= 0.2


async def test_release_goes_on_where_hold_stopped(rig: Rig, pulse: PulseServer) -> None:
    recorder = pulse.listen()
    piece = voice_like(2.0, rig.playout.sample_rate)
    number = rig.playout.enqueue(piece)
    await rig.until(lambda: rig.playout.played(number).samples > 30_000)
    rig.playout.hold()
    await asyncio.sleep(0.4)
    held_at = rig.playout.played(number).samples
    await asyncio.sleep(0.2)
    assert rig.playout.played(number).samples == held_at
    rig.playout.release()
    await rig.until(lambda: rig.playout.played(number).finished)
    await asyncio.sleep(0.3)
    heard = recorder.stop()
    before, after = piece[: held_at - 500], piece[held_at + 500 :]
    assert min(fidelity(heard, before), fidelity(heard, after)) > 0.99
    pause = best_match(heard, after[: RATE // 4])[0] - best_match(heard, before[-RATE // 4 :])[0]
    assert pause > 0.5 * RATE


async def test_a_server_that_crashes_is_noticed_and_found_again(rig: Rig, pulse: PulseServer) -> None:
    await rig.until(lambda: len(rig.frames) > 20)
    pulse.stop()
    await rig.until(lambda: bool(rig.news))
    assert rig.news[0].startswith("lost")
    silent_from = len(rig.frames)
    await rig.until(lambda: len(rig.frames) > silent_from + 30)
    assert dbfs(rig.frames[-1].pcm) == -120.0
    pulse.start()
    await rig.until(lambda: any(news.startswith("found") for news in rig.news))
    await _assert_hears_and_plays(rig, pulse)
    assert all(before.end == after.start for before, after in zip(rig.frames, rig.frames[1:], strict=False))


async def test_devices_that_are_unplugged_are_noticed_and_found_again(rig: Rig, pulse: PulseServer) -> None:
    await rig.until(lambda: len(rig.frames) > 20)
    pulse.unplug(MOUTH)
    pulse.unplug(SPEAKER)
    await rig.until(lambda: bool(rig.news))
    pulse.plug_in(MOUTH)
    pulse.plug_in(SPEAKER)
    await rig.until(lambda: any(news.startswith("found") for news in rig.news))
    await _assert_hears_and_plays(rig, pulse)


async def _assert_hears_and_plays(rig: Rig, pulse: PulseServer) -> None:
    start = len(rig.heard())
    await rig.until(lambda: len(rig.heard()) > start + 8_000)
    assert await _hears(rig, pulse), f"it heard something else; {rig.news}"
    recorder = pulse.listen()
    piece = voice_like(1.0, rig.playout.sample_rate)
    rig.playout.enqueue(piece)
    await rig.until(lambda: fidelity(recorder.heard(), piece) > 0.99)
    recorder.stop()


async def _hears(rig: Rig, pulse: PulseServer) -> bool:
    """Speak until it was heard as it was said: a server that starts on a loaded machine loses samples at first."""
    said = voice_like(1.0)
    expected = resample(said, RATE, LISTENING_RATE)
    for _ in range(3):
        start = len(rig.heard())
        pulse.speak(said).wait()
        await rig.until(lambda start=start: len(rig.heard()) > start + len(expected) + LISTENING_RATE)  # type: ignore[misc]
        if fidelity(rig.heard()[start:], expected, LISTENING_RATE) > 0.99:
            return True
    return False


def test_without_any_device_the_error_says_what_to_do(pulse: PulseServer) -> None:
    pulse.stop()
    list_devices(refresh=True)
    with pytest.raises(AudioDeviceError, match="there is no microphone") as caught:
        PortAudioCard(None, None, SystemClock())
    assert "appliance devices" in caught.value.remedy


def test_a_device_of_another_name_is_refused_with_the_names_there_are(pulse: PulseServer) -> None:
    assert pulse
    with pytest.raises(AudioDeviceError, match="there is no loudspeaker 'Jabra'") as caught:
        PortAudioCard(None, "Jabra", SystemClock())
    assert "'pulse'" in caught.value.remedy


def test_a_device_is_found_by_part_of_its_name(pulse: PulseServer) -> None:
    assert pulse
    card = PortAudioCard("pul", "PULSE", SystemClock())
    assert (card.input.name, card.output.name) == ("pulse", "pulse")
