"""The encrypted database: nothing of it can be read, the key is looked for, and a wrong one makes no new file."""

from __future__ import annotations

import asyncio
import resource
import shutil
from functools import partial
from pathlib import Path

import pytest

from appliance.config.storage import Encryption, StorageConfig
from appliance.storage.copying import ERASE, NEXT
from appliance.storage.db import Connection, Database, connect
from appliance.storage.errors import DatabaseDamagedError, KeyFaultError, StorageError, WrongKeyError
from appliance.storage.inspection import inspect
from appliance.storage.key import KEY_VARIABLE, make_key_file, new_key, read_key_file
from appliance.storage.lock import InstanceLock, LockedError, replacing
from appliance.storage.opening import open_database, pending_key
from appliance.storage.rotation import encrypt, rekey, rekey_file
from appliance.storage.sealed import Sealer
from tests.unit.storage_site import SPOKEN, config, damage, found, key_beside, note, noted, plain_database, readable


@pytest.fixture
def storage(tmp_path: Path) -> StorageConfig:
    return config(tmp_path)


def files(storage: StorageConfig) -> dict[str, bytes]:
    kept = [file for file in storage.directory.rglob("*") if file.is_file() and file.suffix != ".lock"]
    return {file.name: file.read_bytes() for file in kept}


async def refused(storage: StorageConfig, kind: type[StorageError], what: str) -> StorageError:
    before = files(storage)
    with pytest.raises(kind, match=what) as caught:
        await open_database(storage, {})
    assert caught.value.remedy
    assert files(storage) == before
    return caught.value


async def test_a_new_database_is_encrypted_without_anybody_making_a_key(storage: StorageConfig) -> None:
    await noted(storage, "a")
    assert await found(storage) == ["a"]
    assert storage.key_path.stat().st_mode & 0o777 == 0o600
    assert inspect(storage, {}).encrypted


async def test_nothing_can_be_read_in_the_file_or_its_log(storage: StorageConfig) -> None:
    database = await open_database(storage, {})
    await database.write(partial(note, name="a", times=500))
    log = storage.database.with_name("appliance.db-wal")
    assert log.stat().st_size > 10_000
    for text in (SPOKEN, "SQLite format 3", "conversations", "session_id"):
        assert readable(storage.directory, text) == []
    await database.checkpoint()
    assert readable(storage.directory) == []
    await database.close()


async def test_search_and_strict_tables_and_overwriting_work_as_in_sqlite(storage: StorageConfig) -> None:
    def work(connection: Connection) -> tuple[object, ...]:
        connection.execute("CREATE VIRTUAL TABLE words USING fts5(text)")
        connection.execute("INSERT INTO words VALUES ('prune the roses')")
        hit = connection.execute("SELECT text FROM words WHERE words MATCH 'roses'").fetchone()
        with pytest.raises(Exception, match="cannot store TEXT"):
            connection.execute("INSERT INTO conversations VALUES ('s', 'x', 'yesterday')")
        modes = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("secure_delete", "journal_mode")]
        return (*hit, *modes)

    database = await open_database(storage, {})
    assert await database.write(work) == ("prune the roses", 1, "wal")
    await database.close()


async def test_two_that_begin_at_once_have_one_key(storage: StorageConfig) -> None:
    both = await asyncio.gather(open_database(storage, {}), open_database(storage, {}))
    for number, database in enumerate(both):
        await database.write(partial(note, name=str(number)))
        await database.close()
    assert await found(storage) == ["0", "1"]


async def test_the_wrong_key_makes_no_new_database(storage: StorageConfig) -> None:
    await noted(storage, "a")
    right = storage.key_path.read_bytes()
    storage.key_path.unlink()
    make_key_file(storage.key_path)
    error = await refused(storage, WrongKeyError, "is not the key of this database")
    assert str(storage.key_path) in str(error)
    storage.key_path.write_bytes(right)
    assert await found(storage) == ["a"]


async def test_a_missing_key_makes_no_new_database_and_no_new_key(storage: StorageConfig) -> None:
    await noted(storage, "a")
    key = read_key_file(storage.key_path)
    storage.key_path.unlink()
    error = await refused(storage, KeyFaultError, "there is no key")
    assert "database_key" in error.remedy
    database = await open_database(storage, {KEY_VARIABLE: key.raw.hex()})
    await database.close()


