"""No call that changes something is made twice, not even across a crash."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.storage.db import Database
from appliance.storage.receipts import Done, Fresh, InDoubt, Receipts
from tests.unit.storage_fakes import HandClock


@pytest.fixture
async def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "appliance.db")
    yield database
    await database.close()


async def test_a_call_is_made_once(database: Database, clock: HandClock) -> None:
    receipts = Receipts(database, clock)
    assert await receipts.begin("k", "book", "hash") == Fresh()
    await receipts.finish("k", "succeeded", {"number": 17})
    again = await Receipts(database, clock).begin("k", "book", "hash")
    assert isinstance(again, Done)
    assert (again.receipt.outcome, again.receipt.result) == ("succeeded", {"number": 17})


async def test_a_call_that_was_cut_off_is_in_doubt(tmp_path: Path, clock: HandClock) -> None:
    path = tmp_path / "other.db"
    database = await Database.open(path)
    await Receipts(database, clock).begin("k", "book", "hash")
    await database.close()
    database = await Database.open(path)
    receipts = Receipts(database, clock)
    doubt = await receipts.begin("k", "book", "hash")
    assert isinstance(doubt, InDoubt)
    assert await receipts.in_doubt() == [doubt]
    await receipts.finish("k", "succeeded")
    assert await receipts.in_doubt() == []
    await database.close()


async def test_a_call_that_surely_did_not_happen_can_be_made_again(database: Database, clock: HandClock) -> None:
    receipts = Receipts(database, clock)
    await receipts.begin("k", "book", "hash")
    await receipts.release("k")
    assert await receipts.begin("k", "book", "hash") == Fresh()


async def test_a_finished_call_cannot_be_released(database: Database, clock: HandClock) -> None:
    receipts = Receipts(database, clock)
    await receipts.begin("k", "book", "hash")
    await receipts.finish("k", "succeeded")
    await receipts.release("k")
    assert isinstance(await receipts.begin("k", "book", "hash"), Done)


@pytest.mark.parametrize(("tool", "arguments"), [("cancel", "hash"), ("book", "other")])
async def test_a_key_belongs_to_one_call(database: Database, clock: HandClock, tool: str, arguments: str) -> None:
    receipts = Receipts(database, clock)
    await receipts.begin("k", "book", "hash")
    with pytest.raises(ValueError, match="another call of book"):
        await receipts.begin("k", tool, arguments)


async def test_nothing_ends_that_was_not_begun(database: Database, clock: HandClock) -> None:
    with pytest.raises(KeyError):
        await Receipts(database, clock).finish("k", "succeeded")


async def test_old_receipts_are_forgotten(database: Database, clock: HandClock) -> None:
    receipts = Receipts(database, clock)
    await receipts.begin("old", "book", "hash")
    clock.advance(1000)
    await receipts.begin("new", "book", "hash")
    await receipts.expire(500)
    assert [doubt.key for doubt in await receipts.in_doubt()] == ["new"]
