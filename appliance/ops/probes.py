"""Looks at parts that do not tell by themselves how they are; each also sets its gauges.

A probe returns what it has found, or None for nothing new. It raises nothing but ApplianceError and OSError.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol

import psutil

from appliance.bus import Bus
from appliance.clock import Clock
from appliance.knowledge.index import KnowledgeIndex
from appliance.ops.gauges import Gauges, set_all
from appliance.ops.health import Finding, State
from appliance.storage.db import Connection, Database

Probe = Callable[[], Awaitable[Finding | None]]

MIB = 2**20
BARELY_FREE = 10
"""A tenth of what should be free is hardly enough for the log of one transaction after the other."""
NVIDIA_SMI = ("nvidia-smi", "--query-gpu=index,memory.used,memory.total", "--format=csv,noheader,nounits")
NVIDIA_SMI_TIMEOUT_S = 5.0
TABLES = ("turns", "tool_calls", "turn_metrics", "recordings", "consents")
"""What is kept of conversations (appliance.storage.migrations)."""

_OPEN_STATES = ("waiting", "sending", "failed")
_OUTBOX = (
    "SELECT state, count(*), min(created_at) FROM outbox WHERE state IN ('waiting', 'sending', 'failed') GROUP BY state"
)
_UNSEALED = "SELECT min(at) FROM audit WHERE seq > (SELECT coalesce(max(seq), 0) FROM audit_checkpoints)"


class Knowledge(Protocol):
    """The part of the site's knowledge that is looked at."""

    @property
    def index(self) -> KnowledgeIndex:
        """The index in use."""

    @property
    def problems(self) -> Sequence[object]:
        """What could not be read of the files."""


class FramesProbe:
    """Whether frames of sound go on reaching the conversation."""

    def __init__(self, frames: Callable[[], int], gauges: Gauges) -> None:
        self._frames = frames
        self._gauges = gauges
        self._seen: int | None = None
        self._advancing: bool | None = None

    async def __call__(self) -> Finding | None:
        """Look whether there are more than last time; only a change is told."""
        frames, seen = self._frames(), self._seen
        self._seen = frames
        if seen is None:
            return None
        self._gauges.frames.inc(max(frames - seen, 0))
        advancing, known = frames > seen, self._advancing
        self._advancing = advancing
        if advancing is known:
            return None
        if advancing:
            return Finding(state=State.OK, detail="Sound reaches the conversation.")
        return Finding(state=State.FAILED, detail="No sound comes in: the thread of the microphone stands still.")


class DatabaseProbe:
    """Whether the database can be read, and what is kept in it."""

    def __init__(self, database: Database, clock: Clock, gauges: Gauges) -> None:
        self._database = database
        self._clock = clock
        self._gauges = gauges

    async def __call__(self) -> Finding:
        """Count what is kept. Raises StorageError."""
        now = self._clock.local_time("UTC").timestamp()
        counts, entries, unsealed = await self._database.read(_kept)
        for table, (count, oldest) in counts.items():
            self._gauges.records.labels(table).set(count)
            self._gauges.records_age.labels(table).set(_age(oldest, now))
        self._gauges.audit_entries.set(entries or 0)
        self._gauges.audit_age.set(_age(unsealed, now))
        return Finding(state=State.OK, detail="It can be read.")


class OutboxProbe:
    """Whether handovers arrive."""

    def __init__(self, database: Database, clock: Clock, gauges: Gauges, late_after_s: float) -> None:
        self._database = database
        self._clock = clock
        self._gauges = gauges
        self._late_after_s = late_after_s

    async def __call__(self) -> Finding:
        """Count what has not arrived, and how old it is. Raises StorageError."""
        rows = await self._database.read(lambda connection: connection.execute(_OUTBOX).fetchall())
        now = self._clock.local_time("UTC").timestamp()
        counts = {state: count for state, count, _ in rows}
        age_s = max((_age(oldest, now) for state, _, oldest in rows if state != "failed"), default=0.0)
        set_all(self._gauges.outbox, counts.items(), _OPEN_STATES)
        self._gauges.outbox_age.set(age_s)
        waiting = counts.get("waiting", 0) + counts.get("sending", 0)
        if counts.get("failed"):
            detail = f"{counts['failed']} handovers were given up; `appliance outbox list --only failed` shows them."
            return Finding(state=State.DEGRADED, detail=detail)
        if age_s > self._late_after_s:
            detail = f"{waiting} handovers wait, the oldest for {age_s / 60:.0f} min; a channel may be down."
            return Finding(state=State.DEGRADED, detail=detail)
        return Finding(state=State.OK, detail=f"{waiting} handovers wait." if waiting else "Nothing waits.")


