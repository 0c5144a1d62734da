"""The disks: room, inodes, and whether they can be written to."""

from __future__ import annotations

import asyncio
import os
import tempfile
from pathlib import Path

from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding

NAME = "disk"
MIB = 2**20
TEMPORARY_MIB = 50
"""What is converted and unpacked in /tmp at a time."""
MODELS_MIB = 1
FEWEST_INODES = 100
CHUNK = 64 * 1024
"""Written to see whether a file can be: more than what a file system keeps with the name of the file."""


async def check(context: Context) -> list[Finding]:
    """Look at the folders in which something is kept."""
    return await asyncio.to_thread(_check, context)


def _check(context: Context) -> list[Finding]:
    config = context.config
    looked = [
        _room("storage.directory", config.storage.directory, config.monitoring.min_free_mib),
        _room("models.directory", config.models.directory, MODELS_MIB),
        _room("the folder for temporary files", Path(tempfile.gettempdir()), TEMPORARY_MIB),
    ]
    written = [
        _written("storage.directory", config.storage.directory),
        _written("the folder for temporary files", Path(tempfile.gettempdir())),
    ]
    return [*looked, *(finding for finding in written if finding is not None)]


def _room(called: str, folder: Path, needed_mib: int) -> Finding:
    there = _nearest(folder)
    try:
        disk = os.statvfs(there)
    except OSError as error:
        return Finding.fail(NAME, f"{called}: {there} cannot be looked at: {error.strerror}.", "Is its disk mounted?")
    free_mib = disk.f_bavail * disk.f_frsize / MIB
    if disk.f_flag & os.ST_RDONLY and called != "models.directory":
        remedy = "Mount it for writing; a disk that has turned read-only by itself is often failing: see dmesg."
        return Finding.fail(NAME, f"{called}: {folder} is on a disk that is mounted read-only.", remedy)
    if disk.f_files and disk.f_favail < FEWEST_INODES:
        what = f"{called}: {folder} has room for {disk.f_favail} more files only (inodes)."
        return Finding.fail(NAME, what, "Delete what nobody needs; many small files take the inodes.")
    what = f"{called}: {free_mib:.0f} MiB are free for {folder}."
    if free_mib < needed_mib:
        remedy = f"Make room: {needed_mib} MiB should be free. `appliance retention show` says what is kept."
        return Finding.warn(NAME, what, remedy) if free_mib >= needed_mib / 10 else Finding.fail(NAME, what, remedy)
    return Finding.ok(NAME, what)


def _written(called: str, folder: Path) -> Finding | None:
    """Tell whether a file can be written, by writing one that has no name; None where that cannot be tried from here.

    A folder that is not there yet is made by the daemon. One of another user is not ours to try.
    """
    if not folder.is_dir():
        return None
    if os.geteuid() not in {0, folder.stat().st_uid} and called == "storage.directory":
        return None
    try:
        with tempfile.TemporaryFile(dir=folder) as stream:
            stream.write(bytes(CHUNK))
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        remedy = "Make room, or repair or mount the disk for writing; see dmesg."
        return Finding.fail(NAME, f"{called}: nothing can be written to {folder}: {error.strerror}.", remedy)
    return None


def _nearest(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that is there."""
    return next((place for place in (folder, *folder.absolute().parents) if place.is_dir()), Path("/"))
