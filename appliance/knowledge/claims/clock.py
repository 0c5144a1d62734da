"""Times of day: `6`, `18:00`, `six in the evening`, `half past six`, `six thirty`."""

from __future__ import annotations

import re
from fractions import Fraction

from appliance.knowledge.claims.mention import ALONE, TIME_MASK, Found, Kind, Reading, rule
from appliance.knowledge.claims.words import counts_something, starts_a_name

_MINUTES, _HALF_DAY = 60, 12
_LAST_HOUR = 24
_EVENING = 5
"""From this hour on `at night` is after noon."""

_CLOCK = (
    r"(?P<hour>\d{1,2})(?:(?:[:.h ](?=[0-5]\d)|-(?=2[5-9]|[3-5]\d))(?P<minute>[0-5]\d))?(?P<h>h\b)?(?![\d%]|[.,:]\d)"
)
_HALF = (
    r"(?P<half>\s?(?:[ap]\.\s?m\b\.?|[ap]m\b)|,? (?:in the|this|tomorrow|every) (?:morning|afternoon|evening)s?\b"
    r"| at night\b| tonight\b|(?=,? (?:on )?\w+day (?P<later>morning|afternoon|evening)))"
)
_IN_SIGHT = 120
"""A verb further away than so many characters says nothing about a time."""
_UNTIL = r"(?:to|until|till|til|through|[-\u2013])"
_NAMED = {"noon": ("pm", 0), "midday": ("pm", 0), "midnight": ("am", 0)}

_A_TIME = r"(?:\d{1,2}(?:[:.]\d\d)?(?!\d)|noon|midday|midnight)"
_RANGE_FOLLOWS = re.compile(rf"\s?{_UNTIL}\s?{_A_TIME}", re.IGNORECASE)
_RANGE_PRECEDES = re.compile(
    rf"(?:\d|[ap]\.?m\.?|o'clock|noon|midday|midnight|morning|afternoon|evening|night)\s?{_UNTIL}\s?$", re.IGNORECASE
)
_AFTER_UNTIL = re.compile(r"\b(?:until|till|til) (?:about |around )?$", re.IGNORECASE)
_AFTER_FROM = re.compile(r"\b(?:from|between) (?:about |around )?$", re.IGNORECASE)
_BETWEEN = re.compile(rf"\bbetween {_A_TIME}[^.]{{0,40}} and $", re.IGNORECASE)
_VERB = re.compile(
    r"(?P<start>\b(?:re)?open(?:s|ing)?\b|\bstart\w*|\bbegin\w*)|(?P<end>\bcloses?\b|\bclosing\b|\bshuts?\b|\bends?\b"
    r"|\bending\b|\bfinish\w*|\blast\b)|(?P<state>\bclosed\b)",
    re.IGNORECASE,
)
_STATE = re.compile(r"(?:\b(?:is|are|be|stays?|still|remains?|also|only|not)|'re|'s) (?:\w+ )?$", re.IGNORECASE)
_PARTITIVE = re.compile(r"\s(?:of|place|point|side|more|person|another)\b", re.IGNORECASE)


def _reading(minutes: int, half: str, role: str) -> Reading:
    return ("time", minutes, half, role)


def _role(sentence: str, start: int, end: int) -> str:
    """Tell whether a time is the `start` or the `end` of something, or `""` when that is not clear."""
    before, after = sentence[max(0, start - _IN_SIGHT) : start], sentence[end : end + _IN_SIGHT]
    verbs = list(_VERB.finditer(before))
    if verbs and verbs[-1]["state"]:
        return ""
    if _RANGE_FOLLOWS.match(after) or _AFTER_FROM.search(before):
        return "start"
    if _RANGE_PRECEDES.search(before) or _AFTER_UNTIL.search(before) or _BETWEEN.search(before):
        return "end"
    if not verbs or (verbs[-1]["start"] and _STATE.search(before[: verbs[-1].start()])):
        return ""
    return "start" if verbs[-1]["start"] else "end"


def _half_of(words: str, hour: int) -> str:
    words = words.lower().strip(" ,")
    if words.startswith("a") and "night" not in words:
        return "am"
    if words.startswith("p"):
        return "pm"
    if "night" in words:
        return "pm" if hour % _HALF_DAY >= _EVENING else ""
    return ("am" if "morning" in words else "pm") if words else ""


def _time(hour: int, minute: int, half: str, match: re.Match[str], sentence: str) -> Reading:
    written = match["hour"]
    if not half and (hour > _HALF_DAY or written.startswith("0")):
        half = "pm" if _HALF_DAY < hour < _LAST_HOUR else "am"
    start, end = match.span("claim" if "claim" in match.re.groupindex else 0)
    return _reading((hour % _HALF_DAY) * _MINUTES + minute, half, _role(sentence, start, end))


