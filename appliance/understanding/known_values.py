"""One of the things that there are, also when the recogniser has spelled it by ear: "tie the nole" for Tylenol."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from rapidfuzz import fuzz

from appliance.understanding.answers import is_negated
from appliance.understanding.choices import find_choices, stem
from appliance.understanding.found import Found, Span
from appliance.understanding.words import plain

ALIKE = 74.0
"""From here on, of 100, words sound like a value."""
MARGIN = 6.0
"""So much more than any other value, or it is not clear which one is meant."""
LONGEST = 4
"""Words that one value is heard as."""
_SHORTEST, _SHORTEST_REST = 5, 3
"""Letters below which everything sounds alike: of the whole, and beside a word that both have in common."""

_SHORTEST_SOUND = 4
"""Consonants below which different words sound the same."""
_SPELLED_ALIKE = 75.0
"""So alike, of 100, are letters that were only cut into other words: "argument" and "urgent" sound the same, too."""
_OBJECT = re.compile(r"\b(?:an?|the|my|our|your|some|for|with|about|of)\s+(?=\w)", re.IGNORECASE)
_ANSWER = re.compile(
    r"\W*(?:(?:um+|uh+|oh|well|the|an?|it's|it is|that's|for|about|to|yes|okay|please|i (?:think|need)|i'd like)\W+)*"
    r"(?P<it>\w.*?)(?:\W+(?:please|thanks|thank you))?\W*",
    re.IGNORECASE | re.DOTALL,
)

_WORD = re.compile(r"[a-z']+|[0-9]+")
_SOUNDS = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"\bex\b|\bx(?=[^a-z])", "eks"), (r"[^a-z]", ""), (r"\bkn|\bgn", "n"), (r"\bwr", "r"),
        (r"ph", "f"), (r"tch|ch|sh", "j"),
        (r"igh|eigh|augh", "a"), (r"gh", ""), (r"c(?=[eiy])", "s"), (r"ck|c|q", "k"), (r"x", "ks"),
        (r"z", "s"), (r"th|d", "t"),
        (r"w(?=[aeiouy])|v", "f"), (r"g", "k"), (r"b", "p"), (r"m", "n"), (r"^[aeiouyhw]+", "A"), (r"[aeiouyhw]", ""),
        (r"(.)\1+", r"\1"),
    )
)  # fmt: skip
"""Letters that a recogniser takes for one another, in the manner of Metaphone (Philips 1990); vowels count at the
beginning only."""


def find_known(text: str, values: Sequence[str]) -> list[Found]:
    """Return every one of `values` that is named in `text`, in any number, and neither negated nor taken back."""
    alike = {" ".join(map(stem, _WORD.findall(value.lower()))): value for value in values}
    return find_choices(text, dict.fromkeys(alike.values(), ()))


def sounds_like(text: str, start: int, values: Sequence[str]) -> Found | None:
    """Return the one of `values` that the words from `start` on sound like; doubtful, and None where several do."""
    best: dict[str, tuple[float, int]] = {}
    keys = {value: _key(value) for value in values}
    for end in _ends(text, start):
        for value, score in _scores(plain(text[start:end]), keys):
            best[value] = max(best.get(value, (0.0, 0)), (score, end))
    ranked = sorted(best.items(), key=lambda item: -item[1][0])
    if not ranked or ranked[0][1][0] < ALIKE:
        return None
    value, (score, end) = ranked[0]
    rivals = [other for other, (points, _) in ranked[1:] if score - points < MARGIN and keys[other] != keys[value]]
    if rivals:
        return None
    return Found(value=value, start=start, end=end, words=text[start:end], certain=False)


def same_sound(text: str, choices: Mapping[str, Sequence[str]]) -> Found | None:
    """Return the choice that an answer sounds exactly like, cut into other words: "fees iotherapy"; always doubtful.

    Args:
        text: An answer; where it says anything else, it sounds like no choice.
        choices: The values and what they are called, as in `find_choices`.
    """
    answer = _ANSWER.fullmatch(text)
    return _same(text, answer.span("it"), choices) if answer else None


def same_sound_within(text: str, choices: Mapping[str, Sequence[str]]) -> Found | None:
    """Return the choice that an object of `text` sounds exactly like and is spelled much like: "with an ex ray"."""
    found = []
    for place in _OBJECT.finditer(text):
        for end in _ends(text, place.end()):
            each = _same(text, (place.end(), end), choices, spelling=_SPELLED_ALIKE)
            if each and not is_negated(text, each.span):
                found.append(each)
    return found[-1] if len({each.value for each in found}) == 1 else None


def _same(text: str, span: Span, choices: Mapping[str, Sequence[str]], spelling: float = 0.0) -> Found | None:
    said = text[slice(*span)]
    sound, letters = _key(said), _letters(said)
    if len(sound) < _SHORTEST_SOUND:
        return None
    names = [(value, name) for value, others in choices.items() for name in (value, *others) if _key(name) == sound]
    values = {value for value, name in names if fuzz.ratio(letters, _letters(name)) >= spelling}
    if len(values) != 1:
        return None
    return Found(value=values.pop(), start=span[0], end=span[1], words=said, certain=False)


def _letters(text: str) -> str:
    return "".join(_WORD.findall(plain(text)))


def _ends(text: str, start: int) -> Iterator[int]:
    """Yield where one, two and more words end, up to the end of the sentence."""
    said = re.split(r"[.!?;,]", plain(text)[start:], maxsplit=1)[0]
    yield from (start + word.end() for _, word in zip(range(LONGEST), _WORD.finditer(said), strict=False))


def _scores(said: str, keys: Mapping[str, str]) -> Iterator[tuple[str, float]]:
    """Yield how alike the sounds are; a word that both have in common says nothing about the others."""
    for value, whole in keys.items():
        key = whole
        heard, name, shortest = _words(said), _words(value.lower()), _SHORTEST
        if set(heard) & set(name):
            heard, name = [w for w in heard if w not in name], [w for w in name if w not in heard]
            key, shortest = _key(" ".join(name)), _SHORTEST_REST
        letters, others = "".join(heard), "".join(name)
        if min(len(letters), len(others)) >= shortest:
            yield value, (2 * fuzz.ratio(_key(" ".join(heard)), key) + fuzz.ratio(letters, others)) / 3


def _words(text: str) -> list[str]:
    return [word.removesuffix("s") if len(word) > _SHORTEST_REST else word for word in _WORD.findall(text)]


@lru_cache(maxsize=4096)
def _key(text: str) -> str:
    """Return how `text` sounds, roughly."""
    key = plain(text)
    for pattern, sound in _SOUNDS:
        key = pattern.sub(sound, key)
    return key
