"""Finds the sessions that a request is about: of a person, of a time, or one by its number."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

from appliance.errors import UsageError
from appliance.retention.reach import ALL, CALLS, MESSAGES, Extent, measure
from appliance.retention.subjects import Reader, Subject
from appliance.storage.db import Connection, Database
from appliance.storage.records import sessions_of_subject, subject_digest, subject_key

Texts = Mapping[str, Collection[str]]
"""Sessions by a text that stands in them: answers repeat, and each is searched once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Whose data is meant: sessions for which all that is given holds. Times are seconds since 1970, both inclusive."""

    subject: Subject | None = None
    session_id: str | None = None
    from_at: float | None = None
    until_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The sessions of a request, in the order of their first records, and such that may be another person's."""

    sessions: tuple[Extent, ...]
    possible: tuple[Extent, ...]
    digest: str
    """Of the person, in hex; empty without one. It is the same whenever this appliance is asked for the same person."""


class Search:
    """Searches the database. All methods raise StorageError."""

    def __init__(self, database: Database, reader: Reader) -> None:
        self._database = database
        self._reader = reader

    async def find(self, request: Request, now: float, *, daemon: bool) -> Found:
        """Return what there is; `daemon` tells whether one runs. Raises UsageError for a request that says nothing."""
        _refuse_meaningless(request)
        key = await self._database.write(subject_key)
        within = await self._database.read(partial(_within, request))
        sure, possible = within, set[str]()
        digest = ""
        if (subject := request.subject) is not None:
            digests = {form: subject_digest(key, form) for form in (*subject.sure, *subject.possible)}
            digest = digests[subject.sure[0]].hex()
            speaks = await self._database.read(partial(_of_forms, subject, subject.sure, digests))
            may_speak = await self._database.read(partial(_of_forms, subject, subject.possible, digests))
            in_clear = await self._in_clear(subject, within - speaks)
            sure = within & (speaks if subject.is_part else speaks | in_clear)
            possible = within & (may_speak | in_clear) - sure
        look = partial(_measured, now=now, daemon=daemon)
        return Found(
            sessions=await self._database.read(partial(look, sure)),
            possible=await self._database.read(partial(look, possible)),
            digest=digest,
        )

    async def _in_clear(self, subject: Subject, sessions: set[str]) -> set[str]:
        """Search the texts that were not redacted: messages to people, answers of tools, what was kept without it."""
        texts = await self._database.read(_texts)
        return sessions & await asyncio.to_thread(self._speaking, subject, texts)

    def _speaking(self, subject: Subject, texts: Texts) -> set[str]:
        found = (sessions for text, sessions in texts.items() if self._reader.finds(subject, text))
        return {session for sessions in found for session in sessions}


def _refuse_meaningless(request: Request) -> None:
    if request == Request():
        raise UsageError("nothing says whose data is meant", remedy="Give --subject, --session, or --from and --to.")
    if request.from_at is not None and request.until_at is not None and request.from_at > request.until_at:
        raise UsageError("the time ends before it begins", remedy="Exchange --from and --to.")


def _within(request: Request, connection: Connection) -> set[str]:
    """Return the sessions that have a record in the time and, if one is named, are it."""
    sessions: set[str] = set()
    for table in ALL:
        rows = connection.execute(
            f"SELECT DISTINCT {table.session} FROM {table.name} AS t"  # noqa: S608 - our own names
            f" WHERE (?1 IS NULL OR t.{table.at} >= ?1) AND (?2 IS NULL OR t.{table.at} <= ?2)"
            f" AND (?3 IS NULL OR {table.session} = ?3)",
            (request.from_at, request.until_at, request.session_id),
        )
        sessions.update(row[0] for row in rows)
    return sessions - {"", None}


def _of_forms(
    subject: Subject, forms: Collection[str], digests: Mapping[str, bytes], connection: Connection
) -> set[str]:
    found = (sessions_of_subject(connection, subject.kind.value, digests[form]) for form in forms)
    return {session for sessions in found for session in sessions}


_TEXTS = (
    "SELECT session_id, user_text FROM turns",
    "SELECT session_id, heard_text FROM turns",
    "SELECT session_id, arguments FROM tool_calls",
    "SELECT session_id, evidence FROM tool_calls",
    "SELECT session_id, state FROM conversations",
    "SELECT session_id, heard FROM consents",
    f"SELECT {MESSAGES.session}, payload FROM outbox AS t",  # noqa: S608 - our own names
    f"SELECT {CALLS.session}, result FROM receipts AS t",  # noqa: S608 - our own names
    "SELECT a.session_id, d.value FROM audit_details AS d JOIN audit AS a ON a.seq = d.seq",
)


def _texts(connection: Connection) -> dict[str, set[str]]:
    texts: defaultdict[str, set[str]] = defaultdict(set)
    for statement in _TEXTS:
        for session, text in connection.execute(statement):
            if text:
                texts[text].add(session)
    return texts


def _measured(sessions: Collection[str], connection: Connection, *, now: float, daemon: bool) -> tuple[Extent, ...]:
    extents = [measure(connection, session, now, daemon=daemon) for session in sessions]
    return tuple(sorted(extents, key=lambda extent: (extent.first_at or 0.0, extent.session_id)))
