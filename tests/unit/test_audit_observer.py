"""What of a conversation enters the audit trail."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.audit.admin import operator, record_admin
from appliance.audit.chain import Record
from appliance.audit.observer import AuditObserver
from appliance.bus import Bus
from appliance.config.audit import AuditConfig
from appliance.dialogue.journal import Journal
from appliance.events import (
    AnyEvent,
    BargeIn,
    ConsentDecided,
    DeviceLost,
    EngineFailed,
    HandedOver,
    SessionEnded,
    TextDelta,
    ToolConfirmed,
    ToolFinished,
    ToolProposed,
    ToolRefused,
    ToolStarted,
    Transcribed,
    TurnCommitted,
)
from tests.unit.audit_fakes import database_in, records_of, trail_in, verdict_of
from tests.unit.storage_fakes import HandClock

CONSENT = {"mode": "ask", "how": "voice", "policy_version": "3", "wording": "May I keep this?", "heard": "yes Ada may"}
ARGUMENTS = {"arguments": {"name": "Ada Byron", "guests": 3}, "evidence": {"name": "I am Ada Byron", "guests": "three"}}
CONVERSATION: list[tuple[type[AnyEvent], dict[str, Any]]] = [
    (ConsentDecided, {"decision": "given", **CONSENT}),
    (Transcribed, {"text": "I am Ada Byron", "confidence": 0.9, "rejected": None}),
    (TextDelta, {"text": "Hello Ada", "first": True}),
    (ToolProposed, {"tool": "book", **ARGUMENTS}),
    (ToolConfirmed, {"tool": "book", "words": "yes, for Ada"}),
    (ToolStarted, {"tool": "book", **ARGUMENTS, "writes": True}),
    (
        ToolFinished,
        {
            "tool": "book",
            "ok": True,
            "empty": False,
            "error_code": "",
            "duration_s": 0.25,
            "result": {"booked_for": "Ada", "price": 1.5},
        },
    ),
    (ToolRefused, {"tool": "cancel", "reason": "unconfirmed"}),
    (
        TurnCommitted,
        {
            "user_text": "I am Ada",
            "assistant_text": "Hello Ada, good day",
            "heard_text": "Hello Ada",
            "interrupted": True,
        },
    ),
    (BargeIn, {"speech_started_t": 1.0}),
    (HandedOver, {"kind": "escalation", "reason": "Ada asked for a human", "delivered": None}),
    (EngineFailed, {"engine": "Whisper", "code": "engine", "detail": "cannot do Ada"}),
    (SessionEnded, {"reason": "goodbye"}),
]


async def recorded(
    folder: Path,
    events: list[tuple[type[AnyEvent], dict[str, Any]]],
    may_keep: Callable[[str], bool] = lambda _: True,
    **how: bool,
) -> list[Record]:
    async with trail_in(folder, HandClock()) as (trail, database):
        bus = Bus()
        journal = Journal(bus, HandClock())
        observer = AuditObserver(trail, may_keep, **how)
        bus.subscribe(observer)
        for kind, fields in events:
            journal.emit(kind, **fields)
        await trail.flush()  # lets the bus deliver
        await trail.flush()
        return (await records_of(database))[1:]


async def test_a_conversation_is_recorded_with_names_in_clear_and_words_as_hashes(tmp_path: Path) -> None:
    records = await recorded(tmp_path, CONVERSATION)
    assert [record.kind for record in records] == [
        "session.started",
        "consent",
        "tool.proposed",
        "tool.confirmed",
        "tool.called",
        "tool.finished",
        "tool.refused",
        "turn",
        "handover",
        "engine.failed",
        "session.ended",
    ]
    assert len({record.session_id for record in records}) == 1
    assert not [record.body for record in records if "Ada" in record.body]
    bodies = {record.kind: json.loads(record.body) for record in records}
    assert bodies["tool.called"]["arguments"] == ["guests", "name"]
    assert bodies["tool.called"]["writes"] is True
    assert bodies["tool.finished"]["duration_ms"] == 250
    assert (bodies["consent"]["decision"], bodies["consent"]["wording"]) == ("given", "May I keep this?")
    details = {record.kind: {name: one.value for name, one in record.details.items()} for record in records}
    assert details["tool.called"]["evidence.name"] == "I am Ada Byron"
    assert details["tool.called"]["argument.guests"] == "3"
    assert json.loads(details["tool.finished"]["result"]) == {"booked_for": "Ada", "price": 1.5}
    assert details["turn"] == {"heard": "Hello Ada", "user": "I am Ada"}
    assert (await verdict_of(tmp_path)).intact


async def test_without_consent_only_hashes_are_written(tmp_path: Path) -> None:
    records = await recorded(tmp_path, CONVERSATION, lambda _: False)
    assert not [record for record in records if record.details]
    assert json.loads(records[2].body)["$hashed"].keys() >= {"argument.name", "evidence.name"}
    assert (await verdict_of(tmp_path)).intact


async def test_a_withdrawal_erases_what_was_kept_of_the_session(tmp_path: Path) -> None:
    withdrawn = (ConsentDecided, {"decision": "withdrawn", **CONSENT})
    records = await recorded(tmp_path, [*CONVERSATION[:9], withdrawn])
    assert [record.kind for record in records[-2:]] == ["consent", "audit.erased"]
    assert not [record for record in records if record.details]
    assert (await verdict_of(tmp_path)).intact


async def test_interruptions_and_devices(tmp_path: Path) -> None:
    lost = (DeviceLost, {"direction": "capture", "detail": "unplugged"})
    records = await recorded(tmp_path, [lost, *CONVERSATION[9:10]], barge_ins=True)
    assert [record.kind for record in records] == ["device.lost", "session.started", "barge-in"]


async def test_the_start_tells_models_and_configuration(tmp_path: Path) -> None:
    async with trail_in(tmp_path, HandClock()) as (trail, database):
        observer = AuditObserver(trail)
        observer.started("0.2.0", {"tiny.en": "ab" * 32}, "cd" * 32)
        observer.stopped()
        await trail.flush()
        started, stopped = (await records_of(database))[1:]
    assert json.loads(started.body) == {
        "config_sha256": "cd" * 32,
        "models": {"tiny.en": "ab" * 32},
        "version": "0.2.0",
    }
    assert stopped.kind == "appliance.stopped"


@pytest.mark.parametrize("enabled", [True, False])
async def test_commands_record_what_administrators_do(tmp_path: Path, enabled: bool) -> None:
    async with database_in(tmp_path) as database:
        await record_admin(AuditConfig(enabled=enabled), database, HandClock(), "purge", {"rows": 3}, "root")
        found = [(record.kind, json.loads(record.body)) for record in await records_of(database)]
    assert found == ([("admin.purge", {"rows": 3, "who": "root"})] if enabled else [])


def test_the_operator_is_the_person_behind_sudo() -> None:
    assert operator({"SUDO_USER": "ada"}) == "ada"
    assert operator({})
