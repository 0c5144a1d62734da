"""What the tests of encryption and backups share: a folder with a database in which something is written."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from appliance.config.storage import StorageConfig
from appliance.storage.db import Connection, Database, connect
from appliance.storage.key import Key, make_key_file
from appliance.storage.opening import open_database

SPOKEN = "I was diagnosed on Tuesday"
"""What nobody may find in a file."""


def config(folder: Path, **settings: object) -> StorageConfig:
    return StorageConfig.model_validate({"directory": folder / "state"} | settings)


def key_beside(storage: StorageConfig) -> Key:
    return make_key_file(storage.key_path)


def note(connection: Connection, name: str, times: int = 1) -> None:
    connection.execute("INSERT OR REPLACE INTO conversations VALUES (?, ?, 0)", (name, SPOKEN * times))


def names(connection: Connection) -> list[str]:
    return [str(row[0]) for row in connection.execute("SELECT session_id FROM conversations ORDER BY session_id")]


async def noted(storage: StorageConfig, *wanted: str, times: int = 1) -> None:
    """Write into the database of this configuration, which is made when there is none."""
    database = await open_database(storage, {})
    for name in wanted:
        await database.write(partial(note, name=name, times=times))
    await database.close()


async def found(storage: StorageConfig) -> list[str]:
    database = await open_database(storage, {})
    try:
        return await database.read(names)
    finally:
        await database.close()


async def plain_database(storage: StorageConfig, *wanted: str, times: int = 1) -> None:
    """Make a database as it was before there was encryption."""
    database = await Database.open(storage.database)
    for name in wanted:
        await database.write(partial(note, name=name, times=times))
    await database.close()


def readable(folder: Path, text: str = SPOKEN) -> list[str]:
    """Return the files in which a text can be read."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [file.name for file in files if text.encode() in file.read_bytes()]


def damage(file: Path, place: int) -> None:
    """Flip one bit."""
    raw = bytearray(file.read_bytes())
    raw[place] ^= 1
    file.write_bytes(raw)


def rows(path: Path, key: Key | None) -> list[str]:
    connection = connect(path, None if key is None else key.database)
    try:
        return names(connection)
    finally:
        connection.close()
