"""Number words into digits, with the way back to the words: `six thirty` becomes `6 30`, `third` becomes `3rd`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable


def _numbered(words: str, numbers: Iterable[int]) -> dict[str, int]:
    return dict(zip(words.split(), numbers, strict=True))


_UNITS = _numbered("one two three four five six seven eight nine", range(1, 10))
_TEENS = _numbered("ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen", range(10, 20))
_TENS = _numbered("twenty thirty forty fifty sixty seventy eighty ninety", range(20, 100, 10))
_CARDINALS = {"zero": 0, **_UNITS, **_TEENS, **_TENS}
_ORDINAL_UNITS = _numbered("first second third fourth fifth sixth seventh eighth ninth", range(1, 10))
_ORDINALS = {
    **_ORDINAL_UNITS,
    **{f"{word}th": value for word, value in _TEENS.items() if word != "twelve"},
    "twelfth": 12,
    **{f"{word[:-1]}ieth": value for word, value in _TENS.items()},
}

_UNIT = f"(?:{'|'.join(_UNITS)})"
_BELOW_100 = f"(?:(?:{'|'.join(_TENS)})(?:[ -]{_UNIT}\\b)?|{'|'.join(_TEENS)}|{_UNIT})"
_BELOW_1000 = f"(?:(?:a|{_UNIT})[ -]hundred(?:[ -](?:and[ -])?{_BELOW_100}\\b)?|{_BELOW_100})"
_CARDINAL = re.compile(
    rf"\b(?:(?P<thousands>{_BELOW_1000}|a)[ -]thousand\b(?:[ -](?:and[ -])?(?P<rest>{_BELOW_1000})\b)?"
    rf"|(?P<small>{_BELOW_1000}|zero)\b)(?!')",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    rf"\b(?:(?P<tens>{'|'.join(_TENS)})[ -](?P<unit>{'|'.join(_ORDINAL_UNITS)})"
    rf"|(?P<alone>(?<!\ba )(?<!\bper )(?<!\bone )(?<!\d )second|{'|'.join(w for w in _ORDINALS if w != 'second')}))\b"
    r"(?!')",
    re.IGNORECASE,
)
_SPOKEN_ZERO = re.compile(
    r"(?:(?<=\d[ -])|(?<=\d, ))oh?(?=,?[ -](?:\d|oh?\b))|(?<=\d[ -])oh\b(?=[.,]|$)", re.IGNORECASE
)
_REPEATED = re.compile(r"\b(?P<times>double|triple)[ -](?P<digit>\d)\b", re.IGNORECASE)
_SAME_LENGTH = str.maketrans({"\u2019": "'", "\u00a0": " ", "\u202f": " ", "\u2011": "-", "\n": " ", "\t": " "})
_SUFFIXES = {1: "st", 2: "nd", 3: "rd"}


class Digits:
    """A text in which numbers stand in digits; each of its characters knows what part of the original it stands for."""

    def __init__(self, text: str) -> None:
        self.original = text
        self.text = text.translate(_SAME_LENGTH)
        self._spans = [(index, index + 1) for index in range(len(text))]
        self._substitute(_ORDINAL, _ordinal)
        self._substitute(_CARDINAL, _cardinal)
        self._substitute(_SPOKEN_ZERO, lambda _: "0")
        self._substitute(_REPEATED, lambda m: " ".join(m["digit"] * (2 if m["times"].lower() == "double" else 3)))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the place in the original of the characters from `start` to before `end`."""
        return self._spans[start][0], self._spans[end - 1][1]

    def _substitute(self, pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str]) -> None:
        pieces: list[str] = []
        spans: list[tuple[int, int]] = []
        done = 0
        for match in pattern.finditer(self.text):
            new = replacement(match)
            pieces += [self.text[done : match.start()], new]
            spans += self._spans[done : match.start()]
            spans += [self.span(*match.span())] * len(new)
            done = match.end()
        self.text = "".join([*pieces, self.text[done:]])
        self._spans = [*spans, *self._spans[done:]]


def in_digits(word: str) -> str:
    """Return a word, or the number that it is in digits."""
    return Digits(word).text


def _ordinal(match: re.Match[str]) -> str:
    if match["alone"]:
        value = _ORDINALS[match["alone"].lower()]
    else:
        value = _TENS[match["tens"].lower()] + _ORDINAL_UNITS[match["unit"].lower()]
    suffix = "th" if value in range(11, 14) else _SUFFIXES.get(value % 10, "th")
    return f"{value}{suffix}"


def _cardinal(match: re.Match[str]) -> str:
    if match["thousands"]:
        return str(_below_1000(match["thousands"]) * 1000 + _below_1000(match["rest"] or ""))
    return str(_below_1000(match["small"]))


def _below_1000(words: str) -> int:
    value = 0
    for word in re.split(r"[ -]", words.lower()):
        if word == "hundred":
            value *= 100
        else:
            value += 1 if word == "a" else _CARDINALS.get(word, 0)
    return value
