"""The running conversation survives a crash and nothing of it survives its end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from appliance.storage.conversations import Conversations
from appliance.storage.db import Connection, Database, connect
from tests.unit.storage_fakes import HandClock


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "appliance.db")
    yield database
    await database.close()


@pytest.fixture
async def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def conversations(database: Database, clock: HandClock) -> Conversations:
    return Conversations(database, clock)


def rows(connection: Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM conversations").fetchone()[0])


def log_what_is_written(connection: Connection) -> None:
    connection.execute("CREATE TABLE written (state TEXT)")
    log = "ON conversations BEGIN INSERT INTO written VALUES (new.state); END"
    connection.execute(f"CREATE TRIGGER inserted AFTER INSERT {log}")
    connection.execute(f"CREATE TRIGGER updated AFTER UPDATE {log}")


async def test_what_was_said_last_is_continued(
    database: Database, clock: HandClock, conversations: Conversations
) -> None:
    conversations.save("a", {"turns": ["hello"]})
    conversations.save("a", {"turns": ["hello", "I need an appointment"]})
    await conversations.flush()
    clock.advance(60)
    again = await Conversations(database, clock).load_unfinished(600, clock.local_time("UTC"))
    assert again is not None
    assert again.session_id == "a"
    assert again.state == {"turns": ["hello", "I need an appointment"]}


async def test_saving_never_waits_and_writes_only_the_last(database: Database, conversations: Conversations) -> None:
    await database.write(log_what_is_written)
    held = threading.Event()
    slow_disk = asyncio.ensure_future(database.read(lambda _: held.wait(10)))
    for number in range(100):
        conversations.save("a", {"number": number})
    held.set()
    assert await slow_disk
    await conversations.flush()
    written = await database.read(lambda connection: connection.execute("SELECT state FROM written").fetchall())
    assert written == [('{"number":99}',)]


async def test_nothing_stays_of_a_conversation_that_has_ended(
    database: Database, conversations: Conversations, clock: HandClock
) -> None:
    conversations.save("a", {"turns": ["I have a strange rash"]})
    await conversations.flush()
    conversations.save("a", {"turns": ["I have a strange rash", "bye"]})
    await conversations.clear("a")
    assert await conversations.load_unfinished(600, clock.local_time("UTC")) is None
    assert not any(b"strange rash" in file.read_bytes() for file in database.path.parent.iterdir())


@pytest.mark.parametrize(("age_s", "within_s"), [(601, 600), (1, 0), (-3600, 600)])
async def test_too_old_or_of_unknown_age_is_deleted(
    database: Database, conversations: Conversations, clock: HandClock, age_s: int, within_s: int
) -> None:
    conversations.save("a", {})
    await conversations.flush()
    now = clock.local_time("UTC") + timedelta(seconds=age_s)
    assert await conversations.load_unfinished(within_s, now) is None
    assert await database.read(rows) == 0


async def test_of_several_the_last_is_taken_and_the_others_deleted(
    database: Database, conversations: Conversations, clock: HandClock
) -> None:
    for session in ("a", "b"):
        conversations.save(session, {"is": session})
        clock.advance(10)
    await conversations.flush()
    unfinished = await conversations.load_unfinished(600, clock.local_time("UTC"))
    assert unfinished is not None
    assert unfinished.state == {"is": "b"}
    assert await database.read(rows) == 1


async def test_a_full_disk_does_not_end_the_conversation(
    tmp_path: Path, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    def small(file: Path) -> Connection:
        connection = connect(file)
        connection.execute("PRAGMA max_page_count = 40")
        return connection

    database = await Database.open(tmp_path / "small.db", connect=small)
    conversations = Conversations(database, clock)
    conversations.save("a", {"text": "long" * 100_000})
    await conversations.flush()
    assert "the disk is full" in caplog.text
    assert "longlong" not in caplog.text
    conversations.save("a", {"text": "short"})
    await conversations.flush()
    unfinished = await conversations.load_unfinished(600, clock.local_time("UTC"))
    assert unfinished is not None
    assert unfinished.state == {"text": "short"}
    await database.close()


async def test_only_json_can_be_saved(conversations: Conversations) -> None:
    with pytest.raises(TypeError):
        conversations.save("a", {"session": object()})
