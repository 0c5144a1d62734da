"""Echo cancellation: what the loudspeaker plays is taken out of what the microphone hears."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from livekit.rtc import AudioFrame, AudioProcessingModule

from appliance.audio.ports import LISTENING_RATE, Samples
from appliance.config.models import AudioConfig

FRAME_RATE = 100
"""WebRTC audio processing works on frames of 10 ms."""

_FULL_SCALE = 32_767.0


class EchoFilter(Protocol):
    """Cleans what was heard, knowing what was played. Frames of 10 ms, in the order in which they happened."""

    @property
    def played_frame(self) -> int:
        """Samples in 10 ms at the loudspeaker's rate."""

    def played(self, frame: Samples) -> None:
        """Take note of 10 ms that were given to the loudspeaker, silence too."""

    def clean(self, frame: Samples) -> Samples:
        """Return 10 ms of the microphone, shape (160,), 16 kHz, without the echo. Same shape."""

    def reset(self) -> None:
        """Forget the room and start anew."""


class NoEcho:
    """Leaves everything as it is, for headphones."""

    def __init__(self, played_rate: int) -> None:
        self.played_frame = played_rate // FRAME_RATE

    def played(self, frame: Samples) -> None:
        """Do nothing with `frame`."""

    def clean(self, frame: Samples) -> Samples:
        """Return `frame` itself."""
        return frame

    def reset(self) -> None:
        """Do nothing: there is nothing to forget."""


class EchoCanceller:
    """WebRTC audio processing (AEC3). It finds delays up to 300 ms by itself and gets no hint: a wrong one does harm.

    Not for use from two threads at once.
    """

    def __init__(
        self,
        played_rate: int,
        *,
        echo_cancellation: bool = True,
        noise_suppression: bool = True,
        high_pass: bool = True,
        auto_gain: bool = False,
    ) -> None:
        self._played_rate = played_rate
        self.played_frame = played_rate // FRAME_RATE
        self._settings = {
            "echo_cancellation": echo_cancellation,
            "noise_suppression": noise_suppression,
            "high_pass_filter": high_pass,
            "auto_gain_control": auto_gain,
        }
        self.reset()

    def played(self, frame: Samples) -> None:
        """Take note of 10 ms that were given to the loudspeaker, silence too."""
        self._processing.process_reverse_stream(_audio_frame(frame, self._played_rate))

    def clean(self, frame: Samples) -> Samples:
        """Return 10 ms of the microphone, shape (160,), 16 kHz, without the echo. Same shape."""
        audio = _audio_frame(frame, LISTENING_RATE)
        self._processing.process_stream(audio)
        return np.frombuffer(audio.data, np.int16).astype(np.float32) / _FULL_SCALE

    def reset(self) -> None:
        """Forget the room and start anew."""
        self._processing = AudioProcessingModule(**self._settings)


def echo_filter(settings: AudioConfig, played_rate: int) -> EchoFilter:
    """Return the filter that the configuration asks for; the loudspeaker plays at `played_rate` Hz."""
    if not settings.echo_cancellation:
        return NoEcho(played_rate)
    return EchoCanceller(
        played_rate,
        noise_suppression=settings.noise_suppression,
        high_pass=settings.high_pass_filter,
        auto_gain=settings.auto_gain,
    )


def _audio_frame(frame: Samples, rate: int) -> AudioFrame:
    pcm = np.clip(frame * _FULL_SCALE, -_FULL_SCALE, _FULL_SCALE).astype(np.int16)
    return AudioFrame(bytearray(pcm.tobytes()), rate, 1, len(frame))
