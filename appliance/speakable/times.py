"""Times of day, on both clocks."""

from __future__ import annotations

import re

from appliance.speakable.numbers import cardinal, two_digits
from appliance.speakable.passage import NEXT, Rule, rule

_HOURS = 24
_MINUTES = 60
_HALF_DAY = r"(?P<half>[ap])(?:\.\s?m\.?|m\b)"


def _stop(match: re.Match[str]) -> str:
    """Return the full stop that ends a sentence as well as the abbreviation."""
    rest = match.string[match.end() :].lstrip()
    return "." if match[0].endswith(".") and (not rest or rest[0].isupper()) else ""


def _clock(hour: str, minute: str | None) -> str:
    if not minute:
        return cardinal(int(hour))
    if int(minute):
        return f"{cardinal(int(hour))} {two_digits(minute)}"
    return cardinal(int(hour))


def _half_day(match: re.Match[str]) -> str | None:
    hour, minute = match["hour"], match["minute"]
    if int(hour) > _HOURS or int(minute or 0) >= _MINUTES:
        return None
    return f"{_clock(hour, minute)}{NEXT}{match['half'].upper()}M{_stop(match)}"


def _full_day(match: re.Match[str]) -> str | None:
    hour, minute, second = match["hour"], match["minute"], match["second"]
    if int(hour) > _HOURS or int(minute) >= _MINUTES:
        return None
    if second:
        return f"{_clock(hour, minute)} and {cardinal(int(second))} second{'s' * (int(second) != 1)}"
    if int(minute):
        return _clock(hour, minute)
    if int(hour) % _HOURS == 0:
        return "midnight"
    return f"{cardinal(int(hour))} " + ("o'clock" if int(hour) <= _HOURS // 2 else "hundred")


TIME_RULES: tuple[Rule, ...] = (
    rule(
        rf"(?<![\w:])(?<!\d\.)(?P<hour>\d{{1,2}})(?:[:.](?P<minute>\d\d))?(?::00)?\s?{_HALF_DAY}",
        _half_day,
        ignore_case=True,
    ),
    rule(
        r"(?<![\w:.])(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?:\.\d+)?Z?(?![\w:])(?:\s?"
        r"(?:h|hrs|hours|o'clock)\b)?",
        _full_day,
    ),
    rule(r"(?<!\w)(?P<half>[ap])\.m\.", lambda m: f"{m['half'].upper()}M{_stop(m)}"),
)
