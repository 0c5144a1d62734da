"""Years as they are spoken: "nineteen eighty four"."""

from __future__ import annotations

import re

from appliance.understanding.correction import standing
from appliance.understanding.found import Found
from appliance.understanding.numerals import CARDINAL_WORDS
from appliance.understanding.rules import Reading, Rule, apply
from appliance.understanding.written_dates import YEAR, year_number

_RULES: tuple[Rule[None], ...] = (
    (
        re.compile(rf"(?<!\d )(?P<it>{YEAR})(?![\s-]+(?:oh\b|hundred\b|\d|{CARDINAL_WORDS}))"),
        lambda match, _c: Reading(year_number(match["it"])),
    ),
)


def find_years(text: str) -> list[Found]:
    """Return the years from 1900 to 2099, as int; digits that go on are dictated and no year."""
    return standing(text, apply(text, _RULES, None))
