"""Times of day, on both clocks."""

from __future__ import annotations

import re
from collections.abc import Callable

from appliance.understanding.clock_times import NOON, Hours, Said, written
from appliance.understanding.clock_words import ANY_HOUR, HOUR, MINUTE_WORD, TAIL, clock_number
from appliance.understanding.correction import replaces, standing
from appliance.understanding.found import HIDDEN, Found, mask
from appliance.understanding.numerals import TEENS, TENS_WORDS, alternatives
from appliance.understanding.rules import NOTHING, Reading, Rule, apply
from appliance.understanding.time_ranges import TIME_RANGE_RULES
from appliance.understanding.words import WEEKDAYS, plain, stands_alone, word_set

_LEAD = (
    r"(?P<lead>\b(?:at|by|around|about|until|till|before|after|from)\s+"
    r"(?:(?:about|around|roughly|exactly|maybe|say|like)\s+)?)"
)
_PART_BEFORE = re.compile(
    r"(?<!good )\b(?P<part>morning|afternoon|evening|night|tonight)(?:[\s,]+(?:at|around|about|by|maybe|say|like"
    r"|exactly))*[\s,]*$"
)
_LIMIT = re.compile(r"\b(?:before|after|until|till|by|since)\s+(?:about\s+)?$")
_CLEAR_BEFORE = re.compile(
    r"(?:^|[,.!?;:]|\b(?:at|day|tomorrow|today|tonight|\d(?:st|nd|rd|th)|morning|afternoon|evening|make (?:that|it)"
    r"|for|is|it's"
    r"|say|about|around|no|mean|sorry|actually|yes|okay))\s*$"
)
_DAY = re.compile(rf"\b(?:{'|'.join(WEEKDAYS)}|today|tomorrow|tonight)\b")
_STEP = 5
"""Minutes said without "at" or "o'clock" are believed where a clock would show them: whole fives."""
_BESIDE_AN_ANSWER = word_set(
    "um uh well no nope okay ok yes yeah actually sorry rather maybe say let's make it that it's is that's i said mean",
    "i'd better please thanks thank you then instead would be good fine around about at",
)
_Match = re.Match[str]


def find_times(text: str, *, day_start: str = "07:00", day_end: str = "19:00", answer: bool = False) -> list[Found]:
    """Return times of day, each as "15:30". What lies in a range of times is no time.

    Where neither a half nor a part of the day is said, the time inside the hours from `day_start` to `day_end` is
    taken; it is certain only where exactly one lies inside. Uncertain as well are "half three", "ten to four" without
    "at", and limits ("before four").

    Args:
        text: What was said.
        day_start: When the day of the site begins, such as "07:00".
        day_end: When it ends.
        answer: Whether it answers or corrects a question for the time: "ten" alone is one then.

    Raises:
        ValueError: `day_start` and `day_end` are not such as "07:00" and "19:00".
    """
    hours = Hours.of(day_start, day_end)
    found = all_times(text, hours)
    return standing(without_days(text), found or (_hour_alone(text, hours) if answer else []))


def _hour_alone(text: str, hours: Hours) -> list[Found]:
    """Return the hour that is all that an answer says."""
    found = [_kept(text, each) for each in apply(text, _REPAIR_RULES, hours)]
    rest = set(re.findall(r"[\w']+", plain(mask(text, found)).replace(HIDDEN, " ")))
    return found if len(found) == 1 and rest <= _BESIDE_AN_ANSWER else []


def without_days(text: str) -> str:
    """Return the text with the names of days blanked: "at three, no, Saturday at four" corrects the time as well."""
    return _DAY.sub(lambda match: " " * len(match[0]), plain(text))


def all_times(text: str, hours: Hours) -> list[Found]:
    """Return also those times that are taken back later."""
    ranges = apply(text, TIME_RANGE_RULES, hours)
    found = apply(mask(text, ranges), _RULES, hours)
    hours_said = apply(mask(mask(text, ranges), found), _REPAIR_RULES, hours)
    bare = [each for each in hours_said if _repairs(without_days(text), each, found)]
    return sorted((_kept(text, each) for each in [*found, *bare]), key=lambda each: each.start)


def _kept(text: str, found: Found) -> Found:
    return Found(
        value=found.value, start=found.start, end=found.end, words=text[found.start : found.end], certain=found.certain
    )


def _repairs(text: str, bare: Found, found: list[Found]) -> bool:
    """Tell whether a bare hour corrects the time before it: "at three, no, four"."""
    before = [each for each in found if each.end <= bare.start]
    return bool(before) and replaces(text, before[-1].end, bare.start)


