"""Backups: made beside a writer, readable by nobody without the key, refused when damaged, and put back."""

from __future__ import annotations

import asyncio
import logging
import resource
import shutil
import subprocess
import sys
import tarfile
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

import pytest

from appliance.config.storage import StorageConfig
from appliance.storage.backup import Backup, back_up, backups
from appliance.storage.copying import opens
from appliance.storage.db import Database
from appliance.storage.errors import DatabaseDamagedError, StorageError, WrongKeyError
from appliance.storage.inspection import inspect
from appliance.storage.key import Keyring, make_key_file, read_key_file
from appliance.storage.lock import LockedError
from appliance.storage.migrations import MIGRATIONS
from appliance.storage.opening import database_key, keyring, open_database
from appliance.storage.restore import configuration, open_or_restore, restore, verify
from appliance.storage.rotation import rekey_file
from appliance.storage.sealed import Sealer
from tests.unit.storage_child import NOW
from tests.unit.storage_fakes import HandClock
from tests.unit.storage_site import SPOKEN, config, damage, found, note, noted, plain_database, readable, rows


@pytest.fixture
def storage(tmp_path: Path) -> StorageConfig:
    return config(tmp_path)


def backed_up(storage: StorageConfig, hours: float = 0, keep: int = 7, settings: Path | None = None) -> Backup:
    now = NOW + timedelta(hours=hours)
    return back_up(storage, database_key(storage, {}), settings, now, storage.backups, keep)


def put_back(file: Path, storage: StorageConfig) -> Path | None:
    return restore(file, storage, keyring(storage, {}), NOW).aside


