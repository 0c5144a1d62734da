"""What a person says as the terms of a search: without filling words, with synonyms, never as a query language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from appliance.knowledge.numerals import in_digits

MAX_TERMS = 24
"""A person who talks for long says what matters within so many different words; each term costs a look-up."""

STOP_WORDS = frozenset(
    re.findall(
        r"\S+",
        """a about actually after again all already also am an and any anybody anyone anything are as ask at be because
        been being but by can cannot could day did do does doing done for from get give go goes going good got had has
        have having hello help her here hey hi him his how i if in into is isn't it its just kind know let like ll look
        looking make many may maybe me might mine more much must my need no not now of off oh ok okay on one only or our
        out please possible put re really right said say see shall she should so some somebody someone something sorry
        sure take tell than thank thanks that the their them then there these they thing things this those time to today
        too try uh um up us use ve very want wanted was way we well were what when where which while who whom whose why
        will with without wonder wondering would yeah yes yet you your yours""",
    )
)
"""Words of questions that say nothing about what is asked for."""

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "lift": ("elevator",),
    "toilet": ("restroom", "bathroom", "washroom", "loo", "wc"),
    "parking": ("car park", "parking lot", "garage", "park"),
    "cost": ("price", "fee", "charge", "pay", "expensive", "free"),
    "open": ("close", "hours", "opening hours", "until"),
    "close": ("end", "finish"),
    "phone": ("telephone", "call", "number"),
    "email": ("e-mail", "mail"),
    "doctor": ("physician", "dr", "gp"),
    "pharmacy": ("chemist", "drugstore"),
    "wifi": ("wi-fi", "internet", "wlan"),
    "wheelchair": ("accessible", "disabled", "step-free", "ramp"),
    "visit": ("visitor", "visiting hours", "see"),
    "canteen": ("cafeteria", "cafe", "restaurant"),
    "address": ("directions", "located", "location"),
    "appointment": ("book", "booking", "reservation"),
    "children": ("child", "kid", "baby"),
    "bus": ("public transport", "tram"),
}
"""What people say at any front desk; a site adds its own. Each word stands for those beside it, and they for it."""

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_POSSESSIVE = re.compile(r"'(?:s|re|ve|ll|d|m)?$")
_LONGEST_SYNONYM = 3


_SOUNDS = (("ph", "f"), ("ch", "t"), ("sh", "t"), ("gh", ""), ("ck", "k"), ("x", "ks"))
_SOUND_OF_LETTER = str.maketrans("cqz", "kks", "aeiouyhw")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """Something that a passage should mention."""

    word: str
    """As the person said it, in lower case."""
    others: tuple[str, ...] = ()
    """What means the same, in one or several words."""


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, without `'s` and the like."""
    plain = text.replace("\u2019", "'").lower()
    return [_POSSESSIVE.sub("", match[0]) for match in _WORD.finditer(plain)]


def sound(word: str) -> str:
    """Return the consonants that are heard, alike ones as one: `patel` and `petal` sound `ptl`.

    A recogniser that does not know a name mostly gets the consonants right.
    """
    for letters, heard in _SOUNDS:
        word = word.replace(letters, heard)
    consonants = word.translate(_SOUND_OF_LETTER)
    return "".join(char for index, char in enumerate(consonants) if consonants[index - 1 : index] != char)


class Vocabulary:
    """Which words stand for each other at this site."""

    def __init__(self, synonyms: Mapping[str, Iterable[str]]) -> None:
        self._others: dict[tuple[str, ...], list[str]] = {}
        for table in (synonyms, SYNONYMS):
            for word, others in table.items():
                for other in others:
                    self._relate(word, other)
                    self._relate(other, word)

    def terms(self, text: str) -> list[Term]:
        """Return the different terms of what a person said, in their order, at most `MAX_TERMS`."""
        said = words(text)
        terms: dict[str, Term] = {}
        for position, word in enumerate(said):
            if word not in STOP_WORDS and word not in terms:
                terms[word] = Term(word=word, others=tuple(dict.fromkeys(self._alternatives(said, position))))
        return list(terms.values())[:MAX_TERMS]

    def _relate(self, word: str, other: str) -> None:
        self._others.setdefault(tuple(words(word)), []).append(" ".join(words(other)))

    def _alternatives(self, said: list[str], position: int) -> Iterable[str]:
        """Yield what stands for the word here, for a group of words that it is part of, and for a number word."""
        for first in range(max(0, position - _LONGEST_SYNONYM + 1), position + 1):
            for end in range(position + 1, first + _LONGEST_SYNONYM + 1):
                yield from self._others.get(tuple(said[first:end]), ())
        singular = said[position].removesuffix("s")
        yield from self._others.get((singular,), ())
        digits = in_digits(said[position])
        if digits != said[position]:
            yield digits
