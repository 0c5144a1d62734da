"""pip as a downloader: the index, proxy and certificates that the site has set up for it apply."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from appliance.models.catalogue import WheelPart
from appliance.models.sources.base import SourceError

POLL_S: Final = 0.25
CONNECTION_BROKEN: Final = "after connection broken by"
"""What pip 25 and 26 write each time a connection fails."""

# -I: neither the current folder nor PYTHONPATH may replace pip. --retries: offline, pip's default takes a minute.
COMMAND: Final = (
    *(sys.executable, "-I", "-m", "pip", "download", "--no-input", "--progress-bar=off", "--disable-pip-version-check"),
    *("--no-deps", "--no-cache-dir", "--only-binary=:all:", "--ignore-requires-python", "--retries=2"),
)


class PackageIndex:
    """Whatever pip takes packages from on this machine; for its lifetime it remembers that the index is unreachable."""

    def __init__(self) -> None:
        self._unreachable = False

    def download(self, part: WheelPart, folder: Path, arrived: Callable[[int], None]) -> Path:
        """Download the wheel of `part` into `folder`, which must be empty, and return its path.

        `arrived` is told the number of new bytes while pip writes them. pip checks the wheel's SHA-256.

        Raises:
            SourceError: pip cannot get it, or what it gets is not the wheel of the catalogue.
        """
        requirements = folder / "requirements.txt"
        requirements.write_text(f"{part.requirement} --hash=sha256:{part.sha256}\n")
        command = [*COMMAND, f"--dest={folder}", f"--requirement={requirements}"]
        if self._unreachable:
            command.append("--no-index")  # wheels in folders, which pip calls find-links, are still found
        status, said = _run(command, folder, arrived)
        if status == 0:
            return next(folder.glob("*.whl"))
        self._unreachable |= CONNECTION_BROKEN in said
        if self._unreachable:
            raise SourceError(f"{part.requirement}: the package index cannot be reached")
        errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
        raise SourceError(f"{part.requirement}: pip: {errors[-1] if errors else said.strip()[-300:]}")


def _run(command: list[str], folder: Path, arrived: Callable[[int], None]) -> tuple[int, str]:
    """Run pip; return its exit status and what it wrote to its standard error stream."""
    environment = os.environ | {"TMPDIR": str(folder)}  # an unfinished wheel is on this disk, and cleared away with it
    seen = 0
    with subprocess.Popen(  # noqa: S603 - an argument list; name and version are checked by the catalogue
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
    ) as pip:
        while True:
            try:
                _, said = pip.communicate(timeout=POLL_S)
            except subprocess.TimeoutExpired:
                seen = _report_growth(folder, seen, arrived)
            else:
                _report_growth(folder, seen, arrived)
                return pip.returncode, said


def _report_growth(folder: Path, seen: int, arrived: Callable[[int], None]) -> int:
    """Tell how much the wheel that pip is writing has grown beyond `seen` bytes; return its size."""
    size = max((_size_of(path) for path in folder.rglob("*.whl")), default=0)
    arrived(max(0, size - seen))
    return max(size, seen)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # pip moved it while we looked
        return 0
