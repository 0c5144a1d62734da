"""Turns as traces for an OpenTelemetry collector, without a word of what was said.

One trace per turn, a span per stage. They are sent in the background by a thread of the SDK; the collector may be down.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from appliance import __version__
from appliance.clock import Clock
from appliance.errors import ConfigError
from appliance.events import BargeIn
from appliance.ops.stages import Models, Value, stages_of
from appliance.ops.turns import FinishedTurn, Outcome

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import Tracer

EXPORT_TIMEOUT_S = 1.0
"""The collector is on this machine; what does not take the spans by then is down, and they are dropped."""
NS = 1_000_000_000
ROOT = "invoke_agent appliance"

CountTokens = Callable[[str], int]


class TurnTracer:
    """Makes a trace of each turn."""

    def __init__(self, tracer: Tracer, clock: Clock, models: Models, count_tokens: CountTokens) -> None:
        self._tracer = tracer
        self._clock = clock
        self._models = models
        self._count_tokens = count_tokens

    def __call__(self, turn: FinishedTurn) -> None:
        """Trace a turn that is over."""
        from opentelemetry.trace import Status, StatusCode, set_span_in_context  # noqa: PLC0415 - an extra

        offset = self._clock.local_time("UTC").timestamp() - self._clock.now()

        def wall_ns(t: float) -> int:
            return int((offset + t) * NS)

        stages = stages_of(turn.events, self._models)
        for stage in stages:
            if stage.attributes.get("gen_ai.operation.name") == "chat":
                stage.attributes["gen_ai.usage.output_tokens"] = self._tokens(turn.record.assistant_text)
        times = [event.t for event in turn.events] + [stage.start for stage in stages]
        root = self._tracer.start_span(ROOT, start_time=wall_ns(min(times)), attributes=self._attributes_of(turn))
        inside = set_span_in_context(root)
        for stage in stages:
            start, end = wall_ns(stage.start), wall_ns(max(stage.end, stage.start))
            span = self._tracer.start_span(stage.name, context=inside, start_time=start, attributes=stage.attributes)
            if stage.failed:
                span.set_status(Status(StatusCode.ERROR))
            span.end(end)
        for event in turn.events:
            if isinstance(event, BargeIn):
                root.add_event("barge_in", timestamp=wall_ns(event.speech_started_t))
        if turn.outcome is Outcome.FAILED:
            root.set_status(Status(StatusCode.ERROR))
        root.end(wall_ns(max(times)))

    def _tokens(self, text: str) -> int:
        """Return the tokens of a text without those of the chat template around it."""
        return self._count_tokens(text) - self._count_tokens("")

    def _attributes_of(self, turn: FinishedTurn) -> dict[str, Value]:
        record = turn.record
        told: dict[str, Value] = {
            "gen_ai.operation.name": "invoke_agent",
            "gen_ai.agent.name": "appliance",
            "gen_ai.conversation.id": turn.session_id,
            "appliance.turn": record.turn,
            "appliance.outcome": turn.outcome.value,
            "appliance.speculations_dropped": record.speculations_dropped,
        }
        if record.confidence is not None:
            told["appliance.transcript.confidence"] = record.confidence
        if record.errors:
            told["error.type"] = record.errors[-1].partition(":")[0]
        return told


@asynccontextmanager
async def tracing(
    endpoint: str,
    clock: Clock,
    models: Models,
    count_tokens: CountTokens,
) -> AsyncIterator[TurnTracer]:
    """Send traces to `endpoint` and to nowhere else until the block is left; what waits is sent at the end.

    `count_tokens` says how many tokens a reply has. Raises ConfigError when the extra `tracing` is not installed.
    """
    provider = await asyncio.to_thread(_provider, endpoint)
    try:
        yield TurnTracer(provider.get_tracer("appliance", __version__), clock, models, count_tokens)
    finally:
        await asyncio.to_thread(provider.shutdown)


def _provider(endpoint: str) -> TracerProvider:
    try:
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415 - an extra
        from opentelemetry.sdk.trace.sampling import ALWAYS_ON  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigError(
            f"monitoring.tracing_endpoint: what sends traces is not installed ({error.name})",
            remedy="Install the extra: pip install 'appliance[tracing]'; or set monitoring.tracing_endpoint to null.",
        ) from error
    resource = Resource({"service.name": "appliance", "service.version": __version__})
    provider = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(_exporter(endpoint)))
    return provider


def _exporter(endpoint: str) -> SpanExporter:
    """Return an exporter that reaches no other address: neither a proxy, nor one that the collector points at."""
    import requests  # noqa: PLC0415 - comes with the extra
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415 - an extra
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - comes with the extra

    session = requests.Session()
    session.trust_env = False
    session.adapters.clear()
    parts = urlsplit(endpoint)
    session.mount(f"{parts.scheme}://{parts.netloc}/", HTTPAdapter())
    return OTLPSpanExporter(endpoint=endpoint, headers={}, timeout=EXPORT_TIMEOUT_S, session=session)