def hurt(database: Path) -> None:
    """Flip bits in every page but the first."""
    for page in range(1, database.stat().st_size // 4096):
        damage(database, page * 4096 + 100)


async def started(storage: StorageConfig) -> list[str]:
    database = await open_or_restore(storage, HandClock(), {})
    await database.close()
    return await found(storage)


async def test_everything_comes_back(storage: StorageConfig, tmp_path: Path) -> None:
    await noted(storage, "a", "b")
    storage.recordings.mkdir()
    key = read_key_file(storage.key_path)
    (storage.recordings / "1.wav").write_bytes(Sealer(key.recordings).seal(b"sound", "1.wav"))
    settings = tmp_path / "config.yaml"
    settings.write_text(f"# {SPOKEN}")
    made = backed_up(storage, settings=settings)
    assert made.file.stat().st_mode & 0o777 == 0o600
    await noted(storage, "late")
    (storage.recordings / "1.wav").unlink()
    (storage.recordings / "2.wav").write_bytes(b"late")
    aside = put_back(made.file, storage)
    assert aside is not None
    assert await found(storage) == ["a", "b"]
    assert Sealer(key.recordings).open((storage.recordings / "1.wav").read_bytes(), "1.wav") == b"sound"
    assert [file.name for file in storage.recordings.iterdir()] == ["1.wav"]
    assert rows(aside, key) == ["a", "b", "late"]
    assert (storage.directory / f"recordings.{aside.name.removeprefix('appliance.db.')}" / "2.wav").exists()
    assert configuration(made.file, keyring(storage, {}), storage) == settings.read_bytes()


async def test_a_log_that_a_crash_has_left_is_kept_and_not_taken_for_the_backups(
    storage: StorageConfig, tmp_path: Path
) -> None:
    await noted(storage, "a")
    file = backed_up(storage).file
    database = await open_database(storage, {})
    await database.write(partial(note, name="late", times=500))
    crashed = config(tmp_path / "crashed")
    shutil.copytree(storage.directory, crashed.directory)
    await database.close()
    assert (crashed.directory / "appliance.db-wal").stat().st_size
    aside = put_back(file, crashed)
    assert await found(crashed) == ["a"]
    assert aside is not None
    assert rows(aside, read_key_file(crashed.key_path)) == ["a", "late"]


async def test_nothing_in_a_backup_can_be_read(storage: StorageConfig, tmp_path: Path) -> None:
    await noted(storage, "a", times=500)
    settings = tmp_path / "config.yaml"
    settings.write_text(SPOKEN)
    backed_up(storage, settings=settings)
    assert readable(storage.backups) == []
    assert readable(storage.backups, "SQLite format 3") == []


def test_a_backup_beside_a_writer_in_another_process_is_one_state(storage: StorageConfig) -> None:
    asyncio.run(noted(storage, "first"))
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from appliance.storage.db import connect\n"
        "from appliance.storage.key import read_key_file\n"
        "connection = connect(Path(sys.argv[1]), read_key_file(Path(sys.argv[2])).database)\n"
        "for number in range(1_000_000):\n"
        "    connection.execute('BEGIN IMMEDIATE')\n"
        "    for half in 'ab':\n"
        "        name = f'{number:06}{half}'\n"
        "        connection.execute('INSERT INTO conversations VALUES (?, ?, 0)', (name, 'x' * 3000))\n"
        "    connection.execute('COMMIT')\n"
        "    print(number, flush=True)\n"
    )
    command = [sys.executable, "-c", program, str(storage.database), str(storage.key_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        made, seen = list[int](), list[int]()
        for _ in range(4):
            seen.extend(int(writer.stdout.readline()) for _ in range(20))
            made.append(backed_up(storage, hours=len(made)).manifest.contents.rows["conversations"])
        writer.kill()
    assert made == sorted(set(made))
    assert all(count % 2 for count in made)  # the first, and whole transactions
    assert all(count > 40 * (number + 1) for number, count in enumerate(made))
    written = asyncio.run(found(storage))
    assert len(written) % 2
    assert len(written) >= 2 * len(seen) + 1


async def test_the_oldest_are_deleted_and_times_that_repeat_are_none(storage: StorageConfig) -> None:
    await noted(storage, "a")
    made = [backed_up(storage, hours, keep=3).file for hours in (0, 0, 1, 2, 3)]
    assert len(set(made)) == 5
    assert backups(storage.backups) == list(reversed(made[-3:]))


async def test_damage_anywhere_in_a_backup_is_found(storage: StorageConfig, tmp_path: Path) -> None:
    await noted(storage, "a", times=50)
    settings = tmp_path / "config.yaml"
    settings.write_text(SPOKEN)
    storage.recordings.mkdir()
    (storage.recordings / "1.wav").write_bytes(b"sound" * 100)
    file = backed_up(storage, settings=settings).file
    whole = file.read_bytes()
    with tarfile.open(file) as archive:
        members = [range(member.offset, member.offset_data + member.size) for member in archive]
    random = Random(5)  # noqa: S311
    for place in [random.choice(random.choice(members)) for _ in range(60)]:
        file.write_bytes(whole)
        damage(file, place)
        with pytest.raises(StorageError):
            verify(file, storage, keyring(storage, {}))
    content = members[-1].stop
    for length in (0, 100, 5000, content - 600):
        file.write_bytes(whole[:length])
        with pytest.raises(DatabaseDamagedError):
            verify(file, storage, keyring(storage, {}))
    before = await found(storage)
    with pytest.raises(DatabaseDamagedError):
        put_back(file, storage)
    assert await found(storage) == before


async def test_a_manifest_that_was_written_anew_is_found(storage: StorageConfig) -> None:
    """Somebody without the key can make a tar, and every hash in it, but not its HMAC."""
    await noted(storage, "a")
    file = backed_up(storage).file
    raw = file.read_bytes()
    assert raw.count(b"2026-03-02T10:05:00") == 1
    file.write_bytes(raw.replace(b"2026-03-02T10:05:00", b"2027-03-02T10:05:00"))
    with pytest.raises(DatabaseDamagedError, match="manifest was changed"):
        verify(file, storage, keyring(storage, {}))


async def test_what_is_no_backup_changes_nothing(storage: StorageConfig, tmp_path: Path) -> None:
    await noted(storage, "a")
    (tmp_path / "diary").write_text("Dear diary " * 1000)
    for name, what in (("diary", "damaged"), ("nowhere", "no such backup")):
        with pytest.raises(StorageError, match=what):
            put_back(tmp_path / name, storage)
    assert await found(storage) == ["a"]


async def test_an_older_key_opens_older_backups(storage: StorageConfig) -> None:
    await noted(storage, "a")
    storage.recordings.mkdir()
    old = read_key_file(storage.key_path)
    (storage.recordings / "1.wav").write_bytes(Sealer(old.recordings).seal(b"sound", "1.wav"))
    file = backed_up(storage).file
    new, kept = rekey_file(storage)
    put_back(file, storage)
    assert opens(storage.database, new.database)
    assert Sealer(new.recordings).open((storage.recordings / "1.wav").read_bytes(), "1.wav") == b"sound"
    kept.unlink()
    with pytest.raises(WrongKeyError, match=old.name):
        put_back(file, storage)
    restore(file, storage, Keyring(present=new, others=(old,)), NOW)
    assert await found(storage) == ["a"]


async def test_a_readable_backup_is_encrypted_when_it_is_put_back(storage: StorageConfig) -> None:
    await plain_database(storage, "a")
    file = backed_up(storage).file
    assert readable(storage.backups) == [file.name]
    key = make_key_file(storage.key_path)
    put_back(file, storage)
    assert opens(storage.database, key.database)


async def test_a_backup_on_a_new_machine(storage: StorageConfig, tmp_path: Path) -> None:
    await noted(storage, "a")
    file = backed_up(storage).file
    fresh = config(tmp_path / "fresh")
    make_key_file(fresh.key_path, read_key_file(storage.key_path))
    assert put_back(file, fresh) is None
    assert await found(fresh) == ["a"]


async def test_a_backup_of_a_newer_program_is_refused(storage: StorageConfig) -> None:
    newer = await Database.open(storage.database, migrations=(*MIGRATIONS, lambda _: None))
    await newer.close()
    file = backed_up(storage).file
    with pytest.raises(StorageError, match="versions up to") as caught:
        verify(file, storage, keyring(storage, {}))
    assert "newer" in caught.value.remedy


async def test_nothing_is_put_back_under_a_running_appliance(storage: StorageConfig) -> None:
    await noted(storage, "a")
    file = backed_up(storage).file
    database = await open_database(storage, {})
    with pytest.raises(LockedError, match="in use") as caught:
        put_back(file, storage)
    assert "systemctl stop" in caught.value.remedy
    await database.close()


async def test_a_damaged_database_is_backed_up_by_nothing_and_the_old_backups_stay(storage: StorageConfig) -> None:
    await noted(storage, "a", times=500)
    file = backed_up(storage, keep=1).file
    hurt(storage.database)
    with pytest.raises(DatabaseDamagedError):
        backed_up(storage, hours=1, keep=1)
    assert backups(storage.backups) == [file]
    assert len(list(storage.backups.iterdir())) == 2  # with the lock


async def test_a_full_disk_leaves_no_half_backup(storage: StorageConfig) -> None:
    """A limit on the size of files stands in for the disk; Python ignores the signal, so that the write fails."""
    await noted(storage, "a", times=5000)
    old = backed_up(storage).file
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    for limit in (10_000, storage.database.stat().st_size - 4096, storage.database.stat().st_size + 1024):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limits[1]))
        try:
            with pytest.raises(StorageError):
                backed_up(storage, hours=1)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert backups(storage.backups) == [old]
        assert len(list(storage.backups.iterdir())) == 2
    assert backed_up(storage, hours=1).file != old


