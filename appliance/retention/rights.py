"""Erases what the appliance has of a person, everywhere, and proves it without saying who that was."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from appliance.retention.errors import BlockedError
from appliance.retention.reach import CONSENTS, MESSAGES, OF_THE_PERSON, Extent, holds_on
from appliance.retention.removal import remove
from appliance.retention.search import Found
from appliance.storage.compaction import compact
from appliance.storage.db import Connection, Database

REASON = "erased on request"


class Trail(Protocol):
    """The audit trail, which alone knows how to erase what lies beside its chain."""

    async def erase_details(self, *, reason: str, session_id: str) -> int:
        """Erase the details of a session's records; return how many."""


Announce = Callable[[Mapping[str, Any]], Awaitable[None]]
"""Puts a report into the audit trail, on disk when it returns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What an erasure does or has done."""

    stage: str
    """`planned`, `begun` or `done`."""
    digest: str
    """Of the person; see `Found`."""
    sessions: tuple[str, ...] = ()
    deleted: Mapping[str, int] = field(default_factory=dict)
    """Rows by table; `audit_details` are the words beside the audit trail, `answers` those in receipts of consent."""
    undelivered: int = 0
    """Messages among them that had not reached anybody; nobody will be told now what was in them."""
    recipients: tuple[str, ...] = ()
    """Channels by which messages of these sessions have arrived: who has them may have to be told (Art. 19 GDPR)."""
    held: tuple[str, ...] = ()
    live: tuple[str, ...] = ()
    """Sessions that were left, because of a hold or because they are going on."""
    clean: bool = False
    """Whether the database was rewritten and its log emptied, so that nothing readable is left."""

    def as_json(self) -> dict[str, Any]:
        """Return the report as the audit trail records it: with no personal data."""
        return {
            "stage": self.stage,
            "subject": self.digest,
            "sessions": list(self.sessions),
            "deleted": dict(self.deleted),
            "undelivered": self.undelivered,
            "recipients": list(self.recipients),
            "left_by_hold": list(self.held),
            "left_going_on": list(self.live),
            "clean": self.clean,
        }


async def plan_erasure(database: Database, found: Found, *, partly: bool = False) -> Erasure:
    """Return what an erasure would do now. Raises BlockedError as `Eraser.erase` does, StorageError."""
    held = [each for each in found.sessions if each.holds]
    live = [each for each in found.sessions if each.live and not each.holds]
    if (held or live) and not partly:
        raise _blocked(held, live)
    going = [each for each in found.sessions if not (each.holds or each.live) and each.erasable]
    sessions = tuple(each.session_id for each in going)
    undelivered, recipients = await database.read(partial(_messages, sessions))
    kept = {CONSENTS.name, "audit"}
    names = [name for name in (going[0].counts if going else ()) if name not in kept]
    return Erasure(
        stage="planned",
        digest=found.digest,
        sessions=sessions,
        deleted={name: sum(each.counts[name] for each in going) for name in names},
        undelivered=undelivered,
        recipients=recipients,
        held=tuple(each.session_id for each in held),
        live=tuple(each.session_id for each in live),
    )


class Eraser:
    """Erases sessions from the database and the folder of recordings. All methods raise StorageError."""

    def __init__(self, database: Database, recordings: Path, trail: Trail, announce: Announce) -> None:
        self._database = database
        self._recordings = recordings
        self._trail = trail
        self._announce = announce

    async def erase(self, found: Found, *, partly: bool = False) -> Erasure:
        """Erase what was found; it is announced before the first row goes and after the last.

        Raises BlockedError when a hold covers any of it or a session is going on, unless only the rest is wanted
        (`partly`).
        """
        plan = await plan_erasure(self._database, found, partly=partly)
        await self._announce(Erasure(stage="begun", digest=plan.digest, sessions=plan.sessions).as_json())
        deleted: Counter[str] = Counter()
        for session in plan.sessions:
            deleted += Counter(await self._database.write(partial(_erase, session, self._recordings)))
            deleted["audit_details"] += await self._trail.erase_details(reason=REASON, session_id=session)
        clean = await compact(self._database)
        done = Erasure(
            stage="done",
            digest=plan.digest,
            sessions=plan.sessions,
            deleted={name: deleted[name] for name in plan.deleted},
            undelivered=plan.undelivered,
            recipients=plan.recipients,
            held=plan.held,
            live=plan.live,
            clean=clean,
        )
        await self._announce(done.as_json())
        return done


def _erase(session: str, recordings: Path, connection: Connection) -> dict[str, int]:
    """Delete a session's rows and files; look once more for holds, because one may have been placed just now."""
    if holds := holds_on(connection, session):
        raise BlockedError(f"session {session} has just come under the hold {holds[0].id}", remedy=_RELEASE)
    deleted = {}
    for table in OF_THE_PERSON:
        if table.name == "recordings":
            gone = len(remove(connection, table, "t.session_id = ?", (session,), recordings))
        else:
            statement = f"DELETE FROM {table.name} AS t WHERE {table.session} = ?"  # noqa: S608 - our own names
            gone = connection.execute(statement, (session,)).rowcount
        deleted[table.name] = gone
    answers = "UPDATE consents SET heard = '' WHERE heard <> '' AND session_id = ?"
    deleted["answers"] = connection.execute(answers, (session,)).rowcount
    deleted["subjects"] = connection.execute("DELETE FROM subjects WHERE session_id = ?", (session,)).rowcount
    return deleted


def _messages(sessions: Sequence[str], connection: Connection) -> tuple[int, tuple[str, ...]]:
    """Return how many messages have reached nobody, and the channels by which others have."""
    undelivered, channels = 0, set()
    for session in sessions:
        rows = connection.execute(
            f"SELECT state, channel FROM outbox AS t WHERE {MESSAGES.session} = ?",  # noqa: S608 - our own names
            (session,),
        )
        for state, channel in rows:
            undelivered += state in {"waiting", "sending", "failed"}
            channels |= {channel} if state == "delivered" else set()
    return undelivered, tuple(sorted(channels))


_RELEASE = "`appliance retention hold list` shows the holds; release it, or say --partly to erase the rest."


def _blocked(held: Sequence[Extent], live: Sequence[Extent]) -> BlockedError:
    lines = [
        f"session {each.session_id} is under the legal hold {hold.id} ({hold.reason})"
        for each in held
        for hold in each.holds
    ]
    lines += [f"session {each.session_id} is going on at the moment" for each in live]
    wait = "Wait until the conversation has ended, or let the person say that it shall be forgotten."
    remedy = " ".join(([_RELEASE] if held else []) + ([wait] if live else []))
    return BlockedError("nothing was erased: " + "; ".join(lines), remedy=remedy)
