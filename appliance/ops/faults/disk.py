"""What faults of storage are made of: a database in the folder of the bench, damage, locks and mounts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from appliance.config.storage import StorageConfig
from appliance.ops.faults.fault import Bench, require
from appliance.storage.db import Connection, Database
from appliance.storage.opening import database_key, open_database

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
