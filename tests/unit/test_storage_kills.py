"""Encrypting, changing keys, backing up and restoring, killed at every step: the database is there and whole."""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from appliance.config.storage import StorageConfig
from appliance.storage.backup import back_up, backups
from appliance.storage.copying import is_plain, leftovers
from appliance.storage.inspection import inspect
from appliance.storage.key import make_key_file
from appliance.storage.opening import database_key, keyring
from appliance.storage.restore import verify
from appliance.storage.rotation import encrypt, rekey_file
from tests.unit import storage_child
from tests.unit.storage_child import NOW
from tests.unit.storage_site import config, found, noted, plain_database, readable

KILLED = -signal.SIGKILL
TOO_LARGE = -signal.SIGXFSZ
ROWS = ["a", "b"]
Die = Callable[[str, StorageConfig, int, int], int]


@pytest.fixture(scope="module")
def die() -> Iterator[Die]:
    """Do something in a process that is killed; returns its exit status."""
    with subprocess.Popen(
        [sys.executable, "-m", storage_child.__name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        asked, answers = child.stdin, child.stdout

        def die(work: str, storage: StorageConfig, step: int, limit: int = 0) -> int:
            print(work, storage.directory, step, limit, file=asked, flush=True)
            return int(answers.readline())

        yield die
        child.stdin.close()


def each_step(die: Die, work: str, made: StorageConfig) -> Iterator[StorageConfig]:
    """Yield the folder after each death: at every step until there are no more, and within the writing of a file."""
    step, limits = 0, [4096 * pages + 100 for pages in (0, 1, 5, 20, 37)]
    while True:
        step += 1
        limit = limits.pop() if limits else 0
        storage = config(made.directory.parent / f"{work}{step}")
        shutil.copytree(made.directory, storage.directory)
        status = die(work, storage, step, 0)
        yield storage
        if limit:
            storage = config(made.directory.parent / f"{work}{step}-{limit}")
            shutil.copytree(made.directory, storage.directory)
            assert die(work, storage, 0, limit) == TOO_LARGE
            yield storage
        if status == 0:
            assert step > 10
            return
        assert status == KILLED, step


def test_encrypting_can_be_killed_at_any_step(tmp_path: Path, die: Die) -> None:
    made = config(tmp_path / "made")
    asyncio.run(plain_database(made, *ROWS, times=50))
    key = make_key_file(made.key_path)
    plain = 0
    for storage in each_step(die, "encrypt", made):
        plain += (was_plain := is_plain(storage.database))
        if not was_plain:
            assert asyncio.run(found(storage)) == ROWS
            assert leftovers(storage.database) == []
        encrypt(storage, key)
        assert asyncio.run(found(storage)) == ROWS
        assert readable(storage.directory) == []
        assert inspect(storage, {}).problems == ()
    assert plain


def test_changing_keys_can_be_killed_at_any_step(tmp_path: Path, die: Die) -> None:
    made = config(tmp_path / "made")
    asyncio.run(noted(made, *ROWS, times=50))
    old = database_key(made, {})
    assert old is not None
    used = set()
    for storage in each_step(die, "rekey", made):
        key = database_key(storage, {})
        assert key is not None
        used.add(key.name == old.name)
        assert asyncio.run(found(storage)) == ROWS
        new, kept = rekey_file(storage)
        assert new.name != old.name
        assert kept.exists()
        assert asyncio.run(found(storage)) == ROWS
        assert inspect(storage, {}).problems == ()
    assert used == {True, False}


def test_a_backup_can_be_killed_at_any_step(tmp_path: Path, die: Die) -> None:
    made = config(tmp_path / "made")
    asyncio.run(noted(made, *ROWS, times=50))
    key = database_key(made, {})
    back_up(made, key, None, NOW, made.backups, keep=2)
    for storage in each_step(die, "backup", made):
        assert asyncio.run(found(storage)) == ROWS
        for file in backups(storage.backups):
            assert verify(file, storage, keyring(storage, {})).contents.rows["conversations"] == 2
        back_up(storage, key, None, NOW, storage.backups, keep=2)
        kept = backups(storage.backups)
        assert len(kept) == 2
        assert sorted(file.name for file in storage.backups.iterdir()) == sorted([".lock", *(f.name for f in kept)])


def test_restoring_can_be_killed_at_any_step(tmp_path: Path, die: Die) -> None:
    made = config(tmp_path / "made")
    asyncio.run(noted(made, *ROWS, times=50))
    back_up(made, database_key(made, {}), None, NOW, made.backups, keep=2)
    asyncio.run(noted(made, "c"))
    seen = set()
    for storage in each_step(die, "restore", made):
        after = asyncio.run(found(storage))
        assert after in (ROWS, [*ROWS, "c"])
        seen.add(len(after))
    assert seen == {2, 3}
