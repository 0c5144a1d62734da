"""What every source of model files has in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from appliance.models.catalogue import Model, ModelFile


class SourceError(Exception):
    """This source cannot give this file; the next one is asked. The message says why."""


@dataclass(frozen=True, slots=True)
class Request:
    """A file that is wanted.

    `folder` is for unfinished downloads of this model: what lies there survives an interruption and is deleted when the
    model is complete. `arrived` is told the number of new bytes.
    """

    model: Model
    file: ModelFile
    folder: Path
    arrived: Callable[[int], None]

    @property
    def part(self) -> Path:
        """Return where the source writes the file."""
        return self.folder / f"{self.file.path}.part"

    @property
    def have(self) -> int:
        """Return how many bytes of it are there, in bytes."""
        return self.part.stat().st_size if self.part.exists() else 0


class Source(Protocol):
    """A place that model files come from. The caller checks size and SHA-256; a source may write anything."""

    @property
    def name(self) -> str:
        """What people call it."""

    def offers(self, file: ModelFile) -> bool:
        """Whether it is worth asking for `file`."""

    def fetch(self, request: Request) -> None:
        """Write the file to `request.part`, going on from what is there where that can be done.

        Raises:
            SourceError: It cannot be had from here.
            ModelError: Going on to other sources would be of no use, such as when the disk is full.
            OSError: The file cannot be written.
        """
