"""What there is comes from the site's own database, at the start and again after a while."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from appliance.assistant.jobs import Job, jobs_of
from appliance.assistant.known import MOST, REFRESH_S, KnownThings
from tests.unit.assistant_fakes import heard
from tests.unit.assistant_site import COMPLAINT, STOCK, configured
from tests.unit.storage_fakes import HandClock

QUERY = "SELECT name FROM things ORDER BY rowid"


def write(folder: Path, names: Iterable[object]) -> None:
    with closing(sqlite3.connect(folder / "shop.db")) as database:
        database.execute("DROP TABLE IF EXISTS things")
        database.execute("CREATE TABLE things (name)")
        database.executemany("INSERT INTO things VALUES (?)", [(name,) for name in names])
        database.commit()


def jobs(**form_field: Any) -> dict[str, Job]:
    values = {"database": "shop.db", "query": QUERY}
    stock = STOCK | {"parameters": {"product": {"format": "words", "values": values}}}
    form = COMPLAINT | {"fields": COMPLAINT["fields"] | form_field}  # type: ignore[operator]
    return jobs_of(configured(tools=[stock], forms=[form]))


def product(job: Job, said: str) -> object:
    slot = job.finder.find(heard(said)).get("product")
    return slot.value if slot else None


async def test_what_there_is_is_recognised_by_its_sound(tmp_path: Path) -> None:
    write(tmp_path, ["Tylenol", "sun cream"])
    known = jobs()
    assert product(known["stock"], "Do you have tie the nole?") != "Tylenol"
    await KnownThings(known, HandClock(), tmp_path).refresh()
    assert product(known["stock"], "Do you have sun cream?") == "sun cream"
    found = known["stock"].finder.find(heard("Do you have tie the nole?"))["product"]
    assert (found.value, found.words) == ("Tylenol", "tie the nole")


async def test_it_is_read_again_after_a_while_and_not_before(tmp_path: Path) -> None:
    write(tmp_path, ["Tylenol"])
    clock, known = HandClock(), jobs()
    things = KnownThings(known, clock, tmp_path)
    await things.refresh()
    write(tmp_path, ["ibuprofen"])
    clock.advance(REFRESH_S - 1)
    await things.refresh()
    assert product(known["stock"], "Do you have tie the nole?") == "Tylenol"
    clock.advance(1)
    await things.refresh()
    assert product(known["stock"], "Do you have eye bew profen?") == "ibuprofen"
    assert product(known["stock"], "Do you have tie the nole?") != "Tylenol"


@pytest.mark.parametrize("harm", ["gone", "no table", "no database"])
async def test_a_database_that_cannot_be_read_leaves_what_was_known(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, harm: str
) -> None:
    write(tmp_path, ["Tylenol"])
    clock, known = HandClock(), jobs()
    things = KnownThings(known, clock, tmp_path)
    await things.refresh()
    file = tmp_path / "shop.db"
    if harm == "gone":
        file.unlink()
    elif harm == "no table":
        with closing(sqlite3.connect(file)) as database:
            database.execute("DROP TABLE things")
    else:
        file.write_bytes(b"no database at all" * 100)
    clock.advance(REFRESH_S)
    with caplog.at_level(logging.WARNING):
        await things.refresh()
    assert "stock: the values of product cannot be read" in caplog.text
    assert product(known["stock"], "Do you have tie the nole?") == "Tylenol"
    file.unlink(missing_ok=True)
    write(tmp_path, ["ibuprofen"])
    clock.advance(REFRESH_S)
    await things.refresh()
    assert product(known["stock"], "Do you have eye bew profen?") == "ibuprofen"


async def test_one_source_that_fails_keeps_no_other_from_being_read(tmp_path: Path) -> None:
    write(tmp_path, ["Tylenol"])
    broken = {"format": "words", "required": False, "values": {"database": "other.db", "query": "SELECT 1"}}
    known = jobs(where=broken)
    await KnownThings(known, HandClock(), tmp_path).refresh()
    assert product(known["stock"], "Do you have tie the nole?") == "Tylenol"


async def test_a_field_of_a_form_knows_its_values_too(tmp_path: Path) -> None:
    write(tmp_path, ["Tylenol", "waiting hall"])
    source = {"database": "shop.db", "query": "SELECT name FROM things WHERE name LIKE '%hall'"}
    known = jobs(where={"format": "words", "required": False, "values": source})
    await KnownThings(known, HandClock(), tmp_path).refresh()
    slot = known["complaint"].finder.find(heard("in the waiting hole"), "where")["where"]
    assert (slot.value, slot.words) == ("waiting hall", "waiting hole")


async def test_names_are_texts_and_what_is_empty_is_none(tmp_path: Path) -> None:
    write(tmp_path, ["", None, 4711, "Tylenol"])
    known = jobs()
    await KnownThings(known, HandClock(), tmp_path).refresh()
    assert product(known["stock"], "Do you have 4711?") == "4711"
    assert product(known["stock"], "Do you have tie the nole?") == "Tylenol"


async def test_of_very_many_things_only_the_first_are_known(tmp_path: Path) -> None:
    write(tmp_path, [*(f"thing {number}" for number in range(MOST)), "Tylenol"])
    known = jobs()
    await KnownThings(known, HandClock(), tmp_path).refresh()
    assert product(known["stock"], f"Do you have thing {MOST - 1}?") == f"thing {MOST - 1}"
    assert product(known["stock"], "Do you have tie the nole?") != "Tylenol"


async def test_a_statement_that_writes_is_not_run(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, ["Tylenol"])
    source = {"database": "shop.db", "query": "DELETE FROM things RETURNING name"}
    stock = STOCK | {"parameters": {"product": {"format": "words", "values": source}}}
    await KnownThings(jobs_of(configured(tools=[stock])), HandClock(), tmp_path).refresh()
    assert "the statement writes" in caplog.text
    with closing(sqlite3.connect(tmp_path / "shop.db")) as database:
        assert database.execute("SELECT count(*) FROM things").fetchone() == (1,)
