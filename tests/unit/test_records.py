"""Where the milliseconds of a turn went, and what was done in it."""

from __future__ import annotations

from typing import TypeVar

import pytest

from appliance.events import (
    AnyEvent,
    Event,
    FirstToken,
    PlayoutStarted,
    SpeechEnded,
    TextDelta,
    ToolFinished,
    ToolRefused,
    ToolStarted,
    TurnCommitted,
    TurnStarted,
)
from appliance.ops.records import TurnLog, summarise

E = TypeVar("E", bound=Event)


def at(t: float, kind: type[E], **fields: object) -> E:
    return kind(session_id="s", turn_id=1, epoch=0, t=t, **fields)


END = at(10.4, SpeechEnded, reason="semantic", last_voiced_t=10.0)


def first_token_ms(*events: AnyEvent) -> float | None:
    return summarise(1, [END, *events]).ms.first_token


def test_the_first_token_is_that_of_the_model_and_not_the_first_that_was_checked() -> None:
    started = at(10.1, TurnStarted, speculative=True)
    written, checked = at(10.3, FirstToken), at(10.5, TextDelta, text="We open", first=True)
    assert first_token_ms(started, written, checked) == first_token_ms(started, checked, written)
    assert round(first_token_ms(started, written, checked) or 0) == 300


def test_where_the_model_was_not_asked_it_is_the_first_piece_of_the_answer() -> None:
    assert round(first_token_ms(at(10.2, TextDelta, text="For which day?", first=True)) or 0) == 200


def test_a_reply_that_was_given_up_does_not_count() -> None:
    first = (at(9.0, TurnStarted, speculative=True), at(9.1, FirstToken))
    second = (at(10.1, TurnStarted, speculative=True), at(10.6, TextDelta, text="One moment.", first=True))
    assert round(first_token_ms(*first, *second) or 0) == 600


def test_what_was_done_is_recorded_with_the_words_it_rests_on() -> None:
    evidence = {"item": "ibuprofen"}
    record = summarise(
        1,
        [
            at(1.0, ToolRefused, tool="stock", reason="missing:item"),
            at(2.0, ToolStarted, tool="stock", arguments={"item": "ibuprofen"}, evidence=evidence, writes=False),
            at(2.1, ToolFinished, tool="stock", ok=True, empty=False, error_code="", duration_s=0.1, result={}),
            at(3.0, ToolStarted, tool="book", arguments={}, evidence={}, writes=True),
            at(3.1, ToolFinished, tool="book", ok=False, empty=False, error_code="conflict", duration_s=0.1, result={}),
        ],
    )
    assert [(act["tool"], act["outcome"]) for act in record.tools] == [
        ("stock", "refused"),
        ("stock", "succeeded"),
        ("book", "failed"),
    ]
    assert record.tools[1]["evidence"] == evidence
    assert record.tools[2]["error"] == "conflict"


def test_turns_of_two_sessions_are_not_mixed() -> None:
    log = TurnLog()
    for session_id, turn_id, text in (("a", 1, "hello"), ("a", 2, "bye"), ("b", 0, ""), ("b", 1, "good morning")):
        log(
            TurnCommitted(
                session_id=session_id,
                turn_id=turn_id,
                epoch=0,
                t=0.0,
                user_text=text,
                assistant_text=text,
                heard_text=text,
                interrupted=False,
            )
        )
    assert [summarise(turn, log.of([turn])).heard for turn in (1, 2, 3)] == ["hello", "bye", "good morning"]
    assert log.last == 3


def test_what_is_said_after_the_answer_belongs_to_the_turn_and_not_to_its_times() -> None:
    def committed(t: float, user_text: str, text: str) -> TurnCommitted:
        said = {"user_text": user_text, "assistant_text": text, "heard_text": text, "interrupted": False}
        return at(t, TurnCommitted, **said)

    record = summarise(
        1,
        [
            at(1.0, SpeechEnded, reason="semantic", last_voiced_t=0.5),
            at(1.2, PlayoutStarted),
            committed(2.0, "when do you open", "At eight."),
            at(2.1, TurnStarted, speculative=False),
            at(2.2, PlayoutStarted),
            committed(4.0, "", "I keep notes."),
        ],
    )
    assert (record.heard, record.answered) == ("At eight. I keep notes.", True)
    assert record.ms.first_audio == pytest.approx(700)
