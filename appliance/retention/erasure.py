"""Deletes everything that a session has stored, unless a hold covers it, and leaves nothing readable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from appliance.retention.classes import OF_A_SESSION, Table
from appliance.retention.holds import held
from appliance.retention.removal import remove
from appliance.storage.compaction import compact
from appliance.storage.db import Connection, Database

_NOT_SENT = "state IN ('waiting', 'sending', 'failed') AND json_valid(payload)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What became of a session's records, by table."""

    session_id: str
    deleted: Mapping[str, int] = field(default_factory=dict)
    held: Mapping[str, int] = field(default_factory=dict)
    """What a legal hold has kept."""
    unsent: int = 0
    """Messages to people that the person has asked for and that wait to be sent; they stay until they are."""
    clean: bool = True
    """Whether nothing is left in the log of the database either."""

    @property
    def complete(self) -> bool:
        """Whether nothing of the session's own records is left."""
        return self.clean and not any(self.held.values())

    def as_json(self) -> dict[str, object]:
        """Return what the audit trail records."""
        return {"deleted": dict(self.deleted), "held": dict(self.held), "unsent": self.unsent, "clean": self.clean}


async def erase_session(
    database: Database, recordings: Path, session_id: str, tables: Sequence[Table] = OF_A_SESSION
) -> Erased:
    """Delete what a session has stored: rows, files of sound, digests of people. Raises StorageError."""
    erased = await database.write(partial(_erase, session_id, tables, recordings))
    clean = await compact(database)
    return Erased(session_id=session_id, deleted=erased[0], held=erased[1], unsent=erased[2], clean=clean)


def _erase(
    session_id: str, tables: Sequence[Table], recordings: Path, connection: Connection
) -> tuple[dict[str, int], dict[str, int], int]:
    deleted, kept = {}, {}
    for table in tables:
        condition = f"t.session_id = ? AND NOT {held(table)}"
        deleted[table.name] = len(remove(connection, table, condition, (session_id,), recordings))
        left = f"SELECT count(*) FROM {table.name} WHERE session_id = ?"  # noqa: S608 - our own names
        kept[table.name] = int(connection.execute(left, (session_id,)).fetchone()[0])
    if not any(kept.values()):
        connection.execute("DELETE FROM subjects WHERE session_id = ?", (session_id,))
        connection.execute("DELETE FROM sessions WHERE session_id = ?", (session_id,))
    unsent = connection.execute(
        f"SELECT count(*) FROM outbox WHERE {_NOT_SENT}"  # noqa: S608 - our own words
        " AND json_extract(payload, '$.transcript_ref.session_id') = ?",
        (session_id,),
    ).fetchone()[0]
    return deleted, kept, int(unsent)
