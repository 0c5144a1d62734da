"""The stages of a turn that is over, as spans: when each began and ended, and what is worth knowing of it.

Attributes follow the semantic conventions for generative AI where there are any (gen_ai.*,
opentelemetry.io/docs/specs/semconv/gen-ai). None holds what was said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from appliance.events import (
    AnyEvent,
    ClauseReady,
    ClauseSynthesised,
    FirstToken,
    PlayoutEnded,
    PlayoutStarted,
    SpeechEnded,
    SpeechStarted,
    ToolFinished,
    ToolStarted,
    Transcribed,
    TurnStarted,
)
from appliance.models.catalogue import Role

Value = str | bool | int | float
Models = Mapping[Role, str]
"""The id of the model of each role."""


@dataclass(slots=True, kw_only=True)
class Stage:
    """From `start` to `end`, in seconds of the clock."""

    name: str
    start: float
    end: float
    attributes: dict[str, Value] = field(default_factory=dict)
    failed: bool = False


def stages_of(events: Iterable[AnyEvent], models: Models) -> list[Stage]:
    """Return the stages of a turn by their beginnings."""
    events = list(events)
    stages = [*_hearing(events, models), *_thinking(events, models), *_acting(events), *_speaking(events, models)]
    return sorted(stages, key=lambda stage: stage.start)


def _hearing(events: list[AnyEvent], models: Models) -> Iterator[Stage]:
    """What the person said: from their first sound on, the decision that they have finished, the transcript."""
    began: float | None = None
    last_voiced = 0.0
    for event in events:
        match event:
            case SpeechStarted():
                began = event.t if began is None else began
            case SpeechEnded():
                last_voiced = event.last_voiced_t
                yield Stage(name="speech", start=last_voiced if began is None else began, end=last_voiced)
                decided: dict[str, Value] = {"appliance.reason": event.reason}
                yield Stage(name="end_of_turn", start=last_voiced, end=event.t, attributes=decided)
            case Transcribed():
                told: dict[str, Value] = {
                    "gen_ai.request.model": models.get(Role.STT, ""),
                    "appliance.transcript.confidence": event.confidence,
                    "appliance.transcript.rejected": event.rejected or "",
                }
                yield Stage(name="transcribe", start=min(last_voiced, event.t), end=event.t, attributes=told)


def _thinking(events: list[AnyEvent], models: Models) -> Iterator[Stage]:
    """What the language model wrote; the answer that counts is the last that was begun."""
    name = f"chat {models.get(Role.LLM, '')}".strip()
    chat: Stage | None = None
    for event in events:
        match event:
            case TurnStarted():
                speculative: dict[str, Value] = {"appliance.speculative": event.speculative}
                chat = Stage(name="", start=event.t, end=event.t, attributes=speculative)
            case FirstToken() if chat is not None:
                chat.name, chat.end = name, event.t
                chat.attributes |= {
                    "gen_ai.operation.name": "chat",
                    "gen_ai.provider.name": "llama.cpp",
                    "gen_ai.request.model": models.get(Role.LLM, ""),
                    "gen_ai.request.stream": True,
                    "gen_ai.response.time_to_first_chunk": event.t - chat.start,
                }
            case ClauseReady() if chat is not None:
                chat.end = event.t
    if chat is not None and chat.name:
        yield chat


def _acting(events: list[AnyEvent]) -> Iterator[Stage]:
    """What was done through tools."""
    started: dict[str, float] = {}
    for event in events:
        match event:
            case ToolStarted():
                started[event.tool] = event.t
            case ToolFinished():
                told: dict[str, Value] = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": event.tool}
                if event.error_code:
                    told["error.type"] = event.error_code
                start = min(started.get(event.tool, event.t), event.t - event.duration_s)
                name = f"execute_tool {event.tool}"
                yield Stage(name=name, start=start, end=event.t, attributes=told, failed=not event.ok)


def _speaking(events: list[AnyEvent], models: Models) -> Iterator[Stage]:
    """What became sound, and how long it was heard."""
    began: float | None = None
    for event in events:
        match event:
            case ClauseSynthesised():
                told: dict[str, Value] = {
                    "gen_ai.request.model": models.get(Role.TTS, ""),
                    "appliance.audio_s": event.audio_s,
                }
                yield Stage(name="synthesise", start=event.t - event.synthesis_s, end=event.t, attributes=told)
            case PlayoutStarted():
                began = event.t
            case PlayoutEnded() if began is not None:
                cut: dict[str, Value] = {"appliance.cut": event.cut}
                yield Stage(name="playout", start=began, end=event.t, attributes=cut)