async def test_a_key_for_a_readable_database_asks_for_it_to_be_encrypted(storage: StorageConfig) -> None:
    await plain_database(storage, "a")
    key_beside(storage)
    error = await refused(storage, KeyFaultError, "not encrypted")
    assert "appliance storage encrypt" in error.remedy


async def test_a_readable_database_goes_on_without_a_key_and_that_is_said(storage: StorageConfig) -> None:
    await plain_database(storage, "a")
    assert await found(storage) == ["a"]
    assert not storage.key_path.exists()
    assert "not encrypted" in inspect(storage, {}).advice[0]


async def test_required_makes_no_key_and_takes_no_readable_database(tmp_path: Path) -> None:
    storage = config(tmp_path, encryption="required")
    await refused(storage, KeyFaultError, "there is no key")
    assert not storage.directory.exists()
    await plain_database(storage, "a")
    await refused(storage, KeyFaultError, "there is no key")


async def test_a_key_file_that_was_named_is_not_made(tmp_path: Path) -> None:
    storage = config(tmp_path, key_file=tmp_path / "stick" / "key")
    await refused(storage, KeyFaultError, "stick")
    assert not (tmp_path / "stick").exists()


async def test_off_reads_no_encrypted_database_and_encrypts_none(tmp_path: Path) -> None:
    storage = config(tmp_path, encryption="off")
    await noted(storage, "a")
    assert readable(storage.directory) == ["appliance.db"]
    other = config(tmp_path / "other")
    await noted(other, "a")
    await refused(other.model_copy(update={"encryption": Encryption.OFF}), KeyFaultError, "encryption is off")


async def test_every_flipped_byte_is_found(storage: StorageConfig) -> None:
    await noted(storage, "a", times=500)
    whole = storage.database.read_bytes()
    for place in (0, 20, 3000, 4096 + 17, len(whole) // 2, len(whole) - 4096 * 3, len(whole) - 1):
        storage.database.write_bytes(whole)
        damage(storage.database, place)
        assert inspect(storage, {}).problems, place
        kind = WrongKeyError if place < 4096 else DatabaseDamagedError
        await refused(storage, kind, "damaged")
    storage.database.write_bytes(whole)
    assert await found(storage) == ["a"]


async def test_a_full_disk_is_told_and_overcome(storage: StorageConfig) -> None:
    """A limit on the size of files stands in for the disk; what the encryption had begun must not stay broken."""
    database = await open_database(storage, {})
    await database.write(partial(note, name="a"))
    log = storage.database.with_name("appliance.db-wal")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 6000, limits[1]))
    try:
        for _ in range(3):
            with pytest.raises(StorageError) as caught:
                await database.write(partial(note, name="large", times=5000))
            assert "room" in caught.value.remedy
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    await database.write(partial(note, name="b", times=5000))
    assert await database.problems() == []
    await database.close()
    assert await found(storage) == ["a", "b"]


async def test_a_file_that_was_cut_is_damaged(storage: StorageConfig) -> None:
    await noted(storage, "a", times=500)
    whole = storage.database.read_bytes()
    for length in (4096 * 5, 4096 * 3 + 100):
        storage.database.write_bytes(whole[:length])
        await refused(storage, DatabaseDamagedError, "damaged")
    storage.database.write_bytes(b"")
    await refused(storage, DatabaseDamagedError, "empty")


async def test_encrypting_leaves_nothing_readable(storage: StorageConfig) -> None:
    await plain_database(storage, "a", "b", times=500)
    storage.recordings.mkdir()
    (storage.recordings / "1.wav").write_bytes(SPOKEN.encode())
    copied = storage.directory / "held"
    copied.hardlink_to(storage.database)  # what a program that reads the raw disk would find at the old place
    held = copied.open("rb")
    copied.unlink()
    key = key_beside(storage)
    contents = encrypt(storage, key)
    assert contents is not None
    assert contents.rows["conversations"] == 2
    assert await found(storage) == ["a", "b"]
    assert readable(storage.directory) == []
    with held:
        assert not held.read().strip(b"\0")
    assert Sealer(key.recordings).open((storage.recordings / "1.wav").read_bytes(), "1.wav") == SPOKEN.encode()
    assert encrypt(storage, key) is None
    with pytest.raises(WrongKeyError):
        encrypt(storage, new_key())