async def test_damage_without_a_backup_says_so(storage: StorageConfig) -> None:
    await noted(storage, "a", times=500)
    hurt(storage.database)
    with pytest.raises(StorageError, match="no good backup"):
        await started(storage)


async def test_damage_is_refused_with_the_way_out(storage: StorageConfig) -> None:
    await noted(storage, "a", times=500)
    good = backed_up(storage).file
    later = backed_up(storage, hours=1).file
    damage(later, 8000)
    hurt(storage.database)
    broken = storage.database.read_bytes()
    with pytest.raises(DatabaseDamagedError) as caught:
        await started(storage)
    assert f"appliance restore {good}" in caught.value.remedy
    assert storage.database.read_bytes() == broken


@pytest.mark.parametrize("place", [3, 4096 * 2 + 50])
async def test_damage_is_mended_from_the_last_good_backup_where_that_is_allowed(
    tmp_path: Path, place: int, caplog: pytest.LogCaptureFixture
) -> None:
    storage = config(tmp_path, restore_automatically=True)
    await noted(storage, "a", times=500)
    backed_up(storage)
    await noted(storage, "b")
    damage(backed_up(storage, hours=1).file, 8000)
    damage(storage.database, place)
    broken = storage.database.read_bytes()
    assert await started(storage) == ["a"]
    (aside,) = storage.directory.glob("appliance.db.damaged-*")
    assert aside.read_bytes() == broken
    assert any(aside.name in advice for advice in inspect(storage, {}).advice)
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "WAS PUT BACK" in record.message
    assert aside.name in record.message


async def test_a_wrong_key_is_not_mistaken_for_damage(tmp_path: Path) -> None:
    storage = config(tmp_path, restore_automatically=True)
    await noted(storage, "a")
    backed_up(storage)
    rekey_file(storage)  # keeps the old key, which opens the backup, and yet says nothing about the present one
    await noted(storage, "b")
    right = storage.key_path.rename(tmp_path / "right.key")
    for make in (lambda: make_key_file(storage.key_path), storage.key_path.unlink):
        make()
        with pytest.raises(WrongKeyError):
            await started(storage)
    right.rename(storage.key_path)
    assert await started(storage) == ["a", "b"]


async def test_a_sound_database_is_just_opened(tmp_path: Path) -> None:
    storage = config(tmp_path, restore_automatically=True)
    await noted(storage, "a")
    backed_up(storage)
    await noted(storage, "b")
    assert await started(storage) == ["a", "b"]
    assert await asyncio.to_thread(lambda: list(storage.directory.glob("*.damaged-*"))) == []
