"""The outbox: at least once, in order, through failures of every kind."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from appliance.handover.delivery import DAY_S, Delivery, Patience
from appliance.handover.message import DeliveryError, Handover
from appliance.storage.db import Connection, Database, connect
from appliance.storage.outbox import MAX_PAYLOAD_BYTES, Entry, Outbox, State
from tests.unit.storage_fakes import HandClock, ScriptedChannel, handover

PATIENCE = Patience(poll_s=600.0)
RARE = Patience(poll_s=3600.0, longest_delay_s=3600.0, max_age_days=2, keep_keys_days=4)
DOWN = DeliveryError("cannot be reached")
REFUSED = DeliveryError("the receiver answered 422", permanent=True)


class Site:
    """An outbox with a clock, and what it has told."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.clock = HandClock()
        self.told: list[tuple[str, State]] = []
        self.outbox = Outbox(database, self.clock, self.tell)

    def tell(self, entry: Entry) -> None:
        self.told.append((entry.key, entry.state))

    async def hand_over(self, summary: str, channel: str = "desk") -> int:
        return await self.outbox.enqueue("escalation", channel, handover(summary).as_dict(), f"key-{summary}")

    async def states(self) -> dict[str, State]:
        return {entry.key.removeprefix("key-"): entry.state for entry in await self.outbox.entries()}

    async def entry(self, entry_id: int) -> Entry:
        entry = await self.outbox.find(entry_id)
        assert entry is not None
        return entry

    @asynccontextmanager
    async def delivering(self, patience: Patience = PATIENCE, **channels: ScriptedChannel) -> AsyncIterator[int]:
        """Deliver, and yield how many tasks there are, once all of them have nothing more to do."""
        delivery = Delivery(self.outbox, channels, self.clock, Random(7), patience)  # noqa: S311
        running = asyncio.ensure_future(delivery.run())
        tasks = len(channels) + 1
        await self.clock.all_asleep(tasks)
        yield tasks
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    database = await Database.open(tmp_path / "appliance.db")
    yield Site(database)
    await database.close()


def failing(*summaries: str, error: Exception = DOWN) -> Callable[[str], Exception | None]:
    return lambda summary: error if summary in summaries else None


async def test_an_entry_is_delivered_and_its_content_is_wiped(site: Site) -> None:
    entry_id = await site.hand_over("one")
    sent = (await site.entry(entry_id)).payload
    assert sent is not None
    channel = ScriptedChannel()
    async with site.delivering(desk=channel):
        assert channel.attempts == [("one", "key-one")]
    entry = await site.entry(entry_id)
    assert (entry.state, entry.payload, entry.key) == (State.DELIVERED, None, "key-one")
    assert entry.payload_sha256 == hashlib.sha256(sent.encode()).hexdigest()
    files = await asyncio.to_thread(lambda: [file.read_bytes() for file in site.database.path.parent.iterdir()])
    assert not any(b"Ada Byron" in raw for raw in files)


async def test_every_change_is_told(site: Site) -> None:
    await site.hand_over("one")
    async with site.delivering(desk=ScriptedChannel()):
        assert site.told == [("key-one", state) for state in (State.WAITING, State.SENDING, State.DELIVERED)]


async def test_a_new_entry_needs_no_waiting(site: Site) -> None:
    channel = ScriptedChannel()
    async with site.delivering(desk=channel):
        await site.hand_over("one")
        await channel.arrived.wait()
    assert site.clock.seconds == 0


async def test_the_same_key_is_one_entry(site: Site) -> None:
    first = await site.hand_over("one")
    assert await site.hand_over("one") == first
    async with site.delivering(desk=ScriptedChannel()):
        assert await site.hand_over("one") == first
    assert len(await site.outbox.entries()) == 1


async def test_an_entry_can_be_a_part_of_a_larger_transaction(site: Site) -> None:
    def store_and_fail(connection: Connection) -> None:
        site.outbox.enqueue_in(connection, kind="intake", channel="desk", payload={}, idempotency_key="k")
        raise LookupError

    with pytest.raises(LookupError):
        await site.database.write(store_and_fail)
    assert await site.outbox.entries() == []


@pytest.mark.parametrize("key", ["", "two words", "line\r\nX-Evil: 1", "schlüssel", "k" * 201])
async def test_a_key_has_to_fit_into_a_header(site: Site, key: str) -> None:
    with pytest.raises(ValueError, match="is no key"):
        await site.outbox.enqueue("escalation", "desk", {}, key)


@pytest.mark.parametrize("payload", [{"text": "a" * MAX_PAYLOAD_BYTES}, {"number": float("nan")}])
async def test_a_payload_has_to_be_json_of_bounded_size(site: Site, payload: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"payload|Out of range"):
        await site.outbox.enqueue("escalation", "desk", payload, "k")


