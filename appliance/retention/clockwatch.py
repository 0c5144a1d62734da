"""Tells whether the clock can be believed, because a purge that believes a wrong one deletes everything.

A machine whose battery is empty starts in 1970 or in 2099. A machine that was in a cupboard for two months is right.
Both look the same at first; so the purge waits for three days, in which the log says so, and then goes on by itself.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from appliance.retention.classes import TABLES
from appliance.storage.db import Connection
from appliance.storage.records import put_setting, setting

DAY_S = 86_400.0
PATIENCE_DAYS = 3.0
"""A wrong clock is set right by the network within minutes, or by whoever reads the log within days."""
FUTURE_DAYS = 1.0
"""A record may come from the future by so much without a doubt: zones, and clocks that are set by hand."""
SETTING = "retention_clock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is remembered of the clock. Times are seconds since 1970, None for what has not happened."""

    trusted_at: float | None = None
    """The clock when it was believed last."""
    doubt_since: float | None = None
    doubt_seen: float | None = None
    """The clock when the doubt began, and when it was looked at last."""


def judge(seen: Seen, newest: float | None, now: float, gap_days: float) -> tuple[Seen, str]:
    """Return what to remember, and why the clock may be wrong: empty when it is believed.

    `newest` is the time of the newest record, None when there is none.
    """
    known = [at for at in (seen.trusted_at, newest) if at is not None]
    doubt = _doubt(max(known), now, gap_days) if known else ""
    if not doubt:
        return Seen(trusted_at=now), ""
    steady = seen.doubt_seen is not None and 0 <= now - seen.doubt_seen <= gap_days * DAY_S
    since = seen.doubt_since if steady and seen.doubt_since is not None else now
    if now - since >= PATIENCE_DAYS * DAY_S:
        return Seen(trusted_at=now), ""
    return Seen(trusted_at=seen.trusted_at, doubt_since=since, doubt_seen=now), doubt


def _doubt(known: float, now: float, gap_days: float) -> str:
    if now - known > gap_days * DAY_S:
        return f"the clock says {_day(now)}, but the newest trace of this appliance is of {_day(known)}"
    if known - now > FUTURE_DAYS * DAY_S:
        return f"the clock says {_day(now)}, but there are traces of {_day(known)}, which has not come yet"
    return ""


def look(gap_days: float, now: float, *, force: bool, connection: Connection) -> str:
    """Judge the clock and remember it; return why it may be wrong. With `force` it is believed from now on."""
    seen, doubt = judge(_remembered(connection), _newest_record(connection), now, gap_days)
    if force:
        seen, doubt = Seen(trusted_at=now), ""
    put_setting(connection, SETTING, asdict(seen))
    return doubt


def peek(gap_days: float, now: float, connection: Connection) -> str:
    """Judge the clock without remembering anything; return why it may be wrong."""
    return judge(_remembered(connection), _newest_record(connection), now, gap_days)[1]


def _remembered(connection: Connection) -> Seen:
    """Return what is remembered of the clock."""
    return Seen(**(setting(connection, SETTING) or {}))


def _newest_record(connection: Connection) -> float | None:
    """Return the time of the newest record of any class."""
    newest = [
        connection.execute(f"SELECT max({table.at}) FROM {table.name}").fetchone()[0]  # noqa: S608 - our own names
        for table in TABLES
    ]
    return max((at for at in newest if at is not None), default=None)


def redate(now: float, connection: Connection) -> int:
    """Give records from the future the present time, so that they grow old at last; return how many.

    They were written while the clock was wrong. Only for a clock that is believed.
    """
    limit = now + FUTURE_DAYS * DAY_S
    return sum(
        connection.execute(
            f"UPDATE {table.name} SET {table.at} = ? WHERE {table.at} > ?",  # noqa: S608 - our own names
            (now, limit),
        ).rowcount
        for table in TABLES
    )


def _day(at: float) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).date().isoformat()
    except (OverflowError, ValueError, OSError):
        return f"{at:.0f} s after 1970"
