"""Files that are whole or not there, private, and gone when they are erased."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

PRIVATE = 0o600
PARTIAL = ".partial"
"""Ending of a file that is being written."""
CHUNK = 1 << 20


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power failure."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make the content of a file survive a power failure."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def hand_over(path: Path) -> None:
    """Give what root has made to the owner of the folder that it is in: the service of another user has to use it."""
    folder = path.parent.stat()
    if os.geteuid() == 0 and path.stat().st_uid != folder.st_uid:
        with contextlib.suppress(OSError):  # of a user that this name space does not know
            os.chown(path, folder.st_uid, folder.st_gid)


def write_whole(path: Path, content: bytes, *, replace: bool = True) -> None:
    """Write a file of mode 0600 under another name, and put it in place when it is on disk.

    Raises FileExistsError when the name is taken and `replace` is off, and OSError.
    """
    handle, name = tempfile.mkstemp(prefix=f"{path.name}.", suffix=PARTIAL, dir=path.parent)  # with mode 0600
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        hand_over(Path(name))
        if replace:
            Path(name).replace(path)
        else:
            os.link(name, path)
    finally:
        Path(name).unlink(missing_ok=True)
    sync_folder(path.parent)


def erase(path: Path) -> None:
    """Overwrite a file with zeros and delete it; one that is not there is no mistake.

    A file with a second name is somebody else's too: it only loses this one.
    A disk that moves blocks (SSD, copy-on-write file systems, snapshots) may keep what was there before.
    """
    if not path.exists():
        return
    if path.stat().st_nlink == 1:
        _overwrite(path)
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def _overwrite(path: Path) -> None:
    with path.open("r+b", buffering=0) as stream:
        left = stream.seek(0, os.SEEK_END)
        stream.seek(0)
        while left > 0:
            left -= stream.write(bytes(min(CHUNK, left)))
        os.fsync(stream.fileno())
