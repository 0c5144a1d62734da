"""The time zone: the one of the configuration against the one of the machine."""

from __future__ import annotations

import importlib.metadata
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo, ZoneInfoNotFoundError

from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding

NAME = "timezone"
SUMMER, WINTER = 182, 1
"""Days of the year on which two zones that differ usually do."""


async def check(context: Context) -> list[Finding]:
    """Compare the offsets in winter and in summer, because the same zone has many names."""
    configured = context.config.site.timezone
    try:
        zone = ZoneInfo(configured)
    except (ZoneInfoNotFoundError, ValueError):
        return [Finding.fail(NAME, f"There are no rules for the time zone {configured}.", "Install tzdata.")]
    system = _system(context)
    try:
        same = system is None or _offsets(zone, context) == _offsets(ZoneInfo(system), context)
    except (ZoneInfoNotFoundError, ValueError, IsADirectoryError):
        remedy = "timedatectl set-timezone with a zone of `timedatectl list-timezones`."
        return [Finding.warn(NAME, f"The machine's time zone {system} is unknown.", remedy)]
    rules = f"rules from {_rules()}"
    if not same:
        what = (
            f"site.timezone is {configured}, and the machine is in {system}: its log tells other times than the voice."
        )
        return [Finding.warn(NAME, what, f"timedatectl set-timezone {configured}, or correct site.timezone.")]
    return [Finding.ok(NAME, f"{configured}, as the machine has it ({rules}).")]


def _system(context: Context) -> str | None:
    """Return the name of the machine's zone, UTC where nothing is set; None where only its rules are known."""
    link = context.root / "etc/localtime"
    if link.is_symlink():
        _, marker, name = str(link.readlink()).partition("zoneinfo/")
        return name if marker else None
    if link.exists():
        return context.read("etc/timezone") or None
    return "UTC"


def _offsets(zone: ZoneInfo, context: Context) -> tuple[object, ...]:
    year = context.clock.local_time("UTC").year
    days = (datetime.strptime(f"{year} {day}", "%Y %j").replace(tzinfo=UTC) for day in (WINTER, SUMMER))
    return tuple(day.astimezone(zone).utcoffset() for day in days)


def _rules() -> str:
    if any(Path(place).is_dir() for place in TZPATH):
        return "the machine"
    return f"tzdata {importlib.metadata.version('tzdata')}"
