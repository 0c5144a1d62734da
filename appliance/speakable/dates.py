"""Calendar dates and days of the week."""

from __future__ import annotations

import re

from appliance.speakable.numbers import digits, ordinal, two_digits, year
from appliance.speakable.passage import CLAIMED, NEXT, Rule, follow, rule

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)(?![a-z])(?:\.(?=\s*(?-i:[^\sA-Z])))?"
)
_WEEKDAYS = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Fri": "Friday",
    "Sat": "Saturday",
    "Sun": "Sunday",
}
_DAY = r"(?P<day>[0-3]?\d)(?P<suffix>st|nd|rd|th)?"
_YEAR = r"(?:(?P<comma>,)?[ -](?P<year>(?:1[1-9]|20)\d\d)(?!\w|[.,]\d))?"
_NOT_AFTER = r"(?<![\w/.,-])"
_LONGEST_MONTH = 12
_LAST_DAY = 31
_FULL_YEAR = 4


def _month(written: str) -> str:
    return next(month for month in _MONTHS if month.lower().startswith(written.lower()[:3]))


def _said_year(written: str) -> str:
    if len(written) == _FULL_YEAR:
        return year(int(written)) if int(written) else digits(written)
    return two_digits(written)


def _valid(month: int, day: int) -> bool:
    return 1 <= month <= _LONGEST_MONTH and 1 <= day <= _LAST_DAY


def _written_out(match: re.Match[str]) -> str | None:
    if not 1 <= int(match["day"]) <= _LAST_DAY:
        return None
    said_year = f"{match['comma'] or ''}{NEXT}{year(int(match['year']))}" if match["year"] else ""
    return f"{_month(match['month'])}{NEXT}{_days(match)}{said_year}"


def _days(match: re.Match[str]) -> str:
    until = match.groupdict().get("until")
    return ordinal(int(match["day"])) + (f" to {ordinal(int(until))}" if until else "")


def _day_first(match: re.Match[str]) -> str | None:
    if not 1 <= int(match["day"]) <= _LAST_DAY:
        return None
    said_year = f"{match['comma'] or ''}{NEXT}{year(int(match['year']))}" if match["year"] else ""
    article = follow(match["the"]) if match["the"] else "the "
    return f"{article}{_days(match)} of{NEXT}{_month(match['month'])}{said_year}"


def _month_and_year(match: re.Match[str]) -> str:
    return f"{_month(match['month'])}{match['comma'] or ''}{NEXT}{year(int(match['year']))}"


def _numeric(match: re.Match[str]) -> str | None:
    """Read year-month-day, month/day/year, and day.month.year; where both are possible, as in the United States."""
    first, second = int(match["first"]), int(match["second"])
    if match["separator"] == "." or first > _LONGEST_MONTH:
        first, second = second, first
    if not _valid(first, second):
        return None
    said = f"{_MONTHS[first - 1]} {ordinal(second)}"
    return f"{follow(match['lead'] or '')}{said}" + (f", {_said_year(match['year'])}" if match["year"] else "")


def _weekday(match: re.Match[str]) -> str:
    return _WEEKDAYS[match["day"]]


DATE_RULES: tuple[Rule, ...] = (
    rule(
        rf"{_NOT_AFTER}(?P<lead>)(?P<year>\d{{4}})(?P<separator>[-/])(?P<first>\d{{1,2}})(?P=separator)"
        rf"(?P<second>\d{{1,2}})(?:T(?=\d\d:)|(?![\w/-]))",
        _numeric,
    ),
    rule(
        rf"{_NOT_AFTER}(?P<lead>)(?P<first>\d{{1,2}})(?P<separator>[/.-])(?P<second>\d{{1,2}})(?P=separator)"
        rf"(?P<year>\d{{4}}|\d{{2}})(?![\w/-]|\.\d)",
        _numeric,
    ),
    rule(
        r"(?<!\w)(?P<lead>(?:on|by|until|till|from|since|before|after|through|due|dated|day,?)\s)"
        r"(?P<first>\d{1,2})(?P<separator>/)(?P<second>\d{1,2})(?P<year>)(?![\w/]|[.,]\d)",
        _numeric,
        ignore_case=True,
    ),
    rule(
        rf"{_NOT_AFTER}(?P<lead>)(?P<first>0?[1-9]|1[0-2])(?P<separator>/)(?P<second>1[3-9]|2\d|3[01])"
        rf"(?P<year>)(?![\w/]|[.,]\d|\s(?:in|cup|of|mile)\b|\")",
        _numeric,
    ),
    rule(
        rf"(?<!\w){_MONTH}[ -]{_DAY}(?:\s?[-\u2013]\s?(?P<until>[0-3]?\d)(?:st|nd|rd|th)?)?(?![\w%:/]|[.,]\d){_YEAR}",
        _written_out,
        ignore_case=True,
    ),
    rule(
        rf"(?P<the>(?<!\w)the\s)?{_NOT_AFTER}{_DAY}(?:\s?[-\u2013]\s?(?P<until>[0-3]?\d)"
        rf"(?:st|nd|rd|th)?)?[ -]{_MONTH}(?![ ]\d{{1,2}}(?!\d)){_YEAR}",
        _day_first,
        ignore_case=True,
    ),
    rule(
        rf"(?<!\w){_MONTH}(?P<comma>,)?[ ](?P<year>(?:1[1-9]|20)\d\d)(?!\w|[.,]\d)", _month_and_year, ignore_case=True
    ),
    rule(
        r"(?<!\w)(?P<month>(?<=(?:in|by|to|of) )Jan|Feb|Apr|Aug|Sept?|Oct|Nov|Dec)(?!\w|'|[ ][A-Z])"
        r"(?:\.(?=\s*[^\sA-Z]))?",
        lambda m: _month(m["month"]),
    ),
    rule(r"(?<!\w)(?P<day>Mon|Tue|Wed|Thu|Fri)(?:s|rs?)?(?![\w'])(?:\.(?=\s*[^\sA-Z]))?", _weekday),
    rule(
        rf"(?<!\w)(?P<day>Sat|Sun)(?:\.(?=\s*[^\sA-Z])|(?=\s?[-\u2013:&/,]\s?(?:[\d{CLAIMED}]|[CcMS])|\s\d))",
        _weekday,
    ),
    rule(
        rf"(?:(?<={CLAIMED}[-\u2013/,])|(?<=[{CLAIMED},&][ &]))(?P<day>Sat|Sun)(?!\w)",
        _weekday,
    ),
)
