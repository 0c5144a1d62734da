"""Metrics for Prometheus, counted from the events. All labels come from small sets; none holds what a person said.

Names follow the conventions of Prometheus: base units, `_total` for counters. docs/monitoring.md lists them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Enum, Histogram

from appliance.events import (
    AnyEvent,
    AudioRestarted,
    AudioXrun,
    BargeIn,
    BargeInRefused,
    ConsentDecided,
    DeviceLost,
    EngineFailed,
    HandedOver,
    SessionEnded,
    StateChanged,
    ToolFinished,
    ToolRefused,
    Transcribed,
    TurnDropped,
)
from appliance.ops.turns import FinishedTurn, Outcome

STAGES = ("end_of_turn", "transcript", "first_token", "first_clause", "first_audio", "barge_in_stop")

STAGE_BUCKETS_S = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 5.0, 8.0)
"""A person notices steps of 100 ms up to a second. 0.8 is the goal for the first sound and the wait where the end of a
turn is uncertain, so the share below it is exact; a second and more is silence; 8 is a prompt read anew on two cores.
"""

TOOL_BUCKETS_S = (0.05, 0.1, 0.25, 0.5, 0.8, 1.5, 3.0, 5.0, 10.0, 30.0)
"""From 0.8 s on "one moment" is said; 30 s is the longest timeout that makes sense while somebody waits."""

CONFIDENCE_BUCKETS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Tenths: the share below any of them stands in for the word error rate, which nobody can know without a transcript."""

OTHER = "other"

_CODE = re.compile(r"[a-z][a-z-]{0,31}")
_MOST_CODES = 32
_STATES = ("idle", "listening", "thinking", "speaking", "ended")
_REJECTED = ("silence", "no-speech", "low-confidence", "repetition", "phantom")
_REFUSALS = ("missing", "unconfirmed", "cancelled", "already-done", "in-doubt")
_DECISIONS = ("notified", "given", "refused", "withdrawn")


def _among(value: str, known: Iterable[str]) -> str:
    return value if value in known else OTHER


class TurnMetrics:
    """Turns: how long they took, and what became of them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._stages = Histogram(
            "appliance_turn_stage_seconds",
            "From the last sound of the person to a stage of the answer (barge_in_stop: from the first sound of who"
            " interrupts to the silence)",
            ["stage"],
            buckets=STAGE_BUCKETS_S,
            registry=registry,
        )
        self._turns = Counter(
            "appliance_turns", "Turns of people by what became of them", ["outcome"], registry=registry
        )
        for stage in STAGES:
            self._stages.labels(stage)
        for outcome in Outcome:
            self._turns.labels(outcome)

    def __call__(self, turn: FinishedTurn) -> None:
        """Count a turn. A stage that was reached before the person had finished took no time."""
        self._turns.labels(turn.outcome).inc()
        for stage in STAGES:
            reached_ms = getattr(turn.record.ms, stage)
            if reached_ms is not None:
                self._stages.labels(stage).observe(max(reached_ms, 0.0) / 1000)


class SpeechMetrics:
    """What was heard: recognition, interruptions, replies prepared in vain."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._transcripts = Counter(
            "appliance_transcripts", "Final transcripts, understood or why not", ["result"], registry=registry
        )
        self._confidence = Histogram(
            "appliance_transcript_confidence",
            "Confidence of the transcripts that were understood",
            buckets=CONFIDENCE_BUCKETS,
            registry=registry,
        )
        self._barge_ins = Counter("appliance_barge_ins", "Sounds of a person that stopped a reply", registry=registry)
        self._refused = Counter(
            "appliance_barge_ins_refused", "Sounds during a reply that did not end it", ["reason"], registry=registry
        )
        self._dropped = Counter(
            "appliance_speculations_dropped", "Replies prepared in vain: the person went on", registry=registry
        )
        self._wasted = Counter(
            "appliance_speculations_dropped_cpu_seconds",
            "Processor time of replies prepared in vain",
            registry=registry,
        )
        for result in ("understood", *_REJECTED):
            self._transcripts.labels(result)
        for reason in ("backchannel", *_REJECTED):
            self._refused.labels(reason)

    def __call__(self, event: AnyEvent) -> None:
        """Observe the events."""
        match event:
            case Transcribed(rejected=None):
                self._transcripts.labels("understood").inc()
                self._confidence.observe(event.confidence)
            case Transcribed():
                self._transcripts.labels(_among(event.rejected or "", _REJECTED)).inc()
            case BargeIn():
                self._barge_ins.inc()
            case BargeInRefused():
                self._refused.labels(_among(event.reason, ("backchannel", *_REJECTED))).inc()
            case TurnDropped():
                self._dropped.inc()
                self._wasted.inc(max(event.cpu_s, 0.0))


