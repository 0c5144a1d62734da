"""The page that a person gets: every phrase of it is used, in both languages, and what was said is only text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields
from string import Formatter
from typing import Any, cast

import pytest

from appliance import events
from appliance.audit.observer import AuditObserver
from appliance.audit.trail import AuditTrail
from appliance.handover.message import Urgency
from appliance.ops.compliance.handout import Cover, page
from appliance.ops.compliance.language import Language, Words, phrases
from appliance.ops.records import Milestones
from appliance.tools.errors import Fault
from tests.unit.test_compliance import OF_THE_HANDOUT

COVER = Cover(
    site="A <b> & Co",
    controller="A Ltd",
    contact="a@example.org",
    made_at="2026-03-02T10:05:00+00:00",
    timezone="America/Sao_Paulo",
)
AT = "2026-03-02T10:00:00+00:00"
HOSTILE = "<script>alert(1)</script>"


def session(**fields: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        name: []
        for name in ("consents", "turns", "tool_calls", "recordings", "metrics", "messages", "changes", "audit")
    }
    return {"session_id": "s1", "started_at": AT, "ended_at": None, "unfinished": None, **nothing, **fields}


class Collected:
    """Takes what is recorded, as the page gets it."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def record(
        self, kind: str, _: str, body: Mapping[str, Any], details: Mapping[str, str] | None = None, *, keep: bool = True
    ) -> None:
        assert keep
        shown = {name: {"value": value, "salt": "5a17"} for name, value in (details or {}).items()}
        hashed = {**body, "$details": dict.fromkeys(shown, "0bad0bad")}
        self.entries.append({"seq": 4711, "at": AT, "kind": kind, "body": hashed, "hash": "deadbeef", "details": shown})

    def forget(self, *_: str) -> None:
        """Erasing is somebody else's."""


def recorded() -> list[dict[str, Any]]:
    """Return an entry of each kind that a session can have in the audit trail, with each code that can be in it."""
    trail = Collected()
    observe = AuditObserver(cast("AuditTrail", trail), barge_ins=True)
    at: dict[str, Any] = {"session_id": "s1", "turn_id": 1, "epoch": 1, "t": 1.0}
    call: dict[str, Any] = {"tool": "find_file", "arguments": {"due_day": HOSTILE}, "evidence": {"due_day": HOSTILE}}
    policy: dict[str, Any] = {"mode": "ask", "policy_version": "1", "wording": "May I?", "heard": "yes"}
    for how in ("voice", "touch", "spoken", "shown", "silence"):
        observe(events.ConsentDecided(**at, **policy, decision="withdrawn", how=how))
    observe(events.TurnCommitted(**at, user_text=HOSTILE, assistant_text=HOSTILE, heard_text=HOSTILE, interrupted=True))
    observe(events.BargeIn(**at, speech_started_t=1.0))
    observe(events.ToolProposed(**at, **call))
    observe(events.ToolConfirmed(**at, tool="find_file", words="yes"))
    for reason in ("missing:due_day", "unconfirmed", "cancelled", "already-done", "in-doubt"):
        observe(events.ToolRefused(**at, tool="find_file", reason=reason))
    observe(events.ToolStarted(**at, **call, writes=True))
    for fault in ("", *Fault):
        observe(
            events.ToolFinished(
                **at, tool="find_file", ok=not fault, empty=False, error_code=fault, duration_s=0.1, result={"a": 1}
            )
        )
    for kind in ("intake", "escalation", "emergency"):
        observe(events.HandedOver(**at, kind=kind, reason=HOSTILE, delivered=kind == "intake"))
    observe(events.EngineFailed(**at, engine="stt", code="engine", detail=HOSTILE))
    observe(events.DeviceLost(**at, direction="input", detail="gone"))
    observe(events.DeviceFound(**at, direction="input"))
    for reason in ("goodbye", "silence", "stopped"):
        observe(events.SessionEnded(**at, reason=reason))
    trail.record("data.withdrawn", "s1", {"deleted": {"turns": 1}})
    return trail.entries


