"""Floors, rooms, desks, bus lines: whatever is found by a number or letter."""

from __future__ import annotations

import re
from fractions import Fraction

from appliance.knowledge.claims.mention import Found, Kind, Reading, rule

_NAMED_FLOORS: dict[str, int | str] = {
    "ground": 0,
    "main": 0,
    "basement": -1,
    "top": "top",
    "lower": "lower",
    "upper": "upper",
}
_ROOMS = frozenset({"room", "suite", "office"})
_PUBLIC_TRANSPORT = frozenset({"bus", "tram", "line", "route", "train", "ferry"})
_LABELLED = (
    "rooms?|suite|offices?|doors?|counters?|desks?|windows?|gates?|buildings?|bus(?:es)?|tram|line|route|train|wards?"
    "|extension|ext\\.?|platform|unit|station|zone|row|bay|section|entrance|exit|box|locker|house|block|wing|press"
)
_ORDINAL = r"\d{1,3}(?:st|nd|rd|th)"
_POINTED_AT = "door|room|left|right|entrance|corridor|hallway|window|building|street|exit|turn|turning|stop|desk|house"


def _floors(match: re.Match[str], _: str) -> list[Found]:
    return [_floor(int(number)) for number in re.findall(r"\d+", match["numbers"])]


def _named_floor(match: re.Match[str], _: str) -> list[Found]:
    return [_floor(_NAMED_FLOORS[match["name"].lower()])]


def _floor(which: int | str) -> Found:
    return Found(readings=frozenset({("floor", which)}))


def _label(match: re.Match[str], _: str) -> list[Found]:
    noun = match["noun"].lower().rstrip(".")
    noun = "bus" if noun == "buses" else noun.removesuffix("s") if noun != "bus" else noun
    code = re.sub(r"[ -]", "", match["code"]).lower()
    readings: set[Reading] = {("label", "room" if noun in _ROOMS else noun, code)}
    if not code.isdigit():
        readings.add(("code", code))
    kind = Kind.NUMBER if noun in _PUBLIC_TRANSPORT | {"press"} else Kind.ROOM
    value = Fraction(int(code)) if code.isdigit() else None
    return [Found(readings=frozenset(readings), value=value, kind=kind)]


def _pointed_at(match: re.Match[str], _: str) -> list[Found]:
    value = int(match["number"])
    return [Found(readings=frozenset({("nth", match["noun"].lower(), value)}), value=Fraction(value))]


def _code(match: re.Match[str], _: str) -> list[Found]:
    return [Found(readings=frozenset({("code", re.sub(r"[ -]", "", match[0]).lower())}))]


RULES = (
    rule(
        Kind.FLOOR,
        rf"(?P<numbers>{_ORDINAL}(?:(?:, and |, | and | or | to )(?:the )?{_ORDINAL})*)[ -]"
        r"(?:floors?|levels?|storeys?)\b",
        _floors,
    ),
    rule(
        Kind.FLOOR,
        r"\b(?:floors?|levels?|storeys?):? (?:number )?(?P<numbers>\d{1,3}(?:(?:, | and | or | to )\d{1,3})*)"
        r"(?!\w|[.:,]\d)",
        _floors,
    ),
    rule(Kind.FLOOR, r"\b(?P<name>ground|main|top|lower|upper)[ -](?:floor|level)\b", _named_floor),
    rule(Kind.FLOOR, r"\b(?P<name>basement)\b", _named_floor),
    rule(
        Kind.ROOM,
        rf"\b(?P<noun>{_LABELLED}):? (?:(?:number|no\.?|line) )?#?"
        r"(?P<code>(?-i:[A-Z])?-?\d+(?: \d+)*(?-i:[A-Z])?|(?-i:[A-HJ-Z])(?: \d+)?)(?!['\w]|[:.]\d)"
        r"(?!\s?(?:to|until|[-\u2013]|am|pm|a\.m|p\.m)\s?\d|\s?[ap]\.?m\b)",
        _label,
    ),
    rule(Kind.ROOM, rf"\b(?P<number>\d{{1,2}})(?:st|nd|rd|th) (?P<noun>{_POINTED_AT})s?\b", _pointed_at),
    rule(
        Kind.ROOM,
        r"\b(?:[A-Z]\d[A-Z] ?\d[A-Z]\d|[A-Z]{1,3}-?\d{1,4}[A-Z]?|\d{1,4}[A-HJ-Z](?=[\s.,;!?]|$))(?!\w)",
        _code,
        case=True,
    ),
)
"""After the amounts."""
