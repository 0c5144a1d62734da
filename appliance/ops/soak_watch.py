"""What is watched while people talk for hours: the events, the callbacks of the sound card, and the process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import psutil

from appliance.audio.card import BLOCK_S, CAPTURE, PLAYOUT, CardCounters, Failure, OnCapture, OnPlayout, SoundCard
from appliance.audio.ports import Samples
from appliance.clock import Clock
from appliance.events import (
    AnyEvent,
    AudioRestarted,
    AudioXrun,
    BargeInRefused,
    DeviceFound,
    DeviceLost,
    EngineFailed,
    ToolFinished,
    TurnCommitted,
)

MIB = 2**20


@dataclass(slots=True, kw_only=True)
class Witness:
    """Observes the events: keeps those of the turn under way, and counts what concerns the whole run."""

    events: list[AnyEvent] = field(default_factory=list)
    xruns: Counter[str] = field(default_factory=Counter)
    """By direction."""
    errors: Counter[str] = field(default_factory=Counter)
    """By code."""
    interrupted: int = 0
    """Answers that were cut short by a person."""
    refused: int = 0
    """Noises and backchannels during an answer, which went on."""
    restarts: int = 0
    lost: int = 0
    found: int = 0
    tools_failed: int = 0
    """Calls of tools that failed."""

    def __call__(self, event: AnyEvent) -> None:
        """Take note of an event."""
        self.events.append(event)
        match event:
            case AudioXrun():
                self.xruns[event.direction] += event.count
            case EngineFailed():
                self.errors[event.code] += 1
            case TurnCommitted():
                self.interrupted += event.interrupted and bool(event.heard_text)
            case BargeInRefused():
                self.refused += 1
            case AudioRestarted():
                self.restarts += 1
            case DeviceLost():
                self.lost += 1
            case DeviceFound():
                self.found += 1
            case ToolFinished(ok=False):
                self.tools_failed += 1

    def take(self) -> list[AnyEvent]:
        """Return what has happened since the last call, and forget it."""
        events, self.events = self.events, []
        return events


@dataclass(slots=True, kw_only=True)
class Punctuality:
    """How regularly one direction of the card asks for its blocks. Allocates nothing that stays."""

    limit_s: float = float("inf")
    """A longer interval is late: the device has run dry meanwhile, or has had to buffer for us."""
    longest_s: float = 0.0
    late: int = 0
    _last: float | None = None

    def begin(self) -> None:
        """Forget when the last block came: the card is opened anew."""
        self._last = None

    def called(self, now: float) -> None:
        """Take note of a block at `now`, in seconds of the clock."""
        if self._last is not None:
            interval = now - self._last
            self.longest_s = max(self.longest_s, interval)
            self.late += interval > self.limit_s
        self._last = now


class WatchedCard:
    """A `SoundCard` whose callbacks are timed. The limit is what the device buffers: its latency and one block."""

    def __init__(self, card: SoundCard, clock: Clock) -> None:
        self._card = card
        self._clock = clock
        self.punctuality = {CAPTURE: Punctuality(), PLAYOUT: Punctuality()}

    @property
    def capture_rate(self) -> int:
        """Hz of what is captured."""
        return self._card.capture_rate

    @property
    def playout_rate(self) -> int:
        """Hz of what is played."""
        return self._card.playout_rate

    @property
    def output_latency_s(self) -> float:
        """Seconds from the playout callback until its first sample is heard."""
        return self._card.output_latency_s

    @property
    def counters(self) -> CardCounters:
        """What has happened so far."""
        return self._card.counters

    def start(self, on_capture: OnCapture, on_playout: OnPlayout) -> None:
        """Open the card. Raises AudioDeviceError."""
        for direction in self.punctuality.values():
            direction.begin()
        self._card.start(
            self._timed(on_capture, self.punctuality[CAPTURE]), self._timed(on_playout, self.punctuality[PLAYOUT])
        )
        for direction in self.punctuality.values():
            direction.limit_s = self._card.output_latency_s + BLOCK_S

    def stop(self) -> None:
        """Close the card."""
        self._card.stop()

    def failure(self) -> Failure | None:
        """Report what the driver knows to be wrong."""
        return self._card.failure()

    def time_of(self, position: int) -> float:
        """Return when a captured sample was captured, in seconds of the clock."""
        return self._card.time_of(position)

    def _timed(self, callback: Callable[[Samples], None], punctuality: Punctuality) -> Callable[[Samples], None]:
        def timed(block: Samples) -> None:
            punctuality.called(self._clock.now())
            callback(block)

        return timed


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The process after a turn."""

    turn: int
    rss_mib: float
    private_mib: float
    """What is not shared with files: the weights are mapped, and come and go with the page cache."""
    threads: int
    descriptors: int


def sample(turn: int) -> Sample:
    """Look at this process, after turn number `turn`."""
    process = psutil.Process()
    memory = process.memory_info()
    return Sample(
        turn=turn,
        rss_mib=memory.rss / MIB,
        private_mib=(memory.rss - memory.shared) / MIB,
        threads=process.num_threads(),
        descriptors=process.num_fds(),
    )