def full() -> list[dict[str, Any]]:
    """Return sessions with everything that can be in one, hostile words wherever words can be."""
    call = {"at": AT, "tool": "book", "arguments": {"name": HOSTILE}, "evidence": {"name": HOSTILE}}
    change = {"tool": "book", "begun_at": AT, "finished_at": None, "result": {"name": HOSTILE}}
    message = {"kind": "intake", "channel": "desk", "created_at": AT, "changed_at": AT, "error": ""}
    consent = {"at": AT, "wording": HOSTILE, "heard": HOSTILE, "policy_version": HOSTILE}
    content = {
        "kind": "intake", "reason": HOSTILE, "summary": HOSTILE, "contact": HOSTILE, "tried": [HOSTILE],
        "created_at": AT, "transcript_ref": {"session_id": "s1"}, "facts": {"due_day": {"value": "x", "evidence": "y"}},
    }  # fmt: skip
    slots = {"due_day": {"value": HOSTILE, "words": HOSTILE, "turn": 1}}
    agenda: dict[str, Any] = {
        "pending": {"task": "find_file", "slots": slots, "dictated": "12"},
        "waiting": [],
        "last_read": None,
    }
    return [
        session(
            consents=[consent | {"decision": each} for each in ("notified", "given", "refused", "withdrawn")],
            turns=[{"at": AT, "user_text": HOSTILE, "heard_text": HOSTILE, "interrupted": True}],
            tool_calls=[
                call | {"outcome": each} for each in ("succeeded", "empty", "failed timeout", "refused cancelled")
            ],
            recordings=[
                {"at": AT, "seconds": 3.2, "file": "recordings/a.flac"},
                {"at": AT, "seconds": 3.2, "file": None},
            ],
            metrics=[{"at": AT, "record": {each.name: 120 for each in fields(Milestones)}}],
            messages=[
                message | {"state": each, "content": None if each == "delivered" else content | {"urgency": urgency}}
                for each in ("waiting", "sending", "delivered", "failed", "dropped")
                for urgency in Urgency
            ],
            changes=[change | {"outcome": None}],
            unfinished={"turns": [["user", HOSTILE], ["assistant", HOSTILE]], "agenda": agenda},
            audit=recorded(),
        ),
        session(started_at=None),
    ]


@pytest.mark.parametrize("language", list(Language))
def test_every_phrase_of_the_page_is_used(language: Language) -> None:
    text = page(COVER, full(), Words(language))
    of_it = {key: words for key, words in phrases(language).items() if key.startswith(OF_THE_HANDOUT)}
    parts = {key: [literal for literal, _, _, _ in Formatter().parse(words)] for key, words in of_it.items()}
    assert {key for key, literals in parts.items() if not all(literal in text for literal in literals)} == set()


def test_a_page_in_portuguese_has_no_english_in_it() -> None:
    text = page(COVER, full(), Words(Language.PORTUGUESE))
    assert '<html lang="pt-BR">' in text
    assert "02/03/2026 07:00" in text
    left = [
        each for key, each in phrases(Language.ENGLISH).items() if "." in key and len(each) > 6 and f">{each}<" in text
    ]
    assert left == []


@pytest.mark.parametrize("language", list(Language))
def test_what_was_said_is_only_text(language: Language) -> None:
    text = page(COVER, full(), Words(language))
    assert text.count("&lt;script&gt;") >= 20
    assert "<script" not in text
    assert "A &lt;b&gt; &amp; Co" in text
    assert text.count("<table>") == text.count("</table>") == 7


@pytest.mark.parametrize("language", list(Language))
def test_names_of_programs_and_check_sums_are_left_to_the_file_for_programs(language: Language) -> None:
    text = page(COVER, full(), Words(language))
    body = re.sub(r"<style>.*?</style>|<[^>]+>", "", text, flags=re.DOTALL)
    kinds = {entry["kind"] for entry in recorded()}
    assert len(kinds) >= 14
    dotted = {kind for kind in kinds if "." in kind or "-" in kind}
    names = dotted | {each.name for each in fields(Milestones) if "_" in each.name} | {"find_file", "due_day"}
    internals = names | {each for each in Fault if "-" in each} | {"deadbeef", "0bad", "5a17", "4711", "$details"}
    assert {each for each in internals if each in body} == set()
    assert re.findall(r"[{}]|&#34;|&quot;", body) == []
    assert "data.json" in body


def test_what_has_no_word_and_what_is_no_data_is_shown_as_it_is() -> None:
    odd = {"seq": 1, "at": AT, "kind": "later.kind", "body": "no JSON", "hash": "00", "details": {}}
    shown = page(COVER, [session(audit=[odd], unfinished="broken", metrics=[{"at": AT, "record": {"later": 1}}])],
                 Words(Language.ENGLISH))  # fmt: skip
    for words in ("later.kind", "broken", "later:</span> 1 ms"):
        assert words in shown
