"""Times of day and ranges of them, on both clocks."""

from __future__ import annotations

import re
from collections.abc import Callable

from appliance.understanding.clock_times import NOON, Hours, Said, written
from appliance.understanding.correction import replaces, standing
from appliance.understanding.found import Found, mask
from appliance.understanding.numerals import TEENS, TENS_WORDS, UNITS, alternatives, cardinal
from appliance.understanding.rules import NOTHING, Reading, Rule, apply
from appliance.understanding.words import plain, stands_alone

_HOUR_WORD = r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_LATE_HOUR_WORD = r"(?:thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty(?:[\s-](?:one|two|three))?)"
_WRITTEN_HOUR = r"(?<![\w:./+$\u20ac\u00a3-])(?:[01]?\d|2[0-4])"
_HOUR = rf"(?P<hour>\b{_HOUR_WORD}\b|{_WRITTEN_HOUR}(?!\d|[.,:/]\d))"
_ANY_HOUR = rf"(?P<hour>\b(?:{_LATE_HOUR_WORD}|{_HOUR_WORD})\b|\b(?:oh|o|zero)[\s-](?:{alternatives(UNITS)})\b)"
_MINUTE_WORD = (
    rf"(?P<minute>\b(?:(?:oh|o|zero)[\s-](?:{alternatives(UNITS)})|{alternatives(TEENS)}|{TENS_WORDS})\b|[0-5]\d\b(?!:))"
)
_HALF_DAY = r"(?P<half>[ap])(?:\.\s?m\b\.?|\s?m\b(?!\s+(?:i|we|not)\b))"
_PART = (
    r"(?:in the |this |tomorrow |that |early in the |late in the |on \w+ |at |\w+day )?"
    r"(?P<part>morning|afternoon|evening|night|tonight)\b"
)
_O_CLOCK = r"(?P<oclock>o'?\s?clock|a clock|oclock)\b"
_TAIL = rf"(?:\s*{_O_CLOCK})?(?:[\s,]*{_HALF_DAY}|[\s,]+{_PART})?"
_LEAD = r"(?P<lead>\b(?:at|by|around|about|until|till|before|after|from)\s+(?:(?:about|around|roughly|exactly|maybe|say|like)\s+)?)"
_PART_BEFORE = re.compile(
    r"(?<!good )\b(?P<part>morning|afternoon|evening|night|tonight)(?:[\s,]+(?:at|around|about|by|maybe|say|like|exactly))*[\s,]*$"
)
_LIMIT = re.compile(r"\b(?:before|after|until|till|by|since)\s+(?:about\s+)?$")
_CLEAR_BEFORE = re.compile(
    r"(?:^|[,.!?;:]|\b(?:at|day|tomorrow|today|tonight|\d(?:st|nd|rd|th)|morning|afternoon|evening|make (?:that|it)|for|is|it's"
    r"|say|about|around|no|mean|sorry|actually|yes|okay))\s*$"
)
_NIGHT_MINUTES = 5
"""Minutes said without "at" or "o'clock" are believed where a clock would show them: whole fives."""
_Match = re.Match[str]


def find_times(text: str, *, day_start: str = "07:00", day_end: str = "19:00") -> list[Found]:
    """Return times of day, each as "15:30". What lies in a range of times is no time.

    Where neither a half nor a part of the day is said, the time inside the hours from `day_start` to `day_end` is
    taken; it is certain only where exactly one lies inside. Uncertain as well are "half three", "ten to four" without
    "at", and limits ("before four").

    Raises:
        ValueError: `day_start` and `day_end` are not such as "07:00" and "19:00".
    """
    return standing(text, all_times(text, Hours.of(day_start, day_end)))


def all_times(text: str, hours: Hours) -> list[Found]:
    """Return also those times that are taken back later."""
    ranges = apply(text, _RANGE_RULES, hours)
    found = apply(mask(text, ranges), _RULES, hours)
    bare = [each for each in apply(mask(mask(text, ranges), found), _REPAIR_RULES, hours) if _repairs(text, each, found)]
    return sorted((_kept(text, each) for each in [*found, *bare]), key=lambda each: each.start)


