"""How each part of the appliance is, since when, and whether it can serve people.

Live is a process whose event loop answers. Ready is one whose needed parts work: the models are loaded, the microphone
delivers, the loudspeaker is there, the database is open.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from appliance.clock import Clock
from appliance.events import (
    AnyEvent,
    AudioRestarted,
    DeviceFound,
    DeviceLost,
    EngineFailed,
    PlayoutStarted,
    SpeechStarted,
)

log = logging.getLogger(__name__)


class State(StrEnum):
    """How a part is, the better states first."""

    OK = "ok"
    DEGRADED = "degraded"
    """It works, and somebody should look after it."""
    STARTING = "starting"
    """Nothing has been heard of it yet."""
    FAILED = "failed"


SEVERITY: Final = {state: rank for rank, state in enumerate(State)}


class Part(StrEnum):
    """What is looked after. An engine has the name of its role."""

    MODELS = "models"
    MICROPHONE = "microphone"
    LOUDSPEAKER = "loudspeaker"
    LISTENING = "listening"
    """Whether frames of sound reach the conversation, and speech is noticed in them."""
    ANSWERS = "answers"
    """Whether the last turn could be answered."""
    STT = "stt"
    LLM = "llm"
    TTS = "tts"
    TURN = "turn"
    DATABASE = "database"
    OUTBOX = "outbox"
    AUDIT = "audit"
    DISK = "disk"
    KNOWLEDGE = "knowledge"
    GPU = "gpu"
    MONITORING = "monitoring"
    """Whether it can be asked how it is; known only after it could not."""


NEEDED: Final = (Part.MODELS, Part.LISTENING, Part.MICROPHONE, Part.LOUDSPEAKER, Part.DATABASE)
"""Without one of these nobody can be served."""

_DEVICES: Final = {"capture": Part.MICROPHONE, "playout": Part.LOUDSPEAKER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a look at a part has found; `detail` is a sentence for people."""

    state: State
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartHealth:
    """How a part is. `since` is UTC, ISO 8601: when it came into this state."""

    part: Part
    state: State
    detail: str
    since: str


class Health:
    """Keeps what is known of the parts: told by the events, and by whoever looks. Only on the event loop."""

    def __init__(self, clock: Clock, needed: Iterable[Part] = NEEDED) -> None:
        self._clock = clock
        self._needed = tuple(needed)
        self._parts = {part: self._entry(part, State.STARTING, "not started yet") for part in self._needed}
        self._failed_turn: tuple[str, int] | None = None
        self.step = "starting"
        """What is being done while it is not ready, in words."""

    @property
    def parts(self) -> list[PartHealth]:
        """All parts that something is known of, in a fixed order."""
        return [self._parts[part] for part in Part if part in self._parts]

    @property
    def state(self) -> State:
        """The state of the worst part."""
        return max((part.state for part in self.parts), key=SEVERITY.__getitem__, default=State.OK)

    @property
    def missing(self) -> list[PartHealth]:
        """The needed parts that do not work: while there are any, it is not ready."""
        needed = [self._parts[part] for part in self._needed]
        return [part for part in needed if part.state in {State.STARTING, State.FAILED}]

    def report(self, part: Part, state: State, detail: str) -> None:
        """Take note of how a part is; a change is logged."""
        known = self._parts.get(part)
        if known is None or known.state is not state:
            _log_change(part, known, state, detail)
            self._parts[part] = self._entry(part, state, detail)
        elif known.detail != detail:
            self._parts[part] = PartHealth(part=part, state=state, detail=detail, since=known.since)

    def __call__(self, event: AnyEvent) -> None:
        """Observe the events."""
        match event:
            case DeviceLost():
                self.report(_DEVICES[event.direction], State.FAILED, f"The device is lost: {event.detail}")
            case DeviceFound():
                self.report(_DEVICES[event.direction], State.OK, "The device is back.")
            case AudioRestarted():
                why = "no speech was noticed" if event.reason == "deaf" else "a part of it failed"
                detail = f"The audio path was restarted because {why}, {event.count} times since the start."
                self.report(Part.LISTENING, State.DEGRADED, detail)
            case SpeechStarted():
                self.report(Part.LISTENING, State.OK, "Speech is noticed.")
            case EngineFailed():
                self._failed_turn = (event.session_id, event.turn_id)
                self.report(Part.ANSWERS, State.DEGRADED, f"The last turn failed [{event.code}]; the log has the rest.")
            case PlayoutStarted() if (event.session_id, event.turn_id) != self._failed_turn:
                self.report(Part.ANSWERS, State.OK, "The last turn was answered.")

    def _entry(self, part: Part, state: State, detail: str) -> PartHealth:
        since = self._clock.local_time("UTC").isoformat(timespec="seconds")
        return PartHealth(part=part, state=state, detail=detail, since=since)


def _log_change(part: Part, known: PartHealth | None, state: State, detail: str) -> None:
    if SEVERITY[state] > SEVERITY[State.OK]:
        log.warning("health: %s is %s: %s", part, state, detail)
    elif known is not None and known.state is not State.STARTING:
        log.info("health: %s is ok again: %s", part, detail)
