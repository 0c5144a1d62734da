from __future__ import annotations

import json

import numpy as np
import pytest
from rich.console import Console

from appliance.audio.echo import EchoCanceller, NoEcho, echo_filter
from appliance.audio.ports import Samples
from appliance.audio.soundcheck import speech_like
from appliance.config.models import AudioConfig, Config
from appliance.engines.ports import Speech, Transcript
from appliance.ops.bench.echo import (
    RATE,
    EchoBench,
    EchoOutcome,
    EchoRoom,
    LevelMeter,
    Misheard,
    run_echo,
    speak_replies,
)
from appliance.ops.bench.echo_report import echo_json, echo_table, misheard_lines
from tests.unit.audio_fakes import FakeClock

QUIET_ROOM = EchoRoom(attenuation_db=-10.0, delay_ms=100.0)


class Loudness:
    """Hears speech in what is loud."""

    def probability(self, frame: Samples) -> float:
        return float(np.sqrt(np.mean(np.square(frame))) > 0.01)

    def reset(self) -> None:
        pass


class Understanding:
    """Understands always the same."""

    def __init__(self, text: str, rejected: str | None = None) -> None:
        self._text, self._rejected = text, rejected

    async def transcribe(self, pcm: Samples, *, final: bool = True) -> Transcript:
        assert pcm.size
        rejected = self._rejected
        return Transcript(
            text="" if rejected else self._text, confidence=0.9 + final / 100, rejected=rejected, raw_text="x"
        )


class Piping:
    """Speaks a second of something, the faster the shorter."""

    def __init__(self) -> None:
        self.speed = 1.0
        self.speeds: list[float] = []

    async def synthesise(self, text: str) -> Speech:
        self.speeds.append(self.speed)
        return Speech(text=text, pcm=utterance(1.0 / self.speed), sample_rate=RATE)

    def set_speed(self, speed: float) -> None:
        self.speed = speed


def utterance(seconds: float) -> Samples:
    """Return what is like speech: the canceller learns nothing of the room from a pure tone."""
    return speech_like(RATE, seconds)


def bench(text: str = "hello there", rejected: str | None = None, *, cancel: bool) -> EchoBench:
    return EchoBench(
        config=Config(audio=AudioConfig(echo_cancellation=cancel)),
        detector=Loudness(),
        transcriber=Understanding(text, rejected),
        replies=[(utterance(2.0), utterance(1.0))],
        clock=FakeClock(),
    )


async def measured(what: EchoBench, room: EchoRoom = QUIET_ROOM) -> EchoOutcome:
    return await run_echo(what, room, 6.0, lambda _: None)


async def test_without_cancellation_it_interrupts_itself() -> None:
    outcome = await measured(bench(cancel=False))
    assert outcome.own_speech_s == pytest.approx(6.0)
    assert (outcome.interruptions, outcome.by_sound_alone) == (2, 0)
    assert outcome.holds <= outcome.interruptions
    assert outcome.interruptions_per_hour == pytest.approx(outcome.interruptions * 600)
    assert outcome.speech_starts >= 1
    assert outcome.answers >= 1
    assert outcome.erle_db == pytest.approx(0.0)
    assert outcome.misheard[0] == Misheard(at_s=outcome.misheard[0].at_s, text="hello there", rejected=None)


async def test_with_cancellation_it_does_not() -> None:
    outcome = await measured(bench(cancel=True))
    assert outcome.interruptions == 0
    assert outcome.answers == 0
    assert outcome.erle_db is not None
    assert outcome.erle_db > 20.0


async def test_echo_without_words_is_not_answered() -> None:
    outcome = await measured(bench(rejected="no-speech", cancel=False))
    assert outcome.answers == 0
    assert outcome.interruptions == outcome.by_sound_alone == outcome.holds == 2
    assert outcome.misheard[0].rejected == "no-speech"
    assert outcome.misheard[0].text == "x"


async def test_noise_alone_is_no_echo() -> None:
    noise = np.random.default_rng(0).normal(0.0, 0.002, RATE).astype(np.float32)
    outcome = await measured(bench(cancel=True), EchoRoom(attenuation_db=None, delay_ms=0.0, noise=noise))
    assert (outcome.attenuation_db, outcome.noise, outcome.interruptions) == (None, True, 0)
    assert outcome.erle_db is None


async def test_replies_are_read_at_changing_speed_until_there_are_enough() -> None:
    voice, told = Piping(), list[float]()
    replies = await speak_replies(voice, 100.0, told.append)
    assert sum(len(clause) for reply in replies for clause in reply) / RATE >= 100.0
    assert sum(told) >= 100.0
    assert len(set(voice.speeds)) == 3
    assert voice.speed == 1.0


def test_the_meter_ignores_the_time_of_learning() -> None:
    meter = LevelMeter(NoEcho(RATE))
    assert meter.played_frame == 240
    frame = np.full(160, 0.1, np.float32)
    for _ in range(300):
        meter.clean(frame)
    assert meter.erle_db is None
    meter.clean(frame)
    meter.played(frame)
    meter.reset()
    assert meter.erle_db == pytest.approx(0.0)


def test_the_configuration_says_whether_echo_is_cancelled() -> None:
    assert isinstance(echo_filter(AudioConfig(), RATE), EchoCanceller)
    assert isinstance(echo_filter(AudioConfig(echo_cancellation=False), RATE), NoEcho)


def test_report() -> None:
    outcome = EchoOutcome(
        attenuation_db=-10.0,
        delay_ms=100.0,
        noise=True,
        own_speech_s=1800.0,
        interruptions=1,
        by_sound_alone=1,
        holds=1,
        answers=0,
        speech_starts=2,
        erle_db=48.123456,
        misheard=(Misheard(at_s=3.0, text="uh", rejected="phantom"),),
    )
    console = Console(record=True, width=80, force_terminal=False)
    console.print(echo_table([outcome]))
    shown = console.export_text()
    assert "-10 dB" in shown
    assert "48 dB" in shown
    assert "30.0 min" in shown
    assert misheard_lines([outcome]) == ["at 3.0 s: 'uh' (rejected: phantom)"]
    found = json.loads(json.dumps(echo_json([outcome], {"room": "office"})))
    assert found["conditions"] == {"room": "office"}
    assert found["rooms"][0]["interruptions_per_hour"] == 2.0
    assert found["rooms"][0]["erle_db"] == 48.123
    assert found["rooms"][0]["misheard"][0]["text"] == "uh"
