"""Putting a backup back: on purpose, or at the start when the database is damaged."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from appliance.clock import Clock
from appliance.config.storage import DATABASE, StorageConfig
from appliance.storage import archive
from appliance.storage.archive import Manifest
from appliance.storage.backup import backups
from appliance.storage.copying import checked, copy, put_in_place
from appliance.storage.db import Database
from appliance.storage.errors import DatabaseDamagedError, StorageError, WrongKeyError, explaining
from appliance.storage.files import hand_over, sync_file, sync_folder
from appliance.storage.key import Key, Keyring
from appliance.storage.lock import replacing
from appliance.storage.migrations import APPLICATION_ID, MIGRATIONS
from appliance.storage.opening import keyring, open_database
from appliance.storage.sealed import Sealer, reseal_folder

log = logging.getLogger(__name__)

PARTIAL = ".restore-"
BEFORE = "before-restore"
DAMAGED = "damaged"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was put back, and where the database lies that was there before (None when there was none)."""

    manifest: Manifest
    aside: Path | None


def verify(file: Path, storage: StorageConfig, keys: Keyring) -> Manifest:
    """Unpack a backup beside the database, open it, read every page, and throw it away; return what is in it.

    Raises:
        DatabaseDamagedError, WrongKeyError, StorageError: It cannot be put back.
    """
    with _unpacked(file, storage, keys) as (manifest, _, _):
        return manifest


def restore(file: Path, storage: StorageConfig, keys: Keyring, now: datetime, reason: str = BEFORE) -> Restored:
    """Put a backup in the place of the database and the recordings; what was there is kept aside.

    It is encrypted with the present key then; if there is none, with the one that the backup has.

    Raises:
        DatabaseDamagedError, WrongKeyError: The backup cannot be put back; nothing was changed.
        StorageError: The appliance runs, or the disk is full; nothing was changed.
    """
    database = storage.database
    with explaining(database):
        storage.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    with replacing(database), _unpacked(file, storage, keys) as (manifest, folder, key), explaining(database):
        _remove_partial(storage.directory, but=folder)
        successor = _with_present_key(folder, key, keys.present)
        mark = _mark(storage, f"{reason}-{now.astimezone(UTC):%Y-%m-%dT%H%M%SZ}")
        aside = _marked(database, mark)
        _swap_recordings(folder / archive.RECORDINGS, storage.recordings, mark)
        put_in_place(successor, database, aside)
    return Restored(manifest=manifest, aside=aside if aside.exists() else None)


def configuration(file: Path, keys: Keyring, storage: StorageConfig) -> bytes | None:
    """Return the configuration that is in a backup, None when it has none. Raises as `verify` does."""
    with _unpacked(file, storage, keys) as (_, folder, key):
        saved = folder / archive.CONFIGURATION
        if not saved.exists():
            return None
        raw = saved.read_bytes()
        return raw if key is None else Sealer(key.backups).open(raw, archive.CONFIGURATION)


def put_aside(storage: StorageConfig) -> list[Path]:
    """Return the databases that were kept when a backup was put in their place. Raises OSError."""
    kept = [file for reason in (BEFORE, DAMAGED) for file in storage.directory.glob(f"{DATABASE}.{reason}-*")]
    return sorted(file for file in kept if not file.name.endswith("-wal"))


async def open_or_restore(storage: StorageConfig, clock: Clock, environ: Mapping[str, str] = os.environ) -> Database:
    """Open the database for the daemon; if it is damaged, put the last good backup back first, where that is allowed.

    Raises:
        StorageError: See `open_database`. If it is damaged, the error says which backup could be put back.
    """
    try:
        return await open_database(storage, environ)
    except (DatabaseDamagedError, WrongKeyError) as error:
        now = clock.local_time("UTC")
        await asyncio.to_thread(_recover, storage, environ, now, error)
    return await open_database(storage, environ)


