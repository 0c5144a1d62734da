"""One SQLite file on one thread of its own.

What is committed survives a power failure: write-ahead log, synchronous=FULL. What is deleted is overwritten
(secure_delete), and `checkpoint` removes it from the log too. With a key, the file and its log are encrypted.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TypeVar

from appliance.storage import driver
from appliance.storage.errors import DatabaseDamagedError, StorageError, explaining
from appliance.storage.files import hand_over, sync_folder
from appliance.storage.lock import FileLock, using
from appliance.storage.migrations import MIGRATIONS, Migration, migrate

T = TypeVar("T")
Connection = driver.Connection
Connect = Callable[[Path], Connection]

BUSY_TIMEOUT_S = 5.0
"""How long a write waits for another process, such as `appliance outbox`."""


def connect(path: Path, key: bytes | None = None) -> Connection:
    """Open a file that exists, with its key of 32 bytes if it is encrypted; transactions are begun by hand.

    Whether the key is the right one is known at the first read.
    """
    connection = driver.connect(
        f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None
    )
    connection.execute("PRAGMA cipher_log_level = NONE")  # it writes to stderr; what matters comes as an error
    if key is not None:
        connection.execute(f"PRAGMA key = {driver.literal(key)}")
    return connection


class Database:
    """Reads and writes that take turns on the thread of the database."""

    def __init__(self, path: Path, connection: Connection, thread: ThreadPoolExecutor, use: FileLock) -> None:
        self.path = path
        self._connection = connection
        self._use = use
        self._thread = thread

    @classmethod
    async def open(
        cls, path: Path, *, migrations: Sequence[Migration] = MIGRATIONS, connect: Connect = connect
    ) -> Database:
        """Open the file at `path`, or make it when there is none, and bring its tables up to date.

        The caller closes it. A new file is readable by its owner only (0600), and so is a new folder (0700).

        Raises:
            StorageError: The file is foreign, locked, being replaced, or written by a newer program; the folder or
                the disk does not allow it; as DatabaseDamagedError, it is damaged or its key is another.
        """
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
        loop = asyncio.get_running_loop()
        try:
            connection, use = await loop.run_in_executor(thread, partial(_open, path, migrations, connect))
        except BaseException:
            thread.shutdown()
            raise
        return cls(path, connection, thread, use)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """Run `work` in one transaction: all of it is on disk when this returns, or nothing if it raises.

        A task that is cancelled while it waits does not know whether the transaction took place.

        Raises:
            StorageError: The disk is full or failed, the file is damaged or locked. The database can be used further.
        """
        return await self._run(partial(_write, work))

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run `work` on one state of the database; it cannot change anything. Raises StorageError as `write` does."""
        return await self._run(partial(_read, work))

    async def checkpoint(self) -> None:
        """Move the log into the file and empty it, so that deleted data is in neither of them."""
        await self._run(_checkpoint)

    async def problems(self) -> list[str]:
        """Return what SQLite's integrity check finds, empty when the file is sound."""
        return await self.read(partial(_problems, "integrity_check"))

    async def close(self) -> None:
        """Close the file and end the thread, after the reads and writes that are waiting."""
        try:
            await self._run(lambda connection: connection.close())
        finally:
            self._use.release()
            self._thread.shutdown()

    async def _run(self, work: Callable[[Connection], T]) -> T:
        def explained() -> T:
            with explaining(self.path):
                return work(self._connection)

        return await asyncio.get_running_loop().run_in_executor(self._thread, explained)


def _open(path: Path, migrations: Sequence[Migration], connect: Connect) -> tuple[Connection, FileLock]:
    with explaining(path):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        use = using(path)
        use.acquire()
        try:
            if not path.exists():
                _create(path, migrations, connect)
            _refuse_empty(path)
            return _opened(path, migrations, connect), use
        except BaseException:
            use.release()
            raise


def _refuse_empty(path: Path) -> None:
    if path.stat().st_size == 0:
        raise DatabaseDamagedError(
            f"{path}: the database is empty, so what was in it is lost",
            remedy="Put a backup back (`appliance restore`); or move the file away, and a new one is made.",
        )


def _create(path: Path, migrations: Sequence[Migration], connect: Connect) -> None:
    """Make the file under another name first: one that is not whole under its own name is always damage."""
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=".new", dir=path.parent)  # with mode 0600
    os.close(handle)
    try:
        _opened(Path(name), migrations, connect).close()
        hand_over(Path(name))
        with contextlib.suppress(FileExistsError):  # another process was quicker
            os.link(name, path)
    finally:
        Path(name).unlink()
    sync_folder(path.parent)


def _opened(path: Path, migrations: Sequence[Migration], connect: Connect) -> Connection:
    connection = connect(path)
    try:
        migrate(connection, migrations)
        _configure(connection)
        _refuse_damage(connection)
    except StorageError as error:
        connection.close()
        raise type(error)(f"{path}: {error}", remedy=error.remedy) from error
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_damage(connection: Connection) -> None:
    if problems := _problems("quick_check", connection):
        raise DatabaseDamagedError(
            f"the database is damaged ({problems[0]})",
            remedy="Stop the appliance and put a backup back: `appliance restore`.",
        )


def _configure(connection: Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000:.0f}")


@contextlib.contextmanager
def _transaction(connection: Connection, mode: str) -> Iterator[None]:
    connection.execute(f"BEGIN {mode}")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite rolls back by itself when the disk is full
            connection.execute("ROLLBACK")
        raise


def _write(work: Callable[[Connection], T], connection: Connection) -> T:
    with _transaction(connection, "IMMEDIATE"):
        return work(connection)


def _read(work: Callable[[Connection], T], connection: Connection) -> T:
    connection.execute("PRAGMA query_only = ON")
    try:
        with _transaction(connection, "DEFERRED"):
            return work(connection)
    finally:
        connection.execute("PRAGMA query_only = OFF")


def _checkpoint(connection: Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


def _problems(check: str, connection: Connection) -> list[str]:
    found = [str(row[0]) for row in connection.execute(f"PRAGMA {check}(20)")]
    return [] if found == ["ok"] else found
