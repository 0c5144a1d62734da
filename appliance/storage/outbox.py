"""What has to leave the appliance, kept until it has: at least once, in order, each with a key that tells repetitions.

Life of an entry: waiting → sending → delivered, or back to waiting after a failure that may pass, or failed after one
that will not. Somebody may drop it. The payload is wiped when it is delivered or dropped.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from appliance.clock import Clock
from appliance.storage.db import Connection, Database

MAX_PAYLOAD_BYTES = 256 * 1024
"""A handover with a long conversation has some ten kilobytes."""
LONGEST_WAIT_S = 3600.0
"""No attempt is put off for longer; one that seems to be was scheduled before the clock was set back."""

_KEY = re.compile(r"[\x21-\x7e]{1,200}")
_COLUMNS = (
    "id, key, kind, channel, state, payload, payload_sha256, attempts, created_at, changed_at, next_attempt_at, error"
)


class State(StrEnum):
    """Where an entry is on its way."""

    WAITING = "waiting"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry. Times are seconds since 1970; `payload` is JSON, None once it is wiped."""

    id: int
    key: str
    kind: str
    channel: str
    state: State
    payload: str | None
    payload_sha256: str
    attempts: int
    created_at: float
    changed_at: float
    next_attempt_at: float
    error: str


def _ignore(_: Entry) -> None:
    pass


class Outbox:
    """The entries, and a bell for each channel that rings when there is something to deliver.

    `on_change` is told of every entry that has changed, on the event loop. All methods raise StorageError.
    """

    def __init__(self, database: Database, clock: Clock, on_change: Callable[[Entry], None] = _ignore) -> None:
        self._database = database
        self._clock = clock
        self._on_change = on_change
        self._bells: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def enqueue(self, kind: str, channel: str, payload: Mapping[str, Any], idempotency_key: str) -> int:
        """Keep a payload for delivery, on disk when this returns, and return its id; a known key adds nothing.

        Raises ValueError for a key or a payload that cannot be sent.
        """
        work = partial(self.enqueue_in, kind=kind, channel=channel, payload=payload, idempotency_key=idempotency_key)
        entry_id = await self._database.write(work)
        await self.announce(entry_id)
        return entry_id

    def enqueue_in(
        self, connection: Connection, *, kind: str, channel: str, payload: Mapping[str, Any], idempotency_key: str
    ) -> int:
        """Do as `enqueue` does as a part of somebody's transaction; `announce` the id once that is committed."""
        if not _KEY.fullmatch(idempotency_key):
            raise ValueError(f"{idempotency_key!r} is no key: expected 1 to 200 visible ASCII characters")
        text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        encoded = text.encode()
        if len(encoded) > MAX_PAYLOAD_BYTES:
            raise ValueError(f"the payload has {len(encoded)} bytes, more than {MAX_PAYLOAD_BYTES}")
        now = self._now()
        connection.execute(
            "INSERT INTO outbox (key, kind, channel, state, payload, payload_sha256, created_at, changed_at,"
            " next_attempt_at) VALUES (?, ?, ?, 'waiting', ?, ?, ?, ?, ?) ON CONFLICT (key) DO NOTHING",
            (idempotency_key, kind, channel, text, hashlib.sha256(encoded).hexdigest(), now, now, now),
        )
        return int(connection.execute("SELECT id FROM outbox WHERE key = ?", (idempotency_key,)).fetchone()[0])

    async def announce(self, entry_id: int) -> None:
        """Let the delivery and `on_change` know of an entry of `enqueue_in`."""
        entry = await self.find(entry_id)
        if entry is not None:
            self.bell(entry.channel).set()
            self._on_change(entry)

    def bell(self, channel: str) -> asyncio.Event:
        """Return the event that is set when an entry for `channel` has come."""
        return self._bells[channel]

    async def recover(self, channels: Collection[str]) -> None:
        """Let entries wait that were being sent when the process ended; set aside what no channel can take."""
        for entry in await self.entries([State.WAITING, State.SENDING]):
            if entry.channel not in channels:
                await self._change(entry, State.FAILED, error=f"there is no channel {entry.channel}")
            elif entry.state is State.SENDING:
                await self._change(entry, State.WAITING)

    async def claim(self, channel: str, behind: int = 0) -> Entry | None:
        """Take the first entry of the channel, as `sending`, if its time has come.

        With `behind` it is the first one after that entry, whenever its time is.
        """
        entry = await self._database.write(partial(_claim, channel, behind, self._now()))
        if entry is not None:
            self._on_change(entry)
        return entry

    async def wait_s(self, channel: str) -> float:
        """Return the seconds until the first entry of the channel may be sent, infinite when there is none."""
        first = await self._database.read(partial(_first_waiting, channel, 0))
        return float("inf") if first is None else _remaining(first.next_attempt_at, self._now())

    async def deliver(self, entry: Entry) -> None:
        """Note that it was delivered, and wipe its payload."""
        await self._change(entry, State.DELIVERED)

    async def postpone(self, entry: Entry, error: str, delay_s: float) -> None:
        """Let it wait for `delay_s`, at most an hour."""
        await self._change(entry, State.WAITING, error=error, delay_s=min(delay_s, LONGEST_WAIT_S))

    async def set_aside(self, entry: Entry, error: str) -> None:
        """Keep it, and do not send it until somebody says so."""
        await self._change(entry, State.FAILED, error=error)

    async def retry(self, entry: Entry) -> bool:
        """Send an entry that waits or was set aside at the next opportunity; False when it is neither."""
        changed = await self._change(entry, State.WAITING, allowed=(State.WAITING, State.FAILED))
        self.bell(entry.channel).set()
        return changed

    async def drop(self, entry: Entry, error: str) -> bool:
        """Give an entry up and wipe its payload; False when it was delivered or dropped already."""
        return await self._change(
            entry, State.DROPPED, error=error, allowed=(State.WAITING, State.SENDING, State.FAILED)
        )

    async def expire(self, keep_keys_s: float) -> None:
        """Forget keys that are done for `keep_keys_s`. What was set aside is deleted by the purge."""
        await self._database.write(partial(_forget, self._now() - keep_keys_s))

    async def wipe(self) -> None:
        """Remove what was wiped from the log of the database as well."""
        await self._database.checkpoint()

    async def find(self, entry_id: int) -> Entry | None:
        """Return an entry by its id."""
        return await self._database.read(partial(_find, entry_id))

    async def entries(self, states: Iterable[State] = State) -> list[Entry]:
        """Return the entries in these states, in the order in which they came."""
        return await self._database.read(partial(_entries, tuple(states)))

    async def _change(
        self,
        entry: Entry,
        state: State,
        *,
        error: str = "",
        delay_s: float = 0.0,
        allowed: Collection[State] | None = None,
    ) -> bool:
        """Change an entry that is in one of the `allowed` states, else in the state in which the caller saw it."""
        change = _Change(entry.id, state, error, self._now(), delay_s)
        changed = await self._database.write(partial(_apply, change, tuple(allowed or (entry.state,))))
        if changed is not None:
            self._on_change(changed)
        return changed is not None

    def _now(self) -> float:
        return self._clock.local_time("UTC").timestamp()


