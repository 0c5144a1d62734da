"""The likely slip behind a wrong value, and how it is put right."""

from __future__ import annotations

import re
from collections.abc import Iterable

from appliance.config import schema
from appliance.config.places import plain_scalar
from appliance.config.problems import KeyPath
from appliance.config.slips import in_quotes, missing_space
from appliance.config.suggest import closest

_SHORTEST_PART = 3
_FEW_WORDS = 2
"""An item of more words is a sentence, whose commas separate nothing."""
_NUMBER = re.compile(r"(?P<digits>[-+]?[0-9]+(?:[.,][0-9]+)?)\s*(?P<unit>[^0-9.,]*)")
_THOUSANDS = re.compile(r"[-+]?[0-9]{1,3}(?:[., ][0-9]{3})+")
_COUNTED = {"ms": ("milliseconds", 0.001), "s": ("seconds", 1.0), "days": ("days", 86_400.0)}
"""What the end of a name says that it counts, and how many seconds that is."""
_SECONDS = {
    "ms": 0.001,
    "millisecond": 0.001,
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "m": 60.0,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
    "hour": 3600.0,
    "d": 86_400.0,
    "day": 86_400.0,
    "week": 604_800.0,
    "month": 30 * 86_400.0,
    "year": 365 * 86_400.0,
}
_TRUE_OR_FALSE = {"yes": "true", "on": "true", "no": "false", "off": "false"}


def hint(path: KeyPath, described: schema.Schema, value: object) -> str:
    """Name the likely slip behind a wrong value, as the end of a sentence; empty when there is none to be seen."""
    if value is None and path and isinstance(path[-1], int):
        return "; write something after the `-`, or delete it"
    if value is None:
        return _nothing(schema.kinds(described))
    return _of_text(path, described, value) if isinstance(value, str) else _of_others(described, value)


def meant_option(written: str, options: Iterable[str]) -> str | None:
    """Return the option that was probably meant, also when only a part of it was written, or more than it."""
    options = tuple(options)
    long_enough = len(written) >= _SHORTEST_PART
    return closest(written, options) or next(
        (each for each in options if long_enough and (each in written.casefold() or written.casefold() in each)), None
    )


def name_like(written: str) -> str:
    """Return a text as a name: in lower case, with underscores, beginning with a letter; empty when nothing is left."""
    return re.sub(r"[^a-z0-9]+", "_", written.casefold()).strip("_0123456789")


def _of_text(path: KeyPath, described: schema.Schema, value: str) -> str:
    kinds = schema.kinds(described)
    if schema.is_section(described):
        meant = missing_space(value)
        return f"; write `{meant}`" if meant else ""
    options = schema.options(described)
    if options:
        return _option(path, options, value)
    if "string" in kinds:
        return f"; write {name_like(value)}" if schema.takes_names(described) and name_like(value) else ""
    return _list(value) if "array" in kinds else _number_or_switch(path, kinds, value)


def _number_or_switch(path: KeyPath, kinds: set[str], value: str) -> str:
    if not isinstance(plain_scalar(value.strip()), str):
        return "; write it without quotes"
    if "boolean" in kinds:
        meant = _TRUE_OR_FALSE.get(value.casefold())
        return f"; write {meant}" if meant else ""
    return _number(path, kinds, value) if kinds & {"integer", "number"} else ""


def _of_others(described: schema.Schema, value: object) -> str:
    if "string" not in schema.kinds(described):
        return ""
    if isinstance(value, dict):
        words = [f"{key}: {text}" for key, text in value.items()]
        suggested = (
            f": {in_quotes(words[0])}" if len(words) == 1 and isinstance(next(iter(value.values())), str) else ""
        )
        return f"; text that contains a colon and a space must be put in quotes{suggested}"
    return "; put it in quotes if it is meant as text" if isinstance(value, bool | int | float) else ""


def _option(path: KeyPath, options: Iterable[str], value: str) -> str:
    """Name the option that was meant, here or at a setting beside this one: `type: date` for `format: date`."""
    meant = meant_option(value, options)
    if meant:
        return f"; did you mean {meant}?"
    for name, part in (schema.at(path[:-1]) or {}).get("properties", {}).items():
        meant = closest(value, schema.options(schema.resolved(part)))
        if meant:
            return f"; did you mean `{name}: {meant}`?"
    return ""


def _number(path: KeyPath, kinds: set[str], value: str) -> str:
    """Say how a number is written that has a unit, a comma, or a gap between its thousands."""
    if "integer" in kinds and _THOUSANDS.fullmatch(value):
        return f"; write {re.sub('[^0-9+-]', '', value)}"
    found = _NUMBER.fullmatch(value.strip())
    if found is None:
        return ""
    number, unit = float(found["digits"].replace(",", ".")), found["unit"].strip().casefold()
    if not unit:
        return f"; write {number:.12g}"
    if unit == "%":
        return f"; write {number / 100:.12g}"
    words, counted_s = _COUNTED.get(str(path[-1]).rpartition("_")[2], ("", 0.0))
    seconds = _SECONDS.get(unit) or _SECONDS.get(unit.removesuffix("s"))
    if words and seconds:
        return f"; write {number * seconds / counted_s:.12g}, which counts {words}"
    return f"; write {number:.12g}, without a unit"


def _list(value: str) -> str:
    if value.startswith("-"):
        return "; write a space after each `-`"
    items = [item.split() for item in value.split(",")]
    return f"; write [{value}]" if all(0 < len(item) <= _FEW_WORDS for item in items) else ""


def _nothing(kinds: set[str]) -> str:
    empty = {"array": "[]", "object": "{}", "string": '""'}
    written = next((mark for kind, mark in empty.items() if kind in kinds), None)
    leave_out = "put `# ` before the line to keep the default"
    return f"; write {written} for none, or {leave_out}" if written else f"; {leave_out}"
