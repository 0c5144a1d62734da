"""Morning, afternoon and evening, as ranges of time."""

from __future__ import annotations

import re

from appliance.understanding.correction import standing
from appliance.understanding.found import Found
from appliance.understanding.rules import NOTHING, Reading, Rule, apply
from appliance.understanding.words import WEEKDAYS

_PARTS = {
    "morning": "06:00/12:00", "afternoon": "12:00/18:00", "evening": "18:00/22:00", "tonight": "18:00/22:00",
    "night": "18:00/22:00", "lunchtime": "12:00/14:00", "lunch time": "12:00/14:00", "early morning": "06:00/09:00",
    "late morning": "10:00/12:00", "early afternoon": "12:00/15:00", "late afternoon": "15:00/18:00",
    "early evening": "17:00/19:00", "late evening": "20:00/22:00",
}  # fmt: skip
"""What people mean at a front desk; a site that means other hours narrows them by its opening hours."""


def find_parts_of_day(text: str) -> list[Found]:
    """Return parts of the day as ranges, each as "12:00/18:00". A greeting is none, and neither are two nights."""
    return standing(text, apply(text, _RULES, None))


def _greeting(_match: re.Match[str], _context: None) -> Reading:
    return NOTHING


def _part(match: re.Match[str], _context: None) -> Reading:
    name, edge = match["part"], match.groupdict().get("edge")
    return Reading(_PARTS.get(f"{edge} {name}", _PARTS[name]))


_RULES: tuple[Rule[None], ...] = (
    (
        re.compile(
            r"\b(?:good|last|yesterday|every)\s+(?:morning|afternoon|evening|night)\b"
            r"|^\W*(?:morning|evening|afternoon)\b(?=\s*[,.!])"
        ),
        _greeting,
    ),
    (
        re.compile(
            r"\b(?:(?P<edge>early|late)\s+(?:in the\s+)?)?(?P<part>morning|afternoon|evening|tonight"
            r"|lunch ?time)\b(?!'s)"
        ),
        _part,
    ),
    (re.compile(rf"\b(?:tomorrow|{'|'.join(WEEKDAYS)})\s+(?P<it>(?P<part>night))\b"), _part),
)
