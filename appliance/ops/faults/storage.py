"""Faults of the database and of its disk. The files, locks and mounts are real."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from appliance.clock import SystemClock
from appliance.config.storage import StorageConfig
from appliance.ops.faults.fault import Bench, Fault, Group, refused, require
from appliance.storage.backup import back_up
from appliance.storage.db import Connection, Database
from appliance.storage.errors import DatabaseDamagedError, KeyFaultError, StorageError, WrongKeyError
from appliance.storage.lock import InstanceLock, LockedError
from appliance.storage.opening import database_key, open_database
from appliance.storage.restore import open_or_restore

PAGE = 4096
NO_SECRETS: dict[str, str] = {}
HOLD = """
import sys
from pathlib import Path
from appliance.storage.db import connect
connection = connect(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]))
connection.execute("BEGIN IMMEDIATE")
connection.execute("INSERT INTO conversations VALUES ('theirs', '{}', 0)")
print("locked", flush=True)
sys.stdin.read()
"""
WRITE = HOLD.replace("BEGIN IMMEDIATE", "PRAGMA journal_mode = WAL")


def stored(bench: Bench, **settings: object) -> StorageConfig:
    """Return the settings of a database in the folder of the bench."""
    return StorageConfig.model_validate({"directory": bench.folder / "state", **settings})


async def keep(database: Database, name: str) -> None:
    """Write a row."""
    statement = "INSERT INTO conversations VALUES (?, '{}', 0)"
    await database.write(lambda connection: connection.execute(statement, (name,)))


async def names(database: Database) -> list[str]:
    """Return the rows."""

    def read(connection: Connection) -> list[str]:
        return [str(row[0]) for row in connection.execute("SELECT session_id FROM conversations ORDER BY 1")]

    return await database.read(read)


@asynccontextmanager
async def opened(storage: StorageConfig) -> AsyncIterator[Database]:
    """Open the database, and close it."""
    database = await open_database(storage, NO_SECRETS)
    try:
        yield database
    finally:
        await database.close()


async def filled(storage: StorageConfig, *rows: str) -> None:
    """Make the database with these rows."""
    async with opened(storage) as database:
        for row in rows:
            await keep(database, row)


def scramble(database: Path) -> None:
    """Flip a byte in every page but the first."""
    with database.open("r+b") as file:
        for at in range(PAGE + 100, database.stat().st_size, PAGE):
            file.seek(at)
            byte = file.read(1)
            file.seek(at)
            file.write(bytes([byte[0] ^ 0xFF]))


@contextmanager
def other_process(code: str, storage: StorageConfig) -> Iterator[subprocess.Popen[str]]:
    """Run a program that has the database open until the block is left."""
    key = database_key(storage, NO_SECRETS)
    secret = "" if key is None else key.database.hex()
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
        [sys.executable, "-c", code, str(storage.database), secret],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        require(process.stdout is not None and process.stdout.readline() == "locked\n", "the other program failed")
        yield process
    finally:
        process.kill()
        process.communicate()


@contextmanager
def mounted(folder: Path, *arguments: str) -> Iterator[None]:
    """Mount something on a folder until the block is left; needs root."""
    _run("mount", *arguments, str(folder))
    try:
        yield
    finally:
        _run("umount", "--lazy", str(folder))


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - fixed programs
    require(not done.returncode, *command, done.stderr.strip())


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nobody write in a folder, root neither."""
    with mounted(folder, "--bind", str(folder)):
        _run("mount", "-o", "remount,bind,ro", str(folder))
        yield


async def locked(bench: Bench) -> str:
    """Another program holds the lock for longer than a write waits."""
    storage = stored(bench)
    await filled(storage, "before")
    async with opened(storage) as database:
        with other_process(HOLD, storage):
            error = await refused(keep(database, "during"), "locked the database", kind=StorageError)
            require(await names(database) == ["before"], "reading is disturbed")
        await keep(database, "after")
        require(await names(database) == ["after", "before"], await names(database))
    return str(error)


