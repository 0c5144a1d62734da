"""Goes round the parts again and again, each at its own pace."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from appliance.bus import Bus
from appliance.clock import Clock
from appliance.config.monitoring import MonitoringConfig
from appliance.errors import ApplianceError
from appliance.models.catalogue import Model, Role
from appliance.ops.gauges import Gauges
from appliance.ops.health import Finding, Health, Part, State
from appliance.ops.probes import (
    DatabaseProbe,
    DiskProbe,
    FramesProbe,
    GpuProbe,
    Knowledge,
    KnowledgeProbe,
    OutboxProbe,
    Probe,
    ProcessProbe,
)
from appliance.ops.watched_engines import EngineWatch
from appliance.storage.db import Database

log = logging.getLogger(__name__)

PATIENCE_S = 10.0
"""A part that says nothing for longer has failed."""
TICK_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A probe, the part it tells of (None for gauges alone), and how often it looks."""

    probe: Probe
    part: Part | None = None
    every_s: float = 15.0
    patience_s: float = PATIENCE_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What there is to be looked at."""

    models: Mapping[Role, Model]
    database: Database
    knowledge: Callable[[], Knowledge]
    """What the site knows at the moment; it is another after a reload."""
    frames: Callable[[], int]
    """Frames of sound since the start."""
    engines: Sequence[EngineWatch]
    bus: Bus
    fallen: Callable[[], Sequence[str]] = tuple
    """Which engines have left the graphics card, and why, in words."""


def visits_to(parts: Parts, settings: MonitoringConfig, clock: Clock, gauges: Gauges) -> list[Visit]:
    """Return who looks after what. A device that is lost tells by itself."""
    outbox = OutboxProbe(parts.database, clock, gauges, settings.outbox_late_after_s)
    disk = DiskProbe(parts.database.path.parent, settings.min_free_mib, gauges)
    return [
        Visit(part=Part.LISTENING, probe=FramesProbe(parts.frames, gauges), every_s=2.0),
        *(Visit(part=engine.part, probe=engine.look, every_s=5.0) for engine in parts.engines),
        Visit(part=Part.OUTBOX, probe=outbox),
        Visit(part=Part.DISK, probe=disk),
        Visit(part=Part.KNOWLEDGE, probe=KnowledgeProbe(parts.knowledge, gauges)),
        Visit(part=Part.GPU, probe=GpuProbe(gauges, fallen=parts.fallen), every_s=30.0),
        Visit(part=Part.DATABASE, probe=DatabaseProbe(parts.database, clock, gauges), every_s=60.0),
        Visit(probe=ProcessProbe(gauges, parts.bus)),
    ]


class Rounds:
    """Visits the parts until cancelled, and measures how late the event loop is."""

    def __init__(self, visits: Sequence[Visit], health: Health, gauges: Gauges, clock: Clock) -> None:
        self._visits = visits
        self._health = health
        self._gauges = gauges
        self._clock = clock

    async def run(self) -> None:
        """Look after everything."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_loop(), name="event loop lag")
            for visit in self._visits:
                group.create_task(self._repeat(visit), name=f"probe {visit.part}")

    async def _repeat(self, visit: Visit) -> None:
        while True:
            await self._look(visit)
            await self._clock.sleep(visit.every_s)

    async def _look(self, visit: Visit) -> None:
        try:
            async with asyncio.timeout(visit.patience_s):
                finding = await visit.probe()
        except TimeoutError:
            finding = Finding(state=State.FAILED, detail=f"It has not answered for {visit.patience_s:.0f} s.")
        except (ApplianceError, OSError) as error:
            finding = Finding(state=State.FAILED, detail=f"{error}")
        except Exception:
            log.exception("the probe of %s failed", visit.part)
            finding = Finding(state=State.FAILED, detail="It could not be looked at; the log has the reason.")
        if finding is not None and visit.part is not None:
            self._health.report(visit.part, finding.state, finding.detail)

    async def _watch_loop(self) -> None:
        while True:
            slept = self._clock.now()
            await self._clock.sleep(TICK_S)
            self._gauges.loop_lag.observe(max(self._clock.now() - slept - TICK_S, 0.0))
