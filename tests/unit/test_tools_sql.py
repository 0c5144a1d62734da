import asyncio
import sqlite3
import threading
from pathlib import Path
from typing import Any

import pytest

from appliance.tools.errors import Fault, ToolError
from appliance.tools.secrets import Secrets
from appliance.tools.sql import SqlTool
from appliance.tools.statement import is_single, names_bound, only_reads
from tests.unit.tool_fakes import declared

FIND = "SELECT number, state FROM orders WHERE number = :number"
CANCEL = "UPDATE orders SET state = 'cancelled' WHERE number = :number AND state = 'open'"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE orders (number TEXT PRIMARY KEY, state TEXT, total REAL)")
        rows = [("A1", "open", 9.5), ("A2", "sent", 20.0), ("A3", "sent", None)]
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
    connection.close()
    return tmp_path


def tool_of(folder: Path, query: str, *, effect: str = "read", database: str = "shop.db", **sql: Any) -> SqlTool:
    tool = declared(
        effect=effect, timeout_s=1.0, parameters={"number": {}}, sql={"database": database, "query": query, **sql}
    )
    assert tool.sql
    return SqlTool(tool, tool.sql, folder, Secrets({}))


async def error_of(tool: SqlTool, number: str = "A1") -> ToolError:
    with pytest.raises(ToolError) as caught:
        await tool.run({"number": number}, "k")
    return caught.value


async def test_a_lookup_returns_the_first_row_and_all_rows(folder: Path) -> None:
    result = await tool_of(folder, "SELECT number, total FROM orders WHERE state = 'sent' ORDER BY number").run({}, "k")
    rows = [{"number": "A2", "total": 20.0}, {"number": "A3", "total": None}]
    assert result.data == {"number": "A2", "total": 20.0, "rows": rows, "count": 2, "changed": 0}
    assert not result.empty


async def test_no_row_is_nothing_found(folder: Path) -> None:
    result = await tool_of(folder, FIND).run({"number": "A9"}, "k")
    assert (result.empty, result.data["count"]) == (True, 0)


async def test_at_most_so_many_rows(folder: Path) -> None:
    assert (await tool_of(folder, "SELECT * FROM orders", max_rows=2).run({}, "k")).data["count"] == 2


async def test_what_was_said_is_never_sql(folder: Path) -> None:
    assert (await tool_of(folder, FIND).run({"number": "x' OR '1'='1"}, "k")).empty
    assert (await tool_of(folder, CANCEL, effect="write").run({"number": "'; DROP TABLE orders; --"}, "k")).empty
    assert not (await tool_of(folder, FIND).run({"number": "A1"}, "k")).empty


async def test_a_write_counts_what_it_changed(folder: Path) -> None:
    tool = tool_of(folder, CANCEL, effect="write")
    first, second = [await tool.run({"number": "A1"}, "k") for _ in range(2)]
    assert (first.data["changed"], first.empty) == (1, False)
    assert (second.data["changed"], second.empty) == (0, True)
    assert (await tool_of(folder, FIND).run({"number": "A1"}, "k")).data["state"] == "cancelled"


async def test_a_write_may_return_rows(folder: Path) -> None:
    tool = tool_of(folder, CANCEL + " RETURNING number, total", effect="write")
    data = (await tool.run({"number": "A1"}, "k")).data
    assert (data["total"], data["changed"], data["count"]) == (9.5, 1, 1)


async def test_a_reading_tool_cannot_write(folder: Path) -> None:
    assert (await error_of(tool_of(folder, CANCEL))).fault is Fault.MISCONFIGURED


async def test_the_file_itself_is_opened_for_reading(folder: Path) -> None:
    """A pragma that writes hides behind no keyword: the database itself refuses."""
    (folder / "shop.db").chmod(0o600)
    tool = tool_of(folder, "SELECT * FROM pragma_user_version")
    await tool.run({}, "k")
    connection = tool._opened().connect()
    with connection, pytest.raises(Exception, match="readonly database"):
        connection.exec_driver_sql("DELETE FROM orders")


