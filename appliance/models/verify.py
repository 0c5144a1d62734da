"""Are the files on disk the ones of the catalogue?

Hashing a gigabyte at every start would cost seconds, so a file that was hashed once is remembered beside the weights
with its size, modification time and inode; it is hashed again when one of them changes. This finds damage, not an
attacker who may write in the folder; `full` hashes everything.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from appliance.errors import ModelError
from appliance.models.catalogue import Model, ModelFile

MEMORY_NAME: Final = ".verified.json"
FETCH_REMEDY: Final = "Run `appliance models fetch`."

_log = logging.getLogger(__name__)


class FileState(StrEnum):
    """What was found where a model file should be."""

    INTACT = "intact"
    MISSING = "missing"
    WRONG_SIZE = "wrong size"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class Finding:
    """A model file and its state on disk."""

    model: Model
    file: ModelFile
    path: Path
    state: FileState

    @property
    def intact(self) -> bool:
        """Return whether size and SHA-256 are those of the catalogue."""
        return self.state is FileState.INTACT

    def __str__(self) -> str:
        match self.state:
            case FileState.INTACT:
                return f"{self.path} is intact"
            case FileState.MISSING:
                return f"{self.path} is missing"
            case FileState.WRONG_SIZE:
                return f"{self.path} has {self.path.stat().st_size} bytes instead of {self.file.size}"
            case FileState.DAMAGED:
                return f"{self.path} is damaged: its SHA-256 is not {self.file.sha256}"


class _Stamp(BaseModel):
    """What is remembered of a hashed file."""

    model_config = ConfigDict(frozen=True)

    size: int
    mtime_ns: int
    inode: int
    sha256: str


_Memory = TypeAdapter(dict[str, _Stamp])


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def check(model: Model, directory: Path, *, full: bool = False) -> list[Finding]:
    """Compare the files of `model` below `directory` with the catalogue.

    Args:
        model: What should be there, in `directory / model.id`.
        directory: Where the weights are kept.
        full: Hash every file, also those that have not changed since they were hashed.
    """
    folder = directory / model.id
    remembered = _recall(folder)
    memory = {} if full else dict(remembered)
    findings = [Finding(model, file, folder / file.path, _state(file, folder, memory)) for file in model.files]
    if memory != remembered:
        _remember(folder, memory)
    return findings


def locate(model: Model, directory: Path) -> dict[str, Path]:
    """Return where each file of `model` lies, after making sure that it is the right one.

    Raises:
        ModelError: A file is missing, truncated or damaged; the message names every one of them.
    """
    wrong = [finding for finding in check(model, directory) if not finding.intact]
    if wrong:
        raise ModelError("\n".join(map(str, wrong)), remedy=FETCH_REMEDY)
    return {file.path: directory / model.id / file.path for file in model.files}


def unfit(models: Iterable[Model], directory: Path) -> list[Finding]:
    """Return every file of `models` that is not intact."""
    return [finding for model in models for finding in check(model, directory) if not finding.intact]


def _state(file: ModelFile, folder: Path, memory: dict[str, _Stamp]) -> FileState:
    path = folder / file.path
    try:
        status = path.stat()
    except FileNotFoundError:
        return FileState.MISSING
    if status.st_size != file.size:
        return FileState.WRONG_SIZE
    stamp = memory.get(file.path)
    if stamp is None or not _same(stamp, status):
        stamp = _Stamp(size=status.st_size, mtime_ns=status.st_mtime_ns, inode=status.st_ino, sha256=sha256_of(path))
        memory[file.path] = stamp
    return FileState.INTACT if stamp.sha256 == file.sha256 else FileState.DAMAGED


def _same(stamp: _Stamp, status: os.stat_result) -> bool:
    return (stamp.size, stamp.mtime_ns, stamp.inode) == (status.st_size, status.st_mtime_ns, status.st_ino)


def _recall(folder: Path) -> dict[str, _Stamp]:
    path = folder / MEMORY_NAME
    try:
        return _Memory.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValidationError:
        _log.warning("%s is damaged; the model is hashed again", path)
        return {}


def _remember(folder: Path, memory: dict[str, _Stamp]) -> None:
    path = folder / MEMORY_NAME
    draft = path.with_name(f"{MEMORY_NAME}.{os.getpid()}")
    try:
        draft.write_text(json.dumps({name: stamp.model_dump() for name, stamp in memory.items()}, indent=1))
        draft.replace(path)
    except OSError as error:
        _log.warning("%s cannot be written (%s); the model is hashed again next time", path, error.strerror)
