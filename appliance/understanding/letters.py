"""Letters as they are spelled: "A as in alpha", "B for bravo", "zed", "S-C-H-M-I-D-T"."""

from __future__ import annotations

import re
from collections.abc import Sequence

from appliance.understanding.digits import REPEATS
from appliance.understanding.words import Token

NATO = {
    "alpha": "a", "alfa": "a", "bravo": "b", "charlie": "c", "delta": "d", "echo": "e", "foxtrot": "f", "golf": "g",
    "hotel": "h", "india": "i", "juliet": "j", "juliett": "j", "kilo": "k", "lima": "l", "mike": "m", "november": "n",
    "oscar": "o", "papa": "p", "quebec": "q", "romeo": "r", "sierra": "s", "tango": "t", "uniform": "u", "victor": "v",
    "whiskey": "w", "whisky": "w", "xray": "x", "yankee": "y", "zulu": "z",
}  # fmt: skip
"""The spelling alphabet of the ICAO, with the spellings of recognisers."""
_LETTER_NAMES = {
    "zed": "z", "zee": "z", "aitch": "h", "haitch": "h", "vee": "v", "cee": "c", "dee": "d", "tee": "t", "gee": "g",
    "jay": "j", "kay": "k", "pee": "p", "ess": "s", "eff": "f",
}  # fmt: skip
_AS_IN = (["as", "in"], ["like"], ["for"], ["like", "in"], ["as"])
_SHORTEST_EXAMPLE = 3

UNCLEAR = "?"
"""Stands for a letter that was not understood: no code, name or address has it."""

Letter = tuple[str, int]
"""The letters that were read, and the index of the token after them."""


def letter_at(words: Sequence[Token], index: int) -> Letter | None:
    """Read one spelled letter, or a doubled one, that begins with the token at `index`.

    Returns:
        The letter in lower case, doubled after "double"; `UNCLEAR` where the example does not begin with it ("P as in
        bravo"); None where there is none.
    """
    said = words[index].text
    if said in REPEATS and index + 1 < len(words):
        if said == "double" and words[index + 1].text in {"u", "you"} and words[index + 1].gap in {" ", "-"}:
            return "w", index + 2
        read = letter_at(words, index + 1)
        return (read[0] * REPEATS[said], read[1]) if read and len(read[0]) == 1 else None
    if said == "x" and _text(words, index + 1) == "ray":
        return "x", index + 2
    if len(said) == 1 and said.isalpha() and said.isascii():
        return _with_example(words, index, said)
    letter = NATO.get(said) or _LETTER_NAMES.get(said)
    return (letter, index + 1) if letter else None


def _with_example(words: Sequence[Token], index: int, letter: str) -> Letter:
    """Take in the example after a letter."""
    for link in _AS_IN:
        if [word.text for word in words[index + 1 : index + 1 + len(link)]] != link:
            continue
        example = _text(words, index + 1 + len(link))
        if example == "x" and _text(words, index + 2 + len(link)) == "ray":
            return (letter if letter == "x" else UNCLEAR), index + 3 + len(link)
        if len(example) >= _SHORTEST_EXAMPLE and re.fullmatch(r"[^\W\d_]+", example):
            return (letter if example.startswith(letter) else UNCLEAR), index + 2 + len(link)
    return letter, index + 1


def _text(words: Sequence[Token], index: int) -> str:
    return words[index].text if index < len(words) else ""