async def test_the_readable_log_is_overwritten_too(storage: StorageConfig) -> None:
    database = await Database.open(storage.database)
    await database.write(partial(note, name="a", times=500))
    crashed = config(storage.directory.parent / "crashed")
    shutil.copytree(storage.directory, crashed.directory)  # as a kill would leave it, with its log
    await database.close()
    log = (crashed.directory / "appliance.db-wal").open("rb")
    encrypt(crashed, key_beside(crashed))
    with log:
        assert SPOKEN.encode() not in log.read()
    assert await found(crashed) == ["a"]


async def test_a_database_in_use_is_not_replaced(storage: StorageConfig) -> None:
    await plain_database(storage, "a")
    key = new_key()
    database = await Database.open(storage.database)
    with pytest.raises(LockedError, match="in use"):
        encrypt(storage, key)
    await database.write(partial(note, name="b"))
    await database.close()
    foreign = connect(storage.database)  # another program, which knows nothing of our lock
    foreign.execute("SELECT * FROM conversations").fetchall()
    with pytest.raises(StorageError, match="another program has the database open"):
        encrypt(storage, key)
    foreign.close()
    assert await found(storage) == ["a", "b"]
    assert encrypt(storage, key) is not None


async def test_a_database_that_is_being_replaced_is_not_opened(storage: StorageConfig) -> None:
    await noted(storage, "a")
    with replacing(storage.database), pytest.raises(LockedError, match="being replaced"):
        await open_database(storage, {})
    assert await found(storage) == ["a"]


async def test_one_daemon_at_a_time_and_commands_beside_it(storage: StorageConfig) -> None:
    with InstanceLock(storage.database):
        with pytest.raises(LockedError, match=r"another appliance.*process \d+"), InstanceLock(storage.database):
            pass
        await noted(storage, "a")
        assert inspect(storage, {}).daemon_runs
    assert not inspect(storage, {}).daemon_runs
    with InstanceLock(storage.database):
        pass


async def test_a_new_key_opens_and_the_old_one_does_not(storage: StorageConfig) -> None:
    await noted(storage, "a")
    storage.recordings.mkdir()
    old = read_key_file(storage.key_path)
    (storage.recordings / "1.wav").write_bytes(Sealer(old.recordings).seal(b"sound", "1.wav"))
    new, kept = rekey_file(storage)
    assert new.raw != old.raw
    assert await found(storage) == ["a"]
    assert Sealer(new.recordings).open((storage.recordings / "1.wav").read_bytes(), "1.wav") == b"sound"
    assert read_key_file(kept).raw == old.raw
    assert not pending_key(storage).exists()
    storage.key_path.write_bytes(kept.read_bytes())
    await refused(storage, WrongKeyError, "is not the key")


async def test_a_change_of_keys_that_was_cut_off_works_and_says_so(
    storage: StorageConfig, caplog: pytest.LogCaptureFixture
) -> None:
    await noted(storage, "a")
    old = read_key_file(storage.key_path)
    new = make_key_file(pending_key(storage))
    assert await found(storage) == ["a"]  # the database still has the old key
    assert rekey(storage, old, new)
    assert await found(storage) == ["a"]
    assert "the database has the new key" in caplog.text
    assert any("cut off" in advice for advice in inspect(storage, {}).advice)
    finished, _ = rekey_file(storage)
    assert finished.raw == new.raw
    assert await found(storage) == ["a"]
    assert not rekey(storage, old, new)
    with pytest.raises(WrongKeyError):
        rekey(storage, new_key(), new_key())


async def test_what_was_left_to_be_overwritten_is_when_the_database_is_opened(storage: StorageConfig) -> None:
    await noted(storage, "a")
    left = storage.database.with_name(f"appliance.db{ERASE}")
    left.write_text(SPOKEN)
    alive = storage.database.with_name(f"appliance.db{NEXT}")
    alive.hardlink_to(storage.database)  # a second name of the database itself must not be overwritten
    assert await found(storage) == ["a"]
    assert await found(storage) == ["a"]  # from the disk, and not from what was in memory
    assert not left.exists()
    assert not alive.exists()


async def test_files_that_others_can_read_are_a_problem(storage: StorageConfig) -> None:
    await noted(storage, "a")
    assert inspect(storage, {}).problems == ()
    storage.database.chmod(0o644)
    assert "chmod 600" in inspect(storage, {}).problems[0]
