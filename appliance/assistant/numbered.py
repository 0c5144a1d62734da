"""Codes, telephone numbers and counts for a parameter, as they were said or as the recogniser wrote them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from appliance.config.tools import Parameter, ParameterType
from appliance.understanding import (
    Found,
    before_a_code,
    before_a_phone,
    find_codes,
    find_dates,
    find_misheard,
    find_numbers,
    find_phones,
    find_times,
    find_years,
)

ANY_CODE = r"[A-Z0-9-]{3,}"
NORTH_AMERICA = "1"
"""The calling code of the countries whose numbers have a known count of digits."""
_FULL_NUMBER = re.compile(r"\+1\d{10}")
_FIRST_YEAR = 1000
"""A parameter that is never less asks for a year."""
_BARE_HOUR = re.compile(r"(?:(?:at|around|about|by|maybe|like|exactly)\s+)*\w+", re.IGNORECASE)
_UNIT = re.compile(
    r"[\s-]+(?P<unit>second|minute|hour|day|night|week|month|year|dollar|euro|pound|cent|percent)s?\b|\s?(?P<sign>[%\u20ac])",
    re.IGNORECASE,
)
_SIGN_BEFORE = re.compile(r"[$\u20ac\u00a3]\s?$")


def codes(text: str, name: str, parameter: Parameter, today: date, *, asked: bool) -> list[Found]:
    """Return codes; with a pattern also those that need words that sound like digits: "order for 271"."""
    pattern, phones_said = parameter.pattern or ANY_CODE, find_phones(text)
    found = find_codes(text, pattern, exclude=phones_said)
    if not found and parameter.pattern is not None:
        before = before_a_code(name.split("_"), asked=asked)
        others = [*phones_said, *find_dates(text, today), *find_times(text)]
        found = find_misheard(text, lambda said: find_codes(said, pattern), before, exclude=others)
    return found or _spoken_out(text)


def phones(text: str, country: str | None, *, asked: bool) -> list[Found]:
    """Return telephone numbers; a full one also where one of its digits was taken for a word: "902 for 482142"."""
    found = find_phones(text, country=country)
    if found or country != NORTH_AMERICA:
        return found
    return find_misheard(text, _full_numbers, before_a_phone(asked=asked))


def counted(text: str, name: str, parameter: Parameter, today: date, *, asked: bool) -> list[Found]:
    """Return numbers of what the parameter counts: no part of a date or a time, no span of time, no amount of money."""
    found = find_numbers(text, exclude=[*find_phones(text), *find_dates(text, today), *_times(text, asked=asked)])
    if not asked:
        about = f"{name} {parameter.description} {parameter.ask}".lower()
        found = [each for each in found if not _measures_something_else(text, each, about)]
    if not found and parameter.minimum is not None and parameter.minimum >= _FIRST_YEAR:
        found = find_years(text)
    whole = parameter.type is ParameterType.INTEGER
    return [each for each in found if not whole or float(each.value).is_integer()]


def _full_numbers(text: str) -> list[Found]:
    return [each for each in find_phones(text) if each.certain and _FULL_NUMBER.fullmatch(str(each.value))]


def _spoken_out(text: str) -> list[Found]:
    """Return whole numbers as digits: "three thousand three hundred and six"."""
    numbers = [each for each in find_numbers(text, exclude=find_phones(text)) if float(each.value).is_integer()]
    return [replace(each, value=str(int(each.value)), certain=False) for each in numbers]


def _times(text: str, *, asked: bool) -> list[Found]:
    """Return times of day; "around four" answers a question for a number."""
    return [each for each in find_times(text) if not (asked and _BARE_HOUR.fullmatch(each.words))]


def _measures_something_else(text: str, found: Found, about: str) -> bool:
    """Tell whether a number has a unit that the parameter is not `about`: "three hours", "$20"."""
    unit = _UNIT.match(text, found.end)
    if unit is None:
        return _SIGN_BEFORE.search(text[: found.start]) is not None
    return unit["unit"] is None or unit["unit"].lower() not in about
