"""What is wrong with declared statements, as far as it can be found without running one."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from appliance.config.tools import Effect, KnownValues, SqlAction
from appliance.tools.errors import ToolError
from appliance.tools.sql import database_file
from appliance.tools.statement import is_single, names_bound, only_reads

Found = Iterator[tuple[str, str]]
"""Field and message of each problem."""

LOCK_S = 1.0
"""How long somebody else may hold the database."""
_BUSY = ("locked", "busy")


def check_statement(action: SqlAction, effect: Effect, parameters: Collection[str], folder: Path) -> Found:
    """Yield what is wrong with the statement of a tool; relative files start at `folder`."""
    unknown = names_bound(action.query) - set(parameters)
    there_are = f"; there is {', '.join(sorted(parameters))}" if parameters else ""
    for name in sorted(unknown):
        yield "query", f"`:{name}` is no parameter{there_are}"
    if not is_single(action.query):
        yield "query", "there must be exactly one statement"
    elif effect is Effect.READ and not only_reads(action.query):
        yield "query", "this statement writes; set `effect: write`, or let it only SELECT"
    elif not unknown:
        yield from _against_database(action.database, action.query, folder)
        return
    yield from _file(action.database, folder)


def check_values(source: KnownValues, folder: Path) -> Found:
    """Yield what is wrong with the statement that lists the values of a parameter."""
    if not is_single(source.query):
        yield "query", "there must be exactly one statement"
    elif not only_reads(source.query):
        yield "query", "this statement writes; let it only SELECT"
    elif names := names_bound(source.query):
        yield "query", f"`:{min(names)}` stands for nothing here: the values are looked up before anything is said"
    else:
        yield from _against_database(source.database, source.query, folder)
        return
    yield from _file(source.database, folder)


def _against_database(database: str, query: str, folder: Path) -> Found:
    """Yield what an SQLite database says against a statement: its syntax, and tables and columns that are not there."""
    missing = list(_file(database, folder))
    yield from missing
    file = None if missing else database_file(database, folder)
    objection = _objection(file, query) if file else ""
    if objection:
        yield "query", f"the database says: {objection}"


def _file(database: str, folder: Path) -> Found:
    try:
        file = database_file(database, folder)
    except ToolError as error:
        yield "database", error.detail
        return
    if file and not file.is_file():
        yield "database", f"there is no file {file}"


def _objection(file: Path, query: str) -> str:
    """Return why SQLite cannot compile a statement, empty when it can; nothing of the statement itself is run."""

    def connect() -> sqlite3.Connection:
        return sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=LOCK_S)

    engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    plan = text(query if query.lstrip().upper().startswith("EXPLAIN") else f"EXPLAIN {query}")
    try:
        with closing(engine.connect()) as connection:
            connection.execute(plan, dict.fromkeys(names_bound(query)))
    except DBAPIError as error:
        said = str(error.orig)
        return "" if any(word in said for word in _BUSY) else said
    return ""
