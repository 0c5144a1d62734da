"""A task whose arguments were said long ago: the words are dropped from the prompt, the values are not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.bus import Bus
from appliance.dialogue.context import Context
from appliance.dialogue.history import History
from appliance.dialogue.journal import Journal
from appliance.dialogue.tasks import TaskSet
from appliance.engines.ports import Message, Role
from appliance.storage.db import Database
from tests.unit.assistant_fakes import Counter, counter_of, courier, settle, time_passes, whole

TURNS = 60
CONTEXT_TOKENS = 512
BEGINNING = ("I want to complain.", "The parcel was broken.", "My number is 902 555 0142")
CHATTER = "What do the vaccinations cost here, I mean for my sister and her two little boys from next door, please?"


@pytest.fixture
async def counter(tmp_path: Path) -> AsyncIterator[Counter]:
    database = await Database.open(tmp_path / "appliance.db")
    yield await counter_of(database)
    await database.close()


class Talk:
    """Turns as the session has them: prompt, answer, what was heard, room for the next."""

    def __init__(self, counter: Counter) -> None:
        counter.model.context_tokens = CONTEXT_TOKENS
        self._counter = counter
        self._tasks = TaskSet()
        self.history = History([Message(Role.SYSTEM, "Be brief.")])
        self._context = Context(counter.model, self.history, self._tasks, Journal(Bus(), counter.clock))

    async def say(self, text: str) -> str:
        self._counter.journal.turn_id += 1
        prompt = self._context.asking(text)
        assert self._counter.model.count_tokens(prompt) < CONTEXT_TOKENS
        response = self._counter.assistant.respond(text, prompt)
        response.commit()
        answer = await whole(response)
        response.ended(answer, interrupted=False)
        self.history.commit(text, answer)
        self._context.settle()
        await settle(self._counter.database)
        return answer

    async def close(self) -> None:
        await self._tasks.close()


async def test_what_was_said_at_the_start_is_there_after_sixty_turns(counter: Counter) -> None:
    counter.model.answer = "Vaccinations cost 20 dollars, for you and for everybody who comes with you here."
    talk = Talk(counter)
    for text in BEGINNING:
        answer = await talk.say(text)
    assert "urgent" in answer
    for _ in range(TURNS):
        assert "20 dollars" in await talk.say(CHATTER)
    assert not any("902" in message.text for message in talk.history.turns), "the number is still in the prompt"
    assert "The parcel was broken" in await talk.say("It is urgent.")
    async with time_passes(counter.clock), courier(counter.outbox) as delivered:
        assert await talk.say("Yes.") == "Passed on."
    await talk.close()
    (message,) = delivered
    assert message.contact == "+19025550142"
    assert message.facts["phone"].evidence == "902 555 0142"
