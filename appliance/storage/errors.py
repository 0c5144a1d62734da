"""What can be wrong with the database."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from appliance.errors import ApplianceError


class StorageError(ApplianceError):
    """The database cannot be opened, read or written; what was committed before is still there."""

    code = "storage"
    exit_status = 8


class DatabaseDamagedError(StorageError):
    """A file is not what was written to it."""

    code = "storage-damaged"


class KeyFaultError(StorageError):
    """The key is missing, unusable, or another than the one that is needed."""

    code = "storage-key"


class WrongKeyError(KeyFaultError):
    """The key does not open the file: it is another one, or the file is damaged where that would be seen."""


_EXPLANATIONS = {
    sqlite3.SQLITE_FULL: (
        "the disk is full; nothing was written",
        "Make room on the disk; the appliance goes on by itself.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "the database is damaged",
        "Stop the appliance and put a backup back: `appliance restore`.",
    ),
    sqlite3.SQLITE_NOTADB: (
        "this is not a database, it is damaged at its beginning, or it was encrypted with another key",
        "Give the right key; or put a backup back (`appliance restore`); or set storage.directory to the right folder.",
    ),
    sqlite3.SQLITE_BUSY: (
        "another program has locked the database for too long",
        "Close the program that has it open, and try again.",
    ),
    sqlite3.SQLITE_READONLY: (
        "the database may not be written",
        "Check the owner and permissions of the file and its folder, and that the disk is not mounted read-only.",
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "the database cannot be opened",
        "Check the owner and permissions of the file and its folder.",
    ),
    sqlite3.SQLITE_PERM: (
        "the database may not be opened",
        "Check the owner and permissions of the file and its folder.",
    ),
    sqlite3.SQLITE_IOERR: (
        "the disk failed while it was read or written",
        "Check that the disk is healthy and has room; see the messages of the system (dmesg).",
    ),
}
"""By primary result code (https://www.sqlite.org/rescode.html). Other codes are mistakes in the program."""

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRIMARY = 0xFF


def explained(error: Exception, path: Path) -> StorageError | None:
    """Return the explanation of an error of SQLite or SQLCipher, None for a mistake in the program."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or (code & _PRIMARY) not in _EXPLANATIONS:
        return None
    what, remedy = _EXPLANATIONS[code & _PRIMARY]
    kind = DatabaseDamagedError if code & _PRIMARY in _DAMAGE else StorageError
    return kind(f"{path}: {what} ({error})", remedy=remedy)


@contextlib.contextmanager
def explaining(path: Path) -> Iterator[None]:
    """Turn errors of SQLite and of the file system into StorageError."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"{error.filename or path}: {error.strerror or error}",
            remedy="Check the owner and permissions of the folder, and that the disk has room.",
        ) from error
    except Exception as error:
        explanation = explained(error, path)
        if explanation is None:
            raise
        raise explanation from error