async def damaged_while_running(bench: Bench) -> str:
    """Bytes of the file change under the running program."""
    storage = stored(bench)
    await filled(storage, "before")
    async with opened(storage) as database:
        await database.checkpoint()
        scramble(storage.database)
        with suppress(StorageError):  # what it has in memory it can still read
            await keep(database, "during")
        async with opened_anew(storage, DatabaseDamagedError) as error:
            pass
    return str(error)


@asynccontextmanager
async def opened_anew(storage: StorageConfig, kind: type[StorageError]) -> AsyncIterator[StorageError]:
    """Yield the error with which the database is refused."""
    error = await refused(open_or_restore(storage, SystemClock(), NO_SECRETS), kind=kind)
    require(isinstance(error, StorageError), error)
    yield error  # type: ignore[misc]


async def damaged_at_start(bench: Bench) -> str:
    """The file is damaged, there is a backup, and it may be put back by itself."""
    storage = stored(bench, restore_automatically=True)
    await filled(storage, "before")
    back_up(storage, database_key(storage, NO_SECRETS), None, bench.clock.local_time("UTC"), storage.backups, 7)
    scramble(storage.database)
    database = await open_or_restore(storage, bench.clock, NO_SECRETS)
    try:
        require(await names(database) == ["before"], await names(database))
    finally:
        await database.close()
    aside = [file.name for file in storage.directory.glob("*damaged-*")]
    require(aside, "the damaged file was not kept")
    return f"put back from the backup; the damaged file is {aside[0]}"


async def damaged_without_backup(bench: Bench) -> str:
    """The file is damaged, and there is no backup."""
    storage = stored(bench)
    await filled(storage, "before")
    scramble(storage.database)
    before = storage.database.read_bytes()
    async with opened_anew(storage, DatabaseDamagedError) as error:
        require(storage.database.read_bytes() == before, "the damaged file was changed")
    return str(error)


async def emptied(bench: Bench) -> str:
    """The file has no byte any more."""
    storage = stored(bench)
    await filled(storage, "before")
    storage.database.write_bytes(b"")
    async with opened_anew(storage, DatabaseDamagedError) as error:
        return str(error)


async def log_deleted(bench: Bench) -> str:
    """The process is killed and somebody deletes the write-ahead log."""
    storage = stored(bench)
    await filled(storage, "before")
    with other_process(WRITE, storage):
        pass
    log = storage.database.with_name(storage.database.name + "-wal")
    require(log.exists(), "there was no log to delete")
    log.unlink()
    async with opened(storage) as database:
        require(await names(database) == ["before"], await names(database))
        require(not await database.problems(), await database.problems())
        await keep(database, "after")
    return "what stood in the file is there and sound; what stood in the log alone is gone"


async def killed_writing(bench: Bench) -> str:
    """The process is killed right after a transaction."""
    storage = stored(bench)
    await filled(storage, "before")
    with other_process(WRITE, storage):
        pass
    async with opened(storage) as database:
        require(await names(database) == ["before", "theirs"], await names(database))
    return "what was committed is there"


async def folder_read_only(bench: Bench) -> str:
    """The disk becomes read-only while the program runs."""
    storage = stored(bench)
    await filled(storage, "before")
    async with opened(storage):
        pass
    with read_only(storage.directory):
        error = await refused(open_database(storage, NO_SECRETS), kind=StorageError)
    async with opened(storage) as database:
        await keep(database, "after")
    return str(error)


async def key_missing(bench: Bench) -> str:
    """The key of the database is gone."""
    storage = stored(bench)
    await filled(storage, "before")
    aside = storage.key_path.rename(bench.folder / "key")
    error = await refused(open_database(storage, NO_SECRETS), "no key", kind=KeyFaultError)
    require(not storage.key_path.exists(), "another key was made")
    aside.rename(storage.key_path)
    async with opened(storage) as database:
        require(await names(database) == ["before"], "it was changed")
    return str(error)


async def key_wrong(bench: Bench) -> str:
    """The key is that of another database."""
    storage = stored(bench)
    await filled(storage, "before")
    right = storage.key_path.read_bytes()
    storage.key_path.write_text(os.urandom(32).hex() + "\n")
    error = await refused(open_database(storage, NO_SECRETS), "not the key", kind=WrongKeyError)
    storage.key_path.write_bytes(right)
    async with opened(storage) as database:
        require(await names(database) == ["before"], "it was changed")
    return str(error)


