"""Echo cancellation: what the loudspeaker plays is taken out of what the microphone hears."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from livekit.rtc import AudioFrame, AudioProcessingModule

from appliance.audio.levels import dbfs
from appliance.audio.ports import LISTENING_RATE, Samples
from appliance.config.models import AudioConfig

FRAME_RATE = 100
"""WebRTC audio processing works on frames of 10 ms."""

_FULL_SCALE = 32_767.0

WARM_UP_S = 8.0
"""Noise that is played to nobody before the first sound, after which AEC3 believes that this room has no echo.

A new AEC3 expects a strong echo, and until it has found one it takes 30 to 40 dB from whoever speaks while something is
played: half a second where there is an echo, six seconds of playing where there is none (a headset, or a speakerphone
that cancels it itself). After 4 s of noise it still does, after 8 s no more.
"""
WARM_UP_DBFS = -20.0
QUIET_DBFS = -65.0
WARY_S = 0.6
"""Sound that is played before the warm canceller is trusted: the longest delay, and what it needs to learn an echo."""
AUDIBLE_DBFS = -50.0


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

    While the first sound is played, a new one is heard, which lets no echo through, and no person; then a warm one,
    which has learnt by now whether there is an echo. Not for use from two threads at once.
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
        self._wary: AudioProcessingModule | None
        self.reset()

    def played(self, frame: Samples) -> None:
        """Take note of 10 ms that were given to the loudspeaker, silence too."""
        audio = _audio_frame(frame, self._played_rate)
        self._warm.process_reverse_stream(audio)
        if self._wary is not None:
            self._wary.process_reverse_stream(audio)
            self._unheard -= dbfs(frame) > AUDIBLE_DBFS

    def clean(self, frame: Samples) -> Samples:
        """Return 10 ms of the microphone, shape (160,), 16 kHz, without the echo. Same shape."""
        clean = _processed(self._warm, frame)
        if self._wary is None:
            return clean
        wary = _processed(self._wary, frame)
        if self._unheard <= 0:
            self._wary = None
        return wary

    def reset(self) -> None:
        """Forget the room and start anew. Takes about 0.1 s."""
        self._unheard = round(WARY_S * FRAME_RATE)
        self._wary = AudioProcessingModule(**self._settings)
        self._warm = AudioProcessingModule(**self._settings)
        random = np.random.default_rng(0)
        for _ in range(round(WARM_UP_S * FRAME_RATE)):
            self._warm.process_reverse_stream(
                _audio_frame(_noise(random, self.played_frame, WARM_UP_DBFS), self._played_rate)
            )
            _processed(self._warm, _noise(random, LISTENING_RATE // FRAME_RATE, QUIET_DBFS))


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


def _processed(processing: AudioProcessingModule, frame: Samples) -> Samples:
    audio = _audio_frame(frame, LISTENING_RATE)
    processing.process_stream(audio)
    return np.frombuffer(audio.data, np.int16).astype(np.float32) / _FULL_SCALE


def _noise(random: np.random.Generator, count: int, level_dbfs: float) -> Samples:
    return random.standard_normal(count, np.float32) * np.float32(10.0 ** (level_dbfs / 20.0))
