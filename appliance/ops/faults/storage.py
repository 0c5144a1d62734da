"""Faults of the database and of its disk. The files, locks and mounts are real."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from appliance.clock import SystemClock
from appliance.config.storage import StorageConfig
from appliance.ops.faults.disk import (
    HOLD,
    NO_SECRETS,
    WRITE,
    filled,
    keep,
    names,
    opened,
    other_process,
    read_only,
    scramble,
    stored,
)
from appliance.ops.faults.fault import Bench, Fault, Group, refused, require
from appliance.storage.backup import back_up
from appliance.storage.errors import DatabaseDamagedError, KeyFaultError, StorageError, WrongKeyError
from appliance.storage.lock import InstanceLock, LockedError
from appliance.storage.opening import database_key, open_database
from appliance.storage.restore import open_or_restore


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
        seen="warning in the log. Close the other program.",
        check=locked,
    ),
    Fault(
        name="database-damaged-running",
        group=Group.STORAGE,
        injected="bytes in every page change under the running program",
        holds="it is found, told, and nothing is written over it; talking does not need the database",
        heard=GOES_ON,
        seen="error that names the file. Stop the service and put a backup back (`appliance restore`).",
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
