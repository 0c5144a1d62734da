"""The words of which times of day are made, as regular expressions for plain text."""

from __future__ import annotations

import re

from appliance.understanding.numerals import TEENS, TENS_WORDS, UNITS, alternatives, cardinal

HOUR_WORD = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_LATE_HOUR_WORD = r"(?:thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty(?:[\s-](?:one|two|three))?)"
WRITTEN_HOUR = r"(?<![\w:./+$\u20ac\u00a3-])(?:[01]?\d|2[0-4])"
HOUR = rf"(?P<hour>\b{HOUR_WORD}\b|{WRITTEN_HOUR}(?!\d|[.,:/]\d))"
ANY_HOUR = rf"(?P<hour>\b(?:{_LATE_HOUR_WORD}|{HOUR_WORD})\b|\b(?:oh|o|zero)[\s-](?:{alternatives(UNITS)})\b)"
MINUTE_WORD = (
    rf"(?P<minute>\b(?:(?:oh|o|zero)[\s-](?:{alternatives(UNITS)})|{alternatives(TEENS)}|{TENS_WORDS})\b"
    r"|[0-5]\d\b(?!:))"
)
_HALF_DAY = r"(?P<half>[ap])(?:\.\s?m\b\.?|\s?m\b(?!\s+(?:i|we|not)\b))"
_PART = (
    r"(?:in the |this |tomorrow |that |early in the |late in the |on \w+ |at |\w+day )?"
    r"(?P<part>morning|afternoon|evening|night|tonight)\b"
)
_O_CLOCK = r"(?P<oclock>o'?\s?clock|a clock|oclock)\b"
TAIL = rf"(?:\s*{_O_CLOCK})?(?:[\s,]*{_HALF_DAY}|[\s,]+{_PART})?"


def clock_number(said: str) -> int:
    """Return the hour or the minutes that one of the expressions matched: "oh five" is 5."""
    return int(said) if said.isdecimal() else cardinal(re.sub(r"\b(?:oh|o|zero)[\s-]", "", said))
