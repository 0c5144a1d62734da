"""Prices, percentages, durations and plain numbers."""

from __future__ import annotations

import re
from fractions import Fraction

from appliance.knowledge.claims.mention import ALONE, AMOUNT_MASKS, NUMBER, Found, Kind, found, number, rule
from appliance.knowledge.claims.words import DISCOURSE, counts_something, next_word

_CURRENCIES = {"$": "$", "d": "$", "b": "$", "c": "$", "u": "$", "€": "€", "e": "€", "£": "£", "p": "£", "g": "£"}
"""By the first character of sign, word or code."""
_PENCE = "p"
_CENTURY, _LONGEST_COUNT_OF_TALK = 100, 10
_UNITS: dict[str, tuple[str, Fraction]] = {
    "sec": ("minutes", Fraction(1, 60)),
    "min": ("minutes", Fraction(1)),
    "hou": ("minutes", Fraction(60)),
    "hr": ("minutes", Fraction(60)),
    "day": ("minutes", Fraction(60 * 24)),
    "nig": ("minutes", Fraction(60 * 24)),
    "wee": ("minutes", Fraction(60 * 24 * 7)),
    "mon": ("months", Fraction(1)),
    "yea": ("months", Fraction(12)),
}
_UNIT = r"(?P<unit>seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|months?|years?)\b"
_QUALIFIED = r"(?:(?:more|full|whole|business|working|consecutive|extra|free|short|calendar)[ -])?"
_PARTS = {"half": Fraction(1, 2), "quarter": Fraction(1, 4), "3 quarters": Fraction(3, 4)}
_OF_TALK = frozenset({"sec", "min"})


def _price(match: re.Match[str], _: str) -> list[Found]:
    cents = match.groupdict().get("cents")
    value = number(match["value"]) + Fraction(int(cents or 0), _CENTURY)
    return [
        Found(readings=frozenset({("price", value, _CURRENCIES[match["unit"][0].lower()])}), value=value, unit=True)
    ]


def _cents(match: re.Match[str], _: str) -> list[Found]:
    value = number(match["value"]) / _CENTURY
    currencies = "£" if match["unit"].lower().startswith(_PENCE) else "$€"
    readings = frozenset(("price", value, currency) for currency in currencies)
    return [Found(readings=readings, value=value, unit=True)]


def _percent(match: re.Match[str], _: str) -> list[Found]:
    value = number(match["value"])
    return [Found(readings=frozenset({("percent", value)}), value=value, unit=True)]


def _duration(match: re.Match[str], _: str) -> list[Found]:
    value = number(match["value"]) + (Fraction(1, 2) if match["and_half"] or match["half_behind"] else 0)
    of_talk = _measure(match["unit"])[2] in _OF_TALK and (value == 1 or match["unit"].lower().startswith("sec"))
    return [_lasting(value, match["unit"], asserted=not of_talk, value=value)]


def _part_of_unit(match: re.Match[str], _: str) -> list[Found]:
    return [_lasting(_PARTS[match["part"].lower()], match["unit"])]


def _one_and_half(match: re.Match[str], _: str) -> list[Found]:
    return [_lasting(Fraction(3, 2), match["unit"])]


def _one_unit(match: re.Match[str], _: str) -> list[Found]:
    return [_lasting(Fraction(1), match["unit"], asserted=False)]


def _measure(unit: str) -> tuple[str, Fraction, str]:
    key = "hr" if unit.lower().startswith("hr") else unit.lower()[:3]
    return *_UNITS[key], key


def _lasting(amount: Fraction, unit: str, *, asserted: bool = True, value: Fraction | None = None) -> Found:
    measure, size, _ = _measure(unit)
    readings = frozenset({("duration", measure, amount * size)})
    return Found(readings=readings, value=value, asserted=asserted, unit=True)


def _with_unit_behind(match: re.Match[str], _: str) -> list[Found]:
    value = number(match["value"])
    return found(("num", value), ("any", value), value=value)


def _year(match: re.Match[str], _: str) -> list[Found]:
    value = Fraction(int(match["century"]) * _CENTURY + int(match["year"]))
    return found(("num", value), ("any", value), value=value)


def _ordinal(match: re.Match[str], sentence: str) -> list[Found]:
    value, first = Fraction(int(match["value"])), match.start() == 0 and sentence[match.end() :].startswith(",")
    asserted = value > 2 and not first and next_word(sentence[match.end() :]) not in DISCOURSE  # noqa: PLR2004
    return [Found(readings=frozenset({("num", value), ("any", value)}), value=value, asserted=asserted)]


def _cardinal(match: re.Match[str], sentence: str) -> list[Found]:
    value, rest = number(match["value"]), sentence[match.end() :]
    of_talk = value <= _LONGEST_COUNT_OF_TALK and (next_word(rest) in DISCOURSE or rest.startswith(" of "))
    enumerates = match.start() == 0 and rest[:2] in {". ", ") "}
    readings = {("num", value)}
    if not counts_something(rest):
        readings |= {("loose", value), ("any", value)}
    asserted = value != 1 and not of_talk and not enumerates
    return [Found(readings=frozenset(readings), value=value, asserted=asserted)]


_AMOUNT = rf"{ALONE}(?P<value>{NUMBER})"

RULES = (
    rule(
        Kind.PRICE,
        rf"(?:CA|US|C|A)?(?P<unit>[$€£]|\b(?:CAD|USD|EUR|GBP)\b)\s?(?P<value>{NUMBER})",
        _price,
    ),
    rule(
        Kind.PRICE,
        rf"{_AMOUNT}[\s-]?(?P<unit>[$€£]|(?:(?:canadian |us )?(?:dollars?|bucks?)|euros?|pounds?|CAD|USD|EUR|GBP)\b)"
        r"(?:(?: and)? (?P<cents>\d{1,2})(?: cents?\b| pence\b|(?= an? | per | each|[.,;!?]|$)))?",
        _price,
    ),
    rule(Kind.PRICE, rf"{_AMOUNT}[\s-]?(?P<unit>cents?\b|¢|pence\b)", _cents),
    rule(Kind.NUMBER, rf"{_AMOUNT}\s?(?:%|percent\b|per cent\b)", _percent),
    rule(
        Kind.NUMBER,
        rf"{_AMOUNT}(?P<and_half> and a half)?[ -]{_QUALIFIED}{_UNIT}(?! (?:floors?)\b)(?P<half_behind> and a half\b)?",
        _duration,
    ),
    rule(Kind.NUMBER, rf"\b(?P<part>half|quarter|3 quarters)[ -](?:of )?(?:an? )?{_UNIT}", _part_of_unit),
    rule(Kind.NUMBER, rf"\ban? {_UNIT} and a half\b", _one_and_half),
    rule(Kind.NUMBER, rf"\b(?:an?|per|each|every) {_UNIT}", _one_unit),
    rule(Kind.NUMBER, rf"{_AMOUNT}(?=(?: to | or | and |\s?[-\u2013]\s?)[{AMOUNT_MASKS}])", _with_unit_behind),
    rule(Kind.NUMBER, r"(?<![\w$€£.,:])(?P<century>19|20) (?P<year>[1-9]\d)(?![\w:]|[.,]\d)", _year),
)
"""After contacts, dates and exact times."""

PLAIN_RULES = (
    rule(Kind.NUMBER, r"(?<![\w.,])(?P<value>\d+)(?:st|nd|rd|th)\b", _ordinal),
    rule(Kind.NUMBER, rf"{ALONE}(?P<value>{NUMBER})(?!\w)", _cardinal),
)
"""Last of all: whatever number is left."""
