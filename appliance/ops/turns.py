"""Turns that are over: what became of each, and the recent ones for whoever asks."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from itertools import takewhile
from typing import Any

from appliance.clock import Clock
from appliance.events import (
    AnyEvent,
    BargeIn,
    ClauseReady,
    ClauseSynthesised,
    ConsentDecided,
    EngineFailed,
    FirstToken,
    HandedOver,
    PassagesUsed,
    PlayoutEnded,
    PlayoutStarted,
    SpeechEnded,
    SpeechStarted,
    TextDelta,
    ToolFinished,
    ToolRefused,
    ToolStarted,
    Transcribed,
    TurnCommitted,
    TurnDropped,
    TurnStarted,
)
from appliance.ops.records import Milestones, TurnLog, TurnRecord, summarise

KEPT = 200
"""Turns that are remembered: some hours of a busy desk, and less than a megabyte."""

_TOLD_BY = (
    BargeIn,
    ClauseReady,
    ClauseSynthesised,
    EngineFailed,
    FirstToken,
    HandedOver,
    PassagesUsed,
    PlayoutEnded,
    PlayoutStarted,
    SpeechEnded,
    SpeechStarted,
    TextDelta,
    ToolFinished,
    ToolRefused,
    ToolStarted,
    Transcribed,
    TurnCommitted,
    TurnDropped,
    TurnStarted,
)
"""What belongs to a turn. Of all else there may be any number while nobody speaks."""


class Outcome(StrEnum):
    """What became of a turn of a person."""

    ANSWERED = "answered"
    INTERRUPTED = "interrupted"
    """The person cut the answer short."""
    JOINED = "joined"
    """A false end: the person went on before the answer was heard, and it was dropped."""
    NOT_UNDERSTOOD = "not-understood"
    """The person was asked to say it again, or left alone after that."""
    FAILED = "failed"
    """An engine failed while it was answered."""
    UNANSWERED = "unanswered"
    """A noise, or a word that wants no answer, such as "stop"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedTurn:
    """One turn; `record` and `events` hold what was said."""

    session_id: str
    outcome: Outcome
    record: TurnRecord
    events: Sequence[AnyEvent]


class TurnWatch:
    """Observes the events and tells of each turn once, as soon as its answer is over.

    What the assistant says by itself (a greeting, "are you still there?") is no turn.
    """

    def __init__(self, *listeners: Callable[[FinishedTurn], None]) -> None:
        self._listeners = list(listeners)
        self._session_id = ""
        self._log = TurnLog()
        self._open: int | None = None

    def tell(self, listener: Callable[[FinishedTurn], None]) -> None:
        """Tell one more of the turns that end from now on."""
        self._listeners.append(listener)

    def __call__(self, event: AnyEvent) -> None:
        """Take note of an event."""
        if not isinstance(event, _TOLD_BY):
            return
        if event.session_id != self._session_id:
            self._close()
            self._session_id, self._log = event.session_id, TurnLog()
        if isinstance(event, SpeechEnded) and self._open != event.turn_id:
            self._close()
            self._open = event.turn_id
        self._log(event)
        if isinstance(event, TurnCommitted) and event.turn_id == self._open:
            self._close()
        self._log.forget_before(event.turn_id if self._open is None else self._open)

    def _close(self) -> None:
        """Tell of the turn that is open; nothing of it counts a second time."""
        if self._open is None:
            return
        turn, self._open = self._open, None
        events = self._log.of([turn])
        self._log.forget_before(turn + 1)
        record = summarise(turn, events)
        outcome = _outcome(record, events)
        if outcome is Outcome.INTERRUPTED:
            record.ms.barge_in_stop = _stop_ms(events)
        finished = FinishedTurn(session_id=self._session_id, outcome=outcome, record=record, events=events)
        for listener in self._listeners:
            listener(finished)


@dataclass(slots=True, kw_only=True)
class _Kept:
    session_id: str
    head: dict[str, Any]
    plain: dict[str, Any]
    worded: dict[str, Any] | None
    """What is told instead of `plain`, where words may be told."""

    def told(self) -> dict[str, Any]:
        return self.head | (self.plain if self.worded is None else self.worded)


