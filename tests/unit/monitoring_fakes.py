"""What the tests of health, metrics and traces share: the events of a conversation."""

from __future__ import annotations

from typing import Any, TypeVar

from appliance.bus import Bus
from appliance.events import (
    AnyEvent,
    BargeIn,
    ClauseReady,
    ClauseSynthesised,
    Event,
    FirstToken,
    PlayoutEnded,
    PlayoutStarted,
    SpeechEnded,
    SpeechStarted,
    TextDelta,
    Transcribed,
    TurnCommitted,
    TurnStarted,
)

E = TypeVar("E", bound=Event)

QUESTION, ANSWER = "my name is Ada Byron", "Good morning, Ada Byron."


class Script:
    """Makes the events of turns; `t` are seconds of the clock."""

    def __init__(self, session_id: str = "s1", turn_id: int = 1) -> None:
        self.session_id = session_id
        self.turn_id = turn_id

    def at(self, t: float, kind: type[E], /, **fields: Any) -> E:
        return kind(session_id=self.session_id, turn_id=self.turn_id, epoch=0, t=t, **fields)

    def asked(self, t: float = 10.0, rejected: str | None = None) -> list[AnyEvent]:
        """The person has finished at `t`; that was decided 0.28 s later and understood after 0.18 s."""
        text = "" if rejected else QUESTION
        return [
            self.at(t - 2.0, SpeechStarted),
            self.at(t + 0.28, SpeechEnded, reason="semantic", last_voiced_t=t),
            self.at(t + 0.18, Transcribed, text=text, confidence=0.75, rejected=rejected),
        ]

    def said(self, t: float = 10.0) -> list[AnyEvent]:
        """The answer, heard from 0.75 s after `t` on."""
        return [
            self.at(t + 0.25, TurnStarted, speculative=True),
            self.at(t + 0.45, FirstToken),
            self.at(t + 0.46, TextDelta, text=ANSWER, first=True),
            self.at(t + 0.55, ClauseReady, text=ANSWER, first=True),
            self.at(t + 0.65, ClauseSynthesised, text=ANSWER, audio_s=1.5, synthesis_s=0.1),
            self.at(t + 0.75, PlayoutStarted),
        ]

    def over(self, t: float, *, heard: str = ANSWER, interrupted: bool = False, user: str = QUESTION) -> list[AnyEvent]:
        ended: list[AnyEvent] = [self.at(t, PlayoutEnded, samples_played=100, cut=interrupted)] if heard else []
        words = {"user_text": user, "assistant_text": ANSWER, "heard_text": heard}
        return [*ended, self.at(t, TurnCommitted, interrupted=interrupted, **words)]

    def cut_in(self, t: float) -> AnyEvent:
        """The person has spoken for 0.42 s."""
        return self.at(t + 0.42, BargeIn, speech_started_t=t)

    def answered(self, t: float = 10.0) -> list[AnyEvent]:
        return [*self.asked(t), *self.said(t), *self.over(t + 2.5)]


def publish(bus: Bus, *events: AnyEvent) -> None:
    for event in events:
        bus.publish(event)