def _recover(storage: StorageConfig, environ: Mapping[str, str], now: datetime, error: StorageError) -> None:
    """Put the newest backup back that can be opened, which also tells damage from a wrong key."""
    keys = keyring(storage, environ)
    if isinstance(error, WrongKeyError):  # only a backup with the present key proves that the key is right
        keys = Keyring(present=keys.present)
    good = next((file for file in backups(storage.backups) if _is_good(file, storage, keys)), None)
    if good is None:
        raise type(error)(f"{error}; there is no good backup in {storage.backups}", remedy=error.remedy) from error
    if not storage.restore_automatically:
        remedy = (
            f"Stop the appliance and put the last good backup back: `appliance restore {good}`. "
            "With storage.restore_automatically: true it would be put back at the start."
        )
        raise type(error)(str(error), remedy=remedy) from error
    restored = restore(good, storage, keys, now, DAMAGED)
    log.error(
        "%s. THE BACKUP OF %s WAS PUT BACK; what came after it is lost. The damaged file is kept in %s",
        error,
        restored.manifest.made_at,
        restored.aside,
    )


def _is_good(file: Path, storage: StorageConfig, keys: Keyring) -> bool:
    try:
        verify(file, storage, keys)
    except StorageError as error:
        log.warning("a backup cannot be used: %s", error)
        return False
    return True


@contextmanager
def _unpacked(file: Path, storage: StorageConfig, keys: Keyring) -> Iterator[tuple[Manifest, Path, Key | None]]:
    """Yield what a backup is, the folder in which it lies whole and verified, and its key."""
    with explaining(file):
        if not file.is_file():
            raise StorageError(f"{file}: there is no such backup", remedy="`appliance backup --list` shows them.")
        parent = storage.directory if storage.directory.is_dir() else file.parent
        with tempfile.TemporaryDirectory(prefix=PARTIAL, dir=parent) as name:
            folder = Path(name)
            manifest, key = archive.read(file, keys.by_name, folder)
            found = checked(folder / archive.DATABASE, None if key is None else key.database)
            if found != manifest.contents:
                raise archive.damaged(file, "the database in it is not that of its manifest")
            if found.application != APPLICATION_ID or found.version > len(MIGRATIONS):
                raise StorageError(
                    f"{file}: this backup has a database of version {found.version}; this program knows versions up to "
                    f"{len(MIGRATIONS)}",
                    remedy="Install the version of the appliance that made it, or a newer one.",
                )
            yield manifest, folder, key


def _with_present_key(folder: Path, key: Key | None, present: Key | None) -> Path:
    """Return the database of a backup, encrypted with the present key, and its recordings too."""
    database = folder / archive.DATABASE
    if present is None or (key is not None and key.name == present.name):
        sync_file(database)
        return database
    copied = folder / "rekeyed.db"
    copy(database, None if key is None else key.database, copied, present.database)
    reseal_folder(
        folder / archive.RECORDINGS, None if key is None else Sealer(key.recordings), Sealer(present.recordings)
    )
    return copied


def _remove_partial(directory: Path, but: Path) -> None:
    """Remove what restores that were killed have left."""
    for left in directory.glob(f"{PARTIAL}*"):
        if left != but:
            shutil.rmtree(left)


def _mark(storage: StorageConfig, wanted: str) -> str:
    """Return an ending that nothing that was put aside before has."""
    taken = {file.name for file in storage.directory.iterdir()}
    marks = (wanted if number == 1 else f"{wanted}_{number}" for number in count(1))
    return next(
        mark
        for mark in marks
        if taken.isdisjoint(_marked(path, mark).name for path in (storage.database, storage.recordings))
    )


def _marked(path: Path, mark: str) -> Path:
    return path.with_name(f"{path.name}.{mark}")


def _swap_recordings(unpacked: Path, recordings: Path, mark: str) -> None:
    if recordings.exists():
        recordings.rename(_marked(recordings, mark))
    if unpacked.exists():
        for file in unpacked.iterdir():
            sync_file(file)
        unpacked.rename(recordings)
        for path in (recordings, *recordings.iterdir()):
            hand_over(path)
    with contextlib.suppress(FileNotFoundError):
        sync_folder(recordings.parent)
