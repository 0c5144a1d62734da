"""What a sentence mentions that a fact can be wrong about, and the rules that find it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from appliance.knowledge.numerals import Digits


class Kind(StrEnum):
    """What a claim is about."""

    NUMBER = "number"
    TIME = "time"
    DAY = "day"
    DATE = "date"
    PRICE = "price"
    PHONE = "phone"
    EMAIL = "email"
    WEB = "web"
    FLOOR = "floor"
    ROOM = "room"
    NAME = "name"


Reading = tuple[str | int | Fraction, ...]
"""One way to understand a mention, the same for all its spellings: `("floor", 3)`, `("price", 2, "$")`.

The first item says what the others are. Four stand for plain numbers: `loose` could be anything (a cell of a table),
`num` counts something that is named, `any` is a number of whatever kind, `word` is a word of a name.
"""

NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
"""A number in digits."""
ALONE = r"(?<![\w$€£])(?<!\d[.,:])"
"""Before a number that is no part of another word or number."""

_MASKS = {Kind.TIME: "\ue001", Kind.PRICE: "\ue002"}
_MASK = "\ue000"
TIME_MASK = _MASKS[Kind.TIME]
"""Stands for each character of a time that was found. Never part of the input."""
AMOUNT_MASKS = f"{_MASKS[Kind.PRICE]}\ue003"
"""The same for prices and for numbers with a unit."""
_ANY_MASK = re.compile("[\ue000-\ue003]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a rule read in a match."""

    readings: frozenset[Reading]
    value: Fraction | None = None
    """The number in it, if it has one."""
    asserted: bool = True
    """Whether it needs support; `one moment` does not."""
    unit: bool = False
    """Whether it is a number with a unit, so that `two to three days` reads `two` as a number of days."""
    kind: Kind | None = None
    """Instead of the kind of the rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """What was found where; `start` and `end` are indices into the text in digits."""

    kind: Kind
    start: int
    end: int
    found: Found


@dataclass(frozen=True, slots=True)
class Rule:
    """Reads the matches of a pattern; the group `claim`, if there is one, is what is mentioned."""

    kind: Kind
    pattern: re.Pattern[str]
    read: Callable[[re.Match[str], str], Iterable[Found] | None]
    """Takes the match and the sentence without masks; None leaves the match to later rules."""


def rule(
    kind: Kind,
    pattern: str,
    read: Callable[[re.Match[str], str], Iterable[Found] | None],
    *,
    case: bool = False,
) -> Rule:
    """Return a rule; `case` tells whether capitals matter."""
    return Rule(kind, re.compile(pattern, 0 if case else re.IGNORECASE), read)


def found(*readings: Reading, value: Fraction | None = None) -> list[Found]:
    """Return one finding with these readings."""
    return [Found(readings=frozenset(readings), value=value)]


def number(written: str) -> Fraction:
    """Return the value of a text that matches `NUMBER`."""
    return Fraction(written.replace(",", ""))


def scan(sentence: Digits, rules: Iterable[Rule]) -> tuple[list[Mention], str]:
    """Apply rules in order; return what they found and the text in which that is masked."""
    whole = _ANY_MASK.sub(" ", sentence.text)
    text, mentions = whole, list[Mention]()
    for each in rules:
        pieces: list[str] = []
        done = 0
        for match in each.pattern.finditer(text):
            all_found = each.read(match, whole)
            if all_found is None:
                continue
            start, end = match.span("claim" if "claim" in match.re.groupindex else 0)
            mask = _MASKS.get(each.kind, _MASK)
            for one in all_found:
                mentions.append(Mention(kind=one.kind or each.kind, start=start, end=end, found=one))
                mask = AMOUNT_MASKS[1] if one.unit else mask
            pieces += [text[done:start], mask * (end - start)]
            done = end
        text = "".join([*pieces, text[done:]])
    return mentions, text
