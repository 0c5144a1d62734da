"""Watches over a running appliance: its parts, and the traces of its turns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from appliance.app.assisting import beside
from appliance.clock import Clock
from appliance.config.monitoring import MonitoringConfig
from appliance.engines.ports import LanguageModel, Message, Role
from appliance.ops.rounds import Parts, Rounds, visits_to
from appliance.ops.status import Monitor
from appliance.ops.tracing import tracing


@asynccontextmanager
async def watching(
    monitor: Monitor, parts: Parts, settings: MonitoringConfig, clock: Clock, model: LanguageModel
) -> AsyncIterator[None]:
    """Look after the parts, and trace the turns where that is wanted, until the block is left.

    Enter it when the models are loaded and the sound devices open. Raises ConfigError.
    """
    monitor.loaded(parts.models)
    monitor.opened()

    def count_tokens(text: str) -> int:
        return model.count_tokens([Message(Role.ASSISTANT, text)])

    async with AsyncExitStack() as stack:
        if settings.tracing_endpoint is not None:
            names = {role: chosen.id for role, chosen in monitor.models.items()}
            traces = tracing(settings.tracing_endpoint, clock, names, count_tokens)
            monitor.finished.tell(await stack.enter_async_context(traces))
        rounds = Rounds(visits_to(parts, settings, clock, monitor.gauges), monitor.health, monitor.gauges, clock)
        await stack.enter_async_context(beside(rounds.run()))
        yield
