"""Where the archive puts records: redacts them, writes them, and takes them away again."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from functools import partial
from pathlib import Path

from appliance.config.retention import RetentionConfig
from appliance.retention.erasure import Erased, erase_session
from appliance.retention.redacting import Cleanable, Raw, Redaction
from appliance.storage import records
from appliance.storage.db import Connection, Database
from appliance.storage.records import Consent, Metrics, Session, ToolCall, Turn

log = logging.getLogger(__name__)

Forget = Callable[[str], Awaitable[object]]


def _nobody(_: Erased) -> None:
    pass


class Shelf:
    """Writes what `retention` says is kept. Redaction runs on threads of its own. All methods raise StorageError.

    `forget_also` are others that keep something of a session, such as `Conversations.clear`. `on_erased` is told what
    became of a withdrawal, for the audit trail.
    """

    def __init__(
        self,
        database: Database,
        retention: RetentionConfig,
        recordings: Path,
        forget_also: Sequence[Forget] = (),
        on_erased: Callable[[Erased], None] = _nobody,
    ) -> None:
        self._database = database
        self._recordings = recordings
        self._forget_also = tuple(forget_also)
        self._on_erased = on_erased
        self._kept: Mapping[type[Cleanable], bool] = {
            Turn: retention.transcript.keep,
            ToolCall: retention.tool_arguments.keep,
            Metrics: retention.metrics.keep,
        }
        self._people = retention.transcript.keep or retention.tool_arguments.keep or retention.audio.keep

    async def put(self, session: Session | None, redaction: Redaction, raw: Raw) -> None:
        """Write a record without personal data, if its class is kept; without a `session` only the record itself."""
        record = await asyncio.to_thread(redaction.prepare, raw)
        kept = record if self._kept.get(type(record)) else None
        await self._database.write(partial(_write, session, kept, self._subjects(session, redaction)))
        if redaction.outdated and session is not None:
            await self._clean_again(session, redaction)

    async def put_receipt(self, receipt: Consent, redaction: Redaction) -> None:
        """Write the receipt of a decision."""
        cleaned = await asyncio.to_thread(redaction.clean, receipt)
        await self._database.write(lambda connection: records.add(connection, cleaned))

    async def end(self, session: Session) -> None:
        """Note that a session has ended."""
        await self._database.write(lambda connection: records.put_session(connection, session))

    async def last_decision(self, session_id: str) -> str:
        """Return what was decided last about a session, empty when nothing was."""
        receipts = await self._database.read(lambda connection: records.of_session(connection, Consent, session_id))
        return [receipt.decision for receipt in receipts.values()][-1] if receipts else ""

    async def erase(self, session_id: str) -> Erased:
        """Delete what a session has stored, here and elsewhere, and leave nothing readable."""
        for forget in self._forget_also:
            await forget(session_id)
        erased = await erase_session(self._database, self._recordings, session_id)
        if any(erased.held.values()):
            log.warning("a legal hold keeps records of session %s that were to be forgotten", session_id)
        if erased.unsent:
            log.warning("%d messages of session %s still wait to be sent", erased.unsent, session_id)
        self._on_erased(erased)
        return erased

    def _subjects(self, session: Session | None, redaction: Redaction) -> Collection[tuple[str, str]]:
        return redaction.found() if self._people and session is not None else ()

    async def _clean_again(self, session: Session, redaction: Redaction) -> None:
        """Take names out of what was written before they were known."""
        for kind in (Turn, ToolCall):
            written = await self._database.read(partial(_of_session, kind, session.session_id))
            changed = await asyncio.to_thread(redaction.changed, written)
            if changed:
                subjects = self._subjects(session, redaction)
                await self._database.write(partial(_rewrite, session.session_id, changed, subjects))
                await self._database.checkpoint()
        redaction.outdated = False


def _write(
    session: Session | None,
    record: Cleanable | None,
    subjects: Collection[tuple[str, str]],
    connection: Connection,
) -> None:
    if session is not None:
        records.put_session(connection, session)
    if record is not None:
        records.add(connection, record)
    if session is not None and subjects:
        records.add_subjects(connection, session.session_id, subjects)


def _of_session(kind: type[Turn | ToolCall], session_id: str, connection: Connection) -> Mapping[int, Turn | ToolCall]:
    return records.of_session(connection, kind, session_id)


def _rewrite(
    session_id: str,
    changed: Mapping[int, Cleanable],
    subjects: Collection[tuple[str, str]],
    connection: Connection,
) -> None:
    for record_id, record in changed.items():
        records.replace(connection, record_id, record)
    records.add_subjects(connection, session_id, subjects)
