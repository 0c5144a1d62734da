"""SQLite that encrypts (SQLCipher), as the one place that names the library.

`sqlcipher3` is a fork of the standard library's `sqlite3` with the same interface, so that the types of the latter
describe it. Without a key it reads and writes ordinary SQLite files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3 as driver
else:
    from sqlcipher3 import dbapi2 as driver

Connection = driver.Connection
Error = driver.Error
DatabaseError = driver.DatabaseError
OperationalError = driver.OperationalError
connect = driver.connect
SQLITE_NOTADB = driver.SQLITE_NOTADB

PLAIN_HEADER = b"SQLite format 3\0"
"""The first bytes of a file that is not encrypted (https://www.sqlite.org/fileformat.html, 1.3). An encrypted one
begins with its random salt."""


def literal(key: bytes | None) -> str:
    """Return a key of 32 bytes as SQLCipher takes it without deriving another (a "raw key"), quoted for SQL; or none.

    No password is stretched, so that opening takes no longer (https://www.zetetic.net/sqlcipher/sqlcipher-api/#key).
    """
    return "''" if key is None else f"\"x'{key.hex()}'\""
