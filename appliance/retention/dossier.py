"""Everything that is kept of some sessions, as JSON that somebody else's program can read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from appliance.retention.reach import CALLS, MESSAGES
from appliance.retention.report import moment
from appliance.storage import records
from appliance.storage.db import Connection, Database
from appliance.storage.records import Consent, Metrics, Recording, Session, ToolCall, Turn

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """What is kept: `sessions` as JSON, and the recordings that belong to them."""

    sessions: Sequence[dict[str, Any]]
    recordings: Sequence[Recording]


async def collect(database: Database, sessions: Sequence[str]) -> Dossier:
    """Return everything that is kept of sessions, in one state of the database. Raises StorageError."""
    return await database.read(partial(_collect, sessions))


def _collect(sessions: Sequence[str], connection: Connection) -> Dossier:
    recordings = [each for session in sessions for each in records.of_session(connection, Recording, session).values()]
    return Dossier(sessions=[_session(connection, session) for session in sessions], recordings=recordings)


def _session(connection: Connection, session_id: str) -> dict[str, Any]:
    known = records.session(connection, session_id) or Session(
        session_id=session_id, started_at=0.0, ended_at=None, consent=""
    )
    return {
        "session_id": session_id,
        "started_at": moment(known.started_at or None),
        "ended_at": moment(known.ended_at),
        "consents": _plain(records.of_session(connection, Consent, session_id)),
        "turns": _plain(records.of_session(connection, Turn, session_id)),
        "tool_calls": _plain(records.of_session(connection, ToolCall, session_id)),
        "recordings": _plain(records.of_session(connection, Recording, session_id)),
        "metrics": _plain(records.of_session(connection, Metrics, session_id)),
        "messages": _messages(connection, session_id),
        "changes": _changes(connection, session_id),
        "unfinished": _unfinished(connection, session_id),
        "audit": _audit(connection, session_id),
    }


def _plain(found: dict[int, Any]) -> list[dict[str, Any]]:
    rows = [asdict(record) for record in found.values()]
    return [
        {name: value for name, value in row.items() if name != "session_id"} | {"at": moment(row["at"])} for row in rows
    ]


def _messages(connection: Connection, session_id: str) -> list[dict[str, Any]]:
    rows = connection.execute(
        f"SELECT kind, channel, state, created_at, changed_at, payload, error FROM outbox AS t"  # noqa: S608
        f" WHERE {MESSAGES.session} = ? ORDER BY id",
        (session_id,),
    )
    return [
        {
            "kind": kind,
            "channel": channel,
            "state": state,
            "created_at": moment(created_at),
            "changed_at": moment(changed_at),
            "content": _json(payload),
            "error": error,
        }
        for kind, channel, state, created_at, changed_at, payload, error in rows
    ]


def _changes(connection: Connection, session_id: str) -> list[dict[str, Any]]:
    rows = connection.execute(
        f"SELECT tool, begun_at, finished_at, outcome, result FROM receipts AS t"  # noqa: S608 - our own names
        f" WHERE {CALLS.session} = ? ORDER BY begun_at",
        (session_id,),
    )
    return [
        {
            "tool": tool,
            "begun_at": moment(begun_at),
            "finished_at": moment(finished_at),
            "outcome": outcome,
            "result": _json(result),
        }
        for tool, begun_at, finished_at, outcome, result in rows
    ]


def _unfinished(connection: Connection, session_id: str) -> Any:  # noqa: ANN401 - any JSON value
    row = connection.execute("SELECT state FROM conversations WHERE session_id = ?", (session_id,)).fetchone()
    return None if row is None else _json(row[0])


def _audit(connection: Connection, session_id: str) -> list[dict[str, Any]]:
    """Return the records of the trail with what lies beside the chain, and its salts, by which it can be verified."""
    rows = connection.execute(
        "SELECT seq, at, kind, body, hash FROM audit WHERE session_id = ? ORDER BY seq", (session_id,)
    ).fetchall()
    found = []
    for seq, at, kind, body, digest in rows:
        details = connection.execute("SELECT name, salt, value FROM audit_details WHERE seq = ? ORDER BY name", (seq,))
        shown = {name: {"value": value, "salt": bytes(salt).hex()} for name, salt, value in details}
        entry = {"seq": seq, "at": moment(at), "kind": kind, "body": _json(body), "hash": bytes(digest).hex()}
        found.append(entry | {"details": shown})
    return found


def _json(text: str | None) -> Any:  # noqa: ANN401 - any JSON value
    """Return what a text says as JSON; the text itself where it is none."""
    try:
        return None if text is None else json.loads(text)
    except (ValueError, RecursionError):
        return text
