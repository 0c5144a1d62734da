"""What each turn was and where its milliseconds went, gathered from the events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from appliance.events import (
    AnyEvent,
    ClauseReady,
    EngineFailed,
    FirstToken,
    HandedOver,
    PassagesUsed,
    PlayoutStarted,
    SpeechEnded,
    TextDelta,
    ToolFinished,
    ToolRefused,
    ToolStarted,
    Transcribed,
    TurnCommitted,
    TurnDropped,
    TurnStarted,
)


@dataclass(slots=True, kw_only=True)
class Milestones:
    """Milliseconds after the last voiced sample of the person's speech; None for what did not happen."""

    end_of_turn: float | None = None
    """The end of the turn was decided."""
    transcript: float | None = None
    """The final transcript was there."""
    first_token: float | None = None
    """The model wrote its first token, or, where it was not asked, the first piece of the answer was there."""
    first_clause: float | None = None
    """The first clause could be spoken."""
    first_audio: float | None = None
    """The first sound was given to the output device."""
    barge_in_stop: float | None = None
    """From the first voiced sample of the person who interrupts to the last sample heard."""


@dataclass(slots=True, kw_only=True)
class TurnRecord:
    """One turn of the person and the answer to it."""

    turn: int
    user_text: str = ""
    confidence: float | None = None
    rejected: str | None = None
    assistant_text: str = ""
    heard: str = ""
    interrupted: bool = False
    answered: bool = False
    tools: list[dict[str, object]] = field(default_factory=list)
    """What was called or refused: `tool`, `arguments` with their `evidence`, `outcome`."""
    handover: dict[str, object] | None = None
    """What went to people, and whether it has arrived."""
    passages: list[str] = field(default_factory=list)
    """What the answer rests on."""
    errors: list[str] = field(default_factory=list)
    speculations_dropped: int = 0
    wasted_cpu_s: float = 0.0
    ms: Milestones = field(default_factory=Milestones)

    def as_json(self) -> dict[str, object]:
        """Return what `--json` prints: one object per turn."""
        return {
            "turn": self.turn,
            "user": {"text": self.user_text, "confidence": self.confidence, "rejected": self.rejected},
            "assistant": {"text": self.assistant_text, "heard": self.heard, "interrupted": self.interrupted},
            "tools": self.tools,
            "handover": self.handover,
            "passages": self.passages,
            "errors": self.errors,
            "speculation": {"dropped": self.speculations_dropped, "cpu_s": round(self.wasted_cpu_s, 3)},
            "ms": {name: None if value is None else round(value) for name, value in asdict(self.ms).items()},
        }


class TurnLog:
    """Observes the events and keeps them by turn, numbered over all sessions. `forget_before` bounds its memory."""

    def __init__(self) -> None:
        self._events: dict[int, list[AnyEvent]] = defaultdict(list)
        self._session_id = ""
        self._earlier_turns = 0
        self.last = 0
        """The number of the turn of the last event."""

    def __call__(self, event: AnyEvent) -> None:
        """Take note of an event; pieces of text after the first are not kept."""
        if event.session_id != self._session_id:
            self._session_id, self._earlier_turns = event.session_id, self.last
        self.last = self._earlier_turns + event.turn_id
        if not isinstance(event, TextDelta) or event.first:
            self._events[self.last].append(event)

    def of(self, turns: Iterable[int]) -> list[AnyEvent]:
        """Return the events of these turns, in order."""
        return [event for turn in turns for event in self._events.get(turn, [])]

    def forget_before(self, turn: int) -> None:
        """Drop what belongs to earlier turns."""
        for old in [key for key in self._events if key < turn]:
            del self._events[old]


def summarise(turn: int, events: Iterable[AnyEvent], last_voiced_t: float | None = None) -> TurnRecord:
    """Return the record of a turn; its times count from `last_voiced_t`, by default where the VAD heard the end.

    The last reply of the turn counts: earlier ones were speculative, or cut off before they were heard.
    """
    record = TurnRecord(turn=turn)
    times: dict[str, float] = {}
    for event in events:
        if not record.answered:
            _note_time(times, event)
        _note_words(record, event)
        _note_acts(record, event)
    if "first_piece" in times:
        times.setdefault("first_token", times["first_piece"])
    reference = times.get("last_voiced") if last_voiced_t is None else last_voiced_t
    if reference is not None:
        names = ("end_of_turn", "transcript", "first_token", "first_clause", "first_audio")
        record.ms = Milestones(**{name: (times[name] - reference) * 1000 for name in names if name in times})
    return record


def _note_time(times: dict[str, float], event: AnyEvent) -> None:
    match event:
        case SpeechEnded():
            times["end_of_turn"], times["last_voiced"] = event.t, event.last_voiced_t
        case Transcribed():
            times["transcript"] = event.t
        case TurnStarted():
            times.pop("first_token", None)
        case TextDelta():
            times["first_piece"] = event.t
        case FirstToken():
            times["first_token"] = event.t
        case ClauseReady(first=True):
            times["first_clause"] = event.t
        case PlayoutStarted():
            times["first_audio"] = event.t


def _note_words(record: TurnRecord, event: AnyEvent) -> None:
    match event:
        case Transcribed():
            record.user_text = f"{record.user_text} {event.text}".strip()
            record.confidence, record.rejected = round(event.confidence, 3), event.rejected
        case TurnCommitted() if record.answered and not event.user_text:  # said after the answer: a notice, a question
            record.assistant_text = f"{record.assistant_text} {event.assistant_text}".strip()
            record.heard = f"{record.heard} {event.heard_text}".strip()
        case TurnCommitted():
            record.assistant_text, record.heard = event.assistant_text, event.heard_text
            record.interrupted, record.answered = event.interrupted, bool(event.heard_text)
        case TurnDropped():
            record.speculations_dropped += 1
            record.wasted_cpu_s += event.cpu_s
        case EngineFailed():
            record.errors.append(f"{event.code}: {event.detail}")


def _note_acts(record: TurnRecord, event: AnyEvent) -> None:
    match event:
        case ToolStarted():
            called = {"tool": event.tool, "arguments": dict(event.arguments), "evidence": dict(event.evidence)}
            record.tools.append({**called, "outcome": "running"})
        case ToolFinished() if record.tools:
            outcome = "failed" if not event.ok else "empty" if event.empty else "succeeded"
            finished = {"outcome": outcome, "error": event.error_code or None, "ms": round(event.duration_s * 1000)}
            record.tools[-1] |= finished
        case ToolRefused():
            record.tools.append({"tool": event.tool, "outcome": "refused", "reason": event.reason})
        case HandedOver():
            record.handover = {"kind": event.kind, "reason": event.reason, "delivered": event.delivered}
        case PassagesUsed():
            record.passages = list(event.passages)
