"""A sound card that is driven by hand, and a clock that stands still."""

from __future__ import annotations

from datetime import datetime

from appliance.audio.card import CardCounters, Failure, OnCapture, OnPlayout
from appliance.audio.ports import Samples
from appliance.errors import AudioDeviceError

RATE = 48_000


class FakeClock:
    def __init__(self) -> None:
        self.time = 100.0

    def now(self) -> float:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += seconds

    def local_time(self, timezone: str) -> datetime:
        raise NotImplementedError(timezone)

    async def sleep(self, seconds: float) -> None:
        raise NotImplementedError(str(seconds))

    def cpu_seconds(self) -> float:
        raise NotImplementedError


class FakeCard:
    def __init__(self, *, capture_rate: int = RATE, playout_rate: int = RATE, output_latency_s: float = 0.0) -> None:
        self.capture_rate = capture_rate
        self.playout_rate = playout_rate
        self.output_latency_s = output_latency_s
        self.counters = CardCounters()
        self.broken: Failure | None = None
        self.missing = False
        self.starts = 0
        self.on_capture: OnCapture | None = None
        self.on_playout: OnPlayout | None = None

    def start(self, on_capture: OnCapture, on_playout: OnPlayout) -> None:
        if self.missing:
            raise AudioDeviceError("there is no microphone")
        self.starts += 1
        self.on_capture, self.on_playout = on_capture, on_playout

    def stop(self) -> None:
        self.on_capture = self.on_playout = None

    def failure(self) -> Failure | None:
        return self.broken

    def time_of(self, position: int) -> float:
        return 100.0 + position / self.capture_rate

    def exchange(self, captured: Samples, out: Samples) -> None:
        """Let the card play and capture one block each."""
        assert self.on_capture is not None
        assert self.on_playout is not None
        self.on_playout(out)
        self.on_capture(captured)
        self.counters = CardCounters(
            captured=self.counters.captured + len(captured), played=self.counters.played + len(out)
        )


class DeafDetector:
    """Hears no voice in anything; counts what it was asked."""

    def __init__(self) -> None:
        self.frames = 0
        self.resets = 0
        self.error: Exception | None = None

    def probability(self, frame: Samples) -> float:
        assert frame.shape == (512,)
        if self.error is not None:
            raise self.error
        self.frames += 1
        return 0.0

    def reset(self) -> None:
        self.resets += 1
