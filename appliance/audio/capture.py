"""From what the sound card captured and played to frames of clean speech: resampling, echo, voice detection."""

from __future__ import annotations

import numpy as np

from appliance.audio.deafness import DeafnessWatch
from appliance.audio.echo import FRAME_RATE, EchoFilter
from appliance.audio.ports import FRAME_SAMPLES, LISTENING_RATE, Samples
from appliance.audio.resample import StreamResampler
from appliance.engines.ports import VoiceDetector

MAX_REFERENCE_FRAMES = 8
"""Played frames (10 ms) that may wait for the microphone before they are handed on early."""

_ECHO_FRAME = LISTENING_RATE // FRAME_RATE


class CaptureChain:
    """One opening of the card. Every 10 ms captured is preceded by 10 ms played.

    The two streams come in blocks that jitter, and their clocks may drift apart: played frames wait until the
    microphone needs them, up to 80 ms, and one is skipped or handed on early when the streams have drifted.
    """

    def __init__(
        self, capture_rate: int, echo: EchoFilter, detector: VoiceDetector, watch: DeafnessWatch | None = None
    ) -> None:
        self._resampler = StreamResampler(capture_rate, LISTENING_RATE)
        self._echo = echo
        self._detector = detector
        self._captured: Samples = np.zeros(0, np.float32)
        self._played: Samples = np.zeros(0, np.float32)
        self._raw: Samples = np.zeros(0, np.float32)
        """The captured sound of which `_clean` was made."""
        self._clean: Samples = np.zeros(0, np.float32)
        self._watch = watch or DeafnessWatch(0)
        self._playing = False
        self.deaf = False
        """Whether the path should be restarted; it stays so."""

    def process(self, captured: Samples, played: Samples) -> list[tuple[Samples, float]]:
        """Take what came since the last call (each shape (n,) at its own rate).

        Returns the frames that are complete, each shape (512,) at 16 kHz, with their probability of speech.
        """
        self._playing = bool(np.any(played)) if len(played) else self._playing
        self._played = np.concatenate((self._played, played))
        self._captured = np.concatenate((self._captured, self._resampler.process(captured)))
        cleaned, raw = [self._clean], [self._raw]
        while len(self._captured) >= _ECHO_FRAME:
            self._hand_on_played()
            raw.append(self._captured[:_ECHO_FRAME])
            cleaned.append(self._echo.clean(raw[-1]))
            self._captured = self._captured[_ECHO_FRAME:]
        self._raw = np.concatenate(raw)
        self._clean = np.concatenate(cleaned)
        return self._cut_frames()

    def _hand_on_played(self) -> None:
        size = self._echo.played_frame
        waiting, needed = len(self._played) // size, len(self._captured) // _ECHO_FRAME
        for _ in range(min(waiting, 1 + max(waiting - needed - MAX_REFERENCE_FRAMES, 0))):
            self._echo.played(self._played[:size])
            self._played = self._played[size:]

    def _cut_frames(self) -> list[tuple[Samples, float]]:
        frames = []
        while len(self._clean) >= FRAME_SAMPLES:
            frame, self._clean = self._clean[:FRAME_SAMPLES], self._clean[FRAME_SAMPLES:]
            raw, self._raw = self._raw[:FRAME_SAMPLES], self._raw[FRAME_SAMPLES:]
            probability = self._detector.probability(frame)
            self.deaf |= self._watch.on_frame(raw, probability, playing=self._playing)
            frames.append((frame, probability))
        return frames
