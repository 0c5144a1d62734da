"""The audit trail as it is written: records wait in memory for a moment and are committed together, in their order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from appliance.audit import ledger
from appliance.audit.chain import (
    LOST_KIND,
    MICROSECONDS,
    RESERVED,
    Checkpoint,
    NotCanonicalError,
    canonical,
    clean,
    committed,
)
from appliance.audit.keys import Signer
from appliance.audit.ledger import Entry, Erasure
from appliance.clock import Clock
from appliance.storage.db import Connection, Database
from appliance.storage.errors import StorageError

log = logging.getLogger(__name__)

LONGEST_DETAIL = 64 * 1024
"""Characters; a longer detail is committed to and not kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """How often is written and signed.

    Records gather for `gather_s`; at most `batch` of them go into one transaction. After a failure the next attempt
    comes `retry_s` later, while at most `most_waiting` records are kept.
    """

    checkpoint_every_records: int = 100
    checkpoint_every_s: float = 600.0
    gather_s: float = 0.1
    retry_s: float = 5.0
    batch: int = 200
    most_waiting: int = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """Of a transaction; `refused` when it was time to sign, and the trail may not be signed with this key."""

    result: int
    checkpoint: Checkpoint | None = None
    unsigned: bool = False
    refused: bool = False


class AuditTrail:
    """Appends to the trail behind the conversation's back. One event loop uses it; other processes may write too.

    `redact` replaces personal data in details before they are committed to. Without a `signer` nothing is signed.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        redact: Callable[[str], str] | None = None,
        signer: Signer | None = None,
        cadence: Cadence = Cadence(),
    ) -> None:
        self._database = database
        self._clock = clock
        self._redact = redact
        self._signer = signer
        self._cadence = cadence
        self._waiting: deque[Entry | Erasure] = deque()
        self._writing = asyncio.Lock()
        self._writer: asyncio.Task[None] | None = None
        self._timer: asyncio.Task[None] | None = None
        self._lost_unrecorded = 0
        self._failing = self._refusing = False
        self.lost = 0
        """Records that could not be written since the start, because the disk was full for too long."""

    def record(
        self,
        kind: str,
        session_id: str,
        body: Mapping[str, Any],
        details: Mapping[str, str] | None = None,
        *,
        keep: bool = True,
    ) -> None:
        """Append a record soon. Personal data belongs into `details`: only salted hashes of them enter the chain.

        With `keep` False the hashes are all that stays of the details. Raises NotCanonicalError for a body with floats
        or with names that begin with $.
        """
        if any(name.startswith(RESERVED) for name in body):
            raise NotCanonicalError("names that begin with $ are reserved in the audit trail")
        shown = {name: self._redact(value) if self._redact else value for name, value in (details or {}).items()}
        short = {name: value for name, value in shown.items() if keep and len(value) <= LONGEST_DETAIL}
        full, kept = committed(body, short, keep=True)
        full, _ = committed(full, {name: shown[name] for name in shown.keys() - short.keys()}, keep=False)
        entry = Entry(
            at=self._now(), kind=clean(kind), session_id=clean(session_id), body=canonical(full), details=kept
        )
        self._enqueue(entry)

    def forget(self, session_id: str, reason: str) -> None:
        """Erase the details of a session soon, also of what was recorded just now."""
        self._enqueue(Erasure(at=self._now(), reason=reason, session_id=session_id))

    async def erase_details(
        self,
        *,
        reason: str,
        seqs: Sequence[int] = (),
        session_id: str = "",
        before: float | None = None,
    ) -> int:
        """Erase details for good; return how many. The chain still verifies and records that it was done.

        Args:
            reason: Why, in words that hold no personal data.
            seqs: Those of these records.
            session_id: Those of a session.
            before: Those of records older than this moment (seconds since 1970).

        Raises StorageError.
        """
        await self.flush()
        erased = 0
        if session_id:
            erased += await self._erase(Erasure(at=self._now(), reason=reason, session_id=session_id))
        for start in range(0, len(seqs), ledger.PAGE):
            part = seqs[start : start + ledger.PAGE]
            erased += await self._erase(Erasure(at=self._now(), reason=reason, seqs=part))
        if before is not None:
            erased += await self._erase_old(reason, round(before * MICROSECONDS))
        if erased:
            await self._database.checkpoint()
        return erased

    async def prune(self, before: float) -> int:
        """Delete records from the beginning that are older than `before` (seconds since 1970); return how many.

        It ends at a checkpoint, so that what is left still verifies. Without the key in force nothing is deleted.
        Raises StorageError.
        """
        await self.flush()
        if self._signer is None:
            log.warning("the audit trail is not signed here, so nothing of it can be pruned")
            return 0
        public = self._signer.public
        pruned = 0
        limit = min(round(before * MICROSECONDS), self._now())  # never what is recorded by this itself
        while step := await self._write(partial(ledger.prune, public=public, before=limit, now=self._now()), sign=True):
            pruned += step
        if pruned:
            await self._database.checkpoint()
        return pruned

    async def flush(self) -> None:
        """Wait until everything that was recorded is on disk. Raises StorageError; what waits goes on waiting then."""
        await asyncio.shield(self._flush())  # a batch whose writing is cancelled would be written twice

    async def sign(self) -> None:
        """Write what waits and sign the trail now. Raises StorageError."""
        await self.flush()
        await self._write(lambda _: 0, sign=True)

    async def close(self) -> None:
        """Write what waits, sign, and end; call it before the database is closed. A full disk is logged."""
        try:
            await self.sign()
        except StorageError as error:
            self.lost += len(self._waiting)
            log.error("%d audit records were lost at the end: %s", len(self._waiting), error)  # noqa: TRY400 - the disk
        async with self._writing:  # so that neither of them is in the middle of a transaction
            tasks = [task for task in (self._writer, self._timer) if task is not None]
            for task in tasks:
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._writer = self._timer = None

    def _enqueue(self, item: Entry | Erasure) -> None:
        if len(self._waiting) >= self._cadence.most_waiting:
            self.lost += 1
            self._lost_unrecorded += 1
        else:
            self._waiting.append(item)
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write_soon(), name="write audit trail")

    async def _write_soon(self) -> None:
        """End when nothing waits; nothing is awaited between seeing that and saying so."""
        wait_s = self._cadence.gather_s
        try:
            while self._waiting:
                await self._clock.sleep(wait_s)
                wait_s = self._cadence.gather_s if await self._flushed() else self._cadence.retry_s
        finally:
            self._writer = None

    async def _flushed(self) -> bool:
        """Try to write what waits; tell whether it worked."""
        try:
            await self._flush()
        except StorageError as error:
            if not self._failing:
                log.error("the audit trail cannot be written at the moment: %s", error)  # noqa: TRY400 - the disk
            self._failing = True
            return False
        return True

    async def _flush(self) -> None:
        async with self._writing:
            await self._write_waiting()

    async def _write_waiting(self) -> None:
        """Write in batches; a batch stays in the queue until it is on disk."""
        while self._waiting:
            batch = [self._waiting[index] for index in range(min(len(self._waiting), self._cadence.batch))]
            erased = await self._commit(partial(ledger.append, work=batch), sign=False)
            for _ in batch:
                self._waiting.popleft()
            if erased:
                await self._database.checkpoint()
            self._recovered()

    def _recovered(self) -> None:
        if self._failing:
            log.warning("the audit trail is written again")
        self._failing = False
        if self._lost_unrecorded and not self._waiting:
            count, self._lost_unrecorded = self._lost_unrecorded, 0
            self.record(LOST_KIND, "", {"count": count})

    async def _write(self, work: Callable[[Connection], int], *, sign: bool) -> int:
        async with self._writing:
            return await self._commit(work, sign=sign)

    async def _commit(self, work: Callable[[Connection], int], *, sign: bool) -> int:
        """Do some work in one transaction, and sign when it is time to, or when it is asked for."""
        outcome = await self._database.write(partial(self._transact, work, sign))
        if (checkpoint := outcome.checkpoint) is not None:
            log.info("audit checkpoint %d %s by %s", checkpoint.seq, checkpoint.hash.hex(), checkpoint.key_id)
        if outcome.refused and not self._refusing:
            log.error("the audit trail is not signed any more: it names another key; see appliance audit verify")
        self._refusing = outcome.refused
        if outcome.unsigned and self._timer is None:
            self._timer = asyncio.get_running_loop().create_task(self._sign_later(), name="sign audit trail")
        return outcome.result

    def _transact(self, work: Callable[[Connection], int], sign: bool, connection: Connection) -> _Outcome:
        if self._signer is None:
            return _Outcome(result=work(connection))
        if ledger.key_in_force(connection) is None:
            ledger.introduce(connection, self._signer, self._now(), endorsed_by=None)
            sign = True  # so that a trail without any signature is a forged one
        result = work(connection)
        checkpoint = None
        due = sign or ledger.unsigned(connection) >= self._cadence.checkpoint_every_records
        if due:
            checkpoint = ledger.sign(connection, self._signer, self._now())
        unsigned = ledger.unsigned(connection) > 0
        return _Outcome(result=result, checkpoint=checkpoint, unsigned=unsigned, refused=due and unsigned)

    async def _sign_later(self) -> None:
        try:
            await self._clock.sleep(self._cadence.checkpoint_every_s)
            with contextlib.suppress(StorageError):  # the next record tries again
                await self._write(lambda _: 0, sign=True)
        finally:
            self._timer = None

    async def _erase(self, erasure: Erasure) -> int:
        return await self._write(partial(ledger.append, work=[erasure]), sign=False)

    async def _erase_old(self, reason: str, before: int) -> int:
        erased, after = 0, 0
        while True:
            old, next_after = await self._database.read(partial(ledger.old_details, after=after, before=before))
            if old:
                erased += await self._erase(Erasure(at=self._now(), reason=reason, seqs=old))
            if next_after is None:
                return erased
            after = next_after

    def _now(self) -> int:
        return round(self._clock.local_time("UTC").timestamp() * MICROSECONDS)
