"""Tools that ask a database: one statement, arguments bound and never written into it."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, Connection, CursorResult, Engine, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import SQLAlchemyError as DatabaseError
from sqlalchemy.pool import NullPool

from appliance.config.tools import Effect, SqlAction, ToolConfig
from appliance.tools.action import JSON, Arguments, Result, from_rows, unknown_if_writing
from appliance.tools.bounds import bounded
from appliance.tools.errors import Fault, ToolError
from appliance.tools.statement import is_single, names_bound, only_reads
from appliance.tools.thread import on_thread

STEPS = 10_000
"""Of SQLite's machine between two looks at whether anybody still waits (some milliseconds)."""


class SqlTool:
    """Implements `Action`. The file of an SQLite database is opened for reading only unless the tool writes."""

    def __init__(self, tool: ToolConfig, action: SqlAction, folder: Path, secrets: Mapping[str, str]) -> None:
        self._tool = tool
        self._action = action
        self._folder = folder
        self._secrets = secrets
        self._engine: Engine | None = None

    @property
    def _writes(self) -> bool:
        return self._tool.effect is Effect.WRITE

    def preview(self, arguments: Arguments, key: str) -> dict[str, JSON]:
        """Return the statement and what is bound to it; see `Action`."""
        del key
        bound: dict[str, JSON] = dict(self._bound(arguments))
        file = database_file(self._action.database, self._folder)
        shown = str(file) if file else make_url(self._action.database).render_as_string(hide_password=True)
        return {"database": shown, "query": self._action.query, "values": bound}

    async def run(self, arguments: Arguments, key: str) -> Result:
        """Execute the statement once; see `Action`."""
        del key
        bound = self._bound(arguments)
        abandoned = threading.Event()
        try:
            return await on_thread(partial(self._execute, bound, abandoned), f"sql-{self._tool.name}")
        finally:
            abandoned.set()

    def _bound(self, arguments: Arguments) -> Arguments:
        query = self._action.query
        if not is_single(query):
            raise ToolError(Fault.MISCONFIGURED, "`query` must be one statement")
        if not self._writes and not only_reads(query):
            raise ToolError(Fault.MISCONFIGURED, "the statement writes, but `effect` is read")
        missing = names_bound(query) - set(arguments)
        if missing:
            raise ToolError(Fault.MISCONFIGURED, f"the statement takes :{min(missing)}, which is no parameter")
        return {name: arguments[name] for name in sorted(names_bound(query))}

    def _execute(self, bound: Arguments, abandoned: threading.Event) -> Result:
        """Run on a thread; nothing is committed once nobody waits any more."""
        engine = self._opened()
        try:
            connection = engine.connect()
        except (DatabaseError, OSError, ModuleNotFoundError) as error:
            raise ToolError(Fault.UNREACHABLE, _explained(error), retryable=True) from error
        with connection:
            try:
                result = self._result(connection, bound, abandoned)
            except IntegrityError as error:
                raise ToolError(Fault.CONFLICT, _explained(error)) from error
            except OperationalError as error:  # locked, or the connection broke; nothing was committed
                raise ToolError(Fault.FAILED, _explained(error), retryable=True) from error
            except DatabaseError as error:
                raise ToolError(Fault.FAILED, _explained(error)) from error
            if self._writes:
                self._commit(connection, abandoned)
        return result

    def _result(self, connection: Connection, bound: Arguments, abandoned: threading.Event) -> Result:
        driver = connection.connection.driver_connection
        if isinstance(driver, sqlite3.Connection):
            driver.set_progress_handler(abandoned.is_set, STEPS)
        cursor: CursorResult[tuple[object, ...]] = connection.execute(text(self._action.query), dict(bound))
        rows = self._rows(cursor)
        changed = max(cursor.rowcount, len(rows) if cursor.returns_rows else 0) if self._writes else 0
        data = from_rows(rows[: self._action.max_rows]) | {"changed": changed}
        return Result(data=data, empty=changed == 0 if self._writes else not rows)

    def _rows(self, cursor: CursorResult[tuple[object, ...]]) -> list[JSON]:
        """Return rows as groups of plain JSON; a write is read to its end, or its number of rows is not known."""
        if not cursor.returns_rows:
            return []
        mappings = cursor.mappings()
        found = mappings.all() if self._writes else mappings.fetchmany(self._action.max_rows)
        return [bounded(dict(row)) for row in found]

    def _commit(self, connection: Connection, abandoned: threading.Event) -> None:
        if abandoned.is_set():
            connection.rollback()
            raise ToolError(Fault.TIMEOUT, "the database was too slow; nothing was changed")
        try:
            connection.commit()
        except IntegrityError as error:
            raise ToolError(Fault.CONFLICT, _explained(error)) from error
        except DatabaseError as error:
            happened = unknown_if_writing(self._tool.effect)
            raise ToolError(Fault.FAILED, _explained(error), happened=happened) from error

    def _opened(self) -> Engine:
        if self._engine is None:
            file = database_file(self._action.database, self._folder)
            self._engine = self._remote() if file is None else self._local(file)
        return self._engine

    def _local(self, file: Path) -> Engine:
        mode = "rw" if self._writes else "ro"
        address = f"file:{quote(str(file))}?mode={mode}"
        wait_s = self._tool.timeout_s / 2  # for a lock; then there is time left to say so

        def connect() -> sqlite3.Connection:
            return sqlite3.connect(address, uri=True, timeout=wait_s)

        return create_engine("sqlite://", creator=connect, poolclass=NullPool)

    def _remote(self) -> Engine:
        url = make_url(self._action.database)
        if self._action.password_secret:
            url = url.set(password=self._secrets[self._action.password_secret])
        return _engine(url)


def database_file(database: str, folder: Path) -> Path | None:
    """Return the file of an SQLite database, or None for the URL of another one.

    Raises:
        ToolError: The URL is none, or an SQLite database without a file.
    """
    if "://" not in database:
        return folder / database
    try:
        url = make_url(database)
    except ArgumentError as error:
        raise ToolError(Fault.MISCONFIGURED, "`database` is neither a file nor the URL of a database") from error
    if url.get_backend_name() != "sqlite":
        return None
    if not url.database or url.database == ":memory:":
        raise ToolError(Fault.MISCONFIGURED, "an SQLite database needs a file")
    return folder / url.database


def _engine(url: URL) -> Engine:
    """Return the engine of a database server. Raises ToolError when its driver is not installed."""
    try:
        return create_engine(url, pool_size=2, max_overflow=2, pool_pre_ping=True)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        driver = url.drivername
        raise ToolError(Fault.MISCONFIGURED, f"the Python package for {driver} databases is not installed") from error
    except (DatabaseError, TypeError) as error:
        raise ToolError(Fault.MISCONFIGURED, "`database` is the URL of a database that cannot be used") from error


def _explained(error: Exception) -> str:
    """Return the first line of what the driver says; the text of SQLAlchemy itself has the arguments in it."""
    said = str(error.orig) if isinstance(error, DBAPIError) else ""
    return (
        f"the database says: {said.splitlines()[0][:200]}" if said else f"the database failed ({type(error).__name__})"
    )
