"""Deletes what is older than its class allows, proves it, and leaves nothing readable behind."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from appliance.clock import Clock
from appliance.config.retention import DataClass, RetentionConfig
from appliance.retention import clockwatch
from appliance.retention.classes import TABLES, TRAIL, WORDS_IN_TRAIL, Table
from appliance.retention.clockwatch import DAY_S
from appliance.retention.errors import DoubtfulClockError
from appliance.retention.holds import held
from appliance.retention.removal import remove
from appliance.retention.report import Purged, PurgeReport, summarised
from appliance.storage.compaction import compact
from appliance.storage.db import Connection, Database
from appliance.storage.records import put_setting, setting

BATCH = 500
"""Rows in one transaction: 16 ms on two cores, so that nobody who speaks waits for the purge."""
ALL_S = 36_500 * DAY_S
"""So far in the future no record lies: what is older than that is everything."""
TOO_OLD = "older than retention.transcript.days"
PURGED_AT = "retention_purged_at"
"""In `settings`: when a purge was done last."""


class Trail(Protocol):
    """The audit trail, which alone knows how to shorten its chain."""

    async def prune(self, before: float) -> int:
        """Delete records that are older than `before` (seconds since 1970); return how many."""

    async def erase_details(self, *, reason: str, seqs: Sequence[int]) -> int:
        """Erase the details of records; return how many."""


Announce = Callable[[PurgeReport], Awaitable[None]]
Quiet = Callable[[], Awaitable[None]]


async def _nobody(_: PurgeReport) -> None:
    pass


async def _at_once() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What else takes part in a purge.

    `announce` is told the plan before the first row is deleted and the result after the last. `quiet` returns when
    nobody speaks, for the one step that holds up the database. Without a `trail` the audit trail is left alone.
    """

    announce: Announce = _nobody
    quiet: Quiet = _at_once
    trail: Trail | None = None


class Purger:
    """Purges the database and the folder of recordings. All methods raise StorageError."""

    def __init__(
        self, database: Database, recordings: Path, retention: RetentionConfig, clock: Clock, beside: Beside = Beside()
    ) -> None:
        self._database = database
        self._recordings = recordings
        self._retention = retention
        self._clock = clock
        self._beside = beside

    async def plan(self) -> PurgeReport:
        """Return what a purge would delete now; of the audit trail at most so much, because it ends at a checkpoint."""
        now = self._now()
        due = await self._database.read(partial(_due, self._limits(now)))
        classes = {
            kind: summarised(((row.table, row.id, row.at) for row in rows if not row.held), sum(r.held for r in rows))
            for kind, rows in due.items()
        }
        return PurgeReport(stage="begun", at=now, classes=classes)

    async def doubt(self, *, force: bool = False) -> str:
        """Return why the clock may be wrong, empty when it is believed. It is remembered: see `clockwatch`."""
        look = partial(clockwatch.look, self._retention.clock_gap_days, self._now(), force=force)
        return await self._database.write(lambda connection: look(connection=connection))

    async def peek(self) -> str:
        """Return why the clock may be wrong, and change nothing."""
        peek = partial(clockwatch.peek, self._retention.clock_gap_days, self._now())
        return await self._database.read(peek)

    async def is_due(self, since: float) -> bool:
        """Tell whether no purge was done since a time; one that seems to lie ahead was done by another clock."""
        last = await self._database.read(lambda connection: setting(connection, PURGED_AT))
        return last is None or not since <= last <= self._now()

    async def purge(self, *, force: bool = False) -> PurgeReport:
        """Delete what is due.

        Raises:
            DoubtfulClockError: The clock may be wrong, and `force` does not say that it is right.
            StorageError: The disk is full or failed. What was deleted stays deleted; the rest is due the next time.
        """
        if doubt := await self.doubt(force=force):
            raise DoubtfulClockError(
                f"nothing was deleted: {doubt}",
                remedy="Set the clock right. If it is right, run `appliance retention purge --force`, or wait: "
                f"after {clockwatch.PATIENCE_DAYS:.0f} days the purge goes on by itself.",
            )
        now = self._now()
        redated = await self._database.write(partial(clockwatch.redate, now))
        plan = await self.plan()
        await self._beside.announce(plan)
        classes = {kind: await self._purge_class(kind, plan.classes[kind].held, now) for kind in DataClass}
        trail = self._beside.trail
        records, details = (0, 0) if trail is None else await self._purge_trail(trail, now)
        await self._database.write(partial(_tidy, now))
        await self._beside.quiet()
        clean = await compact(self._database)
        report = PurgeReport(
            stage="done",
            at=now,
            classes=classes,
            trail_records=records,
            trail_details=details,
            redated=redated,
            clean=clean,
        )
        await self._beside.announce(report)
        await self._database.write(lambda connection: put_setting(connection, PURGED_AT, now))
        return report

    async def _purge_class(self, kind: DataClass, held_back: int, now: float) -> Purged:
        limit = self._limits(now)[kind]
        gone: list[tuple[str, int, float]] = []
        for table in TABLES:
            if table.kind is kind:
                gone += [(table.name, row_id, at) for row_id, at in await self._purge_table(table, limit)]
        return summarised(gone, held_back)

    async def _purge_table(self, table: Table, limit: float) -> list[tuple[int, float]]:
        gone: list[tuple[int, float]] = []
        while some := await self._database.write(partial(_remove_some, table, limit, self._recordings)):
            gone += some
        return gone

    async def _purge_trail(self, trail: Trail, now: float) -> tuple[int, int]:
        """Erase words beside the chain that are too old, and shorten it up to the first record that is held."""
        limits = self._limits(now)
        seqs = await self._database.read(partial(_old_details, limits[DataClass.TRANSCRIPT]))
        details = await trail.erase_details(reason=TOO_OLD, seqs=seqs) if seqs else 0
        first_held = await self._database.read(partial(_first_held, TRAIL))
        limit = limits[DataClass.AUDIT]
        return await trail.prune(limit if first_held is None else min(limit, first_held)), details

    def _limits(self, now: float) -> dict[DataClass, float]:
        """Return for each class the time before which a record is due; a class that is off is due altogether."""
        rules = {kind: self._retention.of(kind) for kind in DataClass}
        return {kind: now - rule.days * DAY_S if rule.keep else now + ALL_S for kind, rule in rules.items()}

    def _now(self) -> float:
        return self._clock.local_time("UTC").timestamp()