def find_time_ranges(text: str, *, day_start: str = "07:00", day_end: str = "19:00") -> list[Found]:
    """Return ranges such as "between two and four", "from 9 to 5" and "10 to 2 p.m.", each as "14:00/16:00".

    Raises:
        ValueError: `day_start` and `day_end` are not such as "07:00" and "19:00".
    """
    return standing(text, apply(text, _RANGE_RULES, Hours.of(day_start, day_end)))


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


def _value(said: str) -> int:
    return int(said) if said.isdecimal() else cardinal(re.sub(r"\b(?:oh|o|zero)[\s-]", "", said))


def _exact(said: str) -> bool:
    return re.match(r"0\d|00|oh\b|o\b|zero\b", said) is not None or _value(said) > NOON // 60


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
    return re.search(rf"{_LEAD}$", match.string[: match.start()]) is not None and stands_alone(match.string, match.end())


def _alone(match: _Match) -> bool:
    return not re.search(r"\w", match.string[: match.start()] + match.string[match.end() :])


def _minutes_and_hour(match: _Match, hours: Hours) -> Reading | None:
    """Read "half past three", "quarter to nine", "twenty-five past 3", "ten to four"."""
    said, hour = match["minutes"], _value(match["hour"])
    minutes = {"half": 30, "quarter": 15}.get(said) or _value(said)
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
    hour, minute = match["hour"], _value(match["minute"])
    if _marked(match):
        return _reading(match, hours, Said(hour=_value(hour), minute=minute, exact=_exact(hour)))
    led = _led(match)
    if not stands_alone(match.string, match.end()) or minute % _NIGHT_MINUTES or minute > 59:  # noqa: PLR2004
        return None
    if not led and (_exact(hour) or hour.isdecimal() or not _CLEAR_BEFORE.search(match.string[: match.start()])):
        return None
    certain = led or not re.search(r"five\W+fifty", match[0])
    return _reading(match, hours, Said(hour=_value(hour), minute=minute, exact=_exact(hour), certain=certain))


def _hundred(match: _Match, hours: Hours) -> Reading | None:
    """Read "fifteen hundred hours", "oh nine hundred", "at fifteen hundred"."""
    hour = match["hour"]
    if not match["hours"] and not (_led(match) or (_exact(hour) and hour[0] in "oz") or _alone(match)):
        return None
    if not match["hours"] and (not stands_alone(match.string, match.end()) or not _exact(hour)):
        return None
    return _reading(match, hours, Said(hour=_value(hour), exact=True))


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
    return _reading(match, hours, Said(hour=_value(hour), exact=_exact(hour)))


def _part_belongs(match: _Match) -> bool:
    """Tell whether the part of the day says when, not what is counted ("two afternoon tickets")."""
    linked = re.search(r"(?:in the|this|tomorrow|that|at night|tonight|day)\b", match[0][len(match["hour"]) :]) is not None
    return linked and stands_alone(match.string, match.end())


def _led_hour(match: _Match, hours: Hours) -> Reading | None:
    """Read "at three", "around four"."""
    hour, lead = match["hour"], match["lead"].split()
    if not stands_alone(match.string, match.end()) or (hour == "one" and lead[0] != "at") or lead == ["about"]:
        return None
    return _reading(match, hours, Said(hour=_value(hour), exact=_exact(hour), certain=lead[0] == "at"))


def _bare_hour(match: _Match, hours: Hours) -> Reading | None:
    return _led_hour_value(match, hours) if stands_alone(match.string, match.end()) else None


def _led_hour_value(match: _Match, hours: Hours) -> Reading | None:
    hour = match["hour"]
    minute = _value(match["minute"]) if match["minute"] else 0
    return _reading(match, hours, Said(hour=_value(hour), minute=minute, exact=_exact(hour)))


def _half_hour(match: _Match, hours: Hours) -> Reading | None:
    """Read "half three", which is half past three in Britain and half past two elsewhere."""
    if not stands_alone(match.string, match.end()):
        return None
    return _reading(match, hours, Said(hour=_value(match["hour"]), minute=30, certain=False))


def _named(match: _Match, _hours: Hours) -> Reading:
    limited = _LIMIT.search(match.string[: match.start()]) is not None
    return Reading("00:00" if match["name"] == "midnight" else "12:00", not limited)


