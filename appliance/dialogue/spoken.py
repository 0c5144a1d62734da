"""From samples that were played to words that were heard."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from appliance.engines.ports import Speech
from appliance.speakable.timing import word_ends


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
