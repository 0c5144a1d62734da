"""The conversation that is going on, kept so that it can be continued after a crash, and deleted when it ends."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from appliance.clock import Clock
from appliance.storage.db import Connection, Database
from appliance.storage.errors import StorageError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """A conversation that was cut off: its state as it was saved last, and when (seconds since 1970)."""

    session_id: str
    state: dict[str, Any]
    updated_at: float


class Conversations:
    """Saves behind the conversation's back: `save` returns at once, and of several states only the last is written."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._pending: dict[str, tuple[str, float]] = {}
        self._writer: asyncio.Task[None] | None = None

    def save(self, session_id: str, state: Mapping[str, Any]) -> None:
        """Keep the state of a conversation, soon. A disk that is full is logged and hinders nobody.

        Raises TypeError or ValueError when the state is not JSON.
        """
        text = json.dumps(state, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        self._pending[session_id] = (text, self._clock.local_time("UTC").timestamp())
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write_pending(), name="save conversation")

    async def flush(self) -> None:
        """Wait until what was saved is on disk; call it before the database is closed."""
        if self._writer is not None:
            await asyncio.shield(self._writer)

    async def load_unfinished(self, within_s: float, now: datetime) -> Unfinished | None:
        """Return the conversation that was cut off last, if that was at most `within_s` ago, and delete all others.

        With 0 there is none. Raises StorageError.
        """
        return await self._database.write(partial(_take_unfinished, within_s, now.timestamp()))

    async def clear(self, session_id: str) -> None:
        """Delete a conversation that has ended, also what waits to be saved of it. Raises StorageError."""
        self._pending.pop(session_id, None)
        await self.flush()
        await self._database.write(partial(_delete, session_id))
        await self._database.checkpoint()

    async def _write_pending(self) -> None:
        try:
            while self._pending:
                states, self._pending = self._pending, {}
                await self._write(states)
        finally:
            self._writer = None

    async def _write(self, states: Mapping[str, tuple[str, float]]) -> None:
        try:
            await self._database.write(partial(_upsert, states))
        except StorageError as error:
            log.warning("the conversation could not be saved: %s", error)


def _upsert(states: Mapping[str, tuple[str, float]], connection: Connection) -> None:
    connection.executemany(
        "INSERT INTO conversations (session_id, state, updated_at) VALUES (?, ?, ?)"
        " ON CONFLICT (session_id) DO UPDATE SET state = excluded.state, updated_at = excluded.updated_at",
        [(session_id, text, at) for session_id, (text, at) in states.items()],
    )


def _take_unfinished(within_s: float, now: float, connection: Connection) -> Unfinished | None:
    """A time in the future comes from a clock that was set back: how old it is, is not known."""
    row = connection.execute(
        "SELECT session_id, state, updated_at FROM conversations WHERE abs(? - updated_at) <= ? AND ? > 0"
        " ORDER BY updated_at DESC, rowid DESC LIMIT 1",
        (now, within_s, within_s),
    ).fetchone()
    connection.execute("DELETE FROM conversations WHERE session_id IS NOT ?", (row[0] if row else None,))
    return None if row is None else Unfinished(session_id=row[0], state=json.loads(row[1]), updated_at=row[2])


def _delete(session_id: str, connection: Connection) -> None:
    connection.execute("DELETE FROM conversations WHERE session_id = ?", (session_id,))
