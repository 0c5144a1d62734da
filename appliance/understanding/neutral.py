"""An utterance without its values: what a person wants does not depend on whose number or which day it is."""

from __future__ import annotations

import re
from datetime import date

from appliance.understanding.codes import find_codes
from appliance.understanding.dates import find_dates
from appliance.understanding.found import Found
from appliance.understanding.names import find_names
from appliance.understanding.phones import find_phones
from appliance.understanding.times import find_times

_ANY_DAY = date(2000, 1, 3)
"""Only where a day is said counts here, and not which."""
_HESITATION = re.compile(
    r"\b(?:u+m+|u+h+m*|e+r+m*|h+m+)\b[,.]*\s*|^(?:(?:hello|hi|hey)\b[\s,.!]*)+(?=.)", re.IGNORECASE
)
_NUMBER = r"\d{4,}"


def neutral(text: str) -> str:
    """Return `text` without numbers, names, hesitations and a greeting.

    One day and one time stand in the place of all others.
    """
    phones = find_phones(text)
    kinds = (
        (phones, ""),
        (find_codes(text, _NUMBER, exclude=phones), ""),
        (find_names(text), ""),
        (find_dates(text, _ANY_DAY), "tomorrow"),
        (find_times(text), "at ten"),
    )
    taken: list[tuple[Found, str]] = []
    for found, instead in kinds:
        taken += [(each, instead) for each in found if not any(_overlap(each, other) for other, _ in taken)]
    left = text
    for each, instead in sorted(taken, key=lambda pair: -pair[0].start):
        left = f"{left[: each.start]}{instead}{left[each.end :]}"
    left = " ".join(_HESITATION.sub("", left).split())
    return left if any(char.isalpha() for char in left) else text


def _overlap(one: Found, other: Found) -> bool:
    return one.start < other.end and other.start < one.end
