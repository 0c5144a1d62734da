"""Frames follow each other without a gap, whatever the card does."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.audio.capture import CaptureChain
from appliance.audio.card import CAPTURE, CardCounters, Failure
from appliance.audio.echo import NoEcho
from appliance.audio.listening import CardListener
from appliance.audio.playout import Playout
from appliance.audio.ports import FRAME_SAMPLES, Frame, Samples
from appliance.errors import AudioDeviceError
from tests.unit.audio_fakes import RATE, DeafDetector, FakeCard, FakeClock

BLOCK = 960


class News:
    def __init__(self) -> None:
        self.items: list[tuple[object, ...]] = []

    def lost(self, direction: str, detail: str) -> None:
        self.items.append(("lost", direction, detail))

    def found(self, direction: str) -> None:
        self.items.append(("found", direction))

    def xrun(self, direction: str, count: int) -> None:
        self.items.append(("xrun", direction, count))

    def restarted(self, reason: str) -> None:
        self.items.append(("restarted", reason))


class Rig:
    def __init__(self, capture_rate: int = RATE) -> None:
        self.clock = FakeClock()
        self.card = FakeCard(capture_rate=capture_rate)
        self.playout = Playout(self.card, self.clock)
        self.detector = DeafDetector()
        self.news = News()
        self.listener = CardListener(self.card, self.playout, self.detector, NoEcho(RATE), self.clock, self.news)
        self.frames: list[Frame] = []

    def run(self, seconds: float, sound: float = 0.1) -> None:
        """Let time go by; the card delivers as long as it is open."""
        for _ in range(round(seconds / 0.02)):
            self.clock.advance(0.02)
            if self.card.on_capture is not None and self.card.broken is None:
                block = np.full(self.card.capture_rate // 50, sound, np.float32)
                self.card.exchange(block, np.zeros(BLOCK, np.float32))
            self.frames += self.listener.pull()

    def assert_gapless(self) -> None:
        assert [frame.start for frame in self.frames] == [n * FRAME_SAMPLES for n in range(len(self.frames))]
        assert all(frame.pcm.shape == (FRAME_SAMPLES,) for frame in self.frames)


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_frames_come_in_real_time_and_carry_the_time_of_their_last_sample(rate: int) -> None:
    rig = Rig(rate)
    rig.listener.open()
    rig.run(2.0)
    rig.assert_gapless()
    assert len(rig.frames) == pytest.approx(2.0 / 0.032, abs=2)
    assert rig.frames[-1].t == pytest.approx(100.0 + len(rig.frames) * 0.032, abs=0.001)
    assert rig.frames[-1].t <= rig.clock.now()
    assert np.median(rig.frames[-1].pcm) == pytest.approx(0.1, abs=0.01)
    assert rig.detector.frames == len(rig.frames)


def test_no_device_at_the_start_is_an_error() -> None:
    rig = Rig()
    rig.card.missing = True
    with pytest.raises(AudioDeviceError):
        rig.listener.open()


def test_a_failed_device_is_replaced_by_silence_until_it_is_back() -> None:
    rig = Rig()
    rig.listener.open()
    rig.run(1.0)
    rig.card.broken, rig.card.missing = Failure(CAPTURE, "gone"), True
    rig.run(3.0)
    assert rig.news.items == [("lost", "capture", "gone")]
    assert len(rig.frames) == pytest.approx(4.0 / 0.032, abs=3)
    assert not np.any(rig.frames[-1].pcm)
    rig.card.broken, rig.card.missing = None, False
    rig.run(2.0)
    assert rig.news.items[1:] == [("found", "capture")]
    rig.run(2.0)
    rig.assert_gapless()
    assert np.median(rig.frames[-1].pcm) == pytest.approx(0.1, abs=0.01)
    assert len(rig.frames) == pytest.approx(8.0 / 0.032, abs=4)


def test_a_stalled_stream_counts_as_lost_after_a_second() -> None:
    rig = Rig()
    rig.listener.open()
    rig.run(1.0)
    on_capture, rig.card.on_capture = rig.card.on_capture, None
    rig.run(0.9)
    assert rig.news.items == []
    rig.run(0.3)
    assert rig.news.items[0][:2] == ("lost", "capture")
    assert on_capture is not None
    rig.run(2.0)
    assert rig.news.items[1] == ("found", "capture")
    rig.assert_gapless()


def test_the_device_that_comes_back_may_have_another_rate() -> None:
    rig = Rig()
    rig.listener.open()
    rig.run(1.0)
    rig.card.broken = Failure(CAPTURE, "gone")
    rig.run(0.1)
    rig.card.broken, rig.card.capture_rate, rig.card.counters = None, 16_000, CardCounters()
    rig.run(3.0)
    rig.assert_gapless()
    assert np.median(rig.frames[-1].pcm) == pytest.approx(0.1, abs=0.01)


def test_xruns_are_reported() -> None:
    rig = Rig()
    rig.listener.open()
    rig.run(0.1)
    before = rig.card.counters
    rig.card.counters = CardCounters(
        captured=before.captured + 1, played=before.played + 1, capture_xruns=2, playout_xruns=1
    )
    rig.listener.pull()
    assert rig.news.items == [("xrun", "capture", 2), ("xrun", "playout", 1)]


def test_sound_lost_while_the_thread_was_held_up_becomes_silence_of_the_same_length() -> None:
    rig = Rig()
    rig.listener.open()
    for _ in range(600):
        rig.clock.advance(0.02)
        rig.card.exchange(np.full(BLOCK, 0.1, np.float32), np.zeros(BLOCK, np.float32))
    rig.frames += rig.listener.pull()
    rig.assert_gapless()
    assert len(rig.frames) == pytest.approx(12.0 / 0.032, abs=2)
    assert not np.any(rig.frames[0].pcm)
    assert np.median(rig.frames[-1].pcm) == pytest.approx(0.1, abs=0.01)


class Order(NoEcho):
    """Writes down the order in which it gets its frames."""

    def __init__(self) -> None:
        super().__init__(RATE)
        self.log = ""

    def played(self, frame: Samples) -> None:
        assert len(frame) == 480
        self.log += "p"

    def clean(self, frame: Samples) -> Samples:
        self.log += "c"
        return frame


def zeros(milliseconds: int, rate: int = RATE) -> Samples:
    return np.zeros(rate * milliseconds // 1000, np.float32)


def test_every_10_ms_captured_are_preceded_by_10_ms_played() -> None:
    echo = Order()
    chain = CaptureChain(16_000, echo, DeafDetector())
    chain.process(zeros(0), zeros(20))
    chain.process(zeros(20, 16_000), zeros(0))
    chain.process(zeros(60, 16_000), zeros(60))
    assert echo.log == "pc" * 8


def test_played_sound_that_piles_up_is_handed_on_early() -> None:
    echo = Order()
    chain = CaptureChain(16_000, echo, DeafDetector())
    chain.process(zeros(0), zeros(200))
    chain.process(zeros(20, 16_000), zeros(0))
    assert echo.log == "p" * 11 + "cpc"


def test_after_a_hold_up_the_streams_stay_together() -> None:
    echo = Order()
    chain = CaptureChain(16_000, echo, DeafDetector())
    chain.process(zeros(400, 16_000), zeros(400))
    assert echo.log == "pc" * 40
