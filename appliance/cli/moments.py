"""Days and moments as people write them."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from appliance.errors import UsageError


def beginning(text: str | None, zone: ZoneInfo) -> float | None:
    """Return a moment, or the beginning of a day, as seconds since 1970. Raises UsageError."""
    return _moment(text, time.min, zone)


def ending(text: str | None, zone: ZoneInfo) -> float | None:
    """Return a moment, or the end of a day, as seconds since 1970. Raises UsageError."""
    return _moment(text, time.max, zone)


def _moment(text: str | None, rest_of_day: time, zone: ZoneInfo) -> float | None:
    if text is None:
        return None
    try:
        if len(text) == len("2026-03-01"):
            return datetime.combine(date.fromisoformat(text), rest_of_day, tzinfo=zone).timestamp()
        parsed = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{text!r} is no day", remedy="Write 2026-03-01 or 2026-03-01T14:30.") from None
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).timestamp()
