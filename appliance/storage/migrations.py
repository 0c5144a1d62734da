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


MIGRATIONS: tuple[Migration, ...] = (_outbox_conversations_receipts,)


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
