"""Rules for settings that a type cannot express."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable
from pathlib import Path

from pydantic_core import PydanticCustomError

from appliance.config.suggest import closest

NAME = r"^[a-z][a-z0-9_]{0,39}$"
TIME_OF_DAY = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
PATTERNS = {
    NAME: "a name of lower-case letters, digits and underscores such as order_status",
    TIME_OF_DAY: "a time of day from 00:00 to 23:59 such as 03:30",
}
"""What settings take that have to fit one of these, in plain words."""


def broken_rule(message: str, *about: str) -> PydanticCustomError:
    """Return the error for a broken rule.

    `about` names the settings concerned, relative to the section of the validated field; the first of them that stands
    in the file is shown.
    """
    return PydanticCustomError("rule", "{message}", {"message": message, "about": about})


def one_of(names: Iterable[str], written: str) -> str:
    """Return the end of a message on a name that there is not: which was meant, or which there are."""
    known = list(names)
    meant = closest(written, known)
    return f"did you mean {meant}?" if meant else f"there is {', '.join(known) or 'none'}"


def regular_expression(pattern: str | None) -> str | None:
    """Return a regular expression unchanged, or raise when it is none."""
    try:
        re.compile(pattern or "")
    except re.error as error:
        message = f"pattern: {pattern!r} is no regular expression, which is written such as [A-Z][0-9]{{4}}: {error}"
        raise broken_rule(message) from error
    return pattern


def zone_that_exists(zone: str) -> str:
    """Return an IANA time zone unchanged, or raise when this machine does not know it."""
    known = zoneinfo.available_timezones()
    if zone in known:
        return zone
    meant = closest(zone, known) or _zone_of(zone, known)
    hint = f"did you mean {meant}?" if meant else "expected a name such as Europe/Berlin or America/New_York"
    if not known:
        hint = "this machine has no time zones; install the system package tzdata"
    raise broken_rule(f"site.timezone: there is no time zone {zone!r}; {hint}", "timezone")


def _zone_of(city: str, known: Iterable[str]) -> str | None:
    """Return the time zone that is called after a city."""
    ending = f"/{city.strip().casefold().replace(' ', '_')}"
    return next((zone for zone in sorted(known) if zone.casefold().endswith(ending)), None)


def without_tilde(folder: Path) -> Path:
    """Return a folder unchanged, or raise when it starts at somebody's home, which a service does not have."""
    if str(folder).startswith("~"):
        raise broken_rule(f"models.directory: write the whole path instead of {str(folder)!r}", "directory")
    return folder


def folder_or_address(mirror: str | None) -> str | None:
    """Return a mirror unchanged, or raise when it is neither a folder nor an http(s) address."""
    if mirror is None:
        return None
    scheme, separator, rest = mirror.partition("://")
    if separator and (scheme.lower() not in {"http", "https"} or not rest):
        message = f"models.mirror: expected a folder or an address that begins with https:// or http://, got {mirror!r}"
        raise broken_rule(message, "mirror")
    if mirror.startswith("~") or not mirror.strip():
        raise broken_rule(f"models.mirror: write the whole path of the folder instead of {mirror!r}", "mirror")
    return mirror
