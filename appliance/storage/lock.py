"""Who may use the database: many readers and writers, or one who replaces the file; and one daemon at a time.

The locks are on files of their own (flock(2)): the database's own file changes when it is replaced, and closing it
would release the locks that SQLite holds on it. They end with the process, however it ends.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.storage.errors import StorageError, explaining
from appliance.storage.files import PRIVATE, hand_over

USERS, DAEMON = ".lock", ".daemon"
"""Endings of the two files beside the database."""


class LockedError(StorageError):
    """Somebody else has the lock."""

    code = "storage-locked"


class FileLock:
    """A lock on a file that is made when it is missing; taken at once or not at all."""

    def __init__(self, path: Path, *, shared: bool, refusal: str, remedy: str) -> None:
        self._path = path
        self._mode = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        self._refusal = refusal
        self._remedy = remedy
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises LockedError when somebody else has it, StorageError when the file cannot be made."""
        with explaining(self._path):
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE)
            hand_over(self._path)
            try:
                fcntl.flock(handle, self._mode | fcntl.LOCK_NB)
            except BlockingIOError:
                holder = os.read(handle, 20).decode("ascii", "replace").strip()
                os.close(handle)
                raise LockedError(
                    self._refusal + (f" (process {holder})" if holder else ""), remedy=self._remedy
                ) from None
            except BaseException:
                os.close(handle)
                raise
        self._handle = handle

    def sign(self) -> None:
        """Write the number of this process into the file, for whoever is refused."""
        if self._handle is not None:
            with explaining(self._path):
                os.ftruncate(self._handle, 0)
                os.pwrite(self._handle, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Give the lock back; without one, nothing happens."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def using(database: Path) -> FileLock:
    """Return the lock of whoever reads or writes the database; many hold it at once."""
    return FileLock(
        _beside(database, USERS),
        shared=True,
        refusal=f"{database}: the database is being replaced (encrypted, rekeyed or restored)",
        remedy="Wait until that command has ended, and try again.",
    )


def replacing(database: Path) -> FileLock:
    """Return the lock of whoever puts another file in the database's place; nobody else has it open then."""
    return FileLock(
        _beside(database, USERS),
        shared=False,
        refusal=f"{database}: the database is in use",
        remedy="Stop the appliance (sudo systemctl stop appliance) and every other command, and try again.",
    )


class InstanceLock(FileLock):
    """Held by the daemon for as long as it runs: there is one on a database. Commands beside it do not take it."""

    def __init__(self, database: Path) -> None:
        super().__init__(
            _beside(database, DAEMON),
            shared=False,
            refusal=f"{database}: another appliance runs on this database",
            remedy="Stop it (sudo systemctl stop appliance), or give this one a storage.directory of its own.",
        )

    def acquire(self) -> None:
        """Take the lock and say whose it is. Raises LockedError when another daemon runs."""
        with explaining(self._path):
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        super().acquire()
        self.sign()


def daemon_runs(database: Path) -> bool:
    """Return whether a daemon runs on this database. Raises StorageError when that cannot be found out."""
    lock = FileLock(_beside(database, DAEMON), shared=True, refusal="", remedy="")
    if not _beside(database, DAEMON).exists():
        return False
    with explaining(database):
        try:
            lock.acquire()
        except LockedError:
            return True
    lock.release()
    return False


def _beside(database: Path, ending: str) -> Path:
    return database.with_name(database.name + ending)
