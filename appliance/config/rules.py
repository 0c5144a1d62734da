"""Rules for settings that a type cannot express."""

from __future__ import annotations

import zoneinfo
from pathlib import Path

from pydantic_core import PydanticCustomError

from appliance.config.suggest import closest


def broken_rule(message: str, *about: str) -> PydanticCustomError:
    """Return the error for a broken rule.

    `about` names the settings concerned, relative to the section of the validated field; the first of them that stands
    in the file is shown.
    """
    return PydanticCustomError("rule", "{message}", {"message": message, "about": about})


def zone_that_exists(zone: str) -> str:
    """Return an IANA time zone unchanged, or raise when this machine does not know it."""
    known = zoneinfo.available_timezones()
    if zone in known:
        return zone
    meant = closest(zone, known)
    hint = f"did you mean {meant}?" if meant else "expected a name such as Europe/Berlin or America/New_York"
    if not known:
        hint = "this machine has no time zones; install the system package tzdata"
    raise broken_rule(f"site.timezone: there is no time zone {zone!r}; {hint}", "timezone")


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
