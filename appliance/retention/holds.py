"""Legal holds: what they cover is neither purged nor erased until they are released."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from appliance.clock import Clock
from appliance.config.retention import DataClass
from appliance.errors import UsageError
from appliance.retention.classes import TABLES, TRAIL, Table
from appliance.storage.db import Connection, Database

MAX_REASON = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a hold covers: records for which all that is given holds. Times are seconds since 1970, both inclusive."""

    kind: DataClass | None = None
    session_id: str | None = None
    subject_kind: str | None = None
    subject_digest: bytes | None = None
    from_at: float | None = None
    until_at: float | None = None

    @property
    def empty(self) -> bool:
        """Whether nothing was given, so that it would cover everything."""
        return self == Scope()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A hold as it was placed; `released_at` is None while it is in force."""

    id: int
    scope: Scope
    reason: str
    placed_by: str
    placed_at: float
    released_at: float | None


class Holds:
    """The holds in the database. All methods raise StorageError."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def place(self, scope: Scope, reason: str, placed_by: str) -> Hold:
        """Place a hold, in force when this returns. Raises UsageError for one that says nothing or cannot be meant."""
        _refuse_meaningless(scope, reason)
        return await self._database.write(partial(_place, scope, reason.strip(), placed_by, self._now()))

    async def release(self, hold_id: int) -> Hold | None:
        """Release a hold; None when there is none with this number that is in force."""
        return await self._database.write(partial(_release, hold_id, self._now()))

    async def list(self, *, released: bool = False) -> list[Hold]:
        """Return the holds that are in force, with `released` all there ever were."""
        return await self._database.read(partial(_list, released))

    async def covered(self, hold: Hold) -> dict[DataClass, int]:
        """Return how many records of each class a hold covers now."""
        return await self._database.read(partial(_covered, hold.id))

    def _now(self) -> float:
        return self._clock.local_time("UTC").timestamp()


def held(table: Table, only: str = "true") -> str:
    """Return the SQL condition that a hold covers the row `t`; `only` restricts which holds `h` count."""
    return f"""EXISTS (SELECT 1 FROM holds AS h WHERE h.released_at IS NULL AND {only}
        AND (h.class IS NULL OR h.class = '{table.kind.value}')
        AND (h.session_id IS NULL OR h.session_id = {table.session})
        AND (h.subject_digest IS NULL OR EXISTS (SELECT 1 FROM subjects AS s WHERE s.session_id = {table.session}
            AND s.kind = h.subject_kind AND s.digest = h.subject_digest))
        AND (h.from_at IS NULL OR t.{table.at} >= h.from_at)
        AND (h.until_at IS NULL OR t.{table.at} <= h.until_at))"""  # noqa: S608 - our own names


def _refuse_meaningless(scope: Scope, reason: str) -> None:
    if scope.empty:
        raise UsageError(
            "the hold says nothing about what it covers",
            remedy="Name a class, a session, a person or a time; `--class transcript` covers all words.",
        )
    if not reason.strip() or len(reason) > MAX_REASON:
        raise UsageError(
            f"a hold needs a reason of up to {MAX_REASON} characters",
            remedy='Say why, such as --reason "claim 2026/114, letter of 3 March".',
        )
    if scope.from_at is not None and scope.until_at is not None and scope.from_at > scope.until_at:
        raise UsageError("the hold ends before it begins", remedy="Exchange --from and --until.")


_COLUMNS = (
    "id, class, session_id, subject_kind, subject_digest, from_at, until_at, reason, placed_by, placed_at, released_at"
)


def _place(scope: Scope, reason: str, placed_by: str, now: float, connection: Connection) -> Hold:
    values = (
        scope.kind and scope.kind.value,
        scope.session_id,
        scope.subject_kind,
        scope.subject_digest,
        scope.from_at,
        scope.until_at,
        reason,
        placed_by,
        now,
    )
    cursor = connection.execute(
        "INSERT INTO holds (class, session_id, subject_kind, subject_digest, from_at, until_at, reason, placed_by,"
        " placed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    )
    return Hold(
        id=int(cursor.lastrowid or 0),
        scope=scope,
        reason=reason,
        placed_by=placed_by,
        placed_at=now,
        released_at=None,
    )


def _release(hold_id: int, now: float, connection: Connection) -> Hold | None:
    changed = connection.execute(
        "UPDATE holds SET released_at = ? WHERE id = ? AND released_at IS NULL", (now, hold_id)
    ).rowcount
    return next(hold for hold in _list(True, connection) if hold.id == hold_id) if changed else None


def _list(released: bool, connection: Connection) -> list[Hold]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM holds WHERE ? OR released_at IS NULL ORDER BY id",  # noqa: S608 - our own columns
        (released,),
    )
    return [
        Hold(
            id=number,
            scope=Scope(
                kind=kind and DataClass(kind),
                session_id=session_id,
                subject_kind=subject_kind,
                subject_digest=digest and bytes(digest),
                from_at=from_at,
                until_at=until_at,
            ),
            reason=reason,
            placed_by=placed_by,
            placed_at=placed_at,
            released_at=released_at,
        )
        for (
            number,
            kind,
            session_id,
            subject_kind,
            digest,
            from_at,
            until_at,
            reason,
            placed_by,
            placed_at,
            released_at,
        ) in rows
    ]


def _covered(hold_id: int, connection: Connection) -> dict[DataClass, int]:
    counts = dict.fromkeys(DataClass, 0)
    for table in (*TABLES, TRAIL):
        statement = f"SELECT count(*) FROM {table.name} AS t WHERE ({table.where}) AND {held(table, 'h.id = ?')}"  # noqa: S608
        counts[table.kind] += int(connection.execute(statement, (hold_id,)).fetchone()[0])
    return counts
