"""The database: durable, private, and honest about damage."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import stat
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.storage import driver
from appliance.storage.db import Connection, Database, connect
from appliance.storage.errors import StorageError
from appliance.storage.migrations import MIGRATIONS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "appliance.db"


@pytest.fixture
async def database(path: Path) -> AsyncIterator[Database]:
    database = await Database.open(path)
    yield database
    await database.close()


async def made(path: Path, letters: int = 0) -> None:
    database = await Database.open(path)
    await database.write(lambda connection: note(connection, "a" * letters))
    await database.close()


def note(connection: Connection, text: str) -> None:
    connection.execute("INSERT INTO conversations VALUES (?, ?, 0)", (text[:40], text))


def count(connection: Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM conversations").fetchone()[0])


async def refused(path: Path) -> StorageError:
    with pytest.raises(StorageError) as caught:
        await Database.open(path)
    assert str(path) in str(caught.value)
    assert caught.value.remedy
    assert caught.value.exit_status == 8
    return caught.value


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def content(path: Path) -> bytes:
    return path.read_bytes()


def put(path: Path, raw: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(raw)


async def test_only_the_owner_reads_the_files(path: Path, database: Database) -> None:
    await database.write(lambda connection: note(connection, "hello"))
    assert mode(path.parent) == 0o700
    files = {file.name: mode(file) for file in path.parent.iterdir()}
    assert files == {
        "appliance.db": 0o600,
        "appliance.db-wal": 0o600,
        "appliance.db-shm": 0o600,
        "appliance.db.lock": 0o600,
    }


async def test_what_protects_the_data_is_on(database: Database) -> None:
    def settings(connection: Connection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
        return {name: connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names}

    assert await database.read(settings) == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 5000,
    }


async def test_work_is_done_on_one_thread_that_ends_with_it(path: Path) -> None:
    database = await Database.open(path)
    threads = {await database.read(lambda _: threading.current_thread()) for _ in range(3)}
    await database.close()
    (thread,) = threads
    assert thread is not threading.current_thread()
    assert not thread.is_alive()


async def test_a_transaction_is_whole_or_not_at_all(database: Database) -> None:
    def half(connection: Connection) -> None:
        note(connection, "first")
        raise LookupError("second")

    with pytest.raises(LookupError):
        await database.write(half)
    assert await database.read(count) == 0
    await database.write(lambda connection: note(connection, "third"))
    assert await database.read(count) == 1


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(StorageError, match="may not be written"):
        await database.read(lambda connection: note(connection, "sneaky"))
    await database.write(lambda connection: note(connection, "open"))
    assert await database.read(count) == 1


async def test_what_was_written_is_there_after_a_restart(path: Path) -> None:
    await made(path)
    database = await Database.open(path)
    assert await database.read(count) == 1
    assert await database.problems() == []
    await database.close()


async def test_deleted_text_is_in_no_file(path: Path, database: Database) -> None:
    secret = "my heart hurts" * 400
    await database.write(lambda connection: note(connection, secret))
    await database.checkpoint()
    assert b"my heart hurts" in content(path)
    await database.write(lambda connection: connection.execute("DELETE FROM conversations"))
    await database.checkpoint()
    assert not any(b"my heart hurts" in content(file) for file in path.parent.iterdir())


async def test_a_newer_file_is_refused_and_unchanged(path: Path) -> None:
    database = await Database.open(path, migrations=(*MIGRATIONS, lambda _: None))
    await database.close()
    before = content(path)
    error = await refused(path)
    assert f"has version {len(MIGRATIONS) + 1}" in str(error)
    assert "newer" in error.remedy
    assert content(path) == before


async def test_an_older_file_takes_the_steps_that_are_missing(path: Path) -> None:
    await made(path)

    def add_mood(connection: Connection) -> None:
        connection.execute("ALTER TABLE conversations ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'")

    database = await Database.open(path, migrations=(*MIGRATIONS, add_mood))
    row = await database.read(lambda connection: connection.execute("SELECT mood FROM conversations").fetchone())
    assert row == ("calm",)
    await database.close()


async def test_a_step_that_fails_leaves_the_file_as_it_was(path: Path) -> None:
    await made(path)

    def broken(connection: Connection) -> None:
        connection.execute("DELETE FROM conversations")
        raise LookupError

    with pytest.raises(LookupError):
        await Database.open(path, migrations=(*MIGRATIONS, broken))
    database = await Database.open(path)
    assert await database.read(count) == 1
    await database.close()


async def test_a_file_that_is_no_database_is_refused_and_kept(path: Path) -> None:
    put(path, b"Dear diary, " * 1000)
    assert "not a database" in str(await refused(path))
    assert content(path) == b"Dear diary, " * 1000


async def test_an_empty_file_is_a_loss_and_not_a_new_database(path: Path) -> None:
    await made(path)
    put(path, b"")
    assert "empty" in str(await refused(path))
    assert content(path) == b""


async def test_damage_in_the_middle_is_found_at_the_start(path: Path) -> None:
    await made(path, 20_000)
    damaged = bytearray(content(path))
    damaged[4096:-4096] = b"\x5a" * (len(damaged) - 8192)
    put(path, bytes(damaged))
    assert "damaged" in str(await refused(path))


async def test_a_file_that_was_cut_is_refused(path: Path) -> None:
    await made(path, 20_000)
    with path.open("r+b") as stream:
        stream.truncate(8192)
    assert "damaged" in str(await refused(path))


async def test_a_database_of_another_program_is_refused(path: Path) -> None:
    path.parent.mkdir()
    foreign = sqlite3.connect(path)
    foreign.execute("CREATE TABLE customers (name TEXT)")
    foreign.close()
    assert "another program" in str(await refused(path))


async def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("I am a file")
    with pytest.raises(StorageError, match="state"):
        await Database.open(tmp_path / "state" / "appliance.db")


async def test_two_that_begin_at_once_share_one_file(path: Path) -> None:
    first, second = await asyncio.gather(Database.open(path), Database.open(path))
    await first.write(lambda connection: note(connection, "hello"))
    assert await second.read(count) == 1
    await first.close()
    await second.close()
    assert [file.name for file in path.parent.iterdir() if file.suffix != ".lock"] == ["appliance.db"]


async def test_a_full_disk_is_told_and_overcome(path: Path) -> None:
    def small(file: Path) -> Connection:
        connection = connect(file)
        connection.execute("PRAGMA max_page_count = 40")
        return connection

    database = await Database.open(path, connect=small)
    await database.write(lambda connection: note(connection, "short"))
    with pytest.raises(StorageError, match="the disk is full") as caught:
        await database.write(lambda connection: note(connection, "long" * 100_000))
    assert "room" in caught.value.remedy
    await database.write(lambda connection: note(connection, "short again"))
    assert await database.read(count) == 2
    assert await database.problems() == []
    await database.close()


async def test_another_library_can_open_the_file(path: Path) -> None:
    opened: list[Path] = []

    def through_another(file: Path) -> Connection:
        opened.append(file)
        return connect(file)

    database = await Database.open(path, connect=through_another)
    await database.close()
    assert opened[-1] == path
    assert all(file.parent == path.parent for file in opened)


async def test_mistakes_in_the_program_stay_what_they_are(database: Database) -> None:
    with pytest.raises(driver.OperationalError, match="no such table"):
        await database.read(lambda connection: connection.execute("SELECT 1 FROM elsewhere"))


async def test_a_copy_of_the_files_is_a_backup(path: Path, database: Database, tmp_path: Path) -> None:
    await database.write(lambda connection: note(connection, "hello"))
    await database.checkpoint()
    shutil.copy(path, tmp_path / "copy.db")
    copy = await Database.open(tmp_path / "copy.db")
    assert await copy.read(count) == 1
    await copy.close()
