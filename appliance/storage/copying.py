"""Copies of the database that are proven to be whole, and one put in the other's place."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from appliance.storage import driver
from appliance.storage.db import Connection, connect
from appliance.storage.errors import DatabaseDamagedError, StorageError, explained, explaining
from appliance.storage.files import PRIVATE, erase, hand_over, sync_file, sync_folder

NEXT = ".next"
"""Ending of a copy that is not in its place yet."""
ERASE = ".erase"
"""Ending of what was replaced and is to be overwritten."""
LOG, INDEX = "-wal", "-shm"

PUT_BACK = "Put a backup back: `appliance restore`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is in a database: the version of its tables, whose it is, and how many rows each table has."""

    version: int
    application: int
    rows: Mapping[str, int]


def is_plain(database: Path) -> bool:
    """Return whether a file begins as a database does that is not encrypted. Raises OSError."""
    with database.open("rb") as stream:
        return stream.read(len(driver.PLAIN_HEADER)) == driver.PLAIN_HEADER


def opens(database: Path, key: bytes | None) -> bool:
    """Return whether the beginning of a file can be read with this key. Raises StorageError for other troubles."""
    with explaining(database), closing(connect(database, key)) as connection:
        try:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except driver.DatabaseError as error:
            if error.sqlite_errorcode == driver.SQLITE_NOTADB:
                return False
            raise
    return True


def checked(database: Path, key: bytes | None) -> Contents:
    """Read every page of a database and every index; return what is in it.

    Raises:
        DatabaseDamagedError: Something is not as it was written, or the key is another.
    """
    with explaining(database), closing(connect(database, key)) as connection:
        found = [str(row[0]) for row in connection.execute("PRAGMA integrity_check(20)")]
        if key is not None:
            found += [str(row[0]) for row in connection.execute("PRAGMA cipher_integrity_check")]
        if found != ["ok"]:
            problem = next(finding for finding in found if finding != "ok")
            raise DatabaseDamagedError(f"{database}: the database is damaged ({problem})", remedy=PUT_BACK)
        return _contents(connection)


def copy(database: Path, key: bytes | None, target: Path, target_key: bytes | None) -> Contents:
    """Copy one state of a database, while others may write to it, into a new file with another key or none.

    The copy is on disk and has been read back when this returns. What was deleted is not in it.

    Raises:
        StorageError: The disk is full or failed, or there is a file already; as DatabaseDamagedError, the database is
            damaged or the copy is wrong.
    """
    with explaining(target):
        target.touch(PRIVATE, exist_ok=False)
        try:
            exported = _exported(database, key, target, target_key)
            sync_file(target)
            _refuse_difference(target, checked(target, target_key), exported)
        except BaseException:
            target.unlink()
            raise
    return exported


def replace(database: Path, key: bytes | None, new_key: bytes | None) -> Contents:
    """Put a copy with another key in the database's place, and overwrite the old file and its log.

    At every moment the file of the database is whole, and has either key. The caller keeps everybody else out.

    Raises:
        StorageError: See `copy`; or another program has the database open. The old file is in its place then.
    """
    erase_leftovers(database)
    successor, predecessor = _named(database, NEXT), _named(database, ERASE)
    _fold_log(database, key, predecessor)
    contents = copy(database, key, successor, new_key)
    put_in_place(successor, database, predecessor)
    erase_leftovers(database)
    return contents


def put_in_place(successor: Path, database: Path, aside: Path) -> None:
    """Let `successor` take the name of the database, whose files get the name `aside`.

    There is a file with the database's name at every moment, so that no new one is ever made in between.
    """
    with explaining(database):
        for ending in ("", LOG):
            with contextlib.suppress(FileNotFoundError):
                _named(aside, ending).hardlink_to(_named(database, ending))
        sync_folder(database.parent)
        for ending in (LOG, INDEX):  # a log that stayed would be taken for the successor's
            _named(database, ending).unlink(missing_ok=True)
        hand_over(successor)
        successor.replace(database)
        sync_folder(database.parent)


def erase_leftovers(database: Path) -> None:
    """Overwrite what a replacement that was cut off has left. The caller knows that none is going on."""
    with explaining(database):
        for ending in leftovers(database):
            erase(ending)


def leftovers(database: Path) -> list[Path]:
    """Return the files that a replacement has left and that may hold what nobody should read any more."""
    names = [f"{mark}{ending}" for mark in (NEXT, ERASE) for ending in ("", LOG, INDEX, "-journal")]
    return [file for name in names if (file := _named(database, name)).exists()]


def _fold_log(database: Path, key: bytes | None, aside: Path) -> None:
    """Move the log into the database; its file gets a second name first, so that it can be overwritten."""
    with explaining(database):
        with contextlib.suppress(FileNotFoundError):
            _named(aside, LOG).hardlink_to(_named(database, LOG))
        with closing(connect(database, key)) as connection:
            connection.execute("PRAGMA wal_checkpoint(FULL)").fetchall()
        if _named(database, LOG).exists():  # the last one to close it deletes it
            raise StorageError(
                f"{database}: another program has the database open", remedy="Close it, and try again; nothing changed."
            )


def _refuse_difference(target: Path, found: Contents, exported: Contents) -> None:
    if found != exported:
        raise DatabaseDamagedError(f"{target}: the copy is not what was copied", remedy="Check the disk, try again.")


def _exported(database: Path, key: bytes | None, target: Path, target_key: bytes | None) -> Contents:
    """Copy, and tell damage of the database from trouble with the disk of the copy."""
    try:
        with closing(connect(database, key)) as connection:
            return _export(connection, target, target_key)
    except driver.DatabaseError as error:
        damage = explained(error, database)
        if isinstance(damage, DatabaseDamagedError):
            raise damage from error
        raise


def _export(connection: Connection, target: Path, key: bytes | None) -> Contents:
    """See https://www.zetetic.net/sqlcipher/sqlcipher-api/#sqlcipher_export."""
    connection.execute(f"ATTACH ? AS target KEY {driver.literal(key)}", (f"{target.absolute().as_uri()}?mode=rw",))
    connection.execute("PRAGMA target.journal_mode = OFF")  # a copy that was cut off is thrown away
    connection.execute("PRAGMA target.synchronous = OFF")
    connection.execute("BEGIN")
    contents = _contents(connection)
    connection.execute("SELECT sqlcipher_export('target')").fetchall()
    connection.execute(f"PRAGMA target.user_version = {contents.version}")
    connection.execute(f"PRAGMA target.application_id = {contents.application}")
    connection.execute("COMMIT")
    connection.execute("DETACH target")
    return contents


def _contents(connection: Connection) -> Contents:
    def number(statement: str) -> int:
        return int(connection.execute(statement).fetchone()[0])

    tables = connection.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table' ORDER BY name").fetchall()
    quoted = {str(name): str(name).replace('"', '""') for (name,) in tables}
    return Contents(
        version=number("PRAGMA main.user_version"),
        application=number("PRAGMA main.application_id"),
        rows={name: number(f'SELECT count(*) FROM main."{table}"') for name, table in quoted.items()},  # noqa: S608
    )


def _named(file: Path, ending: str) -> Path:
    return file.with_name(file.name + ending)
