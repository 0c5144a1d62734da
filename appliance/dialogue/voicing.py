"""Speech or silence, frame by frame, with hysteresis."""

from __future__ import annotations

from appliance.audio.ports import LISTENING_RATE
from appliance.config.models import VadConfig


def to_samples(milliseconds: float) -> int:
    """Convert a duration to samples at 16 kHz, the unit of stream time."""
    return round(milliseconds * LISTENING_RATE / 1000)


class Voicing:
    """Becomes voiced at `threshold` and stays so until the probability falls below `threshold_off`."""

    def __init__(self, vad: VadConfig) -> None:
        self._on = vad.threshold
        self._off = vad.threshold_off
        self._voiced = False

    @property
    def voiced(self) -> bool:
        """Whether the last frame was."""
        return self._voiced

    def update(self, probability: float) -> bool:
        """Take the speech probability of the next frame and return whether the frame is voiced."""
        self._voiced = probability >= (self._off if self._voiced else self._on)
        return self._voiced

    def reset(self) -> None:
        """Start in silence."""
        self._voiced = False
