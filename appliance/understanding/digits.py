"""Digits that are dictated: "four one five, double five, oh one four two"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from appliance.understanding.correction import directly_replaces, repaired, standing
from appliance.understanding.found import Found, Span, mask
from appliance.understanding.numerals import TEENS, TENS, UNITS
from appliance.understanding.words import Token, plain, tokens, word_set

REPEATS = {"double": 2, "triple": 3, "treble": 3, "quadruple": 4}
"""How often the word after it is said."""

_DIGITS = {**{word: str(value) for word, value in UNITS.items()}, "oh": "0", "o": "0", "nought": "0", "naught": "0"}
_ZEROS = {"hundred": "00", "thousand": "000"}
_SEPARATORS = frozenset({"dash", "hyphen", "space", "then", "pause"})
_AMOUNT = re.compile(r"[0-9]+(?:[.,][0-9]+)*\s?(?:[%\u20ac\u00a3$]|percent\b)")
_GAP = re.compile(r"[\s,.()-]*")
_PAUSE = re.compile(r"[,.()-]|\s{3,}")
_SHORTEST_OF_POINTED = 3
"""415.555.0142 is a telephone number, 1.5 is not."""
_AFTER_DIGITS = word_set(
    "and is please thanks thank that's that okay ok yeah yes no sorry wait i it it's but for at if so actually",
    "make extension ext or my the you correct right",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Digits that were said in one breath: a word, a pair such as "fifty-five", a written group."""

    digits: str
    start: int
    end: int
    pause: bool = False
    """Whether something more than a space stands before it."""
    certain: bool = True


def find_digits(text: str, *, minimum: int = 3, exclude: Iterable[Found | Span] = ()) -> list[Found]:
    """Return runs of at least `minimum` dictated digits, exactly as many as were said; "plus" becomes a leading "+".

    "Eight hundred five" is uncertain: it may be 8005 or 805. A correction inside a run is carried out; where it is not
    clear what it corrects, neither part is returned.
    """
    said = mask(plain(text), exclude)
    found = [each for each in _runs(said, text) if len(str(each.value).lstrip("+")) >= minimum]
    return standing(text, found)


def partial_digits(text: str) -> Found | None:
    """Return the digits that `text` ends with, however few, as the next part of a number that is being dictated."""
    runs = _runs(plain(text), text)
    if not runs or not re.fullmatch(r"[\s,.!?-]*(?:(?:please|thanks|thank you|okay|and)[\s,.!?]*)?", _rest(text, runs)):
        return None
    return runs[-1]


def piece_at(words: Sequence[Token], index: int) -> tuple[Piece, int] | None:
    """Read digits that begin with the token at `index`; return them and the index of the token after them."""
    said = words[index].text
    if said in REPEATS and index + 1 < len(words) and re.fullmatch(r"[\s-]+", words[index + 1].gap):
        digit, rest = _repeated(words, index + 1)
        return (_piece(words, index, index + 2, digit * REPEATS[said] + rest), index + 2) if digit else None
    parsed = _plain_digits(words, index)
    if parsed is None:
        return None
    digits, after = parsed
    if digits.lstrip("0") and _near(words, after) in _ZEROS:
        return _round(words, index, after, digits)
    return _piece(words, index, after, digits), after


def continues(previous: Piece, piece: Piece, gap: str) -> bool:
    """Tell whether only a pause stands between two pieces, not a decimal point or the end of a question."""
    if gap == ".":
        return min(len(previous.digits), len(piece.digits)) >= _SHORTEST_OF_POINTED
    return _GAP.fullmatch(gap) is not None


def _rest(text: str, runs: Sequence[Found]) -> str:
    return plain(text)[runs[-1].end :]


def _runs(said: str, text: str) -> list[Found]:
    runs: list[list[Piece]] = []
    for run in _spoken_runs(said):
        if not runs or not directly_replaces(said, runs[-1][-1].end, run[0].start):
            runs.append(run)
            continue
        merged = repaired(_groups(runs[-1]), "".join(piece.digits for piece in run).lstrip("+"))
        if merged is None:
            runs.pop()
        else:
            runs[-1] = [replace(run[-1], digits=merged, start=runs[-1][0].start)]
    return [_found(run, text) for run in runs]


def _found(run: Sequence[Piece], text: str) -> Found:
    start, end = run[0].start, run[-1].end
    digits = "".join(piece.digits for piece in run)
    certain = all(piece.certain for piece in run)
    return Found(value=digits, start=start, end=end, words=text[start:end], certain=certain)


def _groups(run: Sequence[Piece]) -> list[str]:
    groups: list[str] = []
    for piece in run:
        if piece.pause or not groups:
            groups.append("")
        groups[-1] += piece.digits
    return groups