async def test_days_of_outage_lose_nothing_and_keep_the_order(site: Site) -> None:
    channel = ScriptedChannel(lambda _: DOWN)
    for number in range(5):
        await site.hand_over(f"{number}")
    async with site.delivering(replace(RARE, max_age_days=14), desk=channel) as tasks:
        await site.clock.run(3 * DAY_S, tasks=tasks)
        assert channel.delivered == []
        channel.answer = failing()
        await site.clock.run(3600, tasks=tasks)
    assert channel.delivered == ["0", "1", "2", "3", "4"]


async def test_attempts_become_rarer_but_never_rare(site: Site) -> None:
    times: list[float] = []

    def down(_: str) -> DeliveryError:
        times.append(site.clock.seconds)
        return DOWN

    await site.hand_over("one")
    async with site.delivering(desk=ScriptedChannel(down)) as tasks:
        await site.clock.run(3600, tasks=tasks)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(1 <= gap <= 2 for gap in gaps[:1])
    assert all(150 <= gap <= 300 for gap in gaps[8:])
    assert len(set(gaps)) == len(gaps)


async def test_a_receiver_may_ask_for_more_time(site: Site) -> None:
    channel = ScriptedChannel(lambda _: DeliveryError("the receiver answered 429", retry_after_s=900))
    await site.hand_over("one")
    async with site.delivering(desk=channel) as tasks:
        await site.clock.run(899, tasks=tasks)
        assert len(channel.attempts) == 1
        await site.clock.run(2, tasks=tasks)
        assert len(channel.attempts) == 2


async def test_a_refused_entry_is_set_aside_and_the_rest_goes_on(site: Site) -> None:
    channel = ScriptedChannel(failing("bad", error=REFUSED))
    for summary in ("first", "bad", "last"):
        await site.hand_over(summary)
    async with site.delivering(desk=channel):
        assert channel.delivered == ["first", "last"]
    assert (await site.states())["bad"] is State.FAILED
    (bad,) = await site.outbox.entries([State.FAILED])
    assert bad.error == "the receiver answered 422"
    assert bad.payload is not None


async def test_an_entry_that_always_fails_for_now_does_not_stop_the_channel(site: Site) -> None:
    channel = ScriptedChannel(failing("bad"))
    for summary in ("bad", "second", "third"):
        await site.hand_over(summary)
    async with site.delivering(desk=channel) as tasks:
        await site.clock.run(3600, tasks=tasks)
        assert channel.delivered == ["second", "third"]
        channel.answer = failing()
        await site.clock.run(600, tasks=tasks)
    assert channel.delivered == ["second", "third", "bad"]


async def test_a_channel_that_is_down_holds_up_no_other(site: Site) -> None:
    desk, ward = ScriptedChannel(lambda _: DOWN), ScriptedChannel()
    await site.hand_over("one", "desk")
    await site.hand_over("two", "ward")
    async with site.delivering(desk=desk, ward=ward):
        assert ward.delivered == ["two"]
    assert await site.states() == {"one": State.WAITING, "two": State.DELIVERED}


async def test_what_was_being_sent_at_a_crash_is_sent_again_with_its_key(site: Site) -> None:
    await site.hand_over("one")
    await site.outbox.claim("desk")
    assert await site.states() == {"one": State.SENDING}
    channel = ScriptedChannel()
    async with site.delivering(desk=channel):
        assert channel.attempts == [("one", "key-one")]


async def test_what_no_channel_takes_is_set_aside(site: Site) -> None:
    await site.hand_over("one", "fax")
    async with site.delivering(desk=ScriptedChannel()):
        (entry,) = await site.outbox.entries()
        assert (entry.state, entry.error) == (State.FAILED, "there is no channel fax")


async def test_an_entry_is_given_up_after_its_age_and_wiped(site: Site) -> None:
    await site.hand_over("one")
    async with site.delivering(RARE, desk=ScriptedChannel(lambda _: DOWN)) as tasks:
        await site.clock.run(1.9 * DAY_S, tasks=tasks)
        assert await site.states() == {"one": State.WAITING}
        await site.clock.run(0.2 * DAY_S, tasks=tasks)
    (entry,) = await site.outbox.entries()
    assert (entry.state, entry.payload, entry.error) == (State.DROPPED, None, "cannot be reached")


async def test_a_clock_that_jumps_ahead_gives_nothing_up_without_an_attempt(site: Site) -> None:
    site.clock.offset = timedelta(days=-365 * 20)
    await site.hand_over("one")
    site.clock.offset = timedelta(0)
    channel = ScriptedChannel()
    async with site.delivering(desk=channel):
        assert channel.delivered == ["one"]


