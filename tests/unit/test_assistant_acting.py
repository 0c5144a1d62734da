"""Tools are called once for each wish, and what nobody knows is never said to be known."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.assistant.acting import Actor, Session
from appliance.assistant.agenda import Pending, Slot
from appliance.assistant.jobs import jobs_of
from appliance.config.models import Config
from appliance.handover.message import Fact, Handover, TranscriptRef, Urgency
from appliance.storage.db import Database
from appliance.storage.outbox import Outbox
from appliance.storage.receipts import Receipts
from appliance.tools.action import Action, Result
from appliance.tools.errors import Fault, ToolError
from appliance.tools.executor import Executor
from appliance.tools.secrets import Secrets
from tests.unit.assistant_fakes import ScriptedAction, courier, executor_of, time_passes
from tests.unit.assistant_site import COMPLAINT, DESK_CHANNEL, configured
from tests.unit.storage_fakes import HandClock

ORDER = {
    "name": "order",
    "description": "Orders a product.",
    "effect": "write",
    "parameters": {"product": {"format": "words"}, "amount": {"type": "integer"}, "note": {"required": False}},
    "sql": {"database": "shop.db", "query": "INSERT INTO orders VALUES (:product, :amount)"},
}
COUNT = {
    "name": "count",
    "description": "Counts what was ordered.",
    "parameters": {"product": {"format": "words"}},
    "sql": {
        "database": "shop.db",
        "query": "SELECT sum(amount) AS total FROM orders WHERE product = :product GROUP BY product",
    },
}
BY_PRODUCT = ORDER | {"name": "order_once", "idempotency_key": ["product"]}
SESSION = Session(session_id="s1", turn=4)


@dataclass(slots=True)
class Shop:
    folder: Path
    config: Config
    database: Database
    clock: HandClock
    outbox: Outbox

    def actor(self, action: Action | None = None) -> Actor:
        """Return an actor with the real database tools, or with one action for all of them."""
        if action is None:
            executor = Executor(self.config.tools, self.clock, self.folder, secrets=Secrets({}))
        else:
            executor = executor_of(self.config, {tool.name: action for tool in self.config.tools}, self.clock)
        return Actor(self.config, executor, Receipts(self.database, self.clock), self.outbox, self.clock)

    def ordered(self) -> list[tuple[str, int]]:
        with closing(sqlite3.connect(self.folder / "shop.db")) as connection:
            return connection.execute("SELECT product, amount FROM orders").fetchall()


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection:
        connection.execute("CREATE TABLE orders (product TEXT, amount INTEGER CHECK (amount < 100))")
    database = await Database.open(tmp_path / "appliance.db")
    clock = HandClock()
    yield Shop(tmp_path, configured(tools=[ORDER, BY_PRODUCT, COUNT]), database, clock, Outbox(database, clock))
    await database.close()


def wish(task: str, **values: str | int) -> Pending:
    return Pending(
        task=task, slots={name: Slot(value=each, words=f"say {each}", turn=2) for name, each in values.items()}
    )


async def write(
    shop: Shop, actor: Actor, task: str = "order", session: Session = SESSION, **values: str | int
) -> tuple[bool | None, bool, bool]:
    """Return whether it was made and succeeded, whether it was made already, and whether it is in doubt."""
    writing = await actor.write(jobs_of(shop.config)[task], wish(task, **values), session)
    return writing.outcome.ok if writing.outcome else None, writing.already, writing.in_doubt


MADE, FAILED, ALREADY, IN_DOUBT = (True, False, False), (False, False, False), (None, True, False), (None, False, True)


async def test_the_same_order_is_made_once_in_a_session(shop: Shop) -> None:
    actor = shop.actor()
    assert await write(shop, actor, product="Soap", amount=2) == MADE
    assert await write(shop, actor, product="soap", amount=2) == ALREADY
    assert await write(shop, shop.actor(), product="Soap", amount=2) == ALREADY
    assert shop.ordered() == [("Soap", 2)]


async def test_another_order_and_another_person_are_not_the_same(shop: Shop) -> None:
    actor = shop.actor()
    assert await write(shop, actor, product="Soap", amount=2) == MADE
    assert await write(shop, actor, product="Soap", amount=3) == MADE
    assert await write(shop, actor, session=Session(session_id="s2", turn=1), product="Soap", amount=2) == MADE
    assert len(shop.ordered()) == 3


async def test_what_makes_two_calls_the_same_can_be_declared(shop: Shop) -> None:
    actor = shop.actor()
    assert await write(shop, actor, "order_once", product="Soap", amount=2) == MADE
    assert await write(shop, actor, "order_once", product="Soap", amount=3) == ALREADY
    assert shop.ordered() == [("Soap", 2)]


async def test_an_order_that_was_refused_can_be_made_again(shop: Shop) -> None:
    actor = shop.actor()
    assert await write(shop, actor, product="Soap", amount=500) == FAILED
    assert await write(shop, actor, product="Soap", amount=500) == FAILED
    assert (shop.ordered(), await Receipts(shop.database, shop.clock).in_doubt()) == ([], [])


async def test_a_write_that_changed_nothing_can_be_made_again(shop: Shop) -> None:
    actor = shop.actor(ScriptedAction(Result(data={}, empty=True)))
    assert await write(shop, actor, product="Soap", amount=2) == MADE
    assert await write(shop, shop.actor(), product="Soap", amount=2) == MADE
    assert shop.ordered() == [("Soap", 2)]


async def test_an_order_of_which_nobody_knows_is_not_made_again(shop: Shop) -> None:
    action = ScriptedAction(ToolError(Fault.FAILED, "the connection broke", happened=None))
    assert await write(shop, shop.actor(action), product="Soap", amount=2) == IN_DOUBT
    assert await write(shop, shop.actor(), product="Soap", amount=2) == IN_DOUBT
    assert (len(action.calls), shop.ordered()) == (1, [])


async def test_an_order_that_was_cut_off_is_in_doubt_after_the_restart(shop: Shop) -> None:
    action = ScriptedAction(Result(data={}), held=True)
    task = asyncio.create_task(write(shop, shop.actor(action), product="Soap", amount=2))
    await action.started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await write(shop, shop.actor(), product="Soap", amount=2) == IN_DOUBT
    assert shop.ordered() == []


async def test_a_lookup_may_be_made_as_often_as_wanted(shop: Shop) -> None:
    actor, job = shop.actor(), jobs_of(shop.config)["count"]
    assert (await actor.read(job, wish("count", product="Soap"))).empty
    await write(shop, actor, product="Soap", amount=2)
    assert (await actor.read(job, wish("count", product="Soap"))).data["total"] == 2


COMPLAINING = wish("complaint", what="It broke.", phone="+19025550142", urgency="urgent")


async def test_a_form_is_kept_with_the_words_that_say_it(shop: Shop) -> None:
    job = jobs_of(shop.config)["complaint"]
    async with time_passes(shop.clock):
        assert await shop.actor().deliver_form(job, COMPLAINING, SESSION) is False
    (entry,) = await shop.outbox.entries()
    message = Handover.from_dict(json.loads(entry.payload or ""))
    assert (entry.kind, entry.channel) == ("intake", "desk")
    assert message.facts == {
        "what": Fact(value="It broke.", evidence="say It broke."),
        "phone": Fact(value="+19025550142", evidence="say +19025550142"),
        "urgency": Fact(value="urgent", evidence="say urgent"),
    }
    assert (message.urgency, message.contact) == (Urgency.URGENT, "+19025550142")
    assert message.transcript_ref == TranscriptRef(session_id="s1", first_turn=1, last_turn=4)


async def test_a_form_that_is_given_twice_arrives_once(shop: Shop) -> None:
    job = jobs_of(shop.config)["complaint"]
    async with time_passes(shop.clock), courier(shop.outbox) as delivered:
        assert await shop.actor().deliver_form(job, COMPLAINING, SESSION) is True
        assert await shop.actor().deliver_form(job, COMPLAINING, SESSION) is True
    assert len(delivered) == 1


async def test_a_form_goes_to_its_own_channel(shop: Shop) -> None:
    channels = [DESK_CHANNEL, DESK_CHANNEL | {"name": "office"}]
    form = COMPLAINT | {"channel": "office"}
    shop.config = configured(tools=[], forms=[form], handover={"channels": channels})
    async with time_passes(shop.clock), courier(shop.outbox, "office") as delivered:
        assert await shop.actor().deliver_form(jobs_of(shop.config)["complaint"], COMPLAINING, SESSION) is True
    assert len(delivered) == 1


async def test_a_message_that_was_set_aside_has_not_arrived(shop: Shop) -> None:
    sending = asyncio.create_task(shop.actor().deliver_form(jobs_of(shop.config)["complaint"], COMPLAINING, SESSION))
    await shop.clock.all_asleep(1)
    entry = await shop.outbox.claim("desk")
    assert entry is not None
    await shop.outbox.set_aside(entry, "refused")
    shop.clock.advance(0.2)
    assert await sending is False


async def test_without_a_channel_nothing_is_kept(shop: Shop) -> None:
    shop.config = configured(handover={})
    assert await shop.actor().deliver_form(jobs_of(shop.config)["complaint"], COMPLAINING, SESSION) is None
    assert await shop.outbox.entries() == []