def _spoken_runs(said: str) -> list[list[Piece]]:
    said = mask(said, [match.span() for match in _AMOUNT.finditer(said)])
    words = tokens(said)
    runs: list[list[Piece]] = []
    index, previous_end = 0, -1
    while index < len(words):
        plus = words[index].text in {"plus", "+"}
        parsed = piece_at(words, index + plus) if index + plus < len(words) else None
        if parsed is None:
            index += 1
            continue
        piece, index = parsed
        if plus:
            piece = replace(piece, digits=f"+{piece.digits}", start=words[_index_at(words, piece.start) - 1].start)
        if runs and previous_end >= 0 and not plus and _goes_on(said, runs[-1][-1], piece):
            runs[-1].append(replace(piece, pause=_PAUSE.search(said[previous_end : piece.start]) is not None))
        else:
            runs.append([piece])
        previous_end = piece.end
    trimmed = [_without_counted(said, _without_interjections(said, run)) for run in runs]
    return [run for run in trimmed if run]


def _index_at(words: Sequence[Token], start: int) -> int:
    return next(index for index, word in enumerate(words) if word.start == start)


def _goes_on(said: str, previous: Piece, piece: Piece) -> bool:
    between = said[previous.end : piece.start]
    separated = re.sub(rf"\b(?:{'|'.join(_SEPARATORS)})\b", ",", between)
    return continues(previous, piece, separated)


def _without_interjections(said: str, run: list[Piece]) -> list[Piece]:
    """Drop an "oh" that is no zero: "Oh, 415 555 0142", "555 0142, oh and"."""
    if len(run) > 1 and said[run[0].start : run[0].end] == "oh" and run[1].pause:
        run = run[1:]
    last = run[-1]
    if (
        len(run) > 1
        and said[last.start : last.end] == "oh"
        and last.pause
        and re.match(r"[\s,]*[a-z]", said[last.end :])
    ):
        run = run[:-1]
    return [] if len(run) == 1 and said[run[0].start : run[0].end] in {"oh", "o"} else run


def _without_counted(said: str, run: list[Piece]) -> list[Piece]:
    """Drop a last group that counts something: "my number is 555 0142, 5 people"."""
    follows = re.match(r"\s+(?P<next>[a-z']+)", said[run[-1].end :]) if run else None
    if follows is None or follows["next"] in _AFTER_DIGITS:
        return run
    last = max((index for index, piece in enumerate(run) if piece.pause), default=0)
    return run[:last] if last else run


def _repeated(words: Sequence[Token], index: int) -> tuple[str, str]:
    """Return the digit that is said several times, and those written behind it: "double 07" but not "double 55"."""
    said = words[index].text
    if said.isdecimal():
        clear = _is_written(words, index) and said[0] not in said[1:2]
        return (said[0], said[1:]) if clear else ("", "")
    return _DIGITS.get(said, ""), ""


def _plain_digits(words: Sequence[Token], index: int) -> tuple[str, int] | None:
    said = words[index].text
    if said.isdecimal():
        return (said, index + 1) if _is_written(words, index) else None
    if said in TENS:
        following = words[index + 1] if index + 1 < len(words) else None
        unit = UNITS.get(following.text, 0) if following and re.fullmatch(r"[ -]", following.gap) else 0
        return str(TENS[said] + unit), index + 1 + bool(unit)
    if said in TEENS:
        return str(TEENS[said]), index + 1
    return (_DIGITS[said], index + 1) if said in _DIGITS else None


def _is_written(words: Sequence[Token], index: int) -> bool:
    """Tell whether a written number is no part of a time, date, amount or ordinal."""
    if re.search(r"[:/$\u20ac\u00a3@_]$", words[index].gap) or (
        words[index].gap == "" and index and words[index - 1].text != "+"
    ):
        return False
    if words[index].gap == "." and min(len(words[index].text), len(words[index - 1].text)) < _SHORTEST_OF_POINTED:
        return False
    if index + 1 == len(words):
        return True
    following = words[index + 1]
    return not re.match(r"[:/%@_]", following.gap) and (following.gap != "" or following.text == "+")


def _near(words: Sequence[Token], index: int) -> str:
    return words[index].text if index < len(words) and words[index].gap == " " else ""


def _round(words: Sequence[Token], first: int, after: int, digits: str) -> tuple[Piece, int]:
    """Read "eight hundred", "fifteen hundred", "eight hundred and five", "two thousand"."""
    zeros = _ZEROS[words[after].text]
    after += 1
    linked = _near(words, after) == "and"
    rest = _plain_digits(words, after + linked) if _near(words, after + linked) else None
    if rest and linked and len(rest[0]) < len(zeros) + 1 and not rest[0].startswith("0"):
        return _piece(words, first, rest[1], digits + rest[0].rjust(len(zeros), "0")), rest[1]
    doubtful = rest is not None and not linked and not words[after].text.isdecimal() and _may_add(words, after, rest)
    return replace(_piece(words, first, after, digits + zeros), certain=not doubtful), after


def _may_add(words: Sequence[Token], index: int, rest: tuple[str, int]) -> bool:
    """Tell whether what follows "hundred" may belong to it: a pair of digits, or the only digit that follows."""
    digits, after = rest
    if digits == "0" or words[index].text in {"oh", "o"}:
        return False
    return len(digits) > 1 or not (_near(words, after) and _plain_digits(words, after))


def _piece(words: Sequence[Token], first: int, after: int, digits: str) -> Piece:
    return Piece(digits=digits, start=words[first].start, end=words[after - 1].end)
