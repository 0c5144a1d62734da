"""Transcripts of an utterance that is still being spoken: which words will stay, and when to look again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from appliance.audio.ports import LISTENING_RATE

MIN_INTERVAL = 3 * LISTENING_RATE // 10
"""Partials start at least 300 ms apart: people do not say a word in less, and peers use 200 to 500 ms."""

MAX_SHARE = 0.35
"""Part of the time that partials may take; the rest of the cores belongs to the model, which reads ahead meanwhile."""

SMOOTHING = 0.5
"""Weight of the latest pass in the running cost; passes grow with the utterance, so that old ones count for little."""

_NOT_IN_WORDS = re.compile(r"[^\w']+")


class StablePrefix:
    """The words that two partials in a row agreed on (LocalAgreement-2, Macháček et al. 2023).

    Words are compared without case and punctuation. What was stable stays stable.
    """

    def __init__(self) -> None:
        self._previous: list[str] = []
        self._stable: list[str] = []

    def update(self, text: str) -> str:
        """Take the next partial and return the stable part.

        It is spelled as in the newest partial that contains it; the punctuation after its last word is left out,
        because it changes with what follows.
        """
        words = text.split()
        agreed = _common(self._previous, words)
        if agreed >= len(self._stable) and _common(self._stable, words) == len(self._stable):
            self._stable = words[:agreed]
        self._previous = words
        return " ".join(self._stable).rstrip(".,;:!?…- ")


class PartialCadence:
    """When the next partial is due, in stream time (samples at 16 kHz), so that partials take a bounded share of it.

    The cost of a pass is how far the stream went on while it ran.
    """

    def __init__(self, *, max_share: float = MAX_SHARE, min_interval: int = MIN_INTERVAL) -> None:
        self._max_share = max_share
        self._min_interval = min_interval
        self._last_start: int | None = None
        self._cost = 0.0

    @property
    def interval(self) -> int:
        """Samples from the start of one pass to the start of the next."""
        return max(self._min_interval, round(self._cost / self._max_share))

    def due(self, position: int) -> bool:
        """Whether a pass should start at stream `position`; the first one starts at once."""
        return self._last_start is None or position - self._last_start >= self.interval

    def started(self, position: int) -> int:
        """Note that a pass starts and return its `position`, which `finished` wants back."""
        self._last_start = position
        return position

    def finished(self, began: int, position: int) -> None:
        """Note that the pass which started at `began` is done at `position`."""
        cost = float(max(position - began, 0))
        self._cost = cost if not self._cost else self._cost + SMOOTHING * (cost - self._cost)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Return how many words two texts share from their beginning."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: _bare(pair[0]) == _bare(pair[1]), pairs))


def _bare(word: str) -> str:
    return _NOT_IN_WORDS.sub("", word).casefold()
