"""Notices that the appliance has gone deaf: somebody seems to speak and no speech is ever detected. In stream time."""

from __future__ import annotations

from collections import deque

import numpy as np

from appliance.audio.ports import FRAME_SAMPLES, LISTENING_RATE, Samples

HEARD = 0.5
"""A frame with this probability of speech proves that the path works."""

WINDOW_FRAMES = LISTENING_RATE // FRAME_SAMPLES
"""Sound is judged by the second."""

MEMORY_S = 300
"""How far back seconds of unheard speech count: who is not answered tries again, with pauses."""

FLOOR_S = 10
"""The quietest frame of so many seconds is the background: people pause for breath more often."""

ABOVE_FLOOR_DB = 15.0
"""So 43 % of the seconds of recorded speech count, of music 30 %, of an office 5 %, of steady noise none."""

SILENCE_DB = -70.0
"""What is quieter counts as this quiet, digital silence too."""

SYLLABLES = range(1, 9)
"""How often a second of speech rises out of the background."""

SHARE = (0.15, 0.9)
"""How much of a second of speech is above the background: less is a knock, more is a hum."""

AFTERMATH_S = 0.5
"""The room rings, and the canceller settles, so long after the loudspeaker has fallen silent."""

FIRST_REST_S, LONGEST_REST_S = 300, 3600
"""A restart that did not help is not repeated soon: after each one nothing is judged for twice as long."""


class DeafnessWatch:
    """Counts the seconds that sound like speech since speech was last detected.

    After it has asked for a restart it rests, each time twice as long until speech is detected: music, which can sound
    like speech, restarts nothing again and again.
    """

    def __init__(self, deaf_after_s: float) -> None:
        """Ask for a restart after `deaf_after_s` seconds of unheard speech; 0 never does."""
        self._deaf_after_s = deaf_after_s
        self._aftermath = 0
        self._rest_s = 0
        self._next_rest_s = FIRST_REST_S
        self._levels: list[float] = []
        self._floors: deque[float] = deque(maxlen=FLOOR_S)
        self._speechlike: deque[bool] = deque(maxlen=max(MEMORY_S, round(2 * deaf_after_s)))

    def on_frame(self, captured: Samples, probability: float, *, playing: bool) -> bool:
        """Take a frame as it was captured, before echo cancellation, shape (512,), 16 kHz.

        `probability` is of speech in the cleaned frame; `playing` whether the loudspeaker is audible meanwhile: what is
        heard then is no evidence. Returns True when the path should be restarted.
        """
        if not self._deaf_after_s:
            return False
        if probability >= HEARD:
            self._rest_s, self._next_rest_s = 0, FIRST_REST_S
            self._speechlike.clear()
            return False
        self._aftermath = round(AFTERMATH_S * WINDOW_FRAMES) if playing else max(self._aftermath - 1, 0)
        if self._aftermath:
            self._levels.clear()
            return False
        self._levels.append(level_db(captured))
        return len(self._levels) >= WINDOW_FRAMES and self._judge_second()

    def _judge_second(self) -> bool:
        levels, self._levels = self._levels, []
        self._floors.append(min(levels))
        if self._rest_s:
            self._rest_s -= 1
            return False
        self._speechlike.append(sounds_like_speech(levels, min(self._floors)))
        if sum(self._speechlike) < self._deaf_after_s:
            return False
        self._speechlike.clear()
        self._rest_s, self._next_rest_s = self._next_rest_s, min(2 * self._next_rest_s, LONGEST_REST_S)
        return True


def level_db(frame: Samples) -> float:
    """Return the level of a frame in dBFS, at least -70."""
    power = float(np.mean(np.square(frame)))
    return max(10 * float(np.log10(power)), SILENCE_DB) if power > 0 else SILENCE_DB


def sounds_like_speech(levels: list[float], floor_db: float) -> bool:
    """Tell whether a second of frame levels (dBFS) rises and falls above the background as syllables do."""
    loud = [level >= floor_db + ABOVE_FLOOR_DB for level in levels]
    rises = sum(now and not before for before, now in zip([False, *loud], loud, strict=False))
    return SHARE[0] <= sum(loud) / len(loud) <= SHARE[1] and rises in SYLLABLES
