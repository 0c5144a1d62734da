"""Everything that the database has of a session: which rows, how many, what holds them, whether it is going on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.config.retention import DataClass
from appliance.retention.classes import TABLES, TRAIL, WORDS_IN_TRAIL, Table
from appliance.retention.holds import held
from appliance.storage.db import Connection

_OF_KEY = "substr(t.key, 1, max(instr(t.key, '-') - 1, 0))"
"""Keys of messages and of calls begin with the session, which has no hyphen in it."""

MESSAGES = Table(kind=DataClass.OUTBOX_PAYLOAD, name="outbox", session=_OF_KEY, at="changed_at")
"""In every state: their keys are made of what was said."""
CALLS = Table(kind=DataClass.TOOL_ARGUMENTS, name="receipts", session=_OF_KEY, at="begun_at")
"""Calls that change something, by which nothing is done twice in a session."""
STATE = Table(kind=DataClass.TRANSCRIPT, name="conversations", at="updated_at")
SESSIONS = Table(kind=DataClass.TRANSCRIPT, name="sessions", at="started_at")
CONSENTS = next(table for table in TABLES if table.name == "consents")
OF_THE_PERSON = (
    *(table for table in TABLES if table.name not in {"outbox", "consents"}),
    MESSAGES,
    CALLS,
    STATE,
    SESSIONS,
)
"""What an erasure deletes, beside the details of the audit trail."""
ALL = (*OF_THE_PERSON, CONSENTS, TRAIL)

RECENT_S = 900.0
"""A session that nobody has ended and that gave no sign of life for so long is over (`session.end_after_s` is less)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A hold that is in force, by its number and reason."""

    id: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """What there is of a session. `counts` is by table; times are seconds since 1970, of its first and last record."""

    session_id: str
    counts: dict[str, int]
    first_at: float | None
    last_at: float | None
    decisions: tuple[str, ...]
    """What was decided about consent, in order."""
    holds: tuple[Holding, ...]
    live: bool
    """Whether it is going on now, as far as the database tells; true only while the daemon runs."""

    @property
    def erasable(self) -> bool:
        """Whether an erasure would find anything; receipts and the chain of the trail stay."""
        kept = {CONSENTS.name, TRAIL.name}
        return any(count for name, count in self.counts.items() if name not in kept)


def measure(connection: Connection, session_id: str, now: float, *, daemon: bool) -> Extent:
    """Return what there is of a session."""
    counts, times = {}, []
    for table in ALL:
        count, first, last = connection.execute(
            f"SELECT count(*), min(t.{table.at}), max(t.{table.at}) FROM {table.name} AS t"  # noqa: S608 - our own names
            f" WHERE {table.session} = ?",
            (session_id,),
        ).fetchone()
        counts[table.name] = int(count)
        times += [at for at in (first, last) if at is not None]
    counts |= {name: _count(connection, statement, session_id) for name, statement in _OTHERS.items()}
    decisions = connection.execute("SELECT decision FROM consents WHERE session_id = ? ORDER BY id", (session_id,))
    return Extent(
        session_id=session_id,
        counts=counts,
        first_at=min(times, default=None),
        last_at=max(times, default=None),
        decisions=tuple(row[0] for row in decisions),
        holds=tuple(holds_on(connection, session_id)),
        live=daemon and _goes_on(connection, session_id, max(times, default=0.0), now),
    )


_OTHERS = {
    "subjects": "SELECT count(*) FROM subjects WHERE session_id = ?",
    "audit_details": "SELECT count(*) FROM audit_details AS d JOIN audit AS a ON a.seq = d.seq WHERE a.session_id = ?",
    "answers": "SELECT count(*) FROM consents WHERE heard <> '' AND session_id = ?",
}
"""`answers` are the person's words in receipts of consent."""


def _count(connection: Connection, statement: str, session_id: str) -> int:
    return int(connection.execute(statement, (session_id,)).fetchone()[0])


def holds_on(connection: Connection, session_id: str) -> Sequence[Holding]:
    """Return the holds that cover anything of a session."""
    found = []
    for number, reason in connection.execute("SELECT id, reason FROM holds WHERE released_at IS NULL").fetchall():
        if any(_covers(connection, number, table, session_id) for table in (*ALL, WORDS_IN_TRAIL)):
            found.append(Holding(id=number, reason=reason))
    return found


def _covers(connection: Connection, hold: int, table: Table, session_id: str) -> bool:
    statement = f"SELECT 1 FROM {table.name} AS t WHERE {table.session} = ? AND {held(table, 'h.id = ?')} LIMIT 1"  # noqa: S608
    return connection.execute(statement, (session_id, hold)).fetchone() is not None


def _goes_on(connection: Connection, session_id: str, last_at: float, now: float) -> bool:
    ended = connection.execute(
        "SELECT 1 FROM sessions WHERE session_id = ?1 AND ended_at IS NOT NULL"
        " UNION SELECT 1 FROM audit WHERE session_id = ?1 AND kind = 'session.ended'",
        (session_id,),
    ).fetchone()
    if ended is not None:
        return False
    saved = connection.execute("SELECT 1 FROM conversations WHERE session_id = ?", (session_id,)).fetchone()
    return saved is not None or abs(now - last_at) < RECENT_S
