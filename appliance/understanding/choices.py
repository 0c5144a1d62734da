"""One of a few given things, named by one of its words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from appliance.understanding.answers import is_negated
from appliance.understanding.correction import standing
from appliance.understanding.found import Found
from appliance.understanding.words import Token, plain, tokens

_ENDINGS = (("ies", "y"), ("sses", "ss"), ("shes", "sh"), ("ches", "ch"), ("xes", "x"), ("'s", ""), ("s", ""))
_KEPT_ENDINGS = ("ss", "us", "is")
_SHORTEST_STEM = 3
_FUZZY_FROM = 6
"""Letters from which one edit is taken for an error of recognition: shorter words become other words by one edit."""
_TWO_EDITS_FROM = 10
_CERTAIN_FROM = 8
_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+(?:'[^\W\d_]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hit:
    key: str
    start: int
    end: int
    words: int
    edits: int
    certain: bool


def find_choices(text: str, choices: Mapping[str, Sequence[str]]) -> list[Found]:
    """Return every choice that is named in `text` and neither negated nor taken back; longest words win.

    Args:
        text: What was said.
        choices: The values and what they are called; a value is called by its own name as well, underscores and dashes
            being spaces. Words are matched whole, in singular or plural; long ones with an edit or two, and then
            uncertain unless the word is long enough for one edit not to make another word.
    """
    found = _named(text, choices)
    return [each for each in standing(text, found) if not is_negated(text, each.span)]


def mentions(text: str, choices: Mapping[str, Sequence[str]]) -> bool:
    """Tell whether any choice is named in `text`, be it to deny it or beside another one."""
    return bool(_named(text, choices))


def _named(text: str, choices: Mapping[str, Sequence[str]]) -> list[Found]:
    words = tokens(plain(text), _TOKEN)
    hits = [
        hit
        for key, names in choices.items()
        for name in {plain(each) for each in (re.sub(r"[_-]", " ", key), *names)}
        for hit in _hits(words, key, tokens(name, _TOKEN))
    ]
    return [
        Found(value=hit.key, start=hit.start, end=hit.end, words=text[hit.start : hit.end], certain=hit.certain)
        for hit in _best(hits)
    ]


def match_choice(text: str, choices: Mapping[str, Sequence[str]]) -> Found | None:
    """Return the one choice that is named, None where none or several are. See `find_choices`."""
    found = find_choices(text, choices)
    return found[0] if len({each.value for each in found}) == 1 else None


def _hits(words: Sequence[Token], key: str, name: Sequence[Token]) -> list[_Hit]:
    hits = []
    for index in range(len(words) - len(name) + 1) if name else ():
        said = words[index : index + len(name)]
        edits = [_edits(one.text, other.text) for one, other in zip(said, name, strict=True)]
        if any(re.search(r"[.,;!?]", token.gap) for token in said[1:]):
            continue
        if all(each is not None for each in edits):
            total = sum(each or 0 for each in edits)
            certain = all(
                not each or (each == 1 and len(token.text) >= _CERTAIN_FROM)
                for each, token in zip(edits, name, strict=True)
            )
            hits.append(
                _Hit(key=key, start=said[0].start, end=said[-1].end, words=len(name), edits=total, certain=certain)
            )
    return hits


def _best(hits: Sequence[_Hit]) -> list[_Hit]:
    """Keep the longest of overlapping hits, none where two choices are equally good."""
    kept: list[_Hit] = []
    ranked = sorted(hits, key=lambda hit: (hit.edits > 0, -(hit.end - hit.start), hit.edits))
    for hit in ranked:
        over = [other for other in kept if hit.start < other.end and other.start < hit.end]
        if not over:
            kept.append(hit)
    return [hit for hit in kept if not any(_rivals(hit, other) for other in hits)]


def _rivals(hit: _Hit, other: _Hit) -> bool:
    same_place = (hit.start, hit.end, hit.edits) == (other.start, other.end, other.edits)
    return same_place and hit.key != other.key


def _edits(said: str, name: str) -> int | None:
    """Return the edits between two words in any inflection, None where they are too many."""
    if said == name or stem(said) == stem(name):
        return 0
    if len(name) < _FUZZY_FROM or said[0] != name[0] or said.isdecimal():
        return None
    edits = OSA.distance(stem(said), stem(name))
    return edits if edits <= (2 if len(name) >= _TWO_EDITS_FROM else 1) else None


@lru_cache(maxsize=8192)
def stem(word: str) -> str:
    """Return a word in lower case without the ending of its plural."""
    for ending, instead in _ENDINGS:
        begun = word.removesuffix(ending) + instead
        if (
            word.endswith(ending)
            and len(begun) >= _SHORTEST_STEM
            and not (ending == "s" and word.endswith(_KEPT_ENDINGS))
        ):
            return begun
    return word