def _reading(match: _Match, hours: Hours, said: Said, *, limit: bool = True) -> Reading | None:
    half = _half(match)
    said = Said(hour=said.hour, minute=said.minute, half=half, exact=said.exact and not half, certain=said.certain)
    resolved = hours.resolve(said)
    if resolved is None:
        return NOTHING
    minutes, certain = resolved
    start = match.start("it") if "it" in match.re.groupindex else match.start()
    limited = limit and _LIMIT.search(match.string[:start]) is not None
    return Reading(written(minutes), certain and not limited)


def _half(match: _Match) -> str:
    groups = match.groupdict()
    said = groups.get("half") or groups.get("part")
    if said:
        return said
    start = match.start("it") if "it" in match.re.groupindex else match.start()
    before = _PART_BEFORE.search(match.string[:start])
    return before["part"] if before else ""


def _exact(said: str) -> bool:
    return re.match(r"0\d|00|oh\b|o\b|zero\b", said) is not None or clock_number(said) > NOON // 60


def _on_the_clock(match: _Match, hours: Hours) -> Reading | None:
    """Read 15:30, 3:30 pm and, where it cannot be an amount, 3.30."""
    hour, minute = match["hour"], int(match["minute"])
    if match["sign"] == "." and not (_marked(match) or _led(match) or _alone(match)):
        return None
    return _reading(match, hours, Said(hour=int(hour), minute=minute, exact=_exact(hour)))


def _marked(match: _Match) -> bool:
    groups = match.groupdict()
    return any(groups.get(name) for name in ("half", "part", "oclock", "hours"))


def _led(match: _Match) -> bool:
    return re.search(rf"{_LEAD}$", match.string[: match.start()]) is not None and stands_alone(
        match.string, match.end()
    )


def _alone(match: _Match) -> bool:
    return not re.search(r"\w", match.string[: match.start()] + match.string[match.end() :])


