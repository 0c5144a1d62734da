"""A change that was cut off is made known at the next start, once, whether or not the person comes back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from appliance.assistant.doubts import tell_of_doubts
from appliance.bus import Bus
from appliance.dialogue.journal import Journal
from appliance.events import AnyEvent, HandedOver
from appliance.handover.message import Handover, Urgency
from appliance.storage.db import Database
from appliance.storage.outbox import Outbox
from appliance.storage.receipts import Receipts
from tests.unit.storage_fakes import HandClock

KEY = "s1-book-0123456789"


@dataclass(slots=True)
class Start:
    """An appliance that starts with what another one has left."""

    database: Database
    clock: HandClock = field(default_factory=HandClock)
    events: list[AnyEvent] = field(default_factory=list)

    @property
    def receipts(self) -> Receipts:
        return Receipts(self.database, self.clock)

    @property
    def outbox(self) -> Outbox:
        return Outbox(self.database, self.clock)

    async def begins(self, channel: str | None = "desk") -> None:
        bus = Bus()
        bus.subscribe(self.events.append)
        await tell_of_doubts(self.receipts, self.outbox, channel, Journal(bus, self.clock), self.clock)

    async def told(self) -> list[Handover]:
        return [Handover.from_dict(json.loads(entry.payload or "")) for entry in await self.outbox.entries()]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    database = await Database.open(tmp_path / "appliance.db")
    yield Start(database)
    await database.close()


async def test_people_are_told_of_a_call_that_was_cut_off_once(start: Start) -> None:
    await start.receipts.begin(KEY, "book", "hash")
    await start.begins()
    await start.begins()
    (handover,) = await start.told()
    assert (handover.reason, handover.urgency) == ("it is not known whether book went through", Urgency.URGENT)
    assert KEY in handover.summary
    assert [(event.session_id, event.kind) for event in start.events if isinstance(event, HandedOver)] == [
        ("s1", "escalation")
    ]


async def test_what_came_to_its_end_or_did_not_happen_is_no_news(start: Start) -> None:
    await start.receipts.begin(KEY, "book", "hash")
    await start.receipts.finish(KEY, "succeeded")
    await start.receipts.begin("s2-book-1", "book", "hash")
    await start.receipts.release("s2-book-1")
    await start.begins()
    assert await start.told() == []


async def test_what_people_were_told_in_the_conversation_is_not_told_again(start: Start) -> None:
    await start.outbox.enqueue("escalation", "desk", {"earlier": True}, "s1-3-escalation")
    start.clock.advance(1.0)
    await start.receipts.begin(KEY, "book", "hash")
    await start.receipts.begin("s2-book-1", "book", "hash")
    start.clock.advance(1.0)
    await start.outbox.enqueue("escalation", "desk", {"then": True}, "s2-4-escalation")
    await start.begins()
    assert [entry.key for entry in await start.outbox.entries()][2:] == [f"{KEY}-escalation"]


async def test_without_a_way_to_people_it_is_in_the_log(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    await start.receipts.begin(KEY, "book", "hash")
    await start.begins(channel=None)
    assert await start.told() == []
    assert "it is not known whether book went through" in caplog.text
