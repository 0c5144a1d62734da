"""What the conversation knows of sound: frames that were heard and a loudspeaker that keeps a ledger."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
"""Mono PCM, shape (n,), in [-1, 1]."""

LISTENING_RATE = 16_000
"""Hz; what Silero, Smart Turn and Whisper take."""

FRAME_SAMPLES = 512
"""One frame is 32 ms at 16 kHz, the chunk Silero VAD was trained on."""

FRAME_S = FRAME_SAMPLES / LISTENING_RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """32 ms of what the microphone heard, after echo cancellation.

    The frames are the clock of the dialogue: they follow each other without a gap for as long as the
    microphone is open, also while the device is lost (then they are silent).
    """

    pcm: Samples
    """Shape (512,), 16 kHz."""
    start: int
    """Position of the first sample in the stream, in samples at 16 kHz."""
    speech_probability: float
    """Silero VAD, 0 to 1."""
    t: float
    """When the last sample was captured, in seconds of the clock."""

    @property
    def end(self) -> int:
        """Position just after the last sample."""
        return self.start + len(self.pcm)


class Microphone(Protocol):
    """A source of frames."""

    def start(self, on_frame: Callable[[Frame], None]) -> None:
        """Begin to deliver frames to `on_frame`, on the event loop.

        Raises AudioDeviceError when there is nothing to listen with.
        """

    def stop(self) -> None:
        """Stop delivering frames and release the device. May be called twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """How much of one piece has been heard, as the ledger knows it."""

    piece: int
    """The number `enqueue` returned."""
    samples: int
    """Samples heard so far, at the loudspeaker's rate (delivered minus output latency)."""
    total: int
    """Samples in the piece."""

    @property
    def finished(self) -> bool:
        """Whether all of it was heard."""
        return self.samples >= self.total


class Loudspeaker(Protocol):
    """One permanent output stream. Nothing here blocks; all calls come from the event loop."""

    @property
    def sample_rate(self) -> int:
        """Hz of the PCM that `enqueue` takes."""

    def enqueue(self, pcm: Samples) -> int:
        """Append a piece to what will be heard and return its number (1, 2, 3 …)."""

    def played(self, piece: int) -> Played:
        """Report how much of a piece has been heard."""

    def hold(self) -> None:
        """Fall silent within one block (a short fade) and keep what is queued."""

    def release(self) -> None:
        """Go on from the sample at which `hold` fell silent."""

    def drop(self) -> None:
        """Fall silent and forget everything queued; `played` keeps telling what was heard of it."""

    def set_gain(self, gain_db: float) -> None:
        """Change the loudness of what follows; 0 dB is as synthesised."""
