"""Results cut to a size that can be spoken, stored and put into a prompt, as plain JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any

from appliance.tools.action import JSON

DEPTH = 6
"""Levels of lists and groups; what is deeper becomes null."""
LENGTH = 2000
"""Characters of a text."""
ITEMS = 50
"""Of a list, and fields of a group."""
_LARGEST = 2**63 - 1


def bounded(data: Mapping[str, Any]) -> dict[str, JSON]:
    """Return the fields of a result within the bounds; what JSON cannot say becomes a text or null."""
    return {key[:LENGTH]: _bounded(data[key], 1) for key in islice(_texts(data), ITEMS)}


def _texts(data: Mapping[Any, Any]) -> list[str]:
    return [key for key in data if isinstance(key, str)]


def _bounded(value: Any, depth: int) -> JSON:  # noqa: ANN401 - whatever a tool has returned
    if isinstance(value, Mapping):
        if depth >= DEPTH:
            return None
        return {key[:LENGTH]: _bounded(value[key], depth + 1) for key in islice(_texts(value), ITEMS)}
    if isinstance(value, list | tuple | set | frozenset):
        return [_bounded(item, depth + 1) for item in islice(value, ITEMS)] if depth < DEPTH else None
    return _scalar(value)


def _scalar(value: Any) -> JSON:  # noqa: ANN401
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) <= _LARGEST else None
    if isinstance(value, float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else None
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, bytes | bytearray | memoryview):
        return None
    return str(value)[:LENGTH].encode("utf-8", "replace").decode("utf-8")
