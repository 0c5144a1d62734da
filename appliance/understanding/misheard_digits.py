"""Digits that a recogniser wrote as words that sound alike: "order for 271" for 4271.

Such words mean something else nearly everywhere. They count only directly beside digits, where a number is introduced
or was asked for, and only where the whole then is a value and was none before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from appliance.understanding.digits import REPEATS
from appliance.understanding.found import Found, Span, mask
from appliance.understanding.numerals import TEENS, TENS, UNITS
from appliance.understanding.words import Token, plain, stands_alone, tokens

_ALIKE = {"for": "4", "fore": "4", "to": "2", "too": "2", "won": "1", "ate": "8"}
_ZERO = "o"
"""No word of its own, so that beside a digit it is nothing else."""
_SPOKEN = frozenset((*UNITS, *TEENS, *TENS, *REPEATS, "oh", "nought", "naught"))
_DETERMINER = r"(?:the|an?|my|your|our|his|her|their|this|that|which|what|any|some|no)"
_LABEL = r"(?:number|no\.?|code|id|reference|digits)"
_LEADS_TO_A_THING = r"(?:of|about|on|into|with|is|was|has|did|does|will|and|or|check|track|see|find|collect|\w+'s)"
"""What stands before a thing that is called by its number ("of order 4271") and not before an order for somebody."""
_ASKED = r"(?:it's|it is|that's|this is|yes|yeah|sure|okay|ok|well|um+|uh+|so|the|my|number|code|is|here it is)"
_AFTER_THE_LAST = re.compile(
    r"\s*(?:$|[.?!,;]|(?:please|thanks|thank|ready|done|finished|arrived|yet|already|is|was|has|okay|right)\b)"
)
"""What may follow where the last digit is such a word: never what it would be about ("427 for Monday")."""
_BETWEEN = re.compile(r"[\s-]+")
_SPELLED = re.compile(r"(?<![\w'])(?:[a-z][\s-]+)+$")
"""Letters that a code begins with."""
_PHONE_BEFORE = re.compile(
    r"(?:\b(?:number|phone|mobile|cell|telephone)\W+(?:is|was|it's)|\b(?:number|phone|mobile|cell|telephone)\W+number"
    r"|\b(?:call|reach|ring|text|phone)\W+(?:me|us|him|her|them)(?:\W+back)?\W+(?:at|on))\W*$"
)


def find_misheard(
    text: str, find: Callable[[str], list[Found]], before: re.Pattern[str], *, exclude: Iterable[Found | Span] = ()
) -> list[Found]:
    """Return what `find` sees once words that sound like digits are read as such, if it sees nothing without.

    Args:
        text: What was said.
        find: Finds complete values only.
        before: What introduces such a value; it has to match at the end of the plain text before the first digit.
        exclude: Spans that are something else, such as dates.

    Returns:
        Doubtful values; their words are those that were heard.
    """
    if find(text):
        return []
    said = plain(mask(text, exclude))
    read = [word for run in _runs(said) for word in _misheard(said, run, before)]
    as_digits = said
    for word in read:
        digit = (_ALIKE | {_ZERO: "0"})[word.text]
        as_digits = as_digits[: word.start] + digit.ljust(len(word.text)) + as_digits[word.end :]
    found = find(as_digits) if read else []
    return [_as_heard(text, each, read) for each in found if any(each.start <= word.start < each.end for word in read)]


def before_a_code(called: Collection[str], *, asked: bool) -> re.Pattern[str]:
    """Return what introduces a code that is `called` by some words, such as "order" and "number"."""
    things = "|".join(re.escape(word) for word in sorted(called)) or "(?!)"
    labelled = rf"\b{_LABEL}\W+(?:is|was|it's)|(?<!\w)(?!{_DETERMINER}\b)[\w']+\s+{_LABEL}"
    introduced = rf"{labelled}|\b{_LEADS_TO_A_THING}\s+(?:{things})"
    answer = rf"|^\W*(?:(?:{_ASKED}|{things})\W+)*$" if asked else ""
    return re.compile(rf"(?:{introduced})\W*${answer}")


def before_a_phone(*, asked: bool) -> re.Pattern[str]:
    """Return what introduces a telephone number."""
    answer = rf"|^\W*(?:(?:{_ASKED}|phone)\W+)*$" if asked else ""
    return re.compile(rf"(?:{_PHONE_BEFORE.pattern}){answer}")


def _runs(said: str) -> Iterable[list[Token]]:
    """Yield digits and words that sound like digits, side by side."""
    run: list[Token] = []
    for word in tokens(said):
        if run and not (_belongs(word) and _BETWEEN.fullmatch(word.gap)) and not _is_glued(run[-1], word):
            yield run
            run = []
        if _belongs(word):
            run.append(word)
    if run:
        yield run


def _is_glued(before: Token, word: Token) -> bool:
    """Tell whether a zero that is written as a letter stands at a digit: "o7"."""
    return _belongs(word) and not word.gap and _ZERO in (before.text, word.text)


def _belongs(word: Token) -> bool:
    return word.text in _ALIKE or word.text == _ZERO or _is_digit(word)


def _is_digit(word: Token) -> bool:
    return word.text.isdecimal() or word.text in _SPOKEN


def _misheard(said: str, run: Sequence[Token], before: re.Pattern[str]) -> list[Token]:
    """Return the words of a run that are digits: only zeros where nothing introduces a number."""
    zeros = [word for word in run if word.text == _ZERO] if any(map(_is_digit, run)) else []
    trimmed = list(run)
    while trimmed and trimmed[-1].text in _ALIKE and not _AFTER_THE_LAST.match(said, trimmed[-1].end):
        trimmed.pop()
    words = [word for word in trimmed if word.text in _ALIKE]
    digits = sum(len(word.text) if word.text.isdecimal() else 1 for word in trimmed if _is_digit(word))
    complete = bool(trimmed) and (trimmed[-1].text in _ALIKE or stands_alone(said, trimmed[-1].end))
    introduced = trimmed and before.search(_SPELLED.sub("", said[: trimmed[0].start]))
    if not words or digits < len(words) or not complete or not introduced:
        return zeros
    return [*words, *zeros]


def _as_heard(text: str, found: Found, read: Sequence[Token]) -> Found:
    end = max([found.end, *(word.end for word in read if word.start < found.end <= word.end)])
    return replace(found, end=end, words=text[found.start : end], certain=False)