def _minutes_and_hour(match: _Match, hours: Hours) -> Reading | None:
    """Read "half past three", "quarter to nine", "twenty-five past 3", "ten to four"."""
    said, hour = match["minutes"], clock_number(match["hour"])
    minutes = {"half": 30, "quarter": 15}.get(said) or clock_number(said)
    before = match["way"] in {"to", "till", "of", "before", "'til"}
    named = said in {"half", "quarter"} or match["unit"] is not None
    if before and said == "half":
        return None
    if not _marked(match) and not stands_alone(match.string, match.end()):
        return None
    if before and (match["way"] == "of" or match["way"] == "before") and not named:
        return None
    if before:
        hour, minutes = (hour - 1) % 24 or 12, 60 - minutes
    clear = named or not before or re.search(r"\b(?:at|it's)\s*$", match.string[: match.start()]) is not None
    return _reading(match, hours, Said(hour=hour, minute=minutes, exact=hour > NOON // 60, certain=clear))


def _hour_and_minutes(match: _Match, hours: Hours) -> Reading | None:
    """Read "three thirty p.m.", "at fifteen thirty", "oh nine fifteen"."""
    hour, minute = match["hour"], clock_number(match["minute"])
    if _marked(match):
        return _reading(match, hours, Said(hour=clock_number(hour), minute=minute, exact=_exact(hour)))
    led = _led(match)
    if not stands_alone(match.string, match.end()) or minute % _STEP or minute > 59:  # noqa: PLR2004
        return None
    if not led and (_exact(hour) or hour.isdecimal() or not _CLEAR_BEFORE.search(match.string[: match.start()])):
        return None
    certain = led or not re.search(r"five\W+fifty", match[0])
    return _reading(match, hours, Said(hour=clock_number(hour), minute=minute, exact=_exact(hour), certain=certain))


def _hundred(match: _Match, hours: Hours) -> Reading | None:
    """Read "fifteen hundred hours", "oh nine hundred", "at fifteen hundred"."""
    hour = match["hour"]
    if not match["hours"] and not (_led(match) or (_exact(hour) and hour[0] in "oz") or _alone(match)):
        return None
    if not match["hours"] and (not stands_alone(match.string, match.end()) or not _exact(hour)):
        return None
    return _reading(match, hours, Said(hour=clock_number(hour), exact=True))


def _four_digits(match: _Match, hours: Hours) -> Reading | None:
    """Read "at 1530", "0900 hours", "330 p.m."."""
    hour, minute = match["hour"], int(match["minute"])
    if not (_marked(match) or _led(match)):
        return None
    exact = match["hours"] is not None or _exact(hour)
    return _reading(match, hours, Said(hour=int(hour), minute=minute, exact=exact, certain=_marked(match) or exact))


def _full_hour(match: _Match, hours: Hours) -> Reading | None:
    """Read "three o'clock", "3 p.m.", "ten in the morning"."""
    hour = match["hour"]
    if not _marked(match):
        return None
    if match["part"] and not (match["oclock"] or match["half"]) and not _part_belongs(match):
        return None
    return _reading(match, hours, Said(hour=clock_number(hour), exact=_exact(hour)))


def _part_belongs(match: _Match) -> bool:
    """Tell whether the part of the day says when, not what is counted ("two afternoon tickets")."""
    linked = (
        re.search(r"(?:in the|this|tomorrow|that|at night|tonight|day)\b", match[0][len(match["hour"]) :]) is not None
    )
    return linked and stands_alone(match.string, match.end())


def _led_hour(match: _Match, hours: Hours) -> Reading | None:
    """Read "at three", "around four"."""
    hour, lead = match["hour"], match["lead"].split()
    if not stands_alone(match.string, match.end()) or (hour == "one" and lead[0] != "at") or lead == ["about"]:
        return None
    return _reading(match, hours, Said(hour=clock_number(hour), exact=_exact(hour), certain=lead[0] == "at"))


def _bare_hour(match: _Match, hours: Hours) -> Reading | None:
    return _led_hour_value(match, hours) if stands_alone(match.string, match.end()) else None


def _led_hour_value(match: _Match, hours: Hours) -> Reading | None:
    hour = match["hour"]
    minute = clock_number(match["minute"]) if match["minute"] else 0
    return _reading(match, hours, Said(hour=clock_number(hour), minute=minute, exact=_exact(hour)))


def _half_hour(match: _Match, hours: Hours) -> Reading | None:
    """Read "half three", which is half past three in Britain and half past two elsewhere."""
    if not stands_alone(match.string, match.end()):
        return None
    return _reading(match, hours, Said(hour=clock_number(match["hour"]), minute=30, certain=False))


def _named(match: _Match, _hours: Hours) -> Reading:
    limited = _LIMIT.search(match.string[: match.start()]) is not None
    return Reading("00:00" if match["name"] == "midnight" else "12:00", not limited)


def _rule(pattern: str, read: Callable[[_Match, Hours], Reading | None]) -> Rule[Hours]:
    return re.compile(pattern), read


_RULES: tuple[Rule[Hours], ...] = (
    _rule(
        rf"(?:\ba\s+)?(?P<minutes>half|quarter|\b(?:{alternatives(TEENS)}|{TENS_WORDS}|five)\b|(?<![\w:./+-])[1-5]?\d)"
        rf"(?:\s+(?P<unit>minutes?|mins?))?\s+(?P<way>past|after|to|till|'til|of|before)\s+{HOUR}{TAIL}",
        _minutes_and_hour,
    ),
    _rule(
        r"(?<![\w:./+$\u20ac\u00a3-])(?P<hour>[01]?\d|2[0-4])(?P<sign>[:.])(?P<minute>[0-5]\d)(?!\d|[:.]\d|%)"
        rf"(?P<hours>\s*(?:hours|hrs)\b)?{TAIL}",
        _on_the_clock,
    ),
    _rule(rf"{ANY_HOUR}[\s-]+{MINUTE_WORD}(?P<hours>\s+hours\b)?{TAIL}", _hour_and_minutes),
    _rule(rf"{HOUR}\s+(?P<minute>[0-5]\d)(?!\d|[:.]\d){TAIL}", _hour_and_minutes),
    _rule(rf"{ANY_HOUR}\s+hundred\b(?P<hours>\s+hours\b)?(?P<minute>){TAIL}", _hundred),
    _rule(
        r"(?<![\w:./+$\u20ac\u00a3-])(?P<hour>[01]?\d|2[0-3])(?P<minute>[0-5]\d)(?P<hours>\s*hours\b)?(?![\d:/]"
        rf"|[.,]\d){TAIL}",
        _four_digits,
    ),
    _rule(r"\b(?:(?:12|twelve)\s+)?(?P<name>noon|midday|mid-day|midnight)\b", _named),
    _rule(rf"{HOUR}{TAIL}", _full_hour),
    _rule(rf"\bhalf\s+{HOUR}{TAIL}", _half_hour),
    _rule(rf"{_LEAD}(?P<it>{HOUR})", _led_hour),
)
_REPAIR_RULES: tuple[Rule[Hours], ...] = (_rule(rf"{HOUR}(?:\s+{MINUTE_WORD})?", _bare_hour),)