async def test_two_statements_are_refused(folder: Path) -> None:
    tool = tool_of(folder, "SELECT 1; DELETE FROM orders", effect="write")
    assert (await error_of(tool)).fault is Fault.MISCONFIGURED
    assert (await tool_of(folder, "SELECT * FROM orders").run({}, "k")).data["count"] == 3


async def test_a_database_that_is_not_there_is_not_created(folder: Path) -> None:
    for effect in ("read", "write"):
        error = await error_of(tool_of(folder, FIND, database="other.db", effect=effect))
        assert (error.fault, error.happened) == (Fault.UNREACHABLE, False)
    assert not (folder / "other.db").exists()


async def test_a_conflict_is_clear_and_quotes_no_argument(folder: Path) -> None:
    error = await error_of(tool_of(folder, "INSERT INTO orders VALUES (:number, '', 0)", effect="write"))
    assert (error.fault, error.happened, error.retryable) == (Fault.CONFLICT, False, False)
    assert "A1" not in error.detail


async def test_a_locked_database_may_be_asked_again(folder: Path) -> None:
    other = sqlite3.connect(folder / "shop.db")
    other.execute("BEGIN IMMEDIATE")
    error = await error_of(tool_of(folder, CANCEL, effect="write"))
    other.close()
    assert (error.fault, error.happened, error.retryable) == (Fault.FAILED, False, True)


async def test_a_statement_without_end_stops_when_nobody_waits(folder: Path) -> None:
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"
    call = asyncio.create_task(tool_of(folder, endless).run({}, "k"))
    await asyncio.sleep(0)  # it begins
    (working,) = (thread for thread in threading.enumerate() if thread.name == "sql-order_status")
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await asyncio.to_thread(working.join, 10)
    assert not working.is_alive()


async def test_a_mistake_in_the_statement(folder: Path) -> None:
    assert (await error_of(tool_of(folder, "SELECT nothing FROM nowhere"))).fault is Fault.FAILED
    assert (await error_of(tool_of(folder, "SELECT :wrong"))).fault is Fault.MISCONFIGURED


@pytest.mark.parametrize("database", ["sqlite://", "sqlite:///:memory:", "://", "nosuch://h/x"])
async def test_databases_that_cannot_be_used(folder: Path, database: str) -> None:
    assert (await error_of(tool_of(folder, FIND, database=database))).fault is Fault.MISCONFIGURED


async def test_the_address_of_a_file_is_the_file(folder: Path) -> None:
    tool = tool_of(folder, FIND, database="sqlite:///shop.db")
    assert (await tool.run({"number": "A1"}, "k")).data["state"] == "open"


async def test_a_preview_shows_what_is_bound(folder: Path) -> None:
    shown = tool_of(folder, FIND).preview({"number": "A1"}, "k")
    assert shown == {"database": str(folder / "shop.db"), "query": FIND, "values": {"number": "A1"}}


@pytest.mark.parametrize(
    ("query", "reads"),
    [
        ("select 1", True),
        ("  -- a comment\n SELECT 'delete from x' AS a", True),
        ("WITH a AS (SELECT 1) SELECT * FROM a;", True),
        ("WITH a AS (SELECT 1) DELETE FROM x", False),
        ("(SELECT 1)", True),
        ('SELECT "update" FROM x', True),
        ("SELECT * INTO y FROM x", False),
        ("PRAGMA journal_mode=DELETE", False),
        ("UPDATE x SET a = 1", False),
        ("/* SELECT */ DROP TABLE x", False),
        ("", False),
    ],
)
def test_whether_a_statement_reads(query: str, reads: bool) -> None:
    assert only_reads(query) is reads


@pytest.mark.parametrize(
    ("query", "single"),
    [("SELECT 1;", True), ("SELECT ';'", True), ("SELECT 1; SELECT 2", False), ("", False), ("-- a;b", False)],
)
def test_whether_there_is_one_statement(query: str, single: bool) -> None:
    assert is_single(query) is single


def test_names_bound() -> None:
    assert names_bound("SELECT a::text FROM t WHERE b = :b AND c > :c_d") == {"b", "c_d"}
