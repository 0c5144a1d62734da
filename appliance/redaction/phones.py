"""Which digits are a telephone number, and which one."""

from __future__ import annotations

import re
from functools import cache, lru_cache

import phonenumbers

SHORTEST, LONGEST = 7, 15
"""Digits of a local number, and of one that can be dialled from anywhere (ITU-T E.164: at most 15)."""
_SHORTEST_ALONE = 9
_SHAPES = {
    "US": re.compile(r"1?[2-9]\d{2}[2-9]\d{6}"),
    "CA": re.compile(r"1?[2-9]\d{2}[2-9]\d{6}"),
    "GB": re.compile(r"0[1237]\d{9}"),
}
"""Forms of numbers that may exist, numbers for drama among them, which the library's tables leave out."""
_E164 = phonenumbers.PhoneNumberFormat.E164


@lru_cache(maxsize=1024)
def dialled(chars: str, countries: tuple[str, ...]) -> str | None:
    """Return a number in E.164 if it can be one of the countries' or an international one, else None."""
    digits = chars.lstrip("+")
    if chars.startswith("+") or digits.startswith("00"):
        international = f"+{digits.removeprefix('00') if not chars.startswith('+') else digits}"
        return _valid(international, None) or _without_trunk(international)
    for country in countries:
        if not _has_trunk(digits, country):
            continue
        found = _valid(digits, country)
        if found is None and country in _SHAPES and _SHAPES[country].fullmatch(digits):
            found = _formatted(digits, country)
        if found:
            return found
    return None


def normalised(chars: str, countries: tuple[str, ...]) -> str:
    """Return a telephone number in E.164 where that is known, else its digits."""
    return dialled(chars, countries) or chars.lstrip("+")


def stands_alone(chars: str, countries: tuple[str, ...]) -> bool:
    """Tell whether digits that nothing announces are a telephone number."""
    digits = chars.lstrip("+")
    return _SHORTEST_ALONE <= len(digits) <= LONGEST and dialled(chars, countries) is not None


def _without_trunk(international: str) -> str | None:
    """Read "+41 (0)69 …", whose zero is dialled only inside the country."""
    for place in range(2, 5):
        if international[place : place + 1] == "0" and (
            found := _valid(international[:place] + international[place + 1 :], None)
        ):
            return found
    return None


def _has_trunk(digits: str, country: str) -> bool:
    """Tell whether national digits begin as they are dialled: with a zero where the country has one."""
    metadata = phonenumbers.PhoneMetadata.metadata_for_region(country)
    prefix = metadata.national_prefix if metadata else None
    return prefix != "0" or digits.startswith("0") or country == "BR"


def _valid(number: str, country: str | None) -> str | None:
    try:
        parsed = phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException:
        return None
    return str(phonenumbers.format_number(parsed, _E164)) if phonenumbers.is_valid_number(parsed) else None


def _formatted(number: str, country: str) -> str:
    return str(phonenumbers.format_number(phonenumbers.parse(number, country), _E164))


@cache
def warm_up(countries: tuple[str, ...]) -> None:
    """Read the library's tables of the countries once, so that the first turn does not have to wait for them."""
    for country in countries:
        if example := phonenumbers.example_number(country):
            dialled(str(phonenumbers.national_significant_number(example)), (country,))
            dialled(str(phonenumbers.format_number(example, _E164)), (country,))
