"""When each word of a clause has been said."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate


def word_ends(weights: Sequence[float], voiced_start: int, voiced_end: int) -> tuple[int, ...]:
    """Return for each word the sample at which it has been said, when only the sound of the whole is known.

    Args:
        weights: How long each word takes relative to the others, such as its number of phonemes; not negative. A word
            of weight 0 ends with the one before it. When all are 0, the words share the sound equally.
        voiced_start: First sample of the first word.
        voiced_end: Sample after the last word; not before `voiced_start`.
    """
    shares = weights if any(weights) else [1.0] * len(weights)
    total = sum(shares)
    voiced = max(voiced_end - voiced_start, 0)
    return tuple(voiced_start + min(round(voiced * share / total), voiced) for share in accumulate(shares))
