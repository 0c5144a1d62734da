"""A text on its way to being spoken: rules rewrite its parts, each part remembers its written word."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

CLAIMED = "\ue000"
"""Stands in the text for a part whose spoken form is settled; no later rule reads it again. Never part of the input."""

NEXT = "\n"
"""In a spoken form: what follows belongs to the next written word."""

NUMBER = r"(?:\d{1,3}(?:,\d{3})++|\d++)(?:\.\d++)?|\.\d++"
"""Pattern of a written cardinal or decimal without sign."""

_PUNCTUATION = ",.;:!? "
_RUN = re.compile(r"\s+|\S+")
_SPACE = re.compile(r"\s+")
_LOOSE_PUNCTUATION = re.compile(r" +(?=[,.;:!?'])")
_LOOSE_HYPHEN = re.compile(r" +-+(?=\w)|-+(?= |$)|(?<![^ ])-+")
_REPEATED_PAUSE = re.compile(r"[,;:]+(?=[,.;:!?])")


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A whitespace-separated word of the input and what is said for it; empty when another word's form includes it."""

    written: str
    spoken: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What to do with each match of a pattern."""

    pattern: re.Pattern[str]
    speak: Callable[[re.Match[str]], str | None]
    """Gives the replacement, or None to leave the match to later rules."""
    final: bool = True
    """Whether the replacement is said as it is; otherwise later rules read it as text."""


def rule(pattern: str, speak: Callable[[re.Match[str]], str | None] | str, *, ignore_case: bool = False) -> Rule:
    """Return a rule whose replacement is final."""
    return Rule(re.compile(pattern, re.IGNORECASE if ignore_case else 0), _constant(speak))


def rewrite(pattern: str, speak: Callable[[re.Match[str]], str | None] | str) -> Rule:
    """Return a rule whose replacement is read by later rules. `^` and `$` are ends of lines."""
    return Rule(re.compile(pattern, re.MULTILINE), _constant(speak), final=False)


def _constant(speak: Callable[[re.Match[str]], str | None] | str) -> Callable[[re.Match[str]], str | None]:
    return speak if callable(speak) else lambda _: speak


def follow(written: str) -> str:
    """Return written text as a spoken form whose words stay with their written words."""
    return _SPACE.sub(NEXT, written)


@dataclass(frozen=True, slots=True)
class _Cell:
    char: str
    word: int
    last_word: int
    spoken: str | None = None


class Passage:
    """The text in cells: characters that no rule has settled, and spoken forms."""

    def __init__(self, text: str) -> None:
        self._words = text.split()
        self._cells: list[_Cell] = []
        word = -1
        for run in _RUN.findall(text):
            if run.isspace():
                self._cells.append(_Cell("\n" if "\n" in run else " ", max(word, 0), max(word, 0)))
            else:
                word += 1
                self._cells += [_Cell(char, word, word) for char in run if char != CLAIMED]

    @property
    def text(self) -> str:
        """What the rules see: one character per cell."""
        return "".join(cell.char for cell in self._cells)

    def apply(self, rules: Iterable[Rule]) -> Passage:
        """Apply the rules in their order, each to the whole text, and return this passage."""
        for each in rules:
            self._apply(each)
        return self

    def _apply(self, each: Rule) -> None:
        cells: list[_Cell] = []
        end = 0
        for match in each.pattern.finditer(self.text):
            if not match[0] or CLAIMED in match[0] or (spoken := each.speak(match)) is None:
                continue
            first, last = self._cells[match.start()].word, self._cells[match.end() - 1].last_word
            cells += self._cells[end : match.start()]
            if each.final:
                cells.append(_Cell(CLAIMED, first, last, spoken))
            else:
                cells += [_Cell(char, first, last) for char in spoken]
            end = match.end()
        if end:
            self._cells = cells + self._cells[end:]

    def spoken_words(self) -> list[SpokenWord]:
        """Return the written words with what is said for each."""
        spoken = [""] * len(self._words)
        for cell in self._cells if spoken else ():
            parts = [cell.char] if cell.spoken is None else [f" {part} " for part in cell.spoken.split(NEXT)]
            for offset, part in enumerate(parts):
                spoken[min(cell.word + offset, cell.last_word)] += part
        said = _punctuation_after_words([_tidy(each) for each in spoken])
        return [SpokenWord(*pair) for pair in zip(self._words, said, strict=True)]


def _punctuation_after_words(spoken: list[str]) -> list[str]:
    """Move punctuation that begins a word to the end of the last word that is said."""
    last = -1
    for index, said in enumerate(spoken):
        bare = said.lstrip(_PUNCTUATION)
        if last >= 0 and bare != said:
            spoken[last] = _REPEATED_PAUSE.sub("", spoken[last] + said[: len(said) - len(bare)].rstrip())
        spoken[index] = bare
        last = index if bare else last
    return spoken


def _tidy(said: str) -> str:
    said = _LOOSE_HYPHEN.sub(" ", _SPACE.sub(" ", said))
    said = _LOOSE_PUNCTUATION.sub("", _SPACE.sub(" ", said))
    return _REPEATED_PAUSE.sub("", said).strip()
