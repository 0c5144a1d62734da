"""What is kept of conversations: one frozen record per row, and the key under which people are found again.

All functions take a connection, so that they are parts of somebody's transaction. Times are seconds since 1970.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar

from appliance.storage.db import Connection

SUBJECT_KEY = "subject_key"
"""In `settings`: 32 random bytes, made at first use. Without them no digest can be compared with anything."""

_JSON = {"arguments", "evidence", "record"}
_FLAGS = {"interrupted"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a person said and what was heard in answer."""

    session_id: str
    turn_id: int
    at: float
    user_text: str
    heard_text: str
    interrupted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """A call of a tool, made or refused; `outcome` says how it ended."""

    session_id: str
    turn_id: int
    at: float
    tool: str
    arguments: Mapping[str, Any]
    evidence: Mapping[str, Any]
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """Figures of a turn: milliseconds by stage."""

    session_id: str
    turn_id: int
    at: float
    record: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A sealed file with sound; `sha256` (in hex) is of what was sealed, so that another key does not change it."""

    session_id: str
    at: float
    file: str
    seconds: float
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The receipt of a decision about what may be kept."""

    session_id: str
    at: float
    decision: str
    mode: str
    how: str
    policy_version: str
    wording: str
    heard: str


Record = Turn | ToolCall | Metrics | Recording | Consent
R = TypeVar("R", bound=Record)

TABLES: Mapping[type, str] = {
    Turn: "turns",
    ToolCall: "tool_calls",
    Metrics: "turn_metrics",
    Recording: "recordings",
    Consent: "consents",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A conversation of which something was kept; `ended_at` is None while it lasts, and when a crash has cut it."""

    session_id: str
    started_at: float
    ended_at: float | None
    consent: str


def add(connection: Connection, record: Record) -> int:
    """Write a record and return its id."""
    names = [field.name for field in fields(record)]
    marks = ", ".join("?" * len(names))
    values = [_encoded(name, getattr(record, name)) for name in names]
    statement = f"INSERT INTO {TABLES[type(record)]} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - own names
    return int(connection.execute(statement, values).lastrowid or 0)


def replace(connection: Connection, record_id: int, record: Record) -> None:
    """Write a record in place of the one that has this id; if that was deleted meanwhile, do nothing."""
    names = [field.name for field in fields(record)]
    assignments = ", ".join(f"{name} = ?" for name in names)
    values = [_encoded(name, getattr(record, name)) for name in names]
    statement = f"UPDATE {TABLES[type(record)]} SET {assignments} WHERE id = ?"  # noqa: S608 - own names
    connection.execute(statement, [*values, record_id])


def of_session(connection: Connection, kind: type[R], session_id: str) -> dict[int, R]:
    """Return the records of a session by their id, in the order in which they were written."""
    names = [field.name for field in fields(kind)]
    statement = f"SELECT id, {', '.join(names)} FROM {TABLES[kind]} WHERE session_id = ? ORDER BY id"  # noqa: S608
    return {
        row[0]: kind(**{name: _decoded(name, value) for name, value in zip(names, row[1:], strict=True)})
        for row in connection.execute(statement, (session_id,))
    }


def put_session(connection: Connection, session: Session) -> None:
    """Note that a session has begun, how its consent stands, and when it ended."""
    connection.execute(
        "INSERT INTO sessions (session_id, started_at, ended_at, consent) VALUES (?, ?, ?, ?) ON CONFLICT (session_id)"
        " DO UPDATE SET ended_at = coalesce(excluded.ended_at, ended_at), consent = excluded.consent",
        (session.session_id, session.started_at, session.ended_at, session.consent),
    )


def session(connection: Connection, session_id: str) -> Session | None:
    """Return a session, None when nothing was kept of it."""
    row = connection.execute(
        "SELECT session_id, started_at, ended_at, consent FROM sessions WHERE session_id = ?", (session_id,)
    ).fetchone()
    names = [field.name for field in fields(Session)]
    return None if row is None else Session(**dict(zip(names, row, strict=True)))


def subject_key(connection: Connection) -> bytes:
    """Return the key of the digests; make it when there is none, which needs a transaction that writes."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (SUBJECT_KEY,)).fetchone()
    if row is not None:
        return bytes(row[0])
    key = secrets.token_bytes(32)
    connection.execute("INSERT INTO settings (name, value) VALUES (?, ?)", (SUBJECT_KEY, key))
    return key


def subject_digest(key: bytes, normalised: str) -> bytes:
    """Return HMAC-SHA256 (RFC 2104) of a normalised value, such as a phone number in E.164."""
    return hmac.new(key, normalised.encode(), hashlib.sha256).digest()


def add_subjects(connection: Connection, session_id: str, found: Iterable[tuple[str, str]]) -> None:
    """Note which people a session speaks of, as (kind, normalised value); only digests of the values are written."""
    key = subject_key(connection)
    connection.executemany(
        "INSERT OR IGNORE INTO subjects (session_id, kind, digest) VALUES (?, ?, ?)",
        [(session_id, kind, subject_digest(key, normalised)) for kind, normalised in found],
    )


def sessions_of_subject(connection: Connection, kind: str, digest: bytes) -> list[str]:
    """Return the sessions that speak of a person."""
    rows = connection.execute("SELECT session_id FROM subjects WHERE kind = ? AND digest = ?", (kind, digest))
    return [row[0] for row in rows]


def setting(connection: Connection, name: str) -> Any:  # noqa: ANN401 - any JSON value
    """Return a setting that is JSON, None when there is none."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
    return None if row is None else json.loads(row[0])


def put_setting(connection: Connection, name: str, value: Any) -> None:  # noqa: ANN401 - any JSON value
    """Write a setting as JSON."""
    connection.execute(
        "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, json.dumps(value).encode()),
    )


def _encoded(name: str, value: Any) -> Any:  # noqa: ANN401 - a column has any type
    if name in _JSON:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return int(value) if name in _FLAGS else value


def _decoded(name: str, value: Any) -> Any:  # noqa: ANN401 - a column has any type
    if name in _JSON:
        return json.loads(value)
    return bool(value) if name in _FLAGS else value
