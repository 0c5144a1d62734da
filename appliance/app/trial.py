"""A whole appliance to break, on a small disk of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from appliance.app.running import running
from appliance.bus import Bus
from appliance.config.consent import ConsentMode
from appliance.config.models import Config
from appliance.models.catalogue import load_catalogue
from appliance.models.profiles import resolve
from appliance.ops.faults.clocks import WrongClock
from appliance.ops.faults.disk import mounted
from appliance.ops.faults.trial import BreakableCard, Trial
from appliance.ops.records import TurnLog
from appliance.ops.status import Monitor

DISK = "size=96m"
MIN_FREE_MIB = 20


@asynccontextmanager
async def on_trial(config: Config, folder: Path, on_step: Callable[[str], None]) -> AsyncIterator[Trial]:
    """Run the appliance of a configuration in `folder`, without greeting or notice. Needs root for its disk."""
    state, models = folder / "state", folder / "models"
    state.mkdir()
    linked(config, models)
    changes = {
        "storage": config.storage.model_copy(update={"directory": state}),
        "models": config.models.model_copy(update={"directory": models}),
        "consent": config.consent.model_copy(update={"mode": ConsentMode.NONE}),
        "monitoring": config.monitoring.model_copy(update={"min_free_mib": MIN_FREE_MIB}),
    }
    settings = config.model_copy(update=changes)
    clock, bus, log = WrongClock(), Bus(), TurnLog()
    card, monitor = BreakableCard(clock), Monitor(settings, clock)
    monitor.attach(bus)
    bus.subscribe(log)
    with mounted(state, "-t", "tmpfs", "-o", f"{DISK},mode=0700", "faults"):
        async with running(settings, card, clock, bus, greet=False, monitor=monitor, on_step=on_step) as appliance:
            yield Trial(
                card=card,
                clock=clock,
                database=appliance.database,
                session=lambda: appliance.session,
                journal=appliance.journal,
                health=monitor.health,
                log=log,
                models=models,
            )


def linked(config: Config, models: Path) -> None:
    """Put the models in use into a folder, as further names of the same files where the disk allows that."""
    for model in resolve(config, load_catalogue()).values():
        for source in (config.models.directory / model.id).rglob("*"):
            target = models / source.relative_to(config.models.directory)
            if source.is_dir():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with suppress(OSError):
                os.link(source, target)
                continue
            shutil.copyfile(source, target)