class RecentTurns:
    """The last turns, numbered from 1 on since the start.

    What people say is kept only when it may be logged, and not of people who have refused.
    """

    def __init__(self, clock: Clock, *, transcripts: bool) -> None:
        self._clock = clock
        self.transcripts = transcripts
        """Whether words may be logged."""
        self._turns: deque[_Kept] = deque(maxlen=KEPT)
        self._count = 0
        self._refused = ""
        self.outcomes: Counter[Outcome] = Counter(dict.fromkeys(Outcome, 0))
        """Since the start."""

    def add(self, turn: FinishedTurn) -> None:
        """Remember a turn."""
        self._count += 1
        self.outcomes[turn.outcome] += 1
        at = self._clock.local_time("UTC").isoformat(timespec="seconds")
        head = {"n": self._count, "at": at, "session": turn.session_id, "outcome": turn.outcome.value}
        worded = turn.record.as_json() if self.transcripts and turn.session_id != self._refused else None
        plain = _without_words(turn.record)
        self._turns.append(_Kept(session_id=turn.session_id, head=head, plain=plain, worded=worded))

    def __call__(self, event: AnyEvent) -> None:
        """Forget the words of a session whose person does not agree."""
        if isinstance(event, ConsentDecided) and event.decision in {"refused", "withdrawn"}:
            self._refused = event.session_id
            for turn in self._turns:
                if turn.session_id == event.session_id:
                    turn.worded = None

    def after(self, number: int, last: int = KEPT) -> list[dict[str, Any]]:
        """Return at most the `last` turns with a number above `number`, the oldest first."""
        newer = list(takewhile(lambda turn: turn.head["n"] > number, reversed(self._turns)))
        return [turn.told() for turn in newer[:last][::-1]]


def milestones_of(told: dict[str, Any]) -> TurnRecord:
    """Return the record of a turn as `RecentTurns` tells it, with its times alone. Raises KeyError and TypeError."""
    return TurnRecord(turn=told["turn"], ms=Milestones(**told["ms"]))


def _outcome(record: TurnRecord, events: Sequence[AnyEvent]) -> Outcome:
    committed = any(isinstance(event, TurnCommitted) for event in events)
    if _failed(events):
        return Outcome.FAILED
    if not committed:
        return Outcome.UNANSWERED
    if record.interrupted:
        return Outcome.INTERRUPTED if record.answered else Outcome.JOINED
    if record.rejected is not None:
        return Outcome.NOT_UNDERSTOOD
    return Outcome.ANSWERED if record.answered else Outcome.UNANSWERED


def _failed(events: Sequence[AnyEvent]) -> bool:
    """Tell whether an engine failed after the turn was over; before it only a partial transcript is lost."""
    ended = False
    for event in events:
        ended = ended or isinstance(event, SpeechEnded)
        if ended and isinstance(event, EngineFailed):
            return True
    return False


def _stop_ms(events: Sequence[AnyEvent]) -> float | None:
    """Return from when the person cut in to when the reply was told to fall silent; None for a button or a name."""
    cuts = [event for event in events if isinstance(event, BargeIn)]
    stopped_ms = (cuts[-1].t - cuts[-1].speech_started_t) * 1000 if cuts else 0.0
    return stopped_ms if stopped_ms > 0 else None


def _without_words(record: TurnRecord) -> dict[str, Any]:
    """Return what may be told of a turn to anybody: no words of the person, and nothing that was made of them."""
    allowed = ("tool", "outcome", "reason", "error", "ms")
    handover = record.handover and {name: record.handover[name] for name in ("kind", "delivered")}
    return {
        "turn": record.turn,
        "user": {"text": None, "confidence": record.confidence, "rejected": record.rejected},
        "assistant": {"text": None, "heard": None, "interrupted": record.interrupted},
        "tools": [{name: call[name] for name in allowed if name in call} for call in record.tools],
        "handover": handover,
        "passages": record.passages,
        "errors": [error.partition(":")[0] for error in record.errors],
        "speculation": {"dropped": record.speculations_dropped, "cpu_s": round(record.wasted_cpu_s, 3)},
        "ms": {name: None if value is None else round(value) for name, value in asdict(record.ms).items()},
    }
