"""Dates with a day and a month: "March 4th", "the fourth of March 2026", 3/4/2026, 2026-03-04."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from appliance.understanding.days import Calendar, exact
from appliance.understanding.found import Found
from appliance.understanding.numerals import CARDINAL, CARDINAL_WORDS, ORDINAL, TENS_WORDS, cardinal, ordinal
from appliance.understanding.rules import NOTHING, Reading, Rule
from appliance.understanding.words import MONTHS, WEEKDAYS, stands_alone

_SHORT_MONTHS = {
    "jan": 1, "feb": 2, "febuary": 2, "apr": 4, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "sept": 9, "oct": 10, "nov": 11,
    "dec": 12,
}  # fmt: skip
_LAST_MONTH = 12
MONTH = rf"(?:{'|'.join([*MONTHS, *sorted(_SHORT_MONTHS, key=len, reverse=True)])})\b\.?"
YEAR = (
    r"(?:(?<![\w:.,/])(?:19|20)\d\d(?![\w:/]|[.,]\d)|"
    rf"\bnineteen[\s-]+(?:oh[\s-]\w+|{TENS_WORDS}|ten|eleven|twelve|\w+teen)\b|"
    rf"\btwenty[\s-]+(?:oh[\s-]\w+|{TENS_WORDS}|ten|eleven|twelve|\w+teen)\b|"
    rf"\btwo thousand(?:\s+(?:and\s+)?{CARDINAL_WORDS})?)"
)
_WEEKDAY_BEFORE = rf"(?:\b(?P<weekday>{'|'.join(WEEKDAYS)}),?\s+(?:the\s+)?)?"
_YEAR_AFTER = rf"(?:,?\s+(?:of\s+)?(?P<year>{YEAR}))?"
_SHORT_YEAR_AFTER = re.compile(
    rf"[\s,]+(?:of\s+)?(?:'[0-9]{{2}}|(?:oh|zero)[\s-]+\w+(?! hundred)|(?!(?:twenty|thirty)\b){TENS_WORDS}|[4-9][0-9])"
    r"(?!\w|[:.]\d)"
)
"""Two digits of a year, which are no day and no time; neither is said which century."""
_AFTER_A_MONTH = re.compile(rf"\b{MONTH}[\s,-]+(?:the\s+)?$")
_VERBS = frozenset({"may", "march"})
"""Months that are words of another kind as well."""
_Match = re.Match[str]


def on(found: Found, day: date | None = None, *, certain: bool) -> Found:
    """Return `found` with another day or another certainty."""
    return replace(found, value=day.isoformat() if day else found.value, certain=certain)


def month_number(said: str) -> int:
    """Return the number of a month that `MONTH` matched."""
    name = said.rstrip(".")
    return _SHORT_MONTHS[name] if name in _SHORT_MONTHS else MONTHS.index(name) + 1


def year_number(said: str) -> int | None:
    """Return the year that `YEAR` matched, None where it is none ("twenty oh people")."""
    if said.isdecimal():
        return int(said)
    words = re.findall(r"[a-z]+", said)
    if words[:2] == ["two", "thousand"]:
        rest = [word for word in words[2:] if word != "and"]
        return 2000 + (cardinal(" ".join(rest)) if rest else 0)
    century = {"nineteen": 1900, "twenty": 2000}[words[0]]
    try:
        return century + cardinal(" ".join(word for word in words[1:] if word != "oh"))
    except KeyError:
        return None


def _day_number(match: _Match) -> int:
    return ordinal(match["ordinal"]) if match["ordinal"] else cardinal(match["cardinal"])


def _day_and_month(match: _Match, calendar: Calendar) -> Reading | None:
    month, day = month_number(match["month"]), _day_number(match)
    year = year_number(match["year"]) if match["year"] else None
    if match["cardinal"] and not year and not stands_alone(match.string, match.end()):
        return None
    if match["month"] in _VERBS and not year and _is_verb(match):
        return None
    if year:
        found, certain = exact(year, month, day), True
    else:
        found, certain = calendar.month_day(month, day) or (None, False)
        certain = certain and not _SHORT_YEAR_AFTER.match(match.string, match.end())
    if found is None:
        return NOTHING
    fits = not match["weekday"] or WEEKDAYS[found.weekday()] == match["weekday"]
    return Reading(found.isoformat(), certain and fits)


def _day_first(match: _Match, calendar: Calendar) -> Reading | None:
    """Read "4th of March", but not out of "March 4th, may I"."""
    return None if _AFTER_A_MONTH.search(match.string[: match.start()]) else _day_and_month(match, calendar)


def _is_verb(match: _Match) -> bool:
    """Tell whether "may" or "march" is no month: "May four people come?", "I may second that"."""
    before = match.string[: match.start("month")]
    asks = re.search(r"(?:^|[.?!,])\s*$", before) is not None and match["cardinal"] is not None
    return (asks and match["cardinal"].isalpha()) or re.search(
        r"\b(?:i|we|you|he|she|they|it|that|who)\s+$", before
    ) is not None


def _fort(match: _Match, calendar: Calendar) -> Reading:
    """Read "the fort of March", a fourth that was heard wrongly."""
    found = calendar.month_day(month_number(match["month"]), 4)
    return Reading(found[0].isoformat(), certain=False) if found else NOTHING


def _month_end(match: _Match, calendar: Calendar) -> Reading:
    month = month_number(match["month"])
    for day in (31, 30, 29, 28):
        if exact(calendar.today.year, month, day):
            found = calendar.month_day(month, day)
            return Reading(found[0].isoformat(), certain=False) if found else NOTHING
    return NOTHING


def _iso(match: _Match, _calendar: Calendar) -> Reading:
    found = exact(int(match["year"]), int(match["month"]), int(match["day"]))
    return Reading(found.isoformat()) if found else NOTHING


def _numeric(match: _Match, calendar: Calendar) -> Reading | None:
    first, second = int(match["first"]), int(match["second"])
    if not match["year"] and ((first, second) == (24, 7) or not stands_alone(match.string, match.end())):
        return None
    clear = (first > _LAST_MONTH) != (second > _LAST_MONTH) or first == second
    month_first = calendar.month_first if first <= _LAST_MONTH and second <= _LAST_MONTH else first <= _LAST_MONTH
    month, day = (first, second) if month_first else (second, first)
    if match["year"]:
        year = int(match["year"])
        found, certain = exact(year if year > 99 else 2000 + year, month, day), True  # noqa: PLR2004 - two digits
    else:
        found, certain = calendar.month_day(month, day) or (None, False)
    return Reading(found.isoformat(), clear and certain) if found else NOTHING


NUMERIC_RULES: tuple[Rule[Calendar], ...] = (
    (re.compile(r"(?<![\w./-])(?P<year>\d{4})[-/](?P<month>\d{1,2})[-/](?P<day>\d{1,2})(?![\d/-])"), _iso),
    (
        re.compile(
            r"(?<![\w:./+-])(?P<first>\d{1,2})(?P<sign>[/.-])(?P<second>\d{1,2})(?P=sign)(?P<year>\d{4}"
            r"|\d{2})(?![\w/:-]|\.\d)"
        ),
        _numeric,
    ),
    (re.compile(r"(?<![\w:./+-])(?<!\d )(?P<first>\d{1,2})/(?P<second>\d{1,2})(?P<year>)(?![\w/:-]|\.\d)"), _numeric),
)

DAY_AND_MONTH_RULES: tuple[Rule[Calendar], ...] = (
    (
        re.compile(
            rf"{_WEEKDAY_BEFORE}(?:\bthe\s+)?(?:(?P<ordinal>{ORDINAL})|(?P<cardinal>{CARDINAL}))[\s-]+(?:of\s+)?"
            rf"(?P<month>{MONTH}){_YEAR_AFTER}"
        ),
        _day_first,
    ),
    (
        re.compile(
            rf"{_WEEKDAY_BEFORE}\b(?P<month>{MONTH})[\s,-]+(?:the\s+)?(?:(?P<ordinal>{ORDINAL})"
            rf"|(?P<cardinal>{CARDINAL}))"
            rf"(?!\s+of\s+{MONTH}){_YEAR_AFTER}"
        ),
        _day_and_month,
    ),
    (re.compile(rf"\bthe\s+fort\s+of\s+(?P<month>{MONTH})"), _fort),
    (re.compile(rf"\b(?:the\s+)?end of (?P<month>{MONTH})(?!\s+\d)"), _month_end),
)
