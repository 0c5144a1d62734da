"""What is written beside the audit trail is redacted with the names that are known in the session."""

from __future__ import annotations

from appliance.app.keeping import SessionRedactor
from appliance.config.models import Config
from appliance.events import SpeechStarted, ToolFinished, ToolStarted


def test_names_of_tools_are_known_for_the_session_and_no_longer() -> None:
    redactor = SessionRedactor(Config())
    stamp = {"turn_id": 1, "epoch": 0, "t": 0.0}
    called = {"arguments": {"patient_name": "Karen Doyle"}, "evidence": {}, "writes": False}
    redactor(ToolStarted(session_id="a", tool="find", **called, **stamp))  # type: ignore[arg-type]
    assert "Doyle" not in redactor.redact("Is Karen Doyle here?")
    answered = {"ok": True, "empty": False, "error_code": "", "duration_s": 0.1, "result": {"name": "Otto Hase"}}
    redactor(ToolFinished(session_id="a", tool="find", **answered, **stamp))  # type: ignore[arg-type]
    assert "Hase" not in redactor.redact("Otto Hase waits")
    assert "555" not in redactor.redact("Call 902 555 0147")
    redactor(SpeechStarted(session_id="b", **stamp))  # type: ignore[arg-type]
    assert redactor.redact("Is Karen Doyle here?") == "Is Karen Doyle here?"
