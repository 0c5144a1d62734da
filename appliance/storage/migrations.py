"""The tables, as the ordered list of steps that made them.

A step is never changed once it was released: a later one is added at the end. `PRAGMA user_version` counts the steps
that a file has taken; each is one transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from appliance.storage.errors import StorageError

Migration = Callable[[sqlite3.Connection], None]

APPLICATION_ID = 0x564F4943
"""In the header of the file: it belongs to the appliance ("VOIC")."""


def _outbox_conversations_receipts(connection: sqlite3.Connection) -> None:
    """Times are seconds since 1970, UTC."""
    connection.execute(
        """
        CREATE TABLE outbox (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            key TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            channel TEXT NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('waiting', 'sending', 'delivered', 'failed', 'dropped')),
            payload TEXT,
            payload_sha256 TEXT NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            created_at REAL NOT NULL,
            changed_at REAL NOT NULL,
            next_attempt_at REAL NOT NULL,
            error TEXT NOT NULL DEFAULT ''
        ) STRICT
        """
    )
    connection.execute("CREATE INDEX outbox_queue ON outbox (channel, state, id)")
    connection.execute(
        "CREATE TABLE conversations (session_id TEXT PRIMARY KEY, state TEXT NOT NULL, updated_at REAL NOT NULL) STRICT"
    )
    connection.execute(
        """
        CREATE TABLE receipts (
            key TEXT PRIMARY KEY,
            tool TEXT NOT NULL,
            arguments_sha256 TEXT NOT NULL,
            begun_at REAL NOT NULL,
            finished_at REAL,
            outcome TEXT,
            result TEXT
        ) STRICT
        """
    )


_RECORDS = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
CREATE TABLE sessions (
    session_id TEXT PRIMARY KEY, started_at REAL NOT NULL, ended_at REAL, consent TEXT NOT NULL
) STRICT;
CREATE TABLE turns (
    id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, turn_id INTEGER NOT NULL, at REAL NOT NULL,
    user_text TEXT NOT NULL, heard_text TEXT NOT NULL, interrupted INTEGER NOT NULL
) STRICT;
CREATE TABLE tool_calls (
    id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, turn_id INTEGER NOT NULL, at REAL NOT NULL,
    tool TEXT NOT NULL, arguments TEXT NOT NULL, evidence TEXT NOT NULL, outcome TEXT NOT NULL
) STRICT;
CREATE TABLE turn_metrics (
    id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, turn_id INTEGER NOT NULL, at REAL NOT NULL, record TEXT NOT NULL
) STRICT;
CREATE TABLE recordings (
    id INTEGER PRIMARY KEY, session_id TEXT NOT NULL, at REAL NOT NULL,
    file TEXT NOT NULL UNIQUE, seconds REAL NOT NULL, sha256 TEXT NOT NULL
) STRICT;
CREATE TABLE subjects (
    session_id TEXT NOT NULL, kind TEXT NOT NULL, digest BLOB NOT NULL, PRIMARY KEY (session_id, kind, digest)
) STRICT, WITHOUT ROWID;
CREATE TABLE holds (
    id INTEGER PRIMARY KEY AUTOINCREMENT, class TEXT, session_id TEXT, subject_kind TEXT, subject_digest BLOB,
    from_at REAL, until_at REAL, reason TEXT NOT NULL,
    placed_by TEXT NOT NULL, placed_at REAL NOT NULL, released_at REAL
) STRICT;
CREATE TABLE consents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, at REAL NOT NULL, decision TEXT NOT NULL,
    mode TEXT NOT NULL, how TEXT NOT NULL, policy_version TEXT NOT NULL, wording TEXT NOT NULL, heard TEXT NOT NULL
) STRICT;
CREATE TABLE audit (
    seq INTEGER PRIMARY KEY, at REAL NOT NULL, kind TEXT NOT NULL, session_id TEXT NOT NULL,
    body TEXT NOT NULL, hash BLOB NOT NULL
) STRICT;
CREATE TABLE audit_details (
    seq INTEGER NOT NULL, name TEXT NOT NULL, salt BLOB NOT NULL, value TEXT NOT NULL, PRIMARY KEY (seq, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE audit_checkpoints (
    seq INTEGER PRIMARY KEY, at REAL NOT NULL, hash BLOB NOT NULL, key_id TEXT NOT NULL, signature BLOB NOT NULL
) STRICT;
CREATE INDEX turns_session ON turns (session_id);
CREATE INDEX turns_at ON turns (at);
CREATE INDEX tool_calls_session ON tool_calls (session_id);
CREATE INDEX tool_calls_at ON tool_calls (at);
CREATE INDEX turn_metrics_session ON turn_metrics (session_id);
CREATE INDEX turn_metrics_at ON turn_metrics (at);
CREATE INDEX recordings_session ON recordings (session_id);
CREATE INDEX recordings_at ON recordings (at);
CREATE INDEX consents_session ON consents (session_id);
CREATE INDEX audit_session ON audit (session_id);
CREATE INDEX audit_at ON audit (at);
CREATE INDEX subjects_digest ON subjects (kind, digest);
"""
"""What is kept of conversations, and the trail of what was done.

`subjects` finds a person again in redacted text: HMAC-SHA256 of a normalised value under `settings.subject_key`.
`audit` holds no personal data, only salted hashes of it; `audit_details` holds the values with their salts.
"""


def _records(connection: sqlite3.Connection) -> None:
    for statement in filter(str.strip, _RECORDS.split(";")):
        connection.execute(statement)


MIGRATIONS: tuple[Migration, ...] = (_outbox_conversations_receipts, _records)


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration]) -> None:
    """Take the steps that are missing.

    Raises:
        StorageError: The file is not the appliance's, or a newer program has written it.
    """
    _refuse_foreign(connection)
    version = _pragma(connection, "user_version")
    if version > len(migrations):
        raise StorageError(
            f"the database has version {version}, this program knows versions up to {len(migrations)}",
            remedy="Install the version of the appliance that wrote it, or a newer one; nothing was changed.",
        )
    for number, migration in enumerate(migrations[version:], start=version + 1):
        with connection:
            connection.execute("BEGIN IMMEDIATE")
            if _pragma(connection, "user_version") < number:  # another process may have been quicker
                migration(connection)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {number}")


def _refuse_foreign(connection: sqlite3.Connection) -> None:
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and _pragma(connection, "application_id") != APPLICATION_ID:
        raise StorageError(
            "this database belongs to another program",
            remedy="Move it away, or set storage.directory to a folder of the appliance's own.",
        )


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
