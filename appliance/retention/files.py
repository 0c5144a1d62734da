"""Files of sealed sound: written whole, deleted for good."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

SUFFIX = ".sealed"


def write_file(folder: Path, name: str, content: bytes) -> None:
    """Write a new file, on disk when this returns, readable by its owner only. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise
    _sync(folder)


def remove_files(folder: Path, names: Iterable[str]) -> int:
    """Delete files and return how many there were; one that is gone already is no error. Raises OSError."""
    removed = 0
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            (folder / Path(name).name).unlink()
            removed += 1
    if removed:
        _sync(folder)
    return removed


def sealed_files(folder: Path) -> list[str]:
    """Return the names of the files of sound."""
    return [path.name for path in folder.glob(f"*{SUFFIX}")] if folder.is_dir() else []


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
