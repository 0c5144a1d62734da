"""Room on the disk."""

from __future__ import annotations

import shutil
from pathlib import Path

from appliance.errors import ModelError


def readable_size(size: int) -> str:
    """Return a number of bytes as people read it, in decimal units as disks are sold: 75537502 is `75.5 MB`."""
    value, units = float(size), ["B", "kB", "MB", "GB", "TB"]
    while value >= 999.95 and len(units) > 1:  # noqa: PLR2004 - would be shown as 1000.0
        value, units = value / 1000, units[1:]
    return f"{size} B" if units[0] == "B" else f"{value:.1f} {units[0]}"


def require_space(folder: Path, needed: int, purpose: str) -> None:
    """Make sure that `needed` bytes fit on the disk that holds `folder`.

    Raises:
        ModelError: They do not.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise disk_full(folder, f"{purpose} needs {readable_size(needed)}, {readable_size(free)} are free")


def disk_full(folder: Path, detail: str) -> ModelError:
    """Return the error that says there is too little room in `folder`."""
    return ModelError(
        f"not enough disk space in {folder}: {detail}",
        remedy="Free some space, or set models.directory to a larger disk; what has been fetched is kept.",
    )
