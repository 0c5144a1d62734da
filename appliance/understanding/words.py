"""The words of a transcript, cleaned without moving a character, so that what is found keeps its place."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from appliance.understanding.found import HIDDEN

_SAME = str.maketrans({"\u2019": "'", "\u2018": "'", "\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2014": "-"})
_FILLER = re.compile(r"(?<![\w'-])(?:u+m+|u+h+m*|e+r+m*|a+h+|h+m+|you know)(?![\w'-])[,.]?|\.{2,}|\u2026")
_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+(?:'[^\W\d_]+)*|\+")

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip


def word_set(*lines: str) -> frozenset[str]:
    """Return the words of some lines."""
    return frozenset(word for line in lines for word in line.split())


_AFTER_A_VALUE = word_set(
    "and or but for on at in please thanks thank would will is isn't if i i'd i'm i'll i've we we'd we'll it it's",
    "its that that's this these works work okay ok alright today tomorrow tonight next from to until till with",
    "because so then no yes yeah yep sharp exactly the my our his her their your you can could do does should was",
    "what instead not actually sorry wait rather by around maybe when just as has than though also too be are",
    "have suits sounds fits fine good great possible available free he she they there here me us may might must",
    "which who where how perhaps preferably before after about since under through during ready done finished arrived",
    "already yet still",
) | frozenset(WEEKDAYS)
"""Words that can follow a complete value; any other word may be the thing that is counted ("three people")."""


def plain(text: str) -> str:
    """Return `text` in lower case, ASCII digits and apostrophes, with hesitations blanked; no character moves."""
    folded = "".join(_folded(char) for char in text).translate(_SAME)
    return _FILLER.sub(lambda match: " " * len(match[0]), folded)


def _folded(char: str) -> str:
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    lower = char.lower()
    return lower if len(lower) == 1 else char


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A word, a run of written digits, or a plus sign."""

    text: str
    start: int
    end: int
    gap: str
    """What stands between the token before (or the beginning) and this one."""


def tokens(text: str, pattern: re.Pattern[str] = _TOKEN) -> list[Token]:
    """Return the tokens of a text that has gone through `plain`."""
    matches = list(pattern.finditer(text))
    ends = [0, *(match.end() for match in matches)]
    return [
        Token(text=match[0], start=match.start(), end=match.end(), gap=text[end : match.start()])
        for match, end in zip(matches, ends, strict=False)
    ]


def stands_alone(text: str, end: int) -> bool:
    """Tell whether the value that ends at `end` of a plain text is complete: no counted thing or unit follows it."""
    follows = re.match(r"[\s\"')]*(?P<next>[\w'%$\u20ac\u00a3]+|[^\w\s])?", text[end:])
    following = follows["next"] if follows else None
    if following is None or following in _AFTER_A_VALUE or following == HIDDEN:
        return True
    return following[0] in ".,;:!?-/" and not re.match(r"[.,:/-]\w", text[end:])
