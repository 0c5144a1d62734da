"""Names of people that nobody has introduced: "for Ivan Novak, phone …", "Anna Petrov's appointment"."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from appliance.understanding.correction import standing
from appliance.understanding.found import Found, Span
from appliance.understanding.name_words import NO_NAMES
from appliance.understanding.words import MONTHS, WEEKDAYS, plain

_WORD = re.compile(r"(?:[ODLM]['\u2019](?=[A-Z]))?[^\W\d_]+(?:-[^\W\d_]+)*(?P<end>['\u2019]\w+)?")
_FEWEST, _MOST = 2, 3
"""Words of a name: one alone is too often something else."""


def find_mentioned_names(text: str, *, known: Collection[str], taken: Sequence[Span] = ()) -> list[Found]:
    """Return what can only be names: two or three words in capitals that mean nothing else. None is certain.

    Args:
        text: What was said. Without any capital, two words in a row that mean nothing else are a name.
        known: Words in small letters that mean something here.
        taken: What means something else already.
    """
    small = text.islower()
    nothing = NO_NAMES | set(known) | set(WEEKDAYS) | set(MONTHS)
    runs: list[list[re.Match[str]]] = [[]]
    end = 0
    for word in _WORD.finditer(text):
        if text[end : word.start()].strip() or not runs[-1] or runs[-1][-1]["end"]:
            runs.append([])
        end = word.end()
        inside = any(start < word.end() and word.start() < stop for start, stop in taken)
        if (
            inside
            or len(word[0]) == 1
            or _bare(word) in nothing
            or plain(word[0]) in nothing
            or not (small or word[0][0].isupper())
        ):
            runs.append([])
        else:
            runs[-1].append(word)
    most = _FEWEST if small else _MOST
    names = [_name(text, run, small=small) for run in runs if _FEWEST <= len(run) <= most]
    return standing(text, names)


def _bare(word: re.Match[str]) -> str:
    return plain(word[0][: word.start("end") - word.start()] if word["end"] else word[0])


def _name(text: str, run: Sequence[re.Match[str]], *, small: bool) -> Found:
    start = run[0].start()
    end = run[-1].start("end") if run[-1]["end"] else run[-1].end()
    words = text[start:end]
    return Found(value=words.title() if small else words, start=start, end=end, words=words, certain=False)