def _range(match: _Match, hours: Hours) -> Reading | None:
    """Read the end first: it tells more often which half of the day is meant, and the beginning lies before it."""
    marked = match["half"] or match["part"] or match["minute2"] or match["minute"] or match["oclock"]
    if not marked and not stands_alone(match.string, match.end()):
        return None
    if not marked and not match["lead"]:
        return None
    first = Said(hour=_value(match["hour"]), minute=_minutes(match["minute"]), half=match["first_half"] or "")
    last = Said(hour=_value(match["hour2"]), minute=_minutes(match["minute2"]), half=match["half"] or match["part"] or "")
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
    return _value(said.lstrip(":. ")) if said else 0


def _readings(said: Said, hours: Hours) -> list[int]:
    if said.half or said.hour > NOON // 60:
        resolved = hours.resolve(said)
        return [resolved[0]] if resolved else []
    minutes = (said.hour * 60 + said.minute) % NOON
    return [minutes, minutes + NOON]


def _rule(pattern: str, read: Callable[[_Match, Hours], Reading | None]) -> Rule[Hours]:
    return re.compile(pattern), read


_END_HOUR = rf"(?P<hour2>{_HOUR_WORD}\b|(?:[01]?\d|2[0-4])(?!\d))"
_RANGE_MINUTE = r"(?:[:.][0-5]\d\b|\s(?:fifteen|thirty|forty[\s-]five)\b)"
_FIRST = (
    rf"(?P<hour>\b{_HOUR_WORD}\b|{_WRITTEN_HOUR}(?!\d))(?P<minute>{_RANGE_MINUTE})?(?:\s*o'?clock)?"
    r"(?:\s*(?P<first_half>[ap])\.?\s?m\b\.?)?"
)
_LAST = rf"{_END_HOUR}(?P<minute2>{_RANGE_MINUTE})?{_TAIL}"
_RANGE_RULES: tuple[Rule[Hours], ...] = (
    _rule(rf"(?P<lead>\bbetween\s+){_FIRST}\s+and\s+{_LAST}", _range),
    _rule(rf"(?P<lead>\bfrom\s+)?{_FIRST}(?:\s+(?:to|until|till|through)\s+|\s?-\s?){_LAST}", _range),
)
_RULES: tuple[Rule[Hours], ...] = (
    _rule(
        rf"(?:\ba\s+)?(?P<minutes>half|quarter|\b(?:{alternatives(TEENS)}|{TENS_WORDS}|five)\b|(?<![\w:./+-])[1-5]?\d)"
        rf"(?:\s+(?P<unit>minutes?|mins?))?\s+(?P<way>past|after|to|till|'til|of|before)\s+{_HOUR}{_TAIL}",
        _minutes_and_hour,
    ),
    _rule(
        r"(?<![\w:./+$\u20ac\u00a3-])(?P<hour>[01]?\d|2[0-4])(?P<sign>[:.])(?P<minute>[0-5]\d)(?!\d|[:.]\d|%)"
        rf"(?P<hours>\s*(?:hours|hrs)\b)?{_TAIL}",
        _on_the_clock,
    ),
    _rule(rf"{_ANY_HOUR}[\s-]+{_MINUTE_WORD}(?P<hours>\s+hours\b)?{_TAIL}", _hour_and_minutes),
    _rule(rf"{_HOUR}\s+(?P<minute>[0-5]\d)(?!\d|[:.]\d){_TAIL}", _hour_and_minutes),
    _rule(rf"{_ANY_HOUR}\s+hundred\b(?P<hours>\s+hours\b)?(?P<minute>){_TAIL}", _hundred),
    _rule(
        rf"(?<![\w:./+$\u20ac\u00a3-])(?P<hour>[01]?\d|2[0-3])(?P<minute>[0-5]\d)(?P<hours>\s*hours\b)?(?![\d:/]|[.,]\d){_TAIL}",
        _four_digits,
    ),
    _rule(r"\b(?:(?:12|twelve)\s+)?(?P<name>noon|midday|mid-day|midnight)\b", _named),
    _rule(rf"{_HOUR}{_TAIL}", _full_hour),
    _rule(rf"\bhalf\s+{_HOUR}{_TAIL}", _half_hour),
    _rule(rf"{_LEAD}(?P<it>{_HOUR})", _led_hour),
)
_REPAIR_RULES: tuple[Rule[Hours], ...] = (_rule(rf"{_HOUR}(?:\s+{_MINUTE_WORD})?", _bare_hour),)
