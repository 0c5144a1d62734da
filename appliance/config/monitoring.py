"""How the appliance is watched over, as configured."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from appliance.config.rules import broken_rule
from appliance.config.section import Section

DEFAULT_PORT = 9108

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def _on_this_machine(endpoint: str | None) -> str | None:
    """Return an address unchanged, or raise when it is not one of an HTTP service on this machine."""
    if endpoint is None:
        return None
    try:
        parts = urlsplit(endpoint)
        fits = parts.scheme == "http" and parts.hostname in _LOOPBACK and parts.port != 0 and parts.path != ""
    except ValueError:
        fits = False
    if not fits or "@" in endpoint:
        message = (
            f"monitoring.tracing_endpoint: expected a collector on this machine such as "
            f"http://127.0.0.1:4318/v1/traces, got {endpoint!r}"
        )
        raise broken_rule(message, "tracing_endpoint")
    return endpoint


class MonitoringConfig(Section):
    """Health, metrics and traces, for whoever looks after the appliance."""

    http_port: Annotated[int | None, Field(ge=1, le=65_535)] = DEFAULT_PORT
    """Port on this machine with /healthz, /readyz, /metrics, /status and /turns; null for none."""
    tracing_endpoint: Annotated[str | None, AfterValidator(_on_this_machine)] = None
    """Where traces of turns go: an OpenTelemetry collector on this machine (OTLP over HTTP); null for nowhere."""
    min_free_mib: Annotated[int, Field(ge=1, le=1_000_000)] = 500
    """The health is degraded when less MiB are free on the disk of storage.directory."""
    outbox_late_after_s: Annotated[float, Field(ge=1, le=604_800)] = 900.0
    """The health is degraded when a handover has waited for longer."""
