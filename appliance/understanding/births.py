"""Dates of birth: full dates in the past, also dictated as digits."""

from __future__ import annotations

import re

from appliance.understanding.days import Calendar, exact
from appliance.understanding.digits import find_digits
from appliance.understanding.numerals import CARDINAL, ORDINAL, cardinal, ordinal
from appliance.understanding.rules import NOTHING, Reading, Rule
from appliance.understanding.written_dates import MONTH, YEAR, month_number, year_number

BIRTH = re.compile(r"\b(?:born|birth|birthdate|birthday|dob|d\.o\.b)\b")
"""Words that tell that a date of birth is spoken of."""
_CENTURY = 100
_LAST_MONTH = 12
_SHORT, _LONG = 6, 8
"""Digits of a date with a year of two digits and of four."""
_YEAR = rf"(?P<year>{YEAR}|'?(?:{CARDINAL}))"
_Match = re.Match[str]


def _year(said: str, calendar: Calendar) -> tuple[int | None, bool]:
    """Return the year, and whether its century was said."""
    if re.fullmatch(YEAR, said):
        return year_number(said), True
    short = cardinal(said.lstrip("'"))
    latest = calendar.today.year
    return latest - (latest - short) % _CENTURY, False


def _reading(year: int | None, month: int, day: int, calendar: Calendar, *, certain: bool) -> Reading:
    born = exact(year, month, day) if year else None
    return Reading(born.isoformat(), certain) if born and born <= calendar.today else NOTHING


def _month_said(match: _Match, calendar: Calendar) -> Reading:
    day = ordinal(match["ordinal"]) if match["ordinal"] else cardinal(match["cardinal"])
    year, clear = _year(match["year"], calendar)
    return _reading(year, month_number(match["month"]), day, calendar, certain=clear)


def _iso(match: _Match, calendar: Calendar) -> Reading:
    return _reading(int(match["year"]), int(match["month"]), int(match["day"]), calendar, certain=True)


def _numeric(match: _Match, calendar: Calendar) -> Reading:
    first, second = int(match["first"]), int(match["second"])
    year, clear = _year(match["year"], calendar) if len(match["year"]) == 2 else (int(match["year"]), True)  # noqa: PLR2004
    return _in_order(first, second, year, calendar, clear=clear)


def _in_order(first: int, second: int, year: int | None, calendar: Calendar, *, clear: bool) -> Reading:
    both_fit = first <= _LAST_MONTH and second <= _LAST_MONTH
    month_first = calendar.month_first if both_fit else first <= _LAST_MONTH
    month, day = (first, second) if month_first else (second, first)
    return _reading(year, month, day, calendar, certain=clear and (not both_fit or first == second))


def _dictated(match: _Match, calendar: Calendar) -> Reading | None:
    """Read "oh three oh five eighty one"; always uncertain."""
    digits = re.sub(r"\D", "", str(find_digits(match[0], minimum=_SHORT)[0].value)) if _has_digits(match[0]) else ""
    if len(digits) not in {_SHORT, _LONG}:
        return None
    year, _ = _year(digits[4:], calendar)
    reading = _in_order(int(digits[:2]), int(digits[2:4]), year, calendar, clear=False)
    return reading if reading.value else None


def _has_digits(words: str) -> bool:
    return len(find_digits(words, minimum=_SHORT)) == 1


BIRTH_RULES: tuple[Rule[Calendar], ...] = (
    (re.compile(r"(?<![\w./-])(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})(?![\d/-])"), _iso),
    (
        re.compile(
            r"(?<![\w:./+-])(?P<first>\d{1,2})(?P<sign>[/.-]|\s)(?P<second>\d{1,2})(?P=sign)(?P<year>\d{4}"
            r"|\d{2})(?![\w/:-]|\.\d)"
        ),
        _numeric,
    ),
    (
        re.compile(
            rf"(?:\bthe\s+)?(?:(?P<ordinal>{ORDINAL})|(?P<cardinal>{CARDINAL}))[\s-]+(?:of\s+)?(?P<month>{MONTH}),?\s+"
            rf"(?:in\s+)?{_YEAR}"
        ),
        _month_said,
    ),
    (
        re.compile(
            rf"\b(?P<month>{MONTH})[\s,-]+(?:the\s+)?(?:(?P<ordinal>{ORDINAL})|(?P<cardinal>{CARDINAL}))"
            rf",?\s+(?:in\s+)?{_YEAR}"
        ),
        _month_said,
    ),
    (re.compile(rf"(?:(?<!\w)(?:oh|o|[0-9]+|{CARDINAL}|hundred|thousand|and)(?![\w'])[\s,.-]*){{1,9}}"), _dictated),
)
