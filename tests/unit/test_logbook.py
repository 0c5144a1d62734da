from __future__ import annotations

import logging

import pytest

from appliance.events import AnyEvent, EngineFailed, Transcribed, TurnCommitted
from appliance.ops.logbook import Logbook

STAMP = {"session_id": "s", "turn_id": 3, "epoch": 0, "t": 0.0}
SAID = Transcribed(text="my number is five", confidence=0.9, rejected=None, **STAMP)  # type: ignore[arg-type]
ANSWERED = TurnCommitted(
    user_text="my number is five",
    assistant_text="Thank you, Ann.",
    heard_text="Thank you, Ann.",
    interrupted=False,
    **STAMP,  # type: ignore[arg-type]
)


def logged(caplog: pytest.LogCaptureFixture, *events: AnyEvent, transcripts: bool = False) -> str:
    with caplog.at_level(logging.DEBUG):
        for event in events:
            Logbook(transcripts=transcripts)(event)
    return caplog.text


def test_words_stay_out_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    text = logged(caplog, SAID, ANSWERED)
    assert "five" not in text
    assert "Ann" not in text
    assert "turn 3: understood 4 words" in text


def test_words_are_logged_when_the_configuration_says_so(caplog: pytest.LogCaptureFixture) -> None:
    assert "my number is five" in logged(caplog, SAID, transcripts=True)


def test_a_failure_is_logged_with_its_code(caplog: pytest.LogCaptureFixture) -> None:
    failed = EngineFailed(engine="EngineError", code="engine", detail="out of memory", **STAMP)  # type: ignore[arg-type]
    text = logged(caplog, failed)
    assert "ERROR" in text
    assert "[engine]: out of memory" in text
