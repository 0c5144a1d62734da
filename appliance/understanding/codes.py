"""Order, reference and card numbers: letters and digits, spelled or written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from appliance.understanding.correction import directly_replaces, repaired, standing
from appliance.understanding.digits import piece_at
from appliance.understanding.found import Found, Span, mask
from appliance.understanding.letters import NATO, letter_at
from appliance.understanding.words import Token, plain, stands_alone, tokens

_SIGNS = {"dash": "-", "hyphen": "-", "minus": "-", "slash": "/", "underscore": "_"}
_GAP = re.compile(r"\s*(?P<sign>[-/_]?)\s*|[\s,.]+")
_AMBIGUOUS = frozenset({"a", "i", "o", "oh", "u"})
"""Letters that are words as well: at the edge of a code they may belong to the sentence."""
_TOKEN = re.compile(r"[0-9]+|[^\W\d_]+(?:'[^\W\d_]+)*")
_JOINTS = ("-", "/")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    chars: str
    start: int
    end: int
    sign: str = ""
    """The sign before it, written or said."""
    common: bool = False
    """Whether it is a word of the spelling alphabet, which means something else as well ("hotel")."""

    @property
    def spelled(self) -> str:
        return self.sign + self.chars


def find_codes(text: str, pattern: str, *, exclude: Iterable[Found | Span] = ()) -> list[Found]:
    """Return what was spelled or written in one run and matches `pattern` as a whole, never a piece of a longer run.

    Args:
        text: What was said.
        pattern: A regular expression as in a JSON schema; with or without anchors it has to match all of the code.
            Codes are tried in capitals and in small letters, with the signs that were said, without them, and with a
            dash or slash between letters and digits, in this order.
        exclude: Spans to leave out.

    Raises:
        ValueError: `pattern` is no regular expression.
    """
    try:
        wanted = re.compile(pattern, re.ASCII)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
    said = mask(plain(text), exclude)
    literals = {literal.lower() for literal in re.findall(r"[A-Za-z]{2,}", pattern)}
    runs = list(_runs(said, text, literals))
    found: list[Found] = []
    for before, run in zip([None, *runs], runs, strict=False):
        if before and directly_replaces(text, before[-1].end, run[0].start):
            found = [each for each in found if each.end < before[0].start or each.start > before[-1].end]
            code = _match(run, wanted, said, text) or _corrected(before, run, wanted, text)
        else:
            code = _match(run, wanted, said, text)
        found += [code] if code else []
    return standing(text, found)


def _runs(said: str, text: str, literals: set[str]) -> Iterator[list[_Part]]:
    words = tokens(said, _TOKEN)
    run: list[_Part] = []
    index, sign = 0, ""
    while index < len(words):
        word = words[index]
        between = _GAP.fullmatch(word.gap)
        if run and between is None:
            yield run
            run = []
        if run and word.text in _SIGNS:
            sign, index = _SIGNS[word.text], index + 1
            continue
        read = _part(words, index, text, literals)
        if read is None:
            if run:
                yield run
            run, sign, index = [], "", index + 1
            continue
        chars, index = read
        sign = (sign or (between["sign"] if between else "") or "") if run else ""
        common = word.text in NATO
        run.append(_Part(chars=chars, start=word.start, end=words[index - 1].end, sign=sign, common=common))
        sign = ""
    if run:
        yield run


def _part(words: Sequence[Token], index: int, text: str, literals: set[str]) -> tuple[str, int] | None:
    word = words[index]
    if word.text.isdecimal():
        return word.text, index + 1
    if letter := letter_at(words, index):
        return letter
    if digits := piece_at(words, index):
        return digits[0].digits, digits[1]
    written = text[word.start : word.end]
    capitals = len(written) > 1 and written.isascii() and written.isalpha() and written.isupper()
    return (word.text, index + 1) if word.text in literals or capitals else None


def _match(run: Sequence[_Part], wanted: re.Pattern[str], said: str, text: str) -> Found | None:
    for trimmed in _trimmings(run):
        value = _fitting([part.spelled for part in trimmed], wanted)
        if value is None:
            continue
        start, end = trimmed[0].start, trimmed[-1].end
        letters = [part for part in trimmed if not part.chars[0].isdecimal()]
        certain = not (len(letters) == 1 and letters[0].common) and stands_alone(said, end)
        return Found(value=value, start=start, end=end, words=text[start:end], certain=certain)
    return None


def _trimmings(run: Sequence[_Part]) -> Iterator[list[_Part]]:
    """Yield the run, then without the words at its edges that may belong to the sentence ("I have a 1042")."""
    first, last = 0, len(run)
    while first < last and run[first].chars in _AMBIGUOUS:
        first += 1
    while last > first and run[last - 1].chars in _AMBIGUOUS:
        last -= 1
    for start, end in ((0, len(run)), (first, len(run)), (0, last), (first, last)):
        if start < end:
            yield list(run[start:end])


def _fitting(parts: Sequence[str], wanted: re.Pattern[str]) -> str | None:
    said = "".join(parts).lstrip("-/_")
    bare = re.sub(r"[-/_]", "", said)
    kinds = ["".join(group) for _, group in groupby(bare, key=str.isdecimal)]
    for form in (said, bare, *(joint.join(kinds) for joint in _JOINTS)):
        for cased in (form.upper(), form):
            if wanted.fullmatch(cased):
                return cased
    return None


def _corrected(before: Sequence[_Part], run: Sequence[_Part], wanted: re.Pattern[str], text: str) -> Found | None:
    """Read "ORD 1043, no, 1042": the end of the code said before is replaced."""
    merged = repaired([part.spelled for part in before], "".join(part.spelled for part in run))
    value = _fitting([merged], wanted) if merged else None
    if value is None:
        return None
    start, end = before[0].start, run[-1].end
    return Found(value=value, start=start, end=end, words=text[start:end])
