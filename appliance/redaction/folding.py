"""Text made comparable without moving a character, so that what is found keeps its place."""

from __future__ import annotations

import re
import unicodedata

from appliance.understanding.found import HIDDEN

PLACEHOLDER = re.compile(r"\[(?:CARD|IBAN|EMAIL|PHONE|NATIONAL_ID|DATE_OF_BIRTH|NAME)_[0-9]+\]")

_SAME = {
    "\u2019": "'", "\u2018": "'", "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-",
    "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\uff0b": "+", "\uff20": "@",
}  # fmt: skip


class _Folding(dict[int, str]):
    """A table for `str.translate` that works out each character once."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        if char.isdecimal():
            folded = str(unicodedata.decimal(char))
        else:
            base = unicodedata.normalize("NFD", _SAME.get(char, char))[0].lower()
            folded = base if len(base) == 1 else char
        self[code] = folded
        return folded


_TABLE = _Folding()


def fold(text: str) -> str:
    """Return `text` in lower case without accents, digits as ASCII, placeholders hidden; no character moves."""
    folded = text.translate(_TABLE)
    if "[" not in text:
        return folded
    for match in PLACEHOLDER.finditer(text):
        folded = hide(folded, match.start(), match.end())
    return folded


def hide(folded: str, start: int, end: int) -> str:
    """Return a folded text in which nothing is found from `start` to `end`."""
    return folded[:start] + HIDDEN * (end - start) + folded[end:]
