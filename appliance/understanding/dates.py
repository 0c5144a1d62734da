"""Dates, as they are said with today in mind."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise

from appliance.understanding.births import BIRTH, BIRTH_RULES
from appliance.understanding.correction import replaces, standing
from appliance.understanding.days import Calendar, exact
from appliance.understanding.found import HIDDEN, Found
from appliance.understanding.numerals import CARDINAL, ORDINAL, cardinal, ordinal
from appliance.understanding.rules import NOTHING, Reading, Rule, apply
from appliance.understanding.words import WEEKDAYS, plain, stands_alone
from appliance.understanding.written_dates import DAY_AND_MONTH_RULES, MONTH, NUMERIC_RULES, on

_SPELLINGS = {
    "tues": 1, "weds": 2, "wensday": 2, "wednsday": 2, "wedensday": 2, "thurs": 3, "thur": 3, "fri": 4, "saterday": 5,
}  # fmt: skip
_OWNED = r"(?:appointment|booking|reservation|meeting|visit|delivery|order|class|lesson|slot)"
_WEEKDAY = rf"(?P<weekday>{'|'.join([*WEEKDAYS, *_SPELLINGS])})(?![\w-])(?!'s\b(?!\s+{_OWNED}\b))"
_NOT_THE_DAY = r"(?:roast|school|paper|papers|times|best|special|specials|menu|club|market|blues|service)\b"
_TODAY = rf"(?P<day>today|tonight|tomorrow|tommorow|tomorow|yesterday)\b(?!'s\b(?!\s+{_OWNED}\b))"
_SOME = rf"(?P<count>{CARDINAL}|an?\b|a couple of|a couple)"
_UNIT = r"(?P<unit>day|week|fortnight|month)s?\b(?:'s?)?"
_DAYS_PER = {"day": 1, "week": 7, "fortnight": 14}
_LIMIT = re.compile(r"\b(?:before|after|since)\s+(?:on\s+|the\s+)?$")
_MONTHS_AHEAD = {"this": 0, "the": 0, "next": 1, "last": -1}
_BARE = re.compile(rf"(?:the\s+)?{ORDINAL}")
_JOINED = re.compile(r"[\s,]*(?:to|and|or|until|till|through|-)\s*")
_FEW = 3
"""First, second and third are said of much else."""
_LONGEST_LEAD = 20
_Match = re.Match[str]


def find_dates(
    text: str,
    today: date,
    *,
    prefer_future: bool = True,
    month_first: bool = True,
    birth: bool = False,
    asked: bool = False,
) -> list[Found]:
    """Return the dates in `text`, each as "2026-03-04".

    What names no single day ("next week", "every Friday", "in March") is not returned. Uncertain are: "next Friday";
    the name of today's weekday; a weekday that does not fit its date; 3/4; dates that lie far ahead without a year, or
    with two digits of one; limits ("before Friday"), ends of months, and ranges of weekdays.

    Args:
        text: What was said.
        today: The day on which it was said.
        prefer_future: Whether a date without a year is the next one, today included, or the last one.
        month_first: Whether 3/4 is March 4 or 3 April.
        birth: Whether a date of birth was asked for; where the text speaks of one, it is assumed anyway.
        asked: Whether a day was asked for: "twenty third" alone is one then.
    """
    calendar = Calendar(today=today, prefer_future=prefer_future, month_first=month_first)
    birth = birth or BIRTH.search(plain(text)) is not None
    rules = _RULES_FOR_AN_ANSWER if asked else _RULES
    found = apply(text, BIRTH_RULES if birth else rules, calendar)
    found = _without_echoes(text, found)
    return standing(text, _with_months_shared(text, [_limited(text, each) for each in found]))


def _without_echoes(text: str, found: list[Found]) -> list[Found]:
    """Leave out a weekday that only repeats the date before it: "the twelfth, Thursday"."""
    echoes = [
        after
        for before, after in pairwise(found)
        if not text[before.end : after.start].strip(" ,")
        and f"{date.fromisoformat(str(before.value)):%A}".lower() == after.words.strip().lower()
    ]
    return [each for each in found if each not in echoes]


def _limited(text: str, found: Found) -> Found:
    lead = plain(text)[max(0, found.start - _LONGEST_LEAD) : found.start]
    return on(found, certain=False) if _LIMIT.search(lead) else found


def _with_months_shared(text: str, found: list[Found]) -> list[Found]:
    """Give a bare day the month of its neighbour: "March 4th, no, the 5th", "from the 4th to the 7th of March"."""
    said, shared = plain(text), list(found)
    for index in range(len(found) - 1):
        before, after = shared[index], shared[index + 1]
        bare = [_BARE.fullmatch(plain(each.words)) is not None for each in (before, after)]
        joined = _JOINED.fullmatch(said[before.end : after.start]) is not None
        corrected = replaces(text, before.end, after.start)
        if bare == [False, True] and (corrected or joined) and _has_month(before):
            shared[index + 1] = _in_month_of(before, after, certain=joined)
        if bare == [True, False] and joined and _has_month(after):
            shared[index] = _in_month_of(after, before, certain=before.certain)
    return shared


def _has_month(found: Found) -> bool:
    return re.search(rf"{MONTH}|month|/|-", plain(found.words)) is not None


def _in_month_of(neighbour: Found, bare: Found, *, certain: bool) -> Found:
    day, same = date.fromisoformat(str(bare.value)).day, date.fromisoformat(str(neighbour.value))
    moved = exact(same.year, same.month, day)
    in_order = moved is not None and (bare.start < neighbour.start) == (day < same.day)
    return on(bare, moved, certain=certain and in_order and neighbour.certain)


def _day(found: date | None, *, certain: bool = True) -> Reading:
    return Reading(found.isoformat(), certain) if found else NOTHING


def _number(match: _Match) -> int:
    name = match["weekday"]
    return WEEKDAYS.index(name) if name in WEEKDAYS else _SPELLINGS[name]


def _nothing(_match: _Match, _calendar: Calendar) -> Reading:
    return NOTHING


def _relative_day(match: _Match, calendar: Calendar) -> Reading:
    days = {"today": 0, "tonight": 0, "yesterday": -1}.get(match["day"], 1)
    step = match.groupdict().get("step")
    if step:
        days += 1 if step.startswith("day after") else -1
    if match.groupdict().get("week"):
        days += 7
    return _day(calendar.in_days(days))


def _distance(match: _Match) -> tuple[int, bool]:
    """Return how many days or months were said, and whether exactly."""
    said = match["count"] or "a"
    count = 1 if said in {"a", "an"} else 2 if said.startswith("a couple") else cardinal(said)
    return count * _DAYS_PER.get(match["unit"], 1), not said.startswith("a couple")


def _from_today(match: _Match, calendar: Calendar) -> Reading:
    count, exactly = _distance(match)
    back = match.groupdict().get("ago") is not None
    if match["unit"] == "month":
        return _day(calendar.in_months(-count if back else count), certain=False)
    tomorrow = match.groupdict().get("base") == "tomorrow"
    return _day(calendar.in_days((-count if back else count) + tomorrow), certain=exactly)


def _from_weekday(match: _Match, calendar: Calendar) -> Reading:
    count, exactly = _distance(match)
    base = Calendar(today=calendar.today).weekday(_number(match))
    if base is None or match["unit"] == "month":
        return NOTHING
    return _day(base + timedelta(days=count), certain=exactly and base.weekday() != calendar.today.weekday())


def _weekday(match: _Match, calendar: Calendar) -> Reading | None:
    if re.match(rf"(?:'s)?\s+{_NOT_THE_DAY}", match.string[match.end("weekday") :]):
        return NOTHING
    number, which = _number(match), (match["which"] or "").strip()
    is_today = number == calendar.today.weekday()
    if which in {"last", "previous"}:
        return _day(calendar.last_weekday(number))
    if which == "next":
        return _day(calendar.weekday_of_week(number, 1), certain=False)
    if which == "this":
        return _day(
            calendar.today if is_today else Calendar(today=calendar.today).weekday(number), certain=not is_today
        )
    return _day(calendar.weekday(number), certain=not is_today)


def _weekday_of_week(match: _Match, calendar: Calendar) -> Reading:
    weeks = {"this": 0, "next": 1, "last": -1}[match["week"]]
    return _day(calendar.weekday_of_week(_number(match), weeks))


def _weekday_range(match: _Match, calendar: Calendar) -> Reading:
    return _day(calendar.weekday(_number(match)), certain=False)


def _weekday_with_ordinal(match: _Match, calendar: Calendar) -> Reading | None:
    """Read "Friday the 13th": the next month in which the 13th is a Friday is not meant unless it is the next 13th."""
    found = calendar.day_of_month(ordinal(match["bare"]))
    if not stands_alone(match.string, match.end()):
        return None
    return _day(found, certain=found is not None and found.weekday() == _number(match))


def _bare_ordinal(match: _Match, calendar: Calendar) -> Reading | None:
    day = ordinal(match["bare"])
    month = match.groupdict().get("month_said")
    lead = match["lead"]
    if not month and not stands_alone(match.string, match.end()):
        return None
    if not month and not lead and (match["bare"][0].isalpha() and day <= _FEW):
        return None
    found = calendar.day_of_month(day, _MONTHS_AHEAD[month] if month else None)
    return _day(found, certain=found != calendar.today and (day > _FEW or bool(month or lead)))


def _answered_ordinal(match: _Match, calendar: Calendar) -> Reading:
    day = ordinal(match["bare"])
    found = calendar.day_of_month(day)
    return _day(found, certain=found != calendar.today and day > _FEW)


def _end_of_month(match: _Match, calendar: Calendar) -> Reading:
    ahead = 1 if match["which"] == "next" else 0
    if match["edge"] == "end":
        return _day(calendar.end_of_month(ahead), certain=False)
    return _day(calendar.day_of_month(1, 1), certain=False)


def _rule(pattern: str, read: Callable[[_Match, Calendar], Reading | None]) -> Rule[Calendar]:
    return re.compile(pattern), read


_AGAIN = _WEEKDAY.replace("weekday>", "other>")
_RULES: tuple[Rule[Calendar], ...] = (
    *NUMERIC_RULES,
    *DAY_AND_MONTH_RULES,
    _rule(
        rf"\b(?:every|each|most|any|a|an|other|following|{ORDINAL}|good|black|ash|palm|easter)\s+{_WEEKDAY}"
        r"(?!\s+(?:at|the)\b)",
        _nothing,
    ),
    _rule(rf"\b(?:last|the)\s+{_WEEKDAY}\s+(?:of|in)\s+(?:the\s+|this\s+|next\s+)?(?:month|year|{MONTH})\b", _nothing),
    _rule(rf"\b{_WEEKDAY}\s+(?:after next|before last)\b", _nothing),
    _rule(rf"\b(?:days?|weeks?|months?)\s+(?:after|before)\s+(?:the\s+)?(?:next\s+|this\s+)?{_WEEKDAY}", _nothing),
    _rule(rf"\b{_SOME}\s+{_UNIT}\s+(?:from|on|after)\s+(?:the\s+)?(?:this\s+|next\s+)?{_WEEKDAY}", _from_weekday),
    _rule(rf"\b(?P<count>)(?:this\s+)?{_WEEKDAY}\s+(?P<unit>week)\b", _from_weekday),
    _rule(r"\b(?:the\s+)?(?P<step>day after|day before)\s+(?P<day>tomorrow|yesterday|today)\b", _relative_day),
    _rule(rf"\b{_SOME}\s+{_UNIT}\s+(?:from\s+)?(?P<base>now|today|tomorrow)\b", _from_today),
    _rule(rf"\b{_SOME}\s+{_UNIT}\s+(?P<ago>ago)\b", _from_today),
    _rule(rf"\bin\s+(?:about\s+|exactly\s+)?{_SOME}\s+{_UNIT}(?:\s+time)?\b(?!\s+(?:old|of|stay|trip))", _from_today),
    _rule(rf"\b{_TODAY}(?P<week>\s+week\b)?(?!\s+or\s+the\s+day)", _relative_day),
    _rule(rf"\b(?:on\s+)?(?P<week>next|this|last)\s+week,?\s+(?:on\s+)?{_WEEKDAY}", _weekday_of_week),
    _rule(rf"\b{_WEEKDAY},?\s+(?:of\s+)?(?P<week>next|this|last)\s+week\b", _weekday_of_week),
    _rule(rf"\b{_WEEKDAY}(?=\s*(?:to|through|thru|till|until|-)\s*{_AGAIN})", _weekday_range),
    _rule(rf"(?<={HIDDEN})\s*(?:to|through|thru|till|until|-)\s*(?P<it>{_WEEKDAY})", _weekday_range),
    _rule(rf"\b{_WEEKDAY},?\s+(?:the\s+)(?P<bare>{ORDINAL})", _weekday_with_ordinal),
    _rule(
        rf"\b(?P<which>this coming\s+|the coming\s+|coming\s+|this\s+|next\s+|last\s+|previous\s+)?{_WEEKDAY}", _weekday
    ),
    _rule(
        rf"(?P<lead>\b(?:on|until|till|by|from|for)\s+)?(?P<it>\bthe\s+(?P<bare>{ORDINAL})\s+of\s+"
        r"(?P<month_said>this|next|the|last)\s+month\b)",
        _bare_ordinal,
    ),
    _rule(rf"(?P<lead>\b(?:on|until|till|by|from|for)\s+)?(?P<it>\bthe\s+(?P<bare>{ORDINAL}))", _bare_ordinal),
    _rule(
        rf"(?<={HIDDEN})(?P<lead>\s*(?:to|and|or|until|till|through|-)\s*)(?P<it>(?P<bare>{ORDINAL}))",
        _bare_ordinal,
    ),
    _rule(
        rf"(?P<lead>\bon\s+|(?:\bno|i mean|make (?:that|it)|sorry|actually|wait)[\s,.]+)(?P<it>(?P<bare>{ORDINAL}))",
        _bare_ordinal,
    ),
    _rule(
        r"\b(?:the\s+)?(?P<edge>end|beginning|start|first day|last day) of (?P<which>the|this|next) month\b",
        _end_of_month,
    ),
)
_RULES_FOR_AN_ANSWER = (
    *_RULES,
    _rule(
        r"^\W*(?:(?:um+|uh+|maybe|well|say|let's say|i think|it's|it is|for|by|that's)\W+)*"
        rf"(?P<it>(?:the\s+)?(?P<bare>{ORDINAL}))(?=\W*(?:please|thanks|thank you|then)?\W*$)",
        _answered_ordinal,
    ),
)
