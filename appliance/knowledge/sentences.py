"""Where sentences end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_END = re.compile(r"[.!?…]+[\"')\]\u201d\u2019]*(?=\s|$)|\n")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Z]|dr|mrs?|ms|prof|st|mt|no|nos|ext|tel|approx|e\.g|i\.e|vs|jan|feb|mar|apr|jun|jul|aug|sept?|oct"
    r"|nov|dec|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun)\.$",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\bI\.$")
_SOMETIMES_LAST = re.compile(r"(?:[ap]\.m|etc|inc|ltd|ave|rd)\.$", re.IGNORECASE)
_ENUMERATION = re.compile(r"\s*\(?\d{1,2}[.)]")


class Sentence(NamedTuple):
    """A sentence with its final sign and the index of its first character in the text."""

    text: str
    start: int


def sentences(text: str) -> Iterator[Sentence]:
    """Yield the sentences of a text, without surrounding space; a new line ends a sentence too."""
    begin = 0
    for end in _END.finditer(text):
        if _ends(text[begin : end.end()], text[end.end() :]):
            yield from _trimmed(text, begin, end.end())
            begin = end.end()
    yield from _trimmed(text, begin, len(text))


def _ends(sentence: str, following: str) -> bool:
    if not sentence.endswith("."):
        return True
    if (_ABBREVIATION.search(sentence) and not _PRONOUN.search(sentence)) or _ENUMERATION.fullmatch(sentence):
        return False
    following = following.lstrip()
    return not _SOMETIMES_LAST.search(sentence) or not following or following[0].isupper()


def _trimmed(text: str, begin: int, end: int) -> Iterator[Sentence]:
    sentence = text[begin:end]
    if sentence.strip():
        yield Sentence(sentence.strip(), begin + len(sentence) - len(sentence.lstrip()))
