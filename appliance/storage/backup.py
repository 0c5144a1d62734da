"""Backups: made while the appliance works, encrypted, read back before they count, and the oldest deleted."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from appliance.config.storage import StorageConfig
from appliance.storage import archive
from appliance.storage.archive import Manifest
from appliance.storage.copying import Contents, copy
from appliance.storage.errors import StorageError, explaining
from appliance.storage.files import sync_folder
from appliance.storage.key import Key
from appliance.storage.lock import FileLock, using
from appliance.storage.sealed import Sealer

PREFIX, ENDING = "appliance-", ".backup"
PARTIAL = ".partial-"
_TIME = "%Y-%m-%dT%H%M%SZ"
"""Names in the order of their times, without a colon, which not every disk allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A backup that was made and read back: its file, what is in it, and the older ones that were deleted for it."""

    file: Path
    size: int
    manifest: Manifest
    deleted: tuple[Path, ...]


def back_up(
    storage: StorageConfig, key: Key | None, configuration: Path | None, now: datetime, folder: Path, keep: int
) -> Backup:
    """Back up the database, the recordings and the configuration into `folder`; keep the newest `keep` there.

    The appliance may go on working. The backup has its name when it is on disk and was read back.

    Raises:
        StorageError: The disk is full or failed, another backup is being made, or, as DatabaseDamagedError, the
            database is damaged. The older backups are there then.
    """
    database = storage.database
    if not database.exists():
        raise StorageError(f"{database}: there is no database yet", remedy="The daemon makes it when it starts.")
    with ExitStack() as stack:
        stack.enter_context(explaining(folder))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        stack.enter_context(_one_at_a_time(folder))
        stack.enter_context(using(database))
        _remove_partial(folder)
        partial = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix=PARTIAL, dir=folder)))
        copied = partial / archive.DATABASE
        secret = None if key is None else key.database
        contents = copy(database, secret, copied, secret)
        packed = partial / f"packed{ENDING}"
        manifest = _pack(packed, copied, contents, storage.recordings, configuration, key, now)
        copied.unlink()
        archive.read(packed, {} if key is None else {key.name: key})
        file = _named(folder, now)
        packed.rename(file)
        sync_folder(folder)
        deleted = _delete_oldest(folder, keep)
    return Backup(file=file, size=file.stat().st_size, manifest=manifest, deleted=deleted)


def backups(folder: Path) -> list[Path]:
    """Return the backups in a folder, the newest first. Raises StorageError when it cannot be read."""
    with explaining(folder):
        return sorted(folder.glob(f"{PREFIX}*{ENDING}"), reverse=True) if folder.is_dir() else []


def _pack(
    packed: Path,
    copied: Path,
    contents: Contents,
    recordings: Path,
    configuration: Path | None,
    key: Key | None,
    now: datetime,
) -> Manifest:
    with packed.open("xb") as stream:
        writer = archive.Writer(stream)
        writer.add_file(archive.DATABASE, copied)
        if configuration is not None:
            plain = configuration.read_bytes()
            sealed = plain if key is None else Sealer(key.backups).seal(plain, archive.CONFIGURATION)
            writer.add_bytes(archive.CONFIGURATION, sealed)
        for recording in sorted(recordings.iterdir()) if recordings.is_dir() else ():
            _add_recording(writer, recording)
        manifest = writer.close(now.astimezone(UTC).isoformat(timespec="seconds"), contents, key)
        stream.flush()
        os.fsync(stream.fileno())
    packed.chmod(0o600)
    return manifest


def _add_recording(writer: archive.Writer, recording: Path) -> None:
    """Add a recording; one that has been deleted or is being written is not in the database either."""
    try:
        content = recording.read_bytes()
    except (FileNotFoundError, IsADirectoryError):
        return
    writer.add_bytes(archive.RECORDINGS + recording.name, content)


def _named(folder: Path, now: datetime) -> Path:
    """Return a name that is not taken and comes after all that are."""
    stem = f"{PREFIX}{now.astimezone(UTC):{_TIME}}"
    file = folder / f"{stem}{ENDING}"
    number = 1
    while file.exists():
        number += 1
        file = folder / f"{stem}_{number}{ENDING}"
    return file


def _delete_oldest(folder: Path, keep: int) -> tuple[Path, ...]:
    old = tuple(backups(folder)[keep:])
    for file in old:
        file.unlink()
    return old


def _remove_partial(folder: Path) -> None:
    """Remove what a backup that was killed has left; the lock says that none is being made."""
    for left in folder.glob(f"{PARTIAL}*"):
        shutil.rmtree(left)


def _one_at_a_time(folder: Path) -> FileLock:
    return FileLock(
        folder / ".lock",
        shared=False,
        refusal=f"{folder}: another backup is being made there",
        remedy="Wait until it is done.",
    )
