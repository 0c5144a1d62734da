"""A sound card: one device that captures and plays at the same time, seen from above the driver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from appliance.audio.ports import Samples

BLOCK_S = 0.02
"""Seconds of sound per callback: two of the 10 ms frames that echo cancellation works on."""

CAPTURE = "capture"
PLAYOUT = "playout"

OnCapture = Callable[[Samples], None]
"""Takes a block that was captured, shape (n,). The block is only valid during the call."""

OnPlayout = Callable[[Samples], None]
"""Fills the whole block that will be played next, shape (n,), in place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardCounters:
    """What a card has done since it was made."""

    captured: int = 0
    """Samples captured, at the capture rate."""
    played: int = 0
    """Samples played, at the playout rate."""
    capture_xruns: int = 0
    """Times that captured sound was lost."""
    playout_xruns: int = 0
    """Times that there was nothing to play when it was needed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a card does not work any more."""

    direction: str
    """`capture` or `playout`."""
    detail: str


class SoundCard(Protocol):
    """A full-duplex device. Its callbacks run on threads of the driver: they must not block, lock, log or allocate."""

    @property
    def capture_rate(self) -> int:
        """Hz of what is captured; may change when the card is started again."""

    @property
    def playout_rate(self) -> int:
        """Hz of what is played: 24 000 or 48 000, for good."""

    @property
    def output_latency_s(self) -> float:
        """Seconds from the playout callback until its first sample is heard."""

    @property
    def counters(self) -> CardCounters:
        """What has happened so far."""

    def start(self, on_capture: OnCapture, on_playout: OnPlayout) -> None:
        """Open both directions. After `stop`, opens the devices that are there now.

        Raises AudioDeviceError when a device is missing or refuses.
        """

    def stop(self) -> None:
        """Close both directions. May be called twice."""

    def failure(self) -> Failure | None:
        """Report what the driver knows to be wrong; a stalled stream is for the caller to notice."""

    def time_of(self, position: int) -> float:
        """Return when the captured sample `position` was captured, in seconds of the clock."""
