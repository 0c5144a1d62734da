"""A fault: how it is injected, what must hold, and what people notice of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from appliance.clock import Clock
from appliance.config.models import Config
from appliance.errors import ApplianceError


class Group(StrEnum):
    """What breaks."""

    STORAGE = "storage"
    CLOCK = "clock"
    SERVICES = "services"
    ENGINES = "engines"
    FILES = "files"
    START = "start"
    TALKING = "while it talks"
    PROCESS = "process"


class NotHeldError(ApplianceError):
    """What must hold under a fault does not."""

    code = "fault-not-held"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where a fault is injected: an empty folder of its own, the configuration of the site, and the time."""

    folder: Path
    config: Config
    clock: Clock


Check = Callable[[Bench], Awaitable[str]]
"""Injects the fault, looks at what must hold, heals it, and says what was seen. Raises NotHeldError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One row of the matrix. The words are those of docs/recovery.md."""

    name: str
    group: Group
    injected: str
    holds: str
    heard: str
    """What the person hears."""
    seen: str
    """What whoever looks after the appliance sees, and has to do."""
    check: Check | None = None
    proved_by: str = ""
    """A test that injects it into a whole appliance, where that takes a sound server or a minute."""


def require(held: object, *seen: object) -> None:
    """Raise NotHeldError with what was seen instead, unless it holds."""
    if not held:
        raise NotHeldError("seen instead: " + " ".join(map(str, seen)))


async def refused(work: Awaitable[object], *words: str, kind: type[ApplianceError] = ApplianceError) -> ApplianceError:
    """Return the error that `work` must raise: of the kind, with these words, and with a remedy."""
    try:
        result = await work
    except kind as error:
        said = str(error).lower()
        require(all(word.lower() in said for word in words), error)
        require(error.remedy, "no remedy:", error)
        return error
    raise NotHeldError(f"seen instead: no error, but {result!r}")
