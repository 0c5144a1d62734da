"""Quantities with units of measurement."""

from __future__ import annotations

import re

from appliance.speakable.numbers import number, signed
from appliance.speakable.passage import CLAIMED, NEXT, NUMBER, Rule, rule

_UNITS = {
    "km/h": "kilometer per hour", "kph": "kilometer per hour", "mph": "mile per hour", "m/s": "meter per second",
    "mg/dL": "milligram per deciliter", "mg/dl": "milligram per deciliter", "mg/ml": "milligram per milliliter",
    "mmol/L": "millimole per liter", "mmol/l": "millimole per liter", "mbps": "megabit per second",
    "Mbps": "megabit per second", "kbps": "kilobit per second", "Gbps": "gigabit per second",
    "mmHg": "millimeter of mercury", "bpm": "beat per minute", "km": "kilometer", "Km": "kilometer",
    "KM": "kilometer", "m": "meter", "cm": "centimeter", "mm": "millimeter", "nm": "nanometer", "mi": "mile",
    "yd": "yard", "ft": "foot", "kg": "kilogram", "Kg": "kilogram", "KG": "kilogram", "g": "gram", "mg": "milligram",
    "mcg": "microgram", "µg": "microgram", "μg": "microgram", "ug": "microgram", "lb": "pound", "lbs": "pound",
    "oz": "ounce", "l": "liter", "L": "liter", "ml": "milliliter", "mL": "milliliter", "ML": "milliliter",
    "dl": "deciliter", "dL": "deciliter", "cl": "centiliter", "cc": "cubic centimeter", "gal": "gallon",
    "IU": "international unit", "kcal": "kilocalorie", "cal": "calorie", "kW": "kilowatt", "kWh": "kilowatt hour",
    "W": "watt", "MW": "megawatt", "V": "volt", "mV": "millivolt", "mA": "milliampere", "mAh": "milliampere hour",
    "Hz": "hertz", "kHz": "kilohertz", "MHz": "megahertz", "GHz": "gigahertz", "dB": "decibel", "Pa": "pascal",
    "kPa": "kilopascal", "psi": "P.S.I", "KB": "kilobyte", "kB": "kilobyte", "MB": "megabyte", "GB": "gigabyte",
    "TB": "terabyte", "ha": "hectare", "sq ft": "square foot", "sqft": "square foot", "sq. ft.": "square foot",
    "ms": "millisecond", "s": "second", "sec": "second", "secs": "second", "min": "minute", "mins": "minute",
    "h": "hour", "hr": "hour", "hrs": "hour", "wk": "week", "wks": "week", "yr": "year", "yrs": "year", "mo": "month",
    "mos": "month", "tsp": "teaspoon", "tbsp": "tablespoon",
}  # fmt: skip
_PER = {
    "mo": "month", "hr": "hour", "h": "hour", "wk": "week", "yr": "year", "sec": "second", "s": "second",
    "min": "minute", "kg": "kilogram", "lb": "pound", "km": "kilometer", "mi": "mile", "sq ft": "square foot",
    "L": "liter", "l": "liter",
}  # fmt: skip
_UNINFLECTED = ("hertz", "P.S.I")
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=len, reverse=True))
_SIGN = rf"(?<![\w.,{CLAIMED}])(?P<sign>[-+])?"
_AMOUNT = rf"(?P<amount>{NUMBER})"
_POWERS = {"2": "square ", "3": "cubic "}


def _plural(unit: str) -> str:
    head, *rest = unit.split(" per ")
    first, of, tail = head.partition(" of ")
    if first.endswith("foot"):
        many = first.removesuffix("foot") + "feet"
    else:
        many = first if first.endswith(_UNINFLECTED) else f"{first}s"
    return " per ".join([many + of + tail, *rest])


def _gap(match: re.Match[str]) -> str:
    return NEXT if match["gap"].isspace() else " "


def _quantity(match: re.Match[str]) -> str:
    unit = _POWERS.get(match["power"] or "", "") + _UNITS[match["unit"]]
    single = match["amount"] == "1" or match["gap"] == "-"
    scale = f"{match['scale']}{NEXT}" if match["scale"] else ""
    said = f"{number(match['amount'])}{_gap(match)}{scale}{unit if single else _plural(unit)}"
    return signed(match["sign"], said)


def _degrees(match: re.Match[str]) -> str:
    scale = {"C": " Celsius", "F": " Fahrenheit"}.get(match["scale"] or "", "")
    return signed(match["sign"], f"{number(match['amount'])}{_gap(match)}degree{'s' * (match['amount'] != '1')}{scale}")


def _percent(match: re.Match[str]) -> str:
    return signed(match["sign"], f"{number(match['amount'])}{_gap(match)}percent")


def _height(match: re.Match[str]) -> str:
    return f"{number(match['feet'])} foot {number(match['inches'])}"


def _inches(match: re.Match[str]) -> str | None:
    if match.string.count('"', 0, match.start()) % 2:
        return None  # the quotation mark closes a quotation
    return f"{number(match['amount'])} inch{'es' * (match['amount'] != '1')}"


UNIT_RULES: tuple[Rule, ...] = (
    rule(rf"{_SIGN}{_AMOUNT}(?P<gap>\s?)%", _percent),
    rule(rf"{_SIGN}{_AMOUNT}(?P<gap>\s?)°\s?(?:(?P<scale>[CF])(?!\w))?", _degrees),
    rule(r"(?<![\w.,])(?P<feet>\d)'\s?(?P<inches>1?\d)(?:\"|'')", _height),
    rule(
        rf"{_SIGN}{_AMOUNT}(?P<gap>[\s-]?)(?P<scale>(?:million|billion)(?=\s))?\s?(?P<unit>{_UNIT})"
        rf"(?P<power>[23])?(?!\w|'\w)",
        _quantity,
    ),
    rule(rf"(?<![\w.,\"]){_AMOUNT}\"(?!\w)", _inches),
    rule(
        rf"(?<={CLAIMED})\s?/\s?(?P<unit>{'|'.join(_PER)}|[a-z]{{3,}})(?!\w)",
        lambda m: f"per {_PER.get(m['unit'], m['unit'])}",
    ),
    rule(
        rf"(?<!\w){_AMOUNT}\s?/\s?(?P<unit>{'|'.join(_PER)}|day|week|month|year|night|person)(?!\w)",
        lambda m: f"{number(m['amount'])} per {_PER.get(m['unit'], m['unit'])}",
    ),
)