class ActionMetrics:
    """What was done: tools, handovers, consent, sessions. Tools that are not in the configuration count as `other`."""

    def __init__(self, registry: CollectorRegistry, tools: Iterable[str], forms: Iterable[str] = ()) -> None:
        self._tools, self._tasks = frozenset(tools), frozenset([*tools, *forms])
        self._calls = Counter(
            "appliance_tool_calls", "Calls of tools by what became of them", ["tool", "result"], registry=registry
        )
        self._duration = Histogram(
            "appliance_tool_duration_seconds",
            "How long calls of tools took",
            ["tool"],
            buckets=TOOL_BUCKETS_S,
            registry=registry,
        )
        self._refusals = Counter(
            "appliance_tool_refusals",
            "Tools and forms that were wanted and not run, and why",
            ["tool", "reason"],
            registry=registry,
        )
        self._handovers = Counter(
            "appliance_handovers", "What went to people", ["kind", "delivered"], registry=registry
        )
        self._consents = Counter("appliance_consents", "What people decided", ["decision"], registry=registry)
        self._sessions = Counter("appliance_sessions_ended", "Conversations that ended", ["reason"], registry=registry)
        for tool in self._tools:
            self._duration.labels(tool)
            for result in ("succeeded", "empty", "failed"):
                self._calls.labels(tool, result)

    def __call__(self, event: AnyEvent) -> None:
        """Observe the events."""
        match event:
            case ToolFinished():
                tool = _among(event.tool, self._tools)
                self._calls.labels(tool, "failed" if not event.ok else "empty" if event.empty else "succeeded").inc()
                self._duration.labels(tool).observe(event.duration_s)
            case ToolRefused():
                reason = _among(event.reason.partition(":")[0], _REFUSALS)
                self._refusals.labels(_among(event.tool, self._tasks), reason).inc()
            case HandedOver():
                kind = _among(event.kind, ("escalation", "emergency", "intake"))
                delivered = {None: "no-channel", True: "yes", False: "waiting"}[event.delivered]
                self._handovers.labels(kind, delivered).inc()
            case ConsentDecided():
                self._consents.labels(_among(event.decision, _DECISIONS)).inc()
            case SessionEnded():
                self._sessions.labels(_among(event.reason, ("goodbye", "silence", "stopped"))).inc()


class PartMetrics:
    """What happened to the parts: the sound, the engines, the state of the conversation."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._codes: set[str] = set()
        self._xruns = Counter(
            "appliance_audio_xruns", "Times that the sound device lost samples", ["direction"], registry=registry
        )
        self._losses = Counter(
            "appliance_audio_device_losses", "Times that a sound device went away", ["direction"], registry=registry
        )
        self._restarts = Counter(
            "appliance_audio_restarts", "Restarts of the audio path by itself", ["reason"], registry=registry
        )
        self._failures = Counter(
            "appliance_engine_failures", "Failures of engines, by their code", ["code"], registry=registry
        )
        self._state = Enum(
            "appliance_conversation_state", "What the conversation is doing", states=_STATES, registry=registry
        )
        for direction in ("capture", "playout"):
            self._xruns.labels(direction)
            self._losses.labels(direction)
        for reason in ("deaf", "error"):
            self._restarts.labels(reason)
        self._failures.labels("engine")

    def __call__(self, event: AnyEvent) -> None:
        """Observe the events."""
        match event:
            case AudioXrun():
                self._xruns.labels(_among(event.direction, ("capture", "playout"))).inc(event.count)
            case DeviceLost():
                self._losses.labels(_among(event.direction, ("capture", "playout"))).inc()
            case AudioRestarted():
                self._restarts.labels(_among(event.reason, ("deaf", "error"))).inc()
            case EngineFailed():
                self._failures.labels(self._code(event.code)).inc()
            case StateChanged():
                self._state.state(event.state)

    def _code(self, code: str) -> str:
        """Return a code of ours; whatever else comes, there are never more than 32."""
        if code not in self._codes and (len(self._codes) >= _MOST_CODES or not _CODE.fullmatch(code)):
            return OTHER
        self._codes.add(code)
        return code
