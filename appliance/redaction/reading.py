"""Digits and letters as they are written, dictated and spelled in four languages, put together to runs.

The finders of `appliance.understanding` read English and settle what was meant; here everything that may be a part of a
number has to be seen, corrections and slips included, so nothing is left out and nothing is put right.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from appliance.redaction.blocked import blocked_spans, codes_in
from appliance.redaction.numerals import AMBIGUOUS, LANGUAGES, LIKE_DIGITS, REPEATS, Language
from appliance.understanding.letters import NATO
from appliance.understanding.words import word_set

_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+|\+")
_GAP = re.compile(r"[\s,.;()'/-]*")
_PAUSE = re.compile(r"[,.;]\s|\s{3,}")
_NEAR = re.compile(r"[ -]*")
_SKIPPED = word_set(
    "um uh er eh ah hm hmm uhm ahm then dash hyphen space pause slash dot point period and e y und dann entao luego",
    "traco hifen ponto barra guion punto strich bindestrich punkt schragstrich espaco espacio minus menos",
)
"""Words inside a number that belong to none of its digits."""
_LINKS = frozenset({"and", "e", "y", "und"})
_PLUS = frozenset({"+", "plus", "mais", "mas"})
_EXAMPLE = frozenset({"wie", "como", "like", "for", "de"})
_MOST_SKIPPED = 3
_LONGEST_LETTERS = 8
_LONGEST_CAPITALS = 4
_CENTURY = 100
_MOST_GROUPS = 16
"""Groups of a number between pauses."""
_BY_WORD: dict[str, tuple[Language, ...]] = {
    word: tuple(
        language
        for language in LANGUAGES
        if word in language.digits or word in language.teens or word in language.tens or word in language.hundreds
    )
    for each in LANGUAGES
    for word in (*each.digits, *each.teens, *each.tens, *each.hundreds)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What one word, or one written group, says."""

    chars: str
    """Digits, or letters in lower case; an international number begins with "+"."""
    start: int
    end: int
    language: Language | None = None
    """None for what is written in digits, and for letters."""
    pause: bool = False
    """Whether more than a space stands before it."""

    @property
    def is_digits(self) -> bool:
        """Whether it has no letters."""
        return not self.chars.isalpha()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Pieces that follow each other with nothing between them but pauses, signs and hesitations."""

    pieces: tuple[Piece, ...]

    @property
    def chars(self) -> str:
        """Everything that was said, without spaces."""
        return "".join(piece.chars for piece in self.pieces)

    @property
    def digits(self) -> str:
        """The same without a plus sign."""
        return self.chars.lstrip("+")

    @property
    def start(self) -> int:
        """Where it begins in the text."""
        return self.pieces[0].start

    @property
    def end(self) -> int:
        """The character after its last."""
        return self.pieces[-1].end

    def part(self, first: int, after: int) -> Run:
        """Return the pieces from `first` up to `after`."""
        return Run(pieces=self.pieces[first:after])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    text: str
    start: int
    end: int
    gap: str


class Reading:
    """A folded text, read once; digits inside codes, dates, times and amounts are no digits here."""

    def __init__(self, folded: str, text: str) -> None:
        self._folded, self._text = folded, text
        self._tokens = _tokens(folded)
        spans = blocked_spans(folded)
        self._blocked = [any(start < token.end and token.start < end for start, end in spans) for token in self._tokens]
        self._codes = codes_in(folded) if any(token.text.isdecimal() for token in self._tokens) else ()

    def digit_runs(self) -> list[Run]:
        """Return the runs that have nothing but digits."""
        return self._runs(letters=False)

    def mixed_runs(self) -> list[Run]:
        """Return the runs of digits and letters that have both."""
        runs = self._runs(letters=True)
        return [run for run in runs if any(c.isdecimal() for c in run.chars) and any(c.isalpha() for c in run.chars)]

    def _runs(self, *, letters: bool) -> list[Run]:
        runs: list[list[Piece]] = []
        index, after = 0, -1
        while index < len(self._tokens):
            read = self._piece(index, runs[-1][-1] if runs and after == index else None, letters=letters)
            if read is None:
                index += 1
                continue
            piece, following = read
            joined = runs and self._joins(runs[-1][-1], piece, after, index)
            if joined and not piece.chars.startswith("+"):
                pause = _PAUSE.search(self._folded, runs[-1][-1].end, piece.start) is not None
                runs[-1].append(replace(piece, pause=pause))
            else:
                runs.append([piece])
            index = after = following
        return [Run(pieces=tuple(run)) for run in runs]

    def _joins(self, before: Piece, piece: Piece, after: int, index: int) -> bool:
        """Tell whether only signs and a few words that say nothing stand between two pieces."""
        between = self._tokens[after:index]
        if len(between) > _MOST_SKIPPED or any(token.text not in _SKIPPED for token in between):
            return False
        if [token.text for token in between if token.text not in _LINKS] == [] and between:
            return len(before.chars) == len(piece.chars) == 1
        gaps = [*(token.gap for token in between), self._tokens[index].gap]
        return all(_GAP.fullmatch(gap) for gap in gaps)

    def _piece(self, index: int, before: Piece | None, *, letters: bool) -> tuple[Piece, int] | None:
        token = self._tokens[index]
        if self._blocked[index]:
            return None
        if token.text in _PLUS and index + 1 < len(self._tokens):
            read = self._piece(index + 1, None, letters=False)
            if read is None or self._tokens[index + 1].text in _PLUS:
                return None
            return replace(read[0], chars=f"+{read[0].chars}", start=token.start), read[1]
        if token.text.isdecimal():
            if not letters and any(start <= token.start < end for start, end in self._codes):
                return None
            bracketed = token.gap.endswith("(") and self._folded[token.end : token.end + 1] == ")"
            return Piece(chars=token.text, start=token.start - bracketed, end=token.end), index + 1
        return self._spoken(index, before) or (self._letters(index) if letters else None)

    def _spoken(self, index: int, before: Piece | None) -> tuple[Piece, int] | None:
        word = self._tokens[index].text
        if word in REPEATS:
            return self._repeated(index)
        if word in LIKE_DIGITS and self._is_like_digit(index, before):
            return self._made(LIKE_DIGITS[word], index, index + 1, before.language if before else None)
        languages = _BY_WORD.get(word, ())
        preferred = before.language if before else None
        for language in sorted(languages, key=lambda each: each is not preferred) if len(languages) > 1 else languages:
            if word in AMBIGUOUS and not self._beside(index, language, before):
                continue
            chars, after = self._number(index, language)
            return self._made(chars, index, after, language)
        return None

    def _made(self, chars: str, index: int, after: int, language: Language | None) -> tuple[Piece, int]:
        tokens = self._tokens
        return Piece(chars=chars, start=tokens[index].start, end=tokens[after - 1].end, language=language), after

    def _repeated(self, index: int) -> tuple[Piece, int] | None:
        """Read "double five", "doppel fünf", "triplo zero"."""
        word = self._word(index + 1)
        if word.isdecimal() and len(word) == 1:
            return self._made(word * REPEATS[self._word(index)], index, index + 2, None)
        for language in _BY_WORD.get(word, ()):
            if word in language.digits:
                return self._made(language.digits[word] * REPEATS[self._word(index)], index, index + 2, language)
        return None

    def _is_like_digit(self, index: int, before: Piece | None) -> bool:
        following = _BY_WORD.get(self._word(index + 1), ())
        single = before is not None and len(before.chars) == 1 and before.language is not None
        return single and any(self._word(index + 1) in language.digits for language in following)

    def _beside(self, index: int, language: Language, before: Piece | None) -> bool:
        """Tell whether another number of the language, or a written one, stands right beside."""
        if before is not None and before.language in {language, None} and self._word(index) != "um":
            return True
        if before is not None and before.language is language:
            return True
        if index + 1 == len(self._tokens) or not _NEAR.fullmatch(self._tokens[index + 1].gap):
            return False
        word = self._word(index + 1)
        return language in _BY_WORD.get(word, ()) and (word not in AMBIGUOUS or self._word(index + 2) in _BY_WORD)

    def _number(self, index: int, language: Language) -> tuple[str, int]:
        """Read one number below a thousand, as long as it goes: "oitenta e um", "cento e vinte", "eight hundred"."""
        word = self._tokens[index].text
        if word in language.digits:
            return self._hundred(language.digits[word], index + 1)
        if word in language.teens:
            return str(language.teens[word]), index + 1
        value = language.tens.get(word, 0) or language.hundreds[word]
        after = index + 1
        while (step := self._next_part(after, value, language)) is not None:
            value, after = step
        return str(value), after

    def _next_part(self, index: int, value: int, language: Language) -> tuple[int, int] | None:
        at = index + 1 if self._word(index) in language.link else index
        word = self._word(at)
        if not word or not all(_NEAR.fullmatch(token.gap) for token in self._tokens[index : at + 1]):
            return None
        part = language.tens.get(word, 0) or language.teens.get(word, 0) or int(language.digits.get(word, "0"))
        room = _CENTURY if value % _CENTURY == 0 else 10
        fits = 0 < part < room and value % 10 == 0 and value % room == 0
        linked = at > index or not language.hundreds
        return (value + part, at + 1) if fits and linked else None

    def _hundred(self, digit: str, index: int) -> tuple[str, int]:
        return (f"{digit}00", index + 1) if self._word(index) == "hundred" and digit != "0" else (digit, index)

    def _word(self, index: int) -> str:
        return self._tokens[index].text if 0 <= index < len(self._tokens) else ""

    def _letters(self, index: int) -> tuple[Piece, int] | None:
        """Read a spelled letter, a word of the spelling alphabet, or letters written to digits or in capitals."""
        token = self._tokens[index]
        if len(token.text) == 1:
            after = self._after_example(index)
            return Piece(chars=token.text, start=token.start, end=self._tokens[after - 1].end), after
        if token.text in NATO:
            return Piece(chars=NATO[token.text], start=token.start, end=token.end), index + 1
        touches = token.gap == "" and self._word(index - 1).isdecimal()
        touched = self._word(index + 1).isdecimal() and self._tokens[index + 1].gap == ""
        capitals = len(token.text) <= _LONGEST_CAPITALS and self._text[token.start : token.end].isupper()
        if (len(token.text) <= _LONGEST_LETTERS and (touches or touched)) or capitals:
            return Piece(chars=token.text, start=token.start, end=token.end), index + 1
        return None

    def _after_example(self, index: int) -> int:
        """Return the index after "D wie Dora", "M as in mike", "P de pato"."""
        letter, at = self._tokens[index].text, index + 1
        if self._word(at) == "as" and self._word(at + 1) == "in":
            at += 2
        elif self._word(at) in _EXAMPLE:
            at += 1
        example = self._word(at)
        return at + 1 if at > index + 1 and len(example) > 1 and example.startswith(letter) else index + 1


def windows(run: Run) -> Iterator[Run]:
    """Yield the run and the parts of it between pauses, longest first."""
    starts = [0, *(index for index, piece in enumerate(run.pieces) if index and piece.pause)]
    ends = [*starts[1:], len(run.pieces)]
    bounds = [(first, after) for place, first in enumerate(starts) for after in ends[place : place + _MOST_GROUPS]]
    for first, after in sorted(bounds, key=lambda each: each[0] - each[1]):
        yield run.part(first, after)


def without(run: Run, part: Run) -> Sequence[Run]:
    """Return what is left of a run before and after a part of it."""
    before = tuple(piece for piece in run.pieces if piece.end <= part.start)
    after = tuple(piece for piece in run.pieces if piece.start >= part.end)
    return [Run(pieces=pieces) for pieces in (before, after) if pieces]


def _tokens(folded: str) -> list[_Token]:
    tokens, end = [], 0
    for match in _TOKEN.finditer(folded):
        tokens.append(_Token(text=match[0], start=match.start(), end=match.end(), gap=folded[end : match.start()]))
        end = match.end()
    return tokens
