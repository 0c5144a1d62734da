"""Everything that observes a running appliance, and what it tells at a glance."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import prometheus_client
from prometheus_client import CollectorRegistry

from appliance import __version__
from appliance.bus import Bus
from appliance.clock import Clock
from appliance.config.models import Config
from appliance.events import AnyEvent, StateChanged
from appliance.models.catalogue import Model, Role
from appliance.ops.gauges import Gauges, config_sha256
from appliance.ops.health import Health, Part, State
from appliance.ops.metrics import ActionMetrics, PartMetrics, SpeechMetrics, TurnMetrics
from appliance.ops.turns import RecentTurns, TurnWatch

FIGURES_OF = 50
"""Turns that the figures of the status sum up."""


class Monitor:
    """Health, metrics and recent turns of one appliance, from its events."""

    def __init__(self, config: Config, clock: Clock) -> None:
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call] # they double the series
        self.registry = CollectorRegistry()
        self.health = Health(clock)
        self.gauges = Gauges(self.registry)
        self.turns = RecentTurns(clock, transcripts=config.log.transcripts)
        self.started_at = clock.local_time("UTC").isoformat(timespec="milliseconds")
        self.finished = TurnWatch(TurnMetrics(self.registry), self.turns.add)
        """Tells of each turn when it is over."""
        self._config = config
        self.models: dict[Role, Model] = {}
        """In use; empty until all are loaded."""
        self._conversation = "starting"
        self._observers = (
            self._note_state,
            self.health,
            self.finished,
            self.turns,
            SpeechMetrics(self.registry),
            ActionMetrics(self.registry, [t.name for t in config.tools], [f.name for f in config.forms]),
            PartMetrics(self.registry),
        )
        self.gauges.show_config(config)

    def attach(self, bus: Bus) -> None:
        """Observe the events."""
        for observer in self._observers:
            bus.subscribe(observer)

    def step(self, step: str) -> None:
        """Say what is being done while it is not ready."""
        self.health.step = step

    def loaded(self, models: Mapping[Role, Model]) -> None:
        """Take note of the models once all are loaded."""
        self.models = dict(models)
        self.gauges.show_models(models)
        self.health.report(Part.MODELS, State.OK, "All are loaded.")

    def opened(self) -> None:
        """Take note that the sound devices are open."""
        self.health.report(Part.MICROPHONE, State.OK, "The device is open.")
        self.health.report(Part.LOUDSPEAKER, State.OK, "The device is open.")

    def reconfigured(self, config: Config) -> None:
        """Take note of a configuration that was loaded anew."""
        self._config = config
        self.turns.transcripts = config.log.transcripts
        self.gauges.show_config(config)

    def status(self) -> dict[str, Any]:
        """Return what `appliance status --json` prints."""
        health = self.health
        return {
            "version": __version__,
            "state": health.state.value,
            "ready": not health.missing,
            "step": health.step if health.state is State.STARTING else "",
            "started_at": self.started_at,
            "conversation": self._conversation,
            "parts": [asdict(part) for part in health.parts],
            "turns": {
                "total": sum(self.turns.outcomes.values()),
                "outcomes": {outcome.value: count for outcome, count in self.turns.outcomes.items()},
                "first_audio_ms": _figures(self.turns.after(0, FIGURES_OF)),
            },
            "models": {role.value: {"id": m.id, "licence": m.licence} for role, m in self.models.items()},
            "config_sha256": config_sha256(self._config),
        }

    def _note_state(self, event: AnyEvent) -> None:
        if isinstance(event, StateChanged):
            self._conversation = event.state


def _figures(turns: Sequence[Mapping[str, Any]]) -> dict[str, float | int | None]:
    """Return median and 95th percentile (nearest rank) of the time to the first sound."""
    values = sorted(turn["ms"]["first_audio"] for turn in turns if turn["ms"]["first_audio"] is not None)
    if not values:
        return {"n": 0, "p50": None, "p95": None}
    ranked = {name: values[math.ceil(share * len(values)) - 1] for name, share in (("p50", 0.5), ("p95", 0.95))}
    return {"n": len(values), **ranked}
