"""The ledger of calls that change something: none is made twice, and one that was cut off is known to be in doubt."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import Any

from appliance.clock import Clock
from appliance.storage.db import Connection, Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A call that came to its end: `outcome` is the caller's word for how, `result` its JSON."""

    key: str
    tool: str
    outcome: str
    result: Any
    finished_at: float


@dataclass(frozen=True, slots=True)
class Fresh:
    """Nobody has made this call; it is noted as begun, so make it and `finish`."""


@dataclass(frozen=True, slots=True)
class Done:
    """The call was made; do not make it again."""

    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class InDoubt:
    """The call was begun and its end is not known: it may have happened. Do not make it again; ask somebody."""

    key: str
    tool: str
    begun_at: float


class Receipts:
    """Calls by their idempotency key. All methods raise StorageError."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(self, key: str, tool: str, arguments_hash: str) -> Fresh | Done | InDoubt:
        """Note on disk that a call is about to be made, unless it was begun before; say which.

        Raises ValueError when the key belongs to another call.
        """
        return await self._database.write(partial(_begin, key, tool, arguments_hash, self._now()))

    async def finish(self, key: str, outcome: str, result: Any = None) -> None:  # noqa: ANN401 - any JSON value
        """Note how a call ended. Raises KeyError when it was never begun."""
        text = json.dumps(result, ensure_ascii=False, allow_nan=False)
        await self._database.write(partial(_finish, key, outcome, text, self._now()))

    async def release(self, key: str) -> None:
        """Forget a call that was begun and certainly did not happen, so that it can be begun again."""
        await self._database.write(partial(_release, key))

    async def in_doubt(self) -> list[InDoubt]:
        """Return the calls whose end is not known; at start these are the ones that a crash has cut off."""
        return await self._database.read(_in_doubt)

    async def expire(self, max_age_s: float) -> None:
        """Forget the calls that were begun more than `max_age_s` ago."""
        await self._database.write(partial(_expire, self._now() - max_age_s))

    def _now(self) -> float:
        return self._clock.local_time("UTC").timestamp()


def _begin(key: str, tool: str, arguments_hash: str, now: float, connection: Connection) -> Fresh | Done | InDoubt:
    row = connection.execute(
        "SELECT tool, arguments_sha256, begun_at, finished_at, outcome, result FROM receipts WHERE key = ?", (key,)
    ).fetchone()
    if row is None:
        connection.execute(
            "INSERT INTO receipts (key, tool, arguments_sha256, begun_at) VALUES (?, ?, ?, ?)",
            (key, tool, arguments_hash, now),
        )
        return Fresh()
    known_tool, known_hash, begun_at, finished_at, outcome, result = row
    if (known_tool, known_hash) != (tool, arguments_hash):
        raise ValueError(f"the key {key} belongs to another call of {known_tool}")
    if finished_at is None:
        return InDoubt(key=key, tool=tool, begun_at=begun_at)
    receipt = Receipt(key=key, tool=tool, outcome=outcome, result=json.loads(result), finished_at=finished_at)
    return Done(receipt)


def _finish(key: str, outcome: str, result: str, now: float, connection: Connection) -> None:
    done = connection.execute(
        "UPDATE receipts SET outcome = ?, result = ?, finished_at = ? WHERE key = ?", (outcome, result, now, key)
    )
    if not done.rowcount:
        raise KeyError(key)


def _release(key: str, connection: Connection) -> None:
    connection.execute("DELETE FROM receipts WHERE key = ? AND finished_at IS NULL", (key,))


def _in_doubt(connection: Connection) -> list[InDoubt]:
    rows = connection.execute("SELECT key, tool, begun_at FROM receipts WHERE finished_at IS NULL ORDER BY begun_at")
    return [InDoubt(key=key, tool=tool, begun_at=begun_at) for key, tool, begun_at in rows]


def _expire(before: float, connection: Connection) -> None:
    connection.execute("DELETE FROM receipts WHERE begun_at < ?", (before,))
