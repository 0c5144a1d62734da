"""Deleting files of sealed sound."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from pathlib import Path

from appliance.storage.files import sync_folder


def remove_files(folder: Path, names: Iterable[str]) -> int:
    """Delete files and return how many there were; one that is gone already is no error. Raises OSError.

    They are not overwritten: without the key they cannot be read anyway, and one fsync for all is soon done.
    """
    removed = 0
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            (folder / Path(name).name).unlink()
            removed += 1
    if removed:
        sync_folder(folder)
    return removed


def files_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder that may not be there."""
    return [path.name for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
