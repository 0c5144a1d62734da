"""A conversation is kept while it lasts, continued after a crash, and gone when it has ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from appliance.assistant.agenda import Agenda, Pending, Slot
from appliance.bus import Bus
from appliance.clock import SystemClock
from appliance.dialogue.journal import Journal
from appliance.engines.ports import Message, Role
from appliance.events import StateChanged, TurnCommitted
from appliance.ops.keeper import Keeper, Live
from appliance.storage.conversations import Conversations
from appliance.storage.db import Database

BOOKING = Agenda(
    pending=Pending(task="book", slots={"day": Slot(value="2026-03-06", words="Friday", turn=1)}, asked="time")
)
TURNS = [Message(Role.USER, "book it for Friday"), Message(Role.ASSISTANT, "At what time?")]


class Talk:
    """What the keeper needs of a session."""

    def __init__(self, turns: list[Message], *, may_be_kept: bool = True) -> None:
        self.turns = turns
        self.may_be_kept = may_be_kept

    def restore(self, turns: list[Message]) -> None:
        self.turns = turns


def with_database(path: Path, scene: Callable[[Conversations], Awaitable[None]]) -> None:
    async def run() -> None:
        database = await Database.open(path / "appliance.db")
        conversations = Conversations(database, SystemClock())
        try:
            await scene(conversations)
            await conversations.flush()
        finally:
            await database.close()

    asyncio.run(run())


def keeper_of(talk: Talk, agenda: Agenda, conversations: Conversations, journal: Journal) -> tuple[Keeper, Any]:
    assistant = SimpleNamespace(agenda=agenda)
    assistant.adopt = lambda adopted: setattr(assistant, "agenda", adopted)
    assistant.restore = assistant.adopt
    live = SimpleNamespace(session=talk, assistant=assistant)
    return Keeper(cast("Live", live), conversations, journal), assistant


def committed(journal: Journal) -> TurnCommitted:
    stamp = {"session_id": journal.session_id, "turn_id": 1, "epoch": 0, "t": 0.0}
    words = {"user_text": "book it", "assistant_text": "At what time?", "heard_text": "At what time?"}
    return TurnCommitted(**stamp, **words, interrupted=False)  # type: ignore[arg-type]


def keep(path: Path, journal: Journal) -> None:
    async def scene(conversations: Conversations) -> None:
        keeper, _ = keeper_of(Talk(TURNS), BOOKING, conversations, journal)
        keeper(committed(journal))

    with_database(path, scene)


def test_a_conversation_is_continued_where_it_was_cut_off(tmp_path: Path) -> None:
    before = Journal(Bus(), SystemClock())
    keep(tmp_path, before)

    async def scene(conversations: Conversations) -> None:
        after, talk = Journal(Bus(), SystemClock()), Talk([])
        keeper, assistant = keeper_of(talk, Agenda(), conversations, after)
        assert await keeper.resume(600, SystemClock())
        assert (assistant.agenda, talk.turns) == (BOOKING, TURNS)
        assert after.session_id == before.session_id
        assert after.turn_id >= 1

    with_database(tmp_path, scene)


def test_nothing_is_continued_when_that_is_turned_off_or_nothing_was_cut_off(tmp_path: Path) -> None:
    async def scene(conversations: Conversations) -> None:
        keeper, assistant = keeper_of(Talk([]), Agenda(), conversations, Journal(Bus(), SystemClock()))
        assert not await keeper.resume(0, SystemClock())
        assert not await keeper.resume(600, SystemClock())
        assert assistant.agenda == Agenda()

    keep(tmp_path / "other", Journal(Bus(), SystemClock()))
    with_database(tmp_path, scene)


def test_nothing_is_saved_of_a_conversation_that_may_not_be_kept(tmp_path: Path) -> None:
    async def scene(conversations: Conversations) -> None:
        journal = Journal(Bus(), SystemClock())
        keeper, _ = keeper_of(Talk(TURNS, may_be_kept=False), BOOKING, conversations, journal)
        keeper(committed(journal))
        await conversations.flush()
        assert not await keeper.resume(600, SystemClock())

    with_database(tmp_path, scene)


def test_a_state_of_another_version_is_left_alone(tmp_path: Path) -> None:
    async def scene(conversations: Conversations) -> None:
        conversations.save("old", {"something": "else"})
        await conversations.flush()
        keeper, assistant = keeper_of(Talk([]), Agenda(), conversations, Journal(Bus(), SystemClock()))
        assert not await keeper.resume(600, SystemClock())
        assert assistant.agenda == Agenda()

    with_database(tmp_path, scene)


def test_nothing_is_left_of_a_conversation_that_has_ended(tmp_path: Path) -> None:
    journal = Journal(Bus(), SystemClock())

    async def scene(conversations: Conversations) -> None:
        keeper, _ = keeper_of(Talk(TURNS), BOOKING, conversations, journal)
        keeper(committed(journal))
        await conversations.flush()
        keeper(StateChanged(session_id=journal.session_id, turn_id=1, epoch=0, t=0.0, state="ended"))
        await keeper.finish()

    with_database(tmp_path, scene)
    raw = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"book it for Friday" not in raw
