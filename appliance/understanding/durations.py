"""How long: "half an hour", "ninety minutes", "an hour and a half"."""

from __future__ import annotations

import re

from appliance.understanding.correction import standing
from appliance.understanding.found import Found
from appliance.understanding.numerals import CARDINAL, cardinal
from appliance.understanding.rules import Reading, Rule, apply

_HOUR = 60
_DURATIONS, _DELAYS = False, True
_FRACTIONS = {"half": 30, "quarter": 15, "three quarters": 45}
_COUNT = rf"(?P<count>{CARDINAL}|(?<![\w.,:])\d{{1,3}}(?:\.\d)?(?![\d:])|\ban?\b|\ba hundred(?: and twenty)?\b)"
_AND_FRACTION = r"(?P<more>\s+and\s+(?:a\s+)?(?P<fraction>half|quarter|three quarters))?"
_RATE = re.compile(
    r"(?:\b(?:dollars?|euros?|pounds?|bucks|times|once|twice|miles|kilometers|kilometres|km|every|per)"
    r"|[$\u20ac\u00a3]\s?[\d.]+)\s*$"
)
_FROM_NOW = re.compile(r"\bin(?:\s+(?:about|around|exactly))?\s*$")
_AGO = re.compile(r"\s+(?:ago|from now|later|earlier|late|old)\b")
_Match = re.Match[str]


def find_durations(text: str) -> list[Found]:
    """Return how long something takes, in minutes. "A minute" is an idiom, "in two hours" a moment."""
    return standing(text, apply(text, DURATION_RULES, _DURATIONS))


def find_delays(text: str) -> list[Found]:
    """Return how long from now, in minutes: "in two hours", "half an hour from now"."""
    return standing(text, apply(text, DURATION_RULES, _DELAYS))


def _when(match: _Match, minutes: float, delays: bool) -> Reading | None:
    before, after = match.string[: match.start()], match.string[match.end() :]
    delayed = _FROM_NOW.search(before) is not None or re.match(r"\s+from now\b", after) is not None
    if delayed != delays or (not delays and (_AGO.match(after) or _RATE.search(before))):
        return None
    return Reading(int(minutes)) if minutes and minutes == int(minutes) else None


def _fraction_of_an_hour(match: _Match, delays: bool) -> Reading | None:
    return _when(match, _FRACTIONS[match["fraction"]], delays)


def _hours(match: _Match, delays: bool) -> Reading | None:
    fraction = match["fraction"] or match["late_fraction"]
    minutes = _count(match["count"]) * _HOUR + (_FRACTIONS[fraction] if fraction else 0)
    return _when(match, minutes + (_count(match["minutes"]) if match["minutes"] else 0), delays)


def _minutes(match: _Match, delays: bool) -> Reading | None:
    if match["count"] in {"a", "an", "one"}:
        return None
    return _when(match, _count(match["count"]), delays)


def _count(said: str) -> float:
    if said in {"a", "an"}:
        return 1
    if said.startswith("a hundred"):
        return 120 if said.endswith("twenty") else 100
    return float(said) if said[0].isdecimal() else cardinal(said)


DURATION_RULES: tuple[Rule[bool], ...] = (
    (
        re.compile(r"\b(?:a\s+)?(?P<fraction>three quarters|half|quarter)\s+(?:of\s+)?(?:an\s+)?hour\b"),
        _fraction_of_an_hour,
    ),
    (
        re.compile(
            rf"{_COUNT}{_AND_FRACTION}[\s-]+(?:hours?|hrs?)\b(?:\s+and\s+(?:a\s+)?(?P<late_fraction>half|quarter"
            r"|three quarters)\b"
            rf"|(?:\s+and)?\s+(?P<minutes>{CARDINAL})[\s-]+min(?:ute)?s?\b)?"
        ),
        _hours,
    ),
    (re.compile(rf"{_COUNT}[\s-]*(?:minutes?|mins?)\b(?!\s+(?:to|past|before|after|till|of)\b)"), _minutes),
)
"""Rules for the minutes; their context says whether delays are wanted or durations."""
