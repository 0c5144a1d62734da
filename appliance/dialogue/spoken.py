"""From samples that were played to words that were heard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate

from appliance.engines.ports import Speech


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


def words_heard(speech: Speech, samples_played: int) -> str:
    """Return the words of a clause of which at least half was played, as they are written.

    Without `word_ends` the words share the sound equally. Symbols alone, such as the dash of a list, are not heard.
    """
    words = speech.text.split()
    if samples_played < len(speech.pcm):
        words = words[: _count_heard(speech.word_ends or _equal_ends(speech, len(words)), samples_played)]
    return " ".join(words) if any(map(str.isalnum, "".join(words))) else ""


def heard_text(clauses: Iterable[tuple[Speech, int]]) -> str:
    """Return what was heard of a reply: its clauses in their order, each with the samples of it that were played.

    It ends with the first clause that was not played to its end.
    """
    heard: list[str] = []
    for speech, samples_played in clauses:
        heard.append(words_heard(speech, samples_played))
        if samples_played < len(speech.pcm):
            break
    return " ".join(filter(None, heard))


def _equal_ends(speech: Speech, words: int) -> tuple[int, ...]:
    return word_ends([1.0] * words, 0, len(speech.pcm))


def _count_heard(ends: Sequence[int], samples_played: int) -> int:
    starts = (0, *ends)
    if samples_played <= 0:
        return 0
    return sum(start + end <= 2 * samples_played for start, end in zip(starts, ends, strict=False))
