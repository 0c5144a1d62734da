"""Metrics of what is looked at: the process, the disk, the database, the graphics card, the health."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector

from appliance import __version__
from appliance.config.models import Config
from appliance.models.catalogue import Model, Role
from appliance.ops.health import SEVERITY, Health

LAG_BUCKETS_S = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0)
"""A frame lasts 32 ms: an event loop that lags by more is late with decisions."""


class Gauges:
    """Values that are set now and then. `watch` adds one of another part."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        ProcessCollector(registry=registry)
        self.threads = self._gauge("appliance_threads", "Threads of the process")
        self.loop_lag = Histogram(
            "appliance_event_loop_lag_seconds",
            "How late the event loop wakes what has slept",
            buckets=LAG_BUCKETS_S,
            registry=registry,
        )
        self.frames = Counter("appliance_frames", "Frames of 32 ms that reached the conversation", registry=registry)
        self.events_lost = self._gauge("appliance_events_lost", "Events that observers never saw, since the start")
        self.disk_free = self._gauge("appliance_disk_free_bytes", "Free on the disk of the database")
        self.disk_size = self._gauge("appliance_disk_size_bytes", "Size of the disk of the database")
        self.outbox = self._gauge("appliance_outbox_entries", "Handovers that have not arrived", "state")
        self.outbox_age = self._gauge("appliance_outbox_oldest_age_seconds", "Age of the oldest that has not arrived")
        self.records = self._gauge("appliance_records", "Rows that are kept of conversations", "table")
        self.records_age = self._gauge("appliance_records_oldest_age_seconds", "Age of the oldest row", "table")
        self.audit_entries = self._gauge("appliance_audit_entries", "Entries of the audit trail")
        self.audit_age = self._gauge(
            "appliance_audit_unsealed_age_seconds",
            "Age of the oldest entry of the audit trail that no checkpoint seals",
        )
        self.passages = self._gauge("appliance_knowledge_passages", "Passages that answers can rest on")
        self.gpu_used = self._gauge("appliance_gpu_memory_used_bytes", "Video memory in use", "gpu")
        self.gpu_size = self._gauge("appliance_gpu_memory_size_bytes", "Video memory of the card", "gpu")
        self._health = self._gauge("appliance_part_state", "0 ok, 1 degraded, 2 starting, 3 failed", "part")
        self._ready = self._gauge("appliance_ready", "1 while people can be served")
        self._models = Info("appliance_model", "The models in use", ["role"], registry=registry)
        self._config = Info("appliance_config", "The configuration in use", registry=registry)
        Info("appliance_build", "The program", registry=registry).info(
            {"version": __version__, "python": platform.python_version()}
        )

    def show_health(self, health: Health) -> None:
        """Take over the state of the parts."""
        self._ready.set(not health.missing)
        for part in health.parts:
            self._health.labels(part.part).set(SEVERITY[part.state])

    def show_models(self, models: Mapping[Role, Model]) -> None:
        """Say which models are in use: their names, licences, and the hash of the file that the engine opens."""
        for role, model in models.items():
            opened = next((file for file in model.files if file.path == model.entry), model.files[0])
            described = {"id": model.id, "sha256": opened.sha256, "licence": model.licence, "format": model.format}
            self._models.labels(role).info(described)

    def show_config(self, config: Config) -> None:
        """Say which configuration is in use, also after it was loaded anew."""
        self._config.info({"sha256": config_sha256(config)})

    def watch(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Add a gauge that is read when somebody asks; `read` is quick and may be called from any thread."""
        self._gauge(name, description).set_function(read)

    def _gauge(self, name: str, description: str, *labels: str) -> Gauge:
        return Gauge(name, description, labels, registry=self._registry)


def config_sha256(config: Config) -> str:
    """Return the SHA-256 of a configuration with all its defaults, to see whether two boxes have the same."""
    return hashlib.sha256(config.model_dump_json().encode()).hexdigest()


def set_all(gauge: Gauge, values: Iterable[tuple[str, float]], known: Iterable[str] = ()) -> None:
    """Set a gauge with one label; what is known and not among the values is 0."""
    for label, value in {**dict.fromkeys(known, 0.0), **dict(values)}.items():
        gauge.labels(label).set(value)
