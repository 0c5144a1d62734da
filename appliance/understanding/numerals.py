"""English numerals below one hundred, as regular expressions and as values."""

from __future__ import annotations

import re

UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
}  # fmt: skip
TEENS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "ninty": 90,
}  # fmt: skip
_ORDINAL_UNITS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "forth": 4, "fifth": 5, "fith": 5, "sixth": 6, "seventh": 7,
    "eighth": 8, "eigth": 8, "ninth": 9, "nineth": 9,
}  # fmt: skip
_ORDINAL_TEENS = {
    "tenth": 10, "eleventh": 11, "twelfth": 12, "twelth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15,
    "sixteenth": 16, "seventeenth": 17, "eighteenth": 18, "nineteenth": 19,
}  # fmt: skip
_ORDINAL_TENS = {
    "twentieth": 20, "thirtieth": 30, "fortieth": 40, "fiftieth": 50, "sixtieth": 60, "seventieth": 70,
    "eightieth": 80, "ninetieth": 90,
}  # fmt: skip
_WORDS = UNITS | TEENS | TENS
_ORDINALS = _ORDINAL_UNITS | _ORDINAL_TEENS | _ORDINAL_TENS


def alternatives(*tables: dict[str, int]) -> str:
    """Return a regular expression for the keys, longest first."""
    return "|".join(sorted({word for table in tables for word in table}, key=len, reverse=True))


_DIGIT = "|".join(word for word in UNITS if word != "zero")
TENS_WORDS = rf"(?:{alternatives(TENS)})(?:[\s-]+(?:{_DIGIT})\b)?"
CARDINAL_WORDS = rf"\b(?:{TENS_WORDS}|{alternatives(TEENS)}|{alternatives(UNITS)})\b"
"""Nought to ninety-nine in words."""
CARDINAL = rf"(?:{CARDINAL_WORDS}|(?<![\w:.,/+-])[0-9]{{1,2}}(?![\w:/]|[.,]\d))"
"""Nought to ninety-nine in words or in digits."""
ORDINAL_UNIT = rf"(?:(?:{alternatives(_ORDINAL_UNITS)})\b|[1-9](?:st|nd|rd|th)\b)"
"""First to ninth."""
ORDINAL = (
    rf"(?:(?:\b(?:{alternatives(TENS)})|(?<![\w:./+-])[2-9]0)[\s-]+{ORDINAL_UNIT}|\b(?:{alternatives(_ORDINALS)})\b"
    r"|(?<![\w:./+-])[0-9]{1,2}(?:\s?-?(?:st|nd|rd|th))\b)"
)
"""First to ninety-ninth, in words, in digits, or in both, as a recogniser writes "20 third"."""


def cardinal(said: str) -> int:
    """Return the value of what `CARDINAL` matched."""
    if said.isdecimal():
        return int(said)
    return sum(_WORDS[word] for word in re.findall(r"[a-z]+", said))


def ordinal(said: str) -> int:
    """Return the value of what `ORDINAL` matched."""
    parts = re.findall(r"[0-9]+|[a-z]{3,}", said)
    return sum(int(part) if part.isdecimal() else (_ORDINALS | TENS)[part] for part in parts)