async def test_a_clock_that_is_set_back_does_not_stop_the_delivery(site: Site) -> None:
    channel = ScriptedChannel(lambda _: DOWN)
    await site.hand_over("one")
    async with site.delivering(desk=channel) as tasks:
        site.clock.offset = timedelta(days=-365)
        channel.answer = failing()
        await site.clock.run(600, tasks=tasks)
    assert channel.delivered == ["one"]


async def test_keys_are_forgotten_after_their_age_and_what_was_set_aside_is_left_to_the_purge(site: Site) -> None:
    await site.hand_over("good")
    await site.hand_over("bad")
    async with site.delivering(RARE, desk=ScriptedChannel(failing("bad", error=REFUSED))) as tasks:
        await site.clock.run(2.1 * DAY_S, tasks=tasks)
        assert [entry.state for entry in await site.outbox.entries()] == [State.DELIVERED, State.FAILED]
        await site.clock.run(4.1 * DAY_S, tasks=tasks)
        (entry,) = await site.outbox.entries()
        assert entry.state is State.FAILED
        assert entry.payload


async def test_what_was_set_aside_can_be_sent_again(site: Site) -> None:
    channel = ScriptedChannel(failing("bad", error=REFUSED))
    entry_id = await site.hand_over("bad")
    async with site.delivering(desk=channel):
        channel.answer = failing()
        assert await site.outbox.retry(await site.entry(entry_id))
        await channel.arrived.wait()
    assert [key for _, key in channel.attempts] == ["key-bad", "key-bad"]


async def test_what_is_delivered_is_neither_sent_again_nor_dropped(site: Site) -> None:
    entry_id = await site.hand_over("one")
    async with site.delivering(desk=ScriptedChannel()):
        entry = await site.entry(entry_id)
        assert not await site.outbox.retry(entry)
        assert not await site.outbox.drop(entry, "by hand")


async def test_a_change_from_outside_is_seen(site: Site) -> None:
    """`appliance outbox retry` is another process: it rings no bell here."""
    channel = ScriptedChannel(lambda _: DeliveryError("busy", retry_after_s=3000))
    entry_id = await site.hand_over("one")
    async with site.delivering(Patience(poll_s=10), desk=channel) as tasks:
        channel.answer = failing()
        outside = Outbox(site.database, site.clock)
        await outside.retry(await site.entry(entry_id))
        await site.clock.run(10, tasks=tasks)
    assert channel.delivered == ["one"]


async def test_a_mistake_in_a_channel_is_a_failure_that_may_pass(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    channel = ScriptedChannel(failing("one", error=ZeroDivisionError("oops")))
    await site.hand_over("one")
    async with site.delivering(desk=channel) as tasks:
        (entry,) = await site.outbox.entries()
        assert (entry.state, entry.error) == (State.WAITING, "internal error (ZeroDivisionError)")
        channel.answer = failing()
        await site.clock.run(60, tasks=tasks)
    assert channel.delivered == ["one"]
    assert "failed in a way that it should not" in caplog.text


@pytest.mark.parametrize("payload", [{}, {"kind": "escalation"}, handover().as_dict() | {"urgency": "soonish"}])
async def test_what_is_no_handover_is_set_aside(site: Site, payload: dict[str, object]) -> None:
    await site.outbox.enqueue("escalation", "desk", payload, "k")
    channel = ScriptedChannel()
    async with site.delivering(desk=channel):
        assert [entry.state for entry in await site.outbox.entries()] == [State.FAILED]
        assert channel.attempts == []


async def test_a_full_disk_does_not_make_it_forget_what_was_delivered(tmp_path: Path) -> None:
    connections: list[Connection] = []

    def remembered(path: Path) -> Connection:
        connections.append(connect(path))
        return connections[-1]

    database = await Database.open(tmp_path / "small.db", connect=remembered)
    site = Site(database)

    def disk(full: bool) -> Callable[[Connection], object]:
        return lambda _: connections[-1].execute(f"PRAGMA query_only = {'ON' if full else 'OFF'}")

    class FillingChannel(ScriptedChannel):
        async def deliver(self, message: Handover, key: str) -> None:
            self.attempts.append((message.summary, key))
            await database._run(disk(full=True))

    channel = FillingChannel()
    await site.hand_over("one")
    async with site.delivering(Patience(poll_s=10), desk=channel) as tasks:
        assert await site.states() == {"one": State.SENDING}
        await database._run(disk(full=False))
        await site.clock.run(20, tasks=tasks)
        assert await site.states() == {"one": State.DELIVERED}
        assert len(channel.attempts) == 1
    await database.close()


def test_a_handover_reads_back_what_it_wrote() -> None:
    message = handover()
    assert type(message).from_dict(json.loads(json.dumps(message.as_dict()))) == message
