"""Ranges of times: "between two and four", "from 9 to 5"."""

from __future__ import annotations

import re

from appliance.understanding.clock_times import NOON, Hours, Said, written
from appliance.understanding.clock_words import HOUR_WORD, TAIL, WRITTEN_HOUR, clock_number
from appliance.understanding.correction import standing
from appliance.understanding.found import Found
from appliance.understanding.rules import NOTHING, Reading, Rule, apply
from appliance.understanding.words import stands_alone

_Match = re.Match[str]


def find_time_ranges(text: str, *, day_start: str = "07:00", day_end: str = "19:00") -> list[Found]:
    """Return ranges such as "between two and four", "from 9 to 5" and "10 to 2 p.m.", each as "14:00/16:00".

    Raises:
        ValueError: `day_start` and `day_end` are not such as "07:00" and "19:00".
    """
    return standing(text, apply(text, TIME_RANGE_RULES, Hours.of(day_start, day_end)))


def _range(match: _Match, hours: Hours) -> Reading | None:
    """Read the end first: it tells more often which half of the day is meant, and the beginning lies before it."""
    marked = match["half"] or match["part"] or match["minute2"] or match["minute"] or match["oclock"]
    if not marked and not stands_alone(match.string, match.end()):
        return None
    if not marked and not match["lead"]:
        return None
    first = Said(hour=clock_number(match["hour"]), minute=_minutes(match["minute"]), half=match["first_half"] or "")
    last = Said(
        hour=clock_number(match["hour2"]), minute=_minutes(match["minute2"]), half=match["half"] or match["part"] or ""
    )
    pairs = sorted(
        (begin, end)
        for begin in _readings(first, hours)
        for end in _readings(last, hours)
        if begin < end <= begin + NOON
    )
    inside = [pair for pair in pairs if hours.start <= pair[0] and pair[1] <= hours.end]
    chosen = inside or pairs
    if last.half and not first.half and len(pairs) > 1:
        chosen = [max(pairs)]
    if not chosen:
        return NOTHING
    begin, end = chosen[0]
    return Reading(f"{written(begin)}/{written(end)}", len(chosen) == 1)


def _minutes(said: str | None) -> int:
    return clock_number(said.lstrip(":. ")) if said else 0


def _readings(said: Said, hours: Hours) -> list[int]:
    if said.half or said.hour > NOON // 60:
        resolved = hours.resolve(said)
        return [resolved[0]] if resolved else []
    minutes = (said.hour * 60 + said.minute) % NOON
    return [minutes, minutes + NOON]


_END_HOUR = rf"(?P<hour2>{HOUR_WORD}\b|(?:[01]?\d|2[0-4])(?!\d))"
_RANGE_MINUTE = r"(?:[:.][0-5]\d\b|\s(?:fifteen|thirty|forty[\s-]five)\b)"
_FIRST = (
    rf"(?P<hour>\b{HOUR_WORD}\b|{WRITTEN_HOUR}(?!\d))(?P<minute>{_RANGE_MINUTE})?(?:\s*o'?clock)?"
    r"(?:\s*(?P<first_half>[ap])\.?\s?m\b\.?)?"
)
_LAST = rf"{_END_HOUR}(?P<minute2>{_RANGE_MINUTE})?{TAIL}"
TIME_RANGE_RULES: tuple[Rule[Hours], ...] = (
    (re.compile(rf"(?P<lead>\bbetween\s+){_FIRST}\s+and\s+{_LAST}"), _range),
    (
        re.compile(
            rf"(?P<lead>\bfrom\s+)?{_FIRST}(?:\s+(?:to|until|till|through)\s+|(?<=[0-9m])\s?-\s?(?=[0-9])){_LAST}"
        ),
        _range,
    ),
)
