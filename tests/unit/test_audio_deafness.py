"""An appliance that has gone deaf notices it, restarts its audio path once, and does not mistake noise for people."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import numpy as np
import pytest

from appliance.app.reporting import DeviceReporter
from appliance.audio.card import CAPTURE
from appliance.audio.deafness import DeafnessWatch
from appliance.audio.echo import EchoCanceller, NoEcho
from appliance.audio.listening import CardListener
from appliance.audio.microphone import StreamMicrophone
from appliance.audio.playout import Playout
from appliance.audio.ports import FRAME_SAMPLES, LISTENING_RATE, Frame, Samples
from appliance.bus import Bus
from appliance.clock import SystemClock
from appliance.dialogue.journal import Journal
from appliance.errors import EngineError
from appliance.events import AnyEvent, AudioRestarted
from tests.unit.audio_fakes import RATE, DeafDetector, FakeCard, FakeClock
from tests.unit.test_audio_listening import News

DEAF_AFTER_S = 10.0


def noise(seconds: float, level: float = 0.001, rate: int = LISTENING_RATE) -> Samples:
    generator = np.random.default_rng(7)
    return (level * generator.standard_normal(round(seconds * rate))).astype(np.float32)


def speech(seconds: float, rate: int = LISTENING_RATE) -> Samples:
    """Return noise that is loud in four syllables a second, over a quiet background."""
    time = np.arange(round(seconds * rate)) / rate
    return noise(seconds, rate=rate) + noise(seconds, 0.1, rate) * (np.sin(2 * np.pi * 4 * time) > 0.2)


class Room:
    def __init__(self, deaf_after_s: float = DEAF_AFTER_S) -> None:
        self.watch = DeafnessWatch(deaf_after_s)
        self.alarms: list[float] = []
        self.seconds = 0.0

    def hear(self, sound: Samples, probability: float = 0.0, *, playing: bool = False) -> None:
        for start in range(0, len(sound) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
            self.seconds += FRAME_SAMPLES / LISTENING_RATE
            if self.watch.on_frame(sound[start : start + FRAME_SAMPLES], probability, playing=playing):
                self.alarms.append(self.seconds)


def test_speech_that_is_never_detected_raises_the_alarm() -> None:
    room = Room()
    room.hear(noise(20))
    room.hear(speech(15))
    assert room.alarms == [pytest.approx(20 + DEAF_AFTER_S, abs=1.5)]


def test_tries_with_long_pauses_between_them_add_up() -> None:
    room = Room()
    for _ in range(5):
        room.hear(noise(20))
        room.hear(speech(4))
    assert len(room.alarms) == 1


def test_speech_that_is_detected_now_and_then_raises_none() -> None:
    room = Room()
    for _ in range(10):
        room.hear(speech(8))
        room.hear(speech(0.2), probability=0.9)
    assert room.alarms == []


@pytest.mark.parametrize("level", [0.0, 0.001, 0.1])
def test_steady_noise_raises_none(level: float) -> None:
    room = Room()
    room.hear(noise(300, level))
    assert room.alarms == []


def test_knocks_raise_none() -> None:
    knock = noise(3.0)
    knock[8000:9000] += 0.3
    room = Room()
    for _ in range(60):
        room.hear(knock)
    assert room.alarms == []


def test_the_assistants_own_voice_is_no_evidence() -> None:
    room = Room()
    for _ in range(10):
        room.hear(speech(10), playing=True)
        room.hear(speech(0.4))
        room.hear(noise(2))
    assert room.alarms == []


def test_what_sounds_like_speech_for_hours_raises_the_alarm_less_and_less_often() -> None:
    room = Room()
    second = speech(1)[: 31 * FRAME_SAMPLES]
    for _ in range(1800):
        room.hear(second)
    waits = np.diff(room.alarms)
    assert 3 <= len(room.alarms) <= 6
    assert all(after > 1.5 * before for before, after in pairwise(waits))


def test_once_speech_is_detected_the_watch_is_as_alert_as_before() -> None:
    room = Room()
    room.hear(speech(40))
    assert len(room.alarms) == 1
    room.hear(speech(0.2), probability=0.9)
    room.hear(speech(12))
    assert len(room.alarms) == 2


def test_the_watch_can_be_turned_off() -> None:
    room = Room(0)
    room.hear(speech(60))
    assert room.alarms == []


class Canceller(NoEcho):
    def __init__(self) -> None:
        super().__init__(RATE)
        self.resets = 0

    def reset(self) -> None:
        self.resets += 1


def test_the_audio_path_restarts_once_and_goes_on_without_a_gap() -> None:
    clock, card, detector, echo, news = FakeClock(), FakeCard(), DeafDetector(), Canceller(), News()
    watch = DeafnessWatch(DEAF_AFTER_S)
    listener = CardListener(card, Playout(card, clock), detector, echo, clock, news, watch)
    listener.open()
    frames: list[Frame] = []
    for block in np.split(speech(20, RATE), 1000):
        clock.advance(0.02)
        if card.on_capture is not None:
            card.exchange(block, np.zeros(960, np.float32))
        frames += listener.pull()
    assert news.items == [("restarted", "deaf"), ("found", CAPTURE)]
    assert (card.starts, detector.resets, echo.resets) == (2, 2, 1)
    assert [frame.start for frame in frames] == [n * FRAME_SAMPLES for n in range(len(frames))]
    assert len(frames) == pytest.approx(20 / 0.032, abs=4)


async def test_an_error_in_the_audio_path_restarts_it() -> None:
    class Observer(News):
        def __init__(self) -> None:
            super().__init__()
            self.done = asyncio.Event()
            self.back = asyncio.Event()

        def restarted(self, reason: str) -> None:
            super().restarted(reason)
            self.done.set()

        def found(self, direction: str) -> None:
            super().found(direction)
            self.back.set()

    clock, card, detector, observer = FakeClock(), FakeCard(), DeafDetector(), Observer()
    detector.error = EngineError("the detector broke")
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    microphone = StreamMicrophone(card, Playout(card, clock), detector, NoEcho(RATE), clock, observer)
    heard = asyncio.Event()
    microphone.start(lambda frame: heard.set() if np.any(frame.pcm) else None)
    for _ in range(5):
        card.exchange(np.full(960, 0.1, np.float32), np.zeros(960, np.float32))
    await asyncio.wait_for(observer.done.wait(), 5.0)
    assert card.on_capture is None
    detector.error = None
    clock.advance(1.1)
    await asyncio.wait_for(observer.back.wait(), 5.0)
    for _ in range(5):
        card.exchange(np.full(960, 0.1, np.float32), np.zeros(960, np.float32))
    await asyncio.wait_for(heard.wait(), 5.0)
    microphone.stop()
    assert observer.items[0] == ("restarted", "error")


async def test_restarts_are_counted_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    events: list[AnyEvent] = []
    bus = Bus()
    bus.subscribe(events.append)
    reporter = DeviceReporter(Journal(bus, SystemClock()))
    reporter.restarted("deaf")
    reporter.restarted("error")
    await asyncio.sleep(0)
    assert [(e.reason, e.count) for e in events if isinstance(e, AudioRestarted)] == [("deaf", 1), ("error", 2)]
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]


def test_the_echo_canceller_can_start_anew() -> None:
    echo = EchoCanceller(RATE)
    echo.played(np.zeros(480, np.float32))
    echo.reset()
    assert echo.clean(noise(0.01)).shape == (160,)