def _exact(match: re.Match[str], sentence: str) -> list[Found] | None:
    """Read a time that says that it is one: `6 pm`, `six o'clock`, `18:00`."""
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    half = (match["half"] or "") + (match["later"] or "")
    with_sign = match["minute"] and match[0][len(match["hour"])] in ":h"
    if hour > _LAST_HOUR or not (match["half"] is not None or match["oclock"] or with_sign or match["h"]):
        return None
    return _found(_time(hour, minute, _half_of(half, hour), match, sentence), hour)


def _found(reading: Reading, hour: int) -> list[Found]:
    return [Found(readings=frozenset({reading}), value=Fraction(hour))]


def _named(match: re.Match[str], sentence: str) -> list[Found]:
    half, minutes = _NAMED[match["named"].lower()]
    return [Found(readings=frozenset({_reading(minutes, half, _role(sentence, *match.span()))}))]


def _past_or_to(match: re.Match[str], sentence: str) -> list[Found] | None:
    """Read `half past six`, `quarter to seven`, `ten past six`."""
    hour, part, way = int(match["hour"]), match["part"].lower(), (match["way"] or "past").lower()
    minute = {"half": 30, "quarter": 15}.get(part) or int(re.sub(r"\D", "", part))
    ten_to_six_may_be_a_range = part[0].isdigit() and way == "to" and minute <= _HALF_DAY
    if not 1 <= hour <= _HALF_DAY or minute >= _MINUTES or ten_to_six_may_be_a_range:
        return None
    if way in {"to", "before", "of"}:
        hour, minute = hour - 1, _MINUTES - minute
    half = _half_of((match["half"] or "") + (match["later"] or ""), hour)
    return _found(_time(hour, minute, half, match, sentence), hour)


def _by_context(match: re.Match[str], sentence: str) -> list[Found] | None:
    """Read a number that stands where a time stands: `at six`, `nine to five`; it may count something all the same."""
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    rest = sentence[match.end("claim") :]
    if hour > _LAST_HOUR or starts_a_name(rest) or (hour == 1 and _PARTITIVE.match(rest)):
        return None
    reading, value = _time(hour, minute, "", match, sentence), Fraction(hour)
    if match["minute"] or not counts_something(rest):
        return [Found(readings=frozenset({reading}), value=value)]
    if match.groupdict().get("vague"):
        return None
    return [Found(readings=frozenset({reading, ("num", value)}), value=value, kind=Kind.NUMBER)]


def _pair(match: re.Match[str], sentence: str) -> list[Found] | None:
    """Read two numbers in a row as hour and minutes: `nine twenty`."""
    hour = int(match["hour"])
    if not 1 <= hour < _LAST_HOUR:
        return None
    return _found(_time(hour, int(match["minute"]), "", match, sentence), hour)


_LEAD = (
    r"(?:\b(?:at|from|until|till|til|before|after|since|between|past)|(?P<vague>\b(?:by|around|about|to|opens?|closes?"
    r"|opening|closing|hours|time is|hours are)))"
)

RULES = (
    rule(Kind.TIME, rf"{ALONE}{_CLOCK}(?P<oclock> ?o'?clock)?{_HALF}?", _exact),
    rule(Kind.TIME, r"\b(?:12 )?(?P<named>noon|midday|midnight)\b", _named),
    rule(
        Kind.TIME,
        r"\b(?:a )?(?P<part>half|quarter|[1-5]?\d(?: minutes?)?) (?P<way>past|after|to|before|of) "
        rf"(?P<hour>\d{{1,2}})(?!\d|[:.]\d)(?: o'?clock)?{_HALF}?",
        _past_or_to,
    ),
)
"""Before the amounts."""

CONTEXT_RULES = (
    rule(Kind.TIME, rf"{ALONE}(?P<claim>{_CLOCK})(?=\s?{_UNTIL}\s?(?:\d|{TIME_MASK}))", _by_context),
    rule(Kind.TIME, rf"[\d{TIME_MASK}]\s?{_UNTIL}\s?(?P<claim>{_CLOCK})", _by_context),
    rule(Kind.TIME, rf"\bbetween [^.]{{0,40}}?{TIME_MASK} and (?P<claim>{_CLOCK})", _by_context),
    rule(Kind.TIME, rf"{_LEAD}:? (?:about |around |exactly )?(?P<claim>{_CLOCK})", _by_context),
    rule(Kind.TIME, rf"{ALONE}(?P<hour>\d{{1,2}}) (?P<minute>[0-5]\d)(?![\w:]|[.,]\d)(?! [a-z]+s\b)", _pair),
)
"""After the amounts and places: a number that is left and stands where a time stands."""
