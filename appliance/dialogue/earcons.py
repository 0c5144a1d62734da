"""Short tones that say what words would say too slowly: it listens now, it is still thinking."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from appliance.audio.ports import Frame, Loudspeaker, Samples
from appliance.events import AnyEvent, Awake, PlayoutStarted, SpeechEnded, StateChanged, Transcribed

THINKING_AFTER_S = 0.8
"""People take a longer silence for a sign that they were not heard."""

LISTENING_HZ = (660.0, 880.0)
THINKING_HZ = (520.0,)
NOTE_S = 0.07
FADE_S = 0.012
LEVEL = 10 ** (-24 / 20)
"""-24 dBFS: below the voice."""


def tone(pitches_hz: Sequence[float], sample_rate: int) -> Samples:
    """Return one short note after the other, without clicks, at `sample_rate` Hz."""
    time = np.arange(round(NOTE_S * sample_rate)) / sample_rate
    envelope = np.clip(np.minimum(time, time[::-1]) / FADE_S, 0, 1)
    notes = [LEVEL * envelope * np.sin(2 * np.pi * hz * time) for hz in pitches_hz]
    return np.concatenate(notes).astype(np.float32)


class Earcons:
    """Observes the conversation and plays tones; they never become part of it."""

    def __init__(self, loudspeaker: Loudspeaker) -> None:
        self._loudspeaker = loudspeaker
        self._listening = tone(LISTENING_HZ, loudspeaker.sample_rate)
        self._thinking = tone(THINKING_HZ, loudspeaker.sample_rate)
        self._waiting_since: float | None = None

    def __call__(self, event: AnyEvent) -> None:
        """Take note of an event."""
        match event:
            case Awake():
                self._loudspeaker.enqueue(self._listening)
            case SpeechEnded():
                self._waiting_since = event.t
            case Transcribed(rejected=str()) | PlayoutStarted() | StateChanged(state="idle" | "listening" | "ended"):
                self._waiting_since = None

    def on_frame(self, frame: Frame) -> None:
        """Take note of the time."""
        if self._waiting_since is not None and frame.t - self._waiting_since >= THINKING_AFTER_S:
            self._waiting_since = None
            self._loudspeaker.enqueue(self._thinking)
