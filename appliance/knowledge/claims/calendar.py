"""Days of the week, dates and months."""

from __future__ import annotations

import re

from appliance.knowledge.claims.mention import Found, Kind, Reading, found, rule
from appliance.knowledge.claims.words import DAYS

_MONTHS = (
    "january february march april may june july august september october november december".split()  # noqa: SIM905
)
_LAST_DAY = 31
_MONTH = rf"(?:{'|'.join(_MONTHS)}|(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b\.?)"
_DAY_OF_MONTH = r"\d{1,2}(?:st|nd|rd|th)?"
_DAY = rf"(?:{'|'.join(DAYS)})s?"
_SHORT_DAY = r"(?:Mon|Tues?|Wed|Thu(?:rs?)?|Fri|Sat|Sun)\.?(?!\w)"
_UNTIL = r"(?: ?[-\u2013] ?| to | through | till | until )"
_WORKDAYS = range(5)
_WEEKEND = range(5, 7)


def _day(name: str) -> int:
    return next(number for number, day in enumerate(DAYS) if day.startswith(name.lower()[:3]))


def _month(name: str) -> int:
    return next(number for number, month in enumerate(_MONTHS, start=1) if month.startswith(name.lower()[:3]))


def _dates(match: re.Match[str], _: str) -> list[Found] | None:
    month = _month(match["month"])
    days = [int(day) for day in re.findall(r"\d+", match["days"])]
    if not all(1 <= day <= _LAST_DAY for day in days):
        return None
    return [Found(readings=frozenset({("date", month, day)})) for day in days] + [_of_month(month)]


def _of_month(month: int) -> Found:
    return Found(readings=frozenset({("month", month)}), asserted=False)


def _iso_date(match: re.Match[str], _: str) -> list[Found]:
    month = int(match["month"])
    return [*found(("date", month, int(match["day"]))), _of_month(month)]


def _month_alone(match: re.Match[str], _: str) -> list[Found]:
    return found(("month", _month(match["month"])))


def _range(match: re.Match[str], _: str) -> list[Found]:
    first, last = _day(match["first"]), _day(match["last"])
    return _each(range(first, last + 1) if first <= last else [*range(first, 7), *range(last + 1)])


def _each(days: range | list[int]) -> list[Found]:
    return [Found(readings=frozenset({("day", day)})) for day in days]


def _always(_: re.Match[str], __: str) -> list[Found]:
    round_the_clock: Reading = ("always",)
    return [*found(round_the_clock), *(Found(readings=one.readings, asserted=False) for one in _each(range(7)))]


DATE_RULES = (
    rule(Kind.DATE, r"(?<!\d)\d{4}-(?P<month>0[1-9]|1[0-2])-(?P<day>[0-3]\d)(?!\d)", _iso_date),
    rule(
        Kind.DATE,
        rf"\b(?P<days>{_DAY_OF_MONTH}(?:(?:, ?| and | or |{_UNTIL})(?:the )?{_DAY_OF_MONTH})*) (?:of )?"
        rf"(?P<month>{_MONTH})(?!\w)",
        _dates,
    ),
    rule(
        Kind.DATE,
        rf"\b(?P<month>{_MONTH}) (?:the )?(?P<days>{_DAY_OF_MONTH}(?:(?: and | or |{_UNTIL})(?:the )?{_DAY_OF_MONTH})*)"
        r"(?![\w:]| ?[ap]\.?m\b)",
        _dates,
    ),
    rule(
        Kind.DATE,
        r"\b(?:in|since|until|till|during|of|from|to|through|between|and|early|late|mid|every|next|last|this)[ -]"
        rf"(?P<claim>(?-i:(?P<month>{'|'.join(month.capitalize() for month in _MONTHS)})))\b",
        _month_alone,
    ),
)
"""Before the times and numbers."""

ALWAYS_RULES = (
    rule(Kind.DAY, r"\b24/7\b|\b24 hours a day\b|\b(?:a)?round the clock\b", _always),
    rule(Kind.DAY, r"\b(?:every ?day|each day|7 days a week|daily)\b", lambda _, __: _each(range(7))),
)
"""Before the times and amounts, whose numbers they contain."""

DAY_RULES = (
    rule(
        Kind.DAY,
        rf"\b(?P<first>{_DAY}|(?-i:{_SHORT_DAY})){_UNTIL}(?P<last>{_DAY}|(?-i:{_SHORT_DAY}))(?!\w)",
        _range,
    ),
    rule(Kind.DAY, rf"\b(?P<day>{_DAY})\b", lambda m, _: _each([_day(m["day"])])),
    rule(
        Kind.DAY,
        rf"\b(?P<day>{_SHORT_DAY})(?=[ ,:;/.]|$)",
        lambda m, _: _each([_day(m["day"])]) if m.start() or m[0].endswith(".") or ":" in m.string else None,
        case=True,
    ),
    rule(Kind.DAY, r"\b(?:weekdays?|working days|business days)\b", lambda _, __: _each(_WORKDAYS)),
    rule(Kind.DAY, r"\bweekends?\b", lambda _, __: _each(_WEEKEND)),
)
"""After the numbers, but for the amounts of days."""
