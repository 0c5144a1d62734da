"""Cardinal and ordinal numbers, in words and in digits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from appliance.understanding.correction import standing
from appliance.understanding.found import Found, Span, mask
from appliance.understanding.numerals import ORDINAL, ORDINAL_UNIT, TEENS, TENS, UNITS, alternatives, ordinal
from appliance.understanding.rules import Reading, Rule, apply
from appliance.understanding.words import Token, plain, stands_alone, tokens, word_set

_NUMBER_TOKEN = re.compile(
    r"(?P<written>[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![\d])|[0-9]+(?:\.[0-9]+)?)|[^\W\d_]+(?:'[^\W\d_]+)*"
)
_WRITTEN_RANGE = re.compile(r"(?<![\w./:+-])(?P<low>[1-9][0-9]{0,2})\s?-\s?(?P<high>[1-9][0-9]{0,2})(?![\w/:-]|\.\d)")
_UNIT_SUFFIX = re.compile(r"(?:kg|km|cm|mm|m|g|l|ml|mg|lbs?|oz|x)\b|%")
_SCALES = {"thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_FRACTIONS = {"half": 0.5, "quarter": 0.25, "third": 1 / 3}
_SMALL = UNITS | TEENS | TENS
_TENS_THEN_UNIT = re.compile(rf"(?:{alternatives(TENS)}|[2-9]0)[\s-]+{ORDINAL_UNIT}")
_HUNDREDS_THEN_REST = re.compile(rf"(?:hundred|{'|'.join(_SCALES)})[\s-]+(?:and\s+)?(?:{ORDINAL})")
_ROUND_ORDINAL = re.compile(r"\w+[\s-]+(?:hundred|thousand|million|billion)th\b")
_PARTS = re.compile(r"\w+[\s-]+(?:halves|quarters|thirds|(?:four|fif|six|seven|eigh|nin|ten|hundred|thousand)ths)\b")
_ONE_PART = re.compile(rf"(?:one|1)[\s-]+(?:half|quarter|third|(?!second\b|first\b){ORDINAL})\b")
_DIGITS_ONLY = frozenset({"oh", "o", "double", "triple", "treble"})
"""Words of dictated digits that are no numbers."""
_LESS_THAN_A_HUNDRED = 100

_PRONOUN_AFTER = word_set(
    "this that the which another no any every each some other first last next new old right wrong good better",
    "best same only big small little cheap cheaper more a someone for's",
)
_IDIOM_BEFORE = word_set(
    "moment second sec minute thing day time of another by more's else question",
)
_NUMERAL_AFTER = word_set(
    "for just only is it's its make need want number to or and room table take say be least most than us are",
    "exactly about around option have got i'd like",
)
_Parsed = tuple[int | float, int]
"""A value and the index of the token after it."""


def find_numbers(text: str, *, exclude: Iterable[Found | Span] = ()) -> list[Found]:
    """Return the cardinal numbers in `text`: int, or float where a fraction was said.

    Numerals that stand side by side without making one number ("nineteen eighty four") are digits being dictated, a
    year or a time, and not returned. "One" is returned only where it counts.

    Args:
        text: What was said.
        exclude: Spans to leave out, such as phone numbers and times that were found before.
    """
    said = mask(plain(text), exclude)
    words = tokens(said, _NUMBER_TOKEN)
    found, index = [], 0
    while index < len(words):
        parsed = _number(words, index)
        if parsed is None:
            index += 1
            continue
        value, after = parsed
        start, end = words[index].start, words[after - 1].end
        if _dictated(words, index, after):
            index = _end_of_run(words, after)
            continue
        if _counts(words, index, after, said) and not _begins_another(said, words[after - 1].start):
            certain = words[after - 1].text != "couple"
            found.append(Found(value=value, start=start, end=end, words=text[start:end], certain=certain))
        index = after
    return standing(text, found)


def find_ordinals(text: str) -> list[Found]:
    """Return the ordinal numbers in `text` as int; "second" only where it cannot be the unit of time."""
    return standing(text, apply(text, _ORDINAL_RULES, None))


def find_number_ranges(text: str) -> list[Found]:
    """Return ranges such as "two to three", "between 5 and 10" and "2-3", each as "2/3"."""
    said = plain(text)
    words = tokens(said, _NUMBER_TOKEN)
    numbers = [(index, *parsed) for index in range(len(words)) if (parsed := _number(words, index))]
    found = [
        Found(
            value=f"{match['low']}/{match['high']}",
            start=match.start(),
            end=match.end(),
            words=text[slice(*match.span())],
        )
        for match in _WRITTEN_RANGE.finditer(said)
        if int(match["low"]) < int(match["high"])
    ]
    for (first, low, after), (second, high, end) in pairwise(_outermost(numbers)):
        if low < high and _is_range(said, words, first, after, second):
            start, stop = words[first].start, words[end - 1].end
            found.append(Found(value=f"{low}/{high}", start=start, end=stop, words=text[start:stop]))
    return standing(text, found)


def _outermost(numbers: Sequence[tuple[int, int | float, int]]) -> list[tuple[int, int | float, int]]:
    kept: list[tuple[int, int | float, int]] = []
    for each in numbers:
        if not kept or each[0] >= kept[-1][2]:
            kept.append(each)
    return kept


def _is_range(said: str, words: Sequence[Token], first: int, after: int, second: int) -> bool:
    between = said[words[after - 1].end : words[second].start]
    if re.fullmatch(r"\s+(?:to|or|through|up to)\s+", between):
        return True
    return first > 0 and words[first - 1].text == "between" and re.fullmatch(r"\s+and\s+", between) is not None


def _dictated(words: Sequence[Token], index: int, after: int) -> bool:
    """Tell whether the number stands directly beside other digits, and so is none by itself."""
    follows = after < len(words) and _joined(words[after]) and (_number(words, after) or _is_digit(words[after]))
    return bool(follows) or (index > 0 and _joined(words[index]) and _is_digit(words[index - 1]))


def _begins_another(said: str, last: int) -> bool:
    """Tell whether the numeral at `last` begins an ordinal or a fraction: "twenty third", "hundred and fifth"."""
    kinds = (_TENS_THEN_UNIT, _HUNDREDS_THEN_REST, _ROUND_ORDINAL, _PARTS, _ONE_PART)
    return any(kind.match(said, last) for kind in kinds)


def _is_digit(token: Token) -> bool:
    return token.text in _DIGITS_ONLY or token.text[0].isdecimal()


def _joined(token: Token) -> bool:
    return bool(re.fullmatch(r"[\s-]+", token.gap))


def _end_of_run(words: Sequence[Token], index: int) -> int:
    while index < len(words) and _joined(words[index]) and (parsed := _number(words, index)):
        index = parsed[1]
    return index


def _number(words: Sequence[Token], index: int) -> _Parsed | None:
    if words[index].text in {"minus", "negative"} and index + 1 < len(words):
        positive = _number(words, index + 1)
        return (-positive[0], positive[1]) if positive and _joined(words[index + 1]) else None
    return _collection(words, index) or _with_fraction(words, _whole(words, index))


def _collection(words: Sequence[Token], index: int) -> _Parsed | None:
    """Read "a dozen", "two dozen", "half a dozen", "a couple"."""
    said = [token.text for token in words[index : index + 3]]
    if said[:3] == ["half", "a", "dozen"]:
        return 6, index + 3
    if said[:2] == ["a", "couple"]:
        return 2, index + 2
    if len(said) > 1 and said[1] == "dozen" and (said[0] == "a" or said[0] in _SMALL or said[0].isdecimal()):
        return 12 * (1 if said[0] == "a" else int(_SMALL.get(said[0]) or said[0])), index + 2
    return None


def _whole(words: Sequence[Token], index: int) -> _Parsed | None:
    total: int | float = 0
    parsed = _hundreds(words, index)
    last_scale = max(_SCALES.values()) + 1
    while parsed:
        value, after = parsed
        scale = _SCALES.get(_text(words, after), 0)
        if not scale:
            return _sum(total + value), after
        if scale >= last_scale:
            return None
        total, last_scale = total + value * scale, scale
        after += 1
        parsed = _hundreds(words, after + (_text(words, after) == "and"), below=scale) if after < len(words) else None
        if parsed is None:
            return _sum(total), after
    return None


def _sum(value: float) -> int | float:
    return int(value) if value == int(value) else value


def _hundreds(words: Sequence[Token], index: int, below: int = 0) -> _Parsed | None:
    """Read a number below one thousand, or written digits of any size; `below` bounds what follows a scale."""
    article = _text(words, index) in {"a", "an"}
    if article and _text(words, index + 1) in {"hundred", *_SCALES} and not below:
        parsed: _Parsed | None = (1, index + 1)
    else:
        parsed = (1, index) if _text(words, index) == "hundred" and not below else _tens(words, index)
    if parsed is None or _text(words, parsed[1]) != "hundred":
        return parsed if parsed is None or not below or parsed[0] < below else None
    value, after = parsed[0] * 100, parsed[1] + 1
    rest = _tens(words, after + (_text(words, after) == "and"))
    if rest and rest[0] < _LESS_THAN_A_HUNDRED and isinstance(rest[0], int) and not _written(words, rest[1] - 1):
        return value + rest[0], rest[1]
    return value, after


def _tens(words: Sequence[Token], index: int) -> _Parsed | None:
    said = _text(words, index)
    if _written(words, index):
        return _written_number(words, index)
    if said in TENS:
        unit = UNITS.get(_text(words, index + 1), 0)
        return (TENS[said] + unit, index + 2) if unit and _joined(words[index + 1]) else (TENS[said], index + 1)
    return (_SMALL[said], index + 1) if said in _SMALL else None


def _written(words: Sequence[Token], index: int) -> bool:
    return _text(words, index)[:1].isdecimal()


def _written_number(words: Sequence[Token], index: int) -> _Parsed | None:
    said = words[index].text
    if re.match(r"0\d", said) or re.search(r"[\w:/@#+.-]$", words[index].gap):
        return None
    follows = words[index + 1] if index + 1 < len(words) else None
    if follows and (
        re.match(r"[:/@]|-\d|\.\d", follows.gap + follows.text)
        or (not follows.gap and not _UNIT_SUFFIX.match(follows.text))
    ):
        return None
    plain_digits = said.replace(",", "")
    return (float(plain_digits) if "." in plain_digits else int(plain_digits)), index + 1


def _with_fraction(words: Sequence[Token], parsed: _Parsed | None) -> _Parsed | None:
    if parsed is None:
        return None
    value, after = parsed
    if _text(words, after) == "point":
        return _decimals(words, value, after + 1)
    if [_text(words, after), _text(words, after + 1)] in (["and", "a"], ["and", "one"]):
        fraction = _FRACTIONS.get(_text(words, after + 2))
        if fraction:
            return value + fraction, after + 3
    return parsed


def _decimals(words: Sequence[Token], value: float, index: int) -> _Parsed | None:
    digits = ""
    while (said := _text(words, index)) in UNITS or said == "oh" or said.isdecimal():
        digits += said if said.isdecimal() else str(UNITS.get(said, 0))
        index += 1
    return (float(f"{value}.{digits}"), index) if digits else None


def _text(words: Sequence[Token], index: int) -> str:
    return words[index].text if 0 <= index < len(words) else ""


def _counts(words: Sequence[Token], index: int, after: int, said: str) -> bool:
    """Tell whether "one" is a numeral here, not a pronoun ("the blue one") or part of an idiom ("one moment")."""
    if after - index > 1 or words[index].text != "one":
        return True
    before = _text(words, index - 1) if words[index].gap.isspace() else ""
    if before in _PRONOUN_AFTER or _text(words, after) in _IDIOM_BEFORE:
        return False
    if stands_alone(said, words[index].end):
        return not before or before in _NUMERAL_AFTER or "," in words[index].gap
    return True


def _times(said: str | None) -> int:
    return int(said) if said and said.isdecimal() else UNITS.get(said or "", 1)


_ORDINAL_RULES: tuple[Rule[None], ...] = (
    (re.compile(r"\b(?:at first|first of all|first,|a second|one second|just a second)"), lambda _m, _c: Reading(None)),
    (
        re.compile(rf"\b(?:(?P<times>{'|'.join(UNITS)}|[1-9]|an?)\s+)?hundred\s+(?:and\s+)?(?P<rest>{ORDINAL})"),
        lambda match, _c: Reading(100 * _times(match["times"]) + ordinal(match["rest"])),
    ),
    (
        re.compile(rf"(?:(?<=\bthe )|(?<=\bmy )|(?<=\bour )|(?<=\bon )|(?<!\w)(?!second\b))(?P<it>{ORDINAL})"),
        lambda match, _c: Reading(ordinal(match["it"])),
    ),
)
