"""The real echo canceller in a simulated room, and what the sound check says of it."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.audio.echo import EchoCanceller, NoEcho
from appliance.audio.filecard import FileCard
from appliance.audio.ports import Samples
from appliance.audio.resample import StreamResampler
from appliance.audio.room import EchoPath
from appliance.audio.soundcheck import (
    LEAD_S,
    BargeIn,
    Exchange,
    Level,
    exchange,
    judge_echo,
    judge_level,
    speech_like,
    tone,
    tone_heard,
)
from appliance.errors import AudioDeviceError
from tests.unit.audio_fakes import FakeCard, FakeClock

RATE = 48_000
SECONDS = 4.0


def in_a_room(sound: Samples, *, delay_ms: float = 80.0, attenuation_db: float = -10.0, rate: int = RATE) -> Exchange:
    """What a microphone captures while `sound` plays, with a little noise."""
    played = np.concatenate((np.zeros(int(LEAD_S * rate), np.float32), sound))
    room = EchoPath(rate, delay_ms=delay_ms, attenuation_db=attenuation_db)
    noise = np.random.default_rng(5).standard_normal(len(played), dtype=np.float32) * np.float32(3e-4)
    return Exchange(played=played, playout_rate=rate, captured=room.process(played) + noise, capture_rate=rate)


def resampled(sound: Samples) -> Samples:
    return StreamResampler(RATE, 16_000).process(sound)


@pytest.mark.parametrize(
    ("rate", "delay_ms", "attenuation_db"), [(48_000, 60, -6), (24_000, 120, -10), (48_000, 200, -12)]
)
def test_the_echo_is_cancelled_within_a_second_and_a_half(rate: int, delay_ms: float, attenuation_db: float) -> None:
    tried = in_a_room(speech_like(rate, SECONDS), delay_ms=delay_ms, attenuation_db=attenuation_db, rate=rate)
    report = judge_echo(tried, EchoCanceller(rate))
    assert report.barge_in is BargeIn.WORKS
    assert report.erle_db > 30
    assert report.delay_ms == pytest.approx(delay_ms, abs=2)


def test_without_cancellation_barge_in_fails() -> None:
    report = judge_echo(in_a_room(speech_like(RATE, SECONDS)), NoEcho(RATE))
    assert report.barge_in is BargeIn.FAILS
    assert report.erle_db == pytest.approx(0.0, abs=0.5)


def test_a_weak_canceller_is_of_limited_use() -> None:
    class Weak(NoEcho):
        def clean(self, frame: Samples) -> Samples:
            return frame * np.float32(0.2)

    assert judge_echo(in_a_room(speech_like(RATE, SECONDS)), Weak(RATE)).barge_in is BargeIn.LIMITED


def test_headphones_make_no_echo() -> None:
    report = judge_echo(in_a_room(speech_like(RATE, SECONDS), attenuation_db=-90.0), NoEcho(RATE))
    assert (report.barge_in, report.delay_ms) == (BargeIn.UNKNOWN, None)


def test_the_canceller_leaves_the_person_alone() -> None:
    canceller = EchoCanceller(RATE, noise_suppression=False)
    person = speech_like(16_000, 2.0)
    cleaned = []
    for frame in np.split(person, len(person) // 160):
        canceller.played(np.zeros(480, np.float32))
        cleaned.append(canceller.clean(frame))
    assert np.std(np.concatenate(cleaned)[8_000:]) == pytest.approx(float(np.std(person[8_000:])), rel=0.2)


@pytest.mark.parametrize("rate", [24_000, 48_000])
def test_without_an_echo_the_person_is_heard_during_the_first_sentence(rate: int) -> None:
    """A headset, or a speakerphone that cancels by itself: nothing of what is played is in the microphone."""
    canceller = EchoCanceller(rate, noise_suppression=False)
    person, played = speech_like(16_000, 2.0), speech_like(rate, 3.0)[rate:]
    cleaned = []
    for heard, given in zip(np.split(person, 200), np.split(played, 200), strict=True):
        canceller.played(given)
        cleaned.append(canceller.clean(heard))
    late = np.concatenate(cleaned)[16_000:]
    assert np.std(late) == pytest.approx(float(np.std(person[16_000:])), rel=0.2)


@pytest.mark.parametrize("delay_ms", [10, 100, 290])
def test_the_first_sentence_lets_no_echo_through(delay_ms: float) -> None:
    tried = in_a_room(speech_like(RATE, SECONDS), delay_ms=delay_ms, attenuation_db=-6.0)
    canceller = EchoCanceller(RATE)
    heard = resampled(tried.captured)
    cleaned = []
    for index in range(len(heard) // 160):
        canceller.played(tried.played[index * 480 : (index + 1) * 480])
        cleaned.append(canceller.clean(heard[index * 160 : (index + 1) * 160]))
    loudest = max(np.std(part) for part in np.array_split(np.concatenate(cleaned), len(cleaned) // 10))
    assert 20 * np.log10(loudest) < -45


def test_a_tone_is_heard_in_a_room_and_not_in_headphones() -> None:
    assert tone_heard(in_a_room(tone(RATE, 1.0)))
    assert not tone_heard(in_a_room(tone(RATE, 1.0), attenuation_db=-90.0))


@pytest.mark.parametrize(
    ("amplitude", "level"), [(0.0, Level.SILENT), (0.0003, Level.SILENT), (0.003, Level.QUIET), (0.1, Level.GOOD)]
)
def test_levels_in_words(amplitude: float, level: Level) -> None:
    assert judge_level(np.float32(amplitude) * 4 * tone(16_000, 1.0), 16_000) is level


def test_an_overdriven_microphone() -> None:
    assert judge_level(np.clip(8 * tone(16_000, 1.0), -1, 1), 16_000) is Level.CLIPPING
    assert judge_level(np.zeros(0, np.float32), 16_000) is Level.SILENT


def test_an_exchange_plays_and_captures_from_the_same_moment_on() -> None:
    clock = FakeClock()
    room = EchoPath(RATE, delay_ms=40.0, attenuation_db=0.0, impulse_response=np.ones(1, np.float32))
    card = FileCard(clock, echo=room, wait=clock.advance)
    tried = exchange(card, clock, tone(RATE, 0.5), 2.0)
    assert len(tried.captured) == len(tried.played) == 2 * RATE
    np.testing.assert_allclose(tried.captured[1920:], np.tanh(tried.played[:-1920]), atol=0.002)


def test_a_card_that_delivers_nothing_is_an_error() -> None:
    class Impatient(FakeClock):
        def now(self) -> float:
            self.advance(5.0)
            return self.time

    with pytest.raises(AudioDeviceError, match="delivers no sound"):
        exchange(FakeCard(), Impatient(), tone(RATE, 0.1), 1.0)