@dataclass(frozen=True, slots=True)
class _Change:
    entry_id: int
    state: State
    error: str
    now: float
    delay_s: float


def _entry(row: tuple[Any, ...]) -> Entry:
    named = dict(zip(_COLUMNS.split(", "), row, strict=True))
    return Entry(**named | {"state": State(named["state"])})


def _find(entry_id: int, connection: Connection) -> Entry | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM outbox WHERE id = ?", (entry_id,)).fetchone()  # noqa: S608
    return None if row is None else _entry(row)


def _entries(states: tuple[State, ...], connection: Connection) -> list[Entry]:
    query = f"SELECT {_COLUMNS} FROM outbox WHERE state IN ({_marks(states)}) ORDER BY id"  # noqa: S608
    return [_entry(row) for row in connection.execute(query, states)]


def _marks(values: Collection[object]) -> str:
    return ", ".join("?" * len(values))


def _first_waiting(channel: str, behind: int, connection: Connection) -> Entry | None:
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM outbox WHERE channel = ? AND state = 'waiting'"  # noqa: S608 - our own columns
        " AND id > ? ORDER BY id LIMIT 1",
        (channel, behind),
    ).fetchone()
    return None if row is None else _entry(row)


def _remaining(next_attempt_at: float, now: float) -> float:
    remaining = next_attempt_at - now
    return max(0.0, remaining) if remaining <= LONGEST_WAIT_S else 0.0


def _claim(channel: str, behind: int, now: float, connection: Connection) -> Entry | None:
    first = _first_waiting(channel, behind, connection)
    if first is None or (not behind and _remaining(first.next_attempt_at, now) > 0):
        return None
    connection.execute(
        "UPDATE outbox SET state = 'sending', attempts = attempts + 1, changed_at = ? WHERE id = ?", (now, first.id)
    )
    return _find(first.id, connection)


def _apply(change: _Change, allowed: tuple[State, ...], connection: Connection) -> Entry | None:
    done = connection.execute(
        "UPDATE outbox SET state = ?, error = ?, changed_at = ?, next_attempt_at = ?,"  # noqa: S608 - only marks
        " payload = CASE WHEN ? THEN NULL ELSE payload END"
        f" WHERE id = ? AND state IN ({_marks(allowed)})",
        (
            change.state,
            change.error,
            change.now,
            change.now + change.delay_s,
            change.state in {State.DELIVERED, State.DROPPED},
            change.entry_id,
            *allowed,
        ),
    )
    return _find(change.entry_id, connection) if done.rowcount else None


def _forget(before: float, connection: Connection) -> None:
    connection.execute("DELETE FROM outbox WHERE state IN ('delivered', 'dropped') AND changed_at < ?", (before,))
