"""Cuts a long recording where nobody speaks."""

from __future__ import annotations

import numpy as np

from appliance.audio.ports import LISTENING_RATE, Samples

STEP = LISTENING_RATE // 50
"""20 ms: loudness is looked at in steps of this."""

PAUSE_STEPS = 15
"""300 ms: a pause between sentences is at least this long, one between words is shorter."""


def split_at_pauses(pcm: Samples, longest: int) -> list[Samples]:
    """Cut `pcm`, 16 kHz, into pieces of at most `longest` samples, which are at least 1.2 s.

    Each piece ends in the quietest place of its second half. The pieces are views, and joined they are `pcm`.
    """
    pieces = []
    while len(pcm) > longest:
        cut = longest // 2 + _quietest(pcm[longest // 2 : longest])
        pieces.append(pcm[:cut])
        pcm = pcm[cut:]
    return [*pieces, pcm]


def _quietest(pcm: Samples) -> int:
    """Return the middle of the quietest 300 ms."""
    steps = pcm[: len(pcm) // STEP * STEP].reshape(-1, STEP)
    energy = np.convolve(np.square(steps).mean(axis=1), np.ones(PAUSE_STEPS), mode="valid")
    return (int(np.argmin(energy)) + PAUSE_STEPS // 2) * STEP