class DiskProbe:
    """Whether there is room for what is kept."""

    def __init__(self, folder: Path, min_free_mib: int, gauges: Gauges) -> None:
        self._folder = folder
        self._min_free_mib = min_free_mib
        self._gauges = gauges

    async def __call__(self) -> Finding:
        """Look at the disk. Raises OSError."""
        usage = await asyncio.to_thread(shutil.disk_usage, self._folder)
        self._gauges.disk_free.set(usage.free)
        self._gauges.disk_size.set(usage.total)
        free_mib = usage.free / MIB
        detail = f"{free_mib:.0f} MiB are free in {self._folder}."
        if free_mib >= self._min_free_mib:
            return Finding(state=State.OK, detail=detail)
        full = free_mib < self._min_free_mib / BARELY_FREE
        return Finding(state=State.FAILED if full else State.DEGRADED, detail=f"Only {detail} Make room.")


class KnowledgeProbe:
    """Whether the site's files can be read."""

    def __init__(self, knowledge: Callable[[], Knowledge], gauges: Gauges) -> None:
        self._knowledge = knowledge
        self._gauges = gauges

    async def __call__(self) -> Finding:
        """Count the passages, and tell of the first problem."""
        knowledge = self._knowledge()
        passages, problems = len(knowledge.index.passages), knowledge.problems
        self._gauges.passages.set(passages)
        if problems:
            more = f", and {len(problems) - 1} more" if len(problems) > 1 else ""
            detail = f"{problems[0]}{more}; see `appliance knowledge check`."
            return Finding(state=State.DEGRADED, detail=detail)
        return Finding(state=State.OK, detail=f"{passages} passages.")


def _none_fallen() -> Sequence[str]:
    return ()


class GpuProbe:
    """Whether the graphics cards answer and are used. Where there is no driver, nothing is told."""

    def __init__(
        self,
        gauges: Gauges,
        command: Sequence[str] = NVIDIA_SMI,
        fallen: Callable[[], Sequence[str]] = _none_fallen,
    ) -> None:
        """Ask `fallen` which engines have left the card, and why, in words."""
        self._gauges = gauges
        self._command = command
        self._fallen = fallen

    async def __call__(self) -> Finding | None:
        """Ask the engines, and the driver."""
        found = await self._ask_driver()
        fallen = "; ".join(self._fallen())
        if fallen and (found is None or found.state is State.OK):
            return Finding(state=State.DEGRADED, detail=f"{fallen}. Restart the appliance when it is mended.")
        return found

    async def _ask_driver(self) -> Finding | None:
        try:
            listing = await asyncio.to_thread(_run, self._command)
            cards = [_card(line) for line in listing.splitlines() if line.strip()]
        except FileNotFoundError:
            return None
        except (subprocess.SubprocessError, ValueError) as error:
            return Finding(state=State.FAILED, detail=f"The graphics driver does not answer: {type(error).__name__}.")
        set_all(self._gauges.gpu_used, ((str(index), used * MIB) for index, used, _ in cards))
        set_all(self._gauges.gpu_size, ((str(index), total * MIB) for index, _, total in cards))
        used, total = sum(card[1] for card in cards), sum(card[2] for card in cards)
        return Finding(state=State.OK, detail=f"{used} of {total} MiB of video memory are in use.")


class ProcessProbe:
    """The process and its event bus; there is nothing to judge."""

    def __init__(self, gauges: Gauges, bus: Bus) -> None:
        self._gauges = gauges
        self._bus = bus

    async def __call__(self) -> None:
        """Set the gauges."""
        self._gauges.threads.set(psutil.Process().num_threads())
        self._gauges.events_lost.set(self._bus.lost)


def _kept(connection: Connection) -> tuple[dict[str, tuple[int, float | None]], int | None, float | None]:
    counts = {}
    for table in TABLES:
        counts[table] = connection.execute(f"SELECT count(*), min(at) FROM {table}").fetchone()  # noqa: S608
    entries = connection.execute("SELECT max(seq) FROM audit").fetchone()[0]
    return counts, entries, connection.execute(_UNSEALED).fetchone()[0]


def _age(at: float | None, now: float) -> float:
    """Return seconds since `at`, 0 for nothing and for a clock that was set back."""
    return 0.0 if at is None else max(now - at, 0.0)


def _card(line: str) -> tuple[int, int, int]:
    """Return index, used and total MiB; 0 for what a card does not tell, as those that share the main memory."""
    index, used, total = (int(cell) if cell.strip() != "[N/A]" else 0 for cell in line.split(","))
    return index, used, total


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(  # noqa: S603 - a fixed argument list
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=NVIDIA_SMI_TIMEOUT_S, check=True
    )
    return done.stdout