async def two_daemons(bench: Bench) -> str:
    """A second one is started with the same state."""
    storage = stored(bench)
    await filled(storage)
    with InstanceLock(storage.database):
        return str(await refused(_second(storage), kind=LockedError))


async def _second(storage: StorageConfig) -> None:
    with InstanceLock(storage.database):
        await asyncio.sleep(0)


GOES_ON = "nothing; the conversation goes on"
SILENT = "nothing: the service does not start"

FAULTS: Sequence[Fault] = (
    Fault(
        name="database-locked",
        group=Group.STORAGE,
        injected="another program holds a write lock on the database for longer than 5 s",
        holds="the write fails with words, reading goes on, and after it everything is written again",
        heard="nothing; only a task that has to write a receipt says that it failed",
        seen="warning in the log; `database` and `audit` degraded while it lasts. Close the other program.",
        check=locked,
    ),
    Fault(
        name="database-damaged-running",
        group=Group.STORAGE,
        injected="bytes in every page change under the running program",
        holds="it is found, told, and nothing is written over it; talking does not need the database",
        heard=GOES_ON,
        seen="error that names the file; `database` failed. Stop the service and put a backup back.",
        check=damaged_while_running,
    ),
    Fault(
        name="database-damaged-start",
        group=Group.STORAGE,
        injected="the file is damaged before the start; there is a backup (`storage.restore_automatically`)",
        holds="the newest good backup is put back, and the damaged file is kept",
        heard="nothing; what came after the backup is not known any more",
        seen="error in the log, in capitals, with the date of the backup",
        check=damaged_at_start,
    ),
    Fault(
        name="database-damaged-no-backup",
        group=Group.STORAGE,
        injected="the file is damaged before the start; there is no backup",
        holds="the start is refused, and not a byte of the file is changed",
        heard=SILENT,
        seen="exit status 8, and what can be done",
        check=damaged_without_backup,
    ),
    Fault(
        name="database-empty",
        group=Group.STORAGE,
        injected="the file has no byte any more",
        holds="the start is refused: a new database would hide that all is lost",
        heard=SILENT,
        seen="exit status 8, and what can be done",
        check=emptied,
    ),
    Fault(
        name="log-deleted",
        group=Group.STORAGE,
        injected="kill -9, and the write-ahead log (`-wal`) is deleted",
        holds="the database is sound; what stood in the log alone is gone, as SQLite cannot know of it",
        heard=GOES_ON,
        seen="nothing. Never delete `-wal`: it belongs to the database.",
        check=log_deleted,
    ),
    Fault(
        name="killed-after-commit",
        group=Group.STORAGE,
        injected="kill -9 right after a transaction",
        holds="what was committed is there",
        heard="the conversation goes on after the restart",
        seen='"going on with a conversation that was cut off"',
        check=killed_writing,
    ),
    Fault(
        name="folder-read-only",
        group=Group.STORAGE,
        injected="the folder of the state is mounted read-only",
        holds="the start is refused with the folder's name; afterwards it works",
        heard=SILENT,
        seen="exit status 8. Mount it writable; look at `dmesg`.",
        check=folder_read_only,
    ),
    Fault(
        name="key-missing",
        group=Group.STORAGE,
        injected="the key of the database is gone",
        holds="the start is refused, no other key is made, and with the key all is there",
        heard=SILENT,
        seen="exit status 8 (as a credential of the unit: `status=243/CREDENTIALS`). Give the key back.",
        check=key_missing,
    ),
    Fault(
        name="key-wrong",
        group=Group.STORAGE,
        injected="the key is that of another database",
        holds="the start is refused, and nothing is changed",
        heard=SILENT,
        seen="exit status 8. `appliance storage check` tells keys apart.",
        check=key_wrong,
    ),
    Fault(
        name="two-daemons",
        group=Group.STORAGE,
        injected="a second one is started with the same state",
        holds="the second is refused at once, and the first is not disturbed",
        heard=GOES_ON,
        seen="exit status 8, with the number of the process that runs",
        check=two_daemons,
    ),
)