@dataclass(frozen=True, slots=True)
class _Due:
    table: str
    id: int
    at: float
    held: bool


def _due(limits: dict[DataClass, float], connection: Connection) -> dict[DataClass, list[_Due]]:
    due: defaultdict[DataClass, list[_Due]] = defaultdict(list, {kind: [] for kind in DataClass})
    for table in TABLES:
        rows = connection.execute(
            f"SELECT t.id, t.{table.at}, {held(table)} FROM {table.name} AS t"  # noqa: S608 - our own names
            f" WHERE ({table.where}) AND t.{table.at} < ?",
            (limits[table.kind],),
        )
        due[table.kind] += [_Due(table.name, row_id, at, bool(kept)) for row_id, at, kept in rows]
    rows = connection.execute(
        f"SELECT seq, at, {held(TRAIL)} FROM audit AS t WHERE t.at < ?",  # noqa: S608 - our own names
        (limits[DataClass.AUDIT],),
    )
    due[DataClass.AUDIT] += [_Due(TRAIL.name, seq, at, bool(kept)) for seq, at, kept in rows]
    return due


def _remove_some(table: Table, limit: float, recordings: Path, connection: Connection) -> list[tuple[int, float]]:
    ids = connection.execute(
        f"SELECT t.id FROM {table.name} AS t WHERE ({table.where}) AND t.{table.at} < ?"  # noqa: S608 - our own names
        f" AND NOT {held(table)} LIMIT {BATCH}",
        (limit,),
    ).fetchall()
    chosen = json.dumps([row[0] for row in ids])
    return remove(connection, table, "t.id IN (SELECT value FROM json_each(?))", (chosen,), recordings)


def _first_held(table: Table, connection: Connection) -> float | None:
    row = connection.execute(f"SELECT min(t.at) FROM audit AS t WHERE {held(table)}").fetchone()  # noqa: S608
    return None if row[0] is None else float(row[0])


def _old_details(limit: float, connection: Connection) -> list[int]:
    """Return the records of conversations whose details are older than words may be, and that no hold covers."""
    rows = connection.execute(
        f"SELECT t.seq FROM audit AS t WHERE {WORDS_IN_TRAIL.where} AND t.at < ?"  # noqa: S608 - our own names
        f" AND NOT {held(WORDS_IN_TRAIL)} AND NOT {held(TRAIL)}"
        " AND EXISTS (SELECT 1 FROM audit_details AS d WHERE d.seq = t.seq)",
        (limit,),
    )
    return [row[0] for row in rows]


def _tidy(now: float, connection: Connection) -> None:
    """Forget sessions of which nothing is left, and whom they spoke of; one that may still go on is left alone."""
    connection.execute(
        "DELETE FROM subjects WHERE session_id NOT IN (SELECT session_id FROM turns UNION SELECT session_id FROM"
        " tool_calls UNION SELECT session_id FROM recordings UNION SELECT session_id FROM sessions"
        " WHERE ended_at IS NULL AND started_at > ?)",
        (now - DAY_S,),
    )
    connection.execute(
        "DELETE FROM sessions WHERE session_id NOT IN (SELECT session_id FROM turns UNION SELECT session_id FROM"
        " tool_calls UNION SELECT session_id FROM recordings UNION SELECT session_id FROM turn_metrics)"
        " AND (ended_at IS NOT NULL OR started_at <= ?)",
        (now - DAY_S,),
    )
