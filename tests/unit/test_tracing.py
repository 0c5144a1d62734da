"""Traces, as a collector on this machine receives them: protobuf over real HTTP."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from appliance.errors import ConfigError
from appliance.events import AnyEvent, EngineFailed, ToolFinished, ToolStarted
from appliance.models.catalogue import Role
from appliance.ops.tracing import ROOT, tracing
from appliance.ops.turns import TurnWatch
from tests.unit.monitoring_fakes import Script
from tests.unit.storage_fakes import START, HandClock

TEMPLATE_TOKENS = 20
MODELS = {Role.STT: "whisper-tiny.en", Role.LLM: "qwen", Role.TTS: "joe"}


class Collector:
    """Takes traces; with `elsewhere` it points at another address instead."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self.elsewhere = ""
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.headers["Content-Type"] == "application/x-protobuf"
                collector.requests.append(ExportTraceServiceRequest.FromString(body))
                self.send_response(307 if collector.elsewhere else 200)
                if collector.elsewhere:
                    self.send_header("Location", collector.elsewhere)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1/traces"

    @property
    def spans(self) -> list[Span]:
        return [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    yield collector
    collector.close()


async def trace(endpoint: str, *events: AnyEvent) -> None:
    """Trace the turns of the events, as a run of the appliance does."""
    clock = HandClock()
    clock.advance(100.0)
    async with tracing(endpoint, clock, MODELS, lambda text: TEMPLATE_TOKENS + len(text.split())) as tracer:
        watch = TurnWatch(tracer)
        for event in events:
            watch(event)


def attributes(span: Span) -> dict[str, Any]:
    return {pair.key: getattr(pair.value, str(pair.value.WhichOneof("value"))) for pair in span.attributes}


def lasts(span: Span) -> tuple[float, float]:
    """Return when it began and ended, in seconds of the clock."""
    ends = (span.start_time_unix_nano, span.end_time_unix_nano)
    begun, ended = (round(at / 1e9 - START.timestamp(), 3) for at in ends)
    return begun, ended


def tool(script: Script) -> list[AnyEvent]:
    arguments, evidence = {"phone": "9025550163"}, {"phone": "nine oh two"}
    return [
        script.at(10.3, ToolStarted, tool="stock", arguments=arguments, evidence=evidence, writes=False),
        script.at(
            10.4, ToolFinished, tool="stock", ok=False, empty=False, error_code="timeout", duration_s=0.1, result={}
        ),
    ]


async def test_a_turn_is_a_trace_with_a_span_for_each_stage(collector: Collector) -> None:
    script = Script()
    await trace(collector.endpoint, *script.asked(), *tool(script), *script.said(), *script.over(12.5))
    spans = {span.name: span for span in collector.spans}
    root = spans[ROOT]
    assert {span.trace_id for span in collector.spans} == {root.trace_id}
    assert {span.parent_span_id for span in collector.spans if span is not root and span.name != ROOT} == {root.span_id}
    assert {name: lasts(span) for name, span in spans.items()} == {
        ROOT: (8.0, 12.5),
        "speech": (8.0, 10.0),
        "end_of_turn": (10.0, 10.28),
        "transcribe": (10.0, 10.18),
        "chat qwen": (10.25, 10.55),
        "execute_tool stock": (10.3, 10.4),
        "synthesise": (10.55, 10.65),
        "playout": (10.75, 12.5),
    }


async def test_attributes_follow_the_conventions_and_hold_no_words(collector: Collector) -> None:
    script = Script()
    await trace(collector.endpoint, *script.asked(), *tool(script), *script.said(), *script.over(12.5))
    told = {span.name: attributes(span) for span in collector.spans}
    assert told["chat qwen"]["gen_ai.operation.name"] == "chat"
    assert told["chat qwen"]["gen_ai.request.model"] == "qwen"
    assert told["chat qwen"]["gen_ai.response.time_to_first_chunk"] == pytest.approx(0.2)
    assert told["execute_tool stock"]["gen_ai.tool.name"] == "stock"
    assert told["execute_tool stock"]["error.type"] == "timeout"
    assert told[ROOT]["gen_ai.conversation.id"] == "s1"
    assert told["chat qwen"]["gen_ai.usage.output_tokens"] == 4
    assert told[ROOT]["appliance.outcome"] == "answered"
    everything = b"".join(request.SerializeToString() for request in collector.requests)
    for word in (b"Ada", b"Byron", b"902", b"nine oh two", b"Good morning"):
        assert word not in everything


async def test_what_failed_and_who_cut_in_can_be_seen(collector: Collector) -> None:
    script, later = Script(), Script(turn_id=2)
    failure = later.at(20.5, EngineFailed, engine="EngineError", code="engine", detail="Ada Byron")
    await trace(
        collector.endpoint,
        *script.asked(), *tool(script), *script.said(), script.cut_in(12.0), *script.over(12.5, interrupted=True),
        *later.asked(20.0), failure, *later.over(22.0),
    )  # fmt: skip
    first, second = (span for span in collector.spans if span.name == ROOT)
    assert [event.name for event in first.events] == ["barge_in"]
    assert first.status.code == Status.STATUS_CODE_UNSET
    assert second.status.code == Status.STATUS_CODE_ERROR
    assert attributes(second)["error.type"] == "engine"
    failed = next(span for span in collector.spans if span.name == "execute_tool stock")
    assert failed.status.code == Status.STATUS_CODE_ERROR


async def test_traces_reach_no_other_address(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    stranger = Collector()
    try:
        collector.elsewhere = stranger.endpoint
        monkeypatch.setenv("HTTP_PROXY", stranger.endpoint)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", stranger.endpoint)
        await trace(collector.endpoint, *Script().answered())
        assert collector.requests
        assert not stranger.requests
    finally:
        stranger.close()


async def test_a_collector_that_is_down_is_logged_and_holds_up_nothing(
    collector: Collector, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = collector.endpoint
    collector.close()
    await trace(endpoint, *Script().answered())
    assert "export" in caplog.text


async def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.resources", None)
    with pytest.raises(ConfigError, match="not installed") as caught:
        async with tracing("http://127.0.0.1:4318/v1/traces", HandClock(), MODELS, len):
            pass
    assert "appliance[tracing]" in caught.value.remedy
