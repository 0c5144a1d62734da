"""Does work on the database behind the conversation's back: in order, and again until it succeeds."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from appliance.clock import Clock
from appliance.storage.errors import StorageError

log = logging.getLogger(__name__)

MOST_WAITING = 1000
"""Jobs that wait while the disk is full; a turn is two or three of them, of some kilobytes each."""
RETRY_S = 10.0


def _ignore() -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Job:
    """Work that is repeated after a StorageError. A job that `may_be_lost` gives way when too many wait."""

    session_id: str
    work: Callable[[], Awaitable[None]]
    may_be_lost: bool
    gone: Callable[[], None] = _ignore
    """Called once the job was done, lost or discarded."""


class Writer:
    """One task that takes the jobs one after the other; `put` returns at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._jobs: deque[Job] = deque()
        self._task: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()
        self.lost = 0
        """Jobs that were given up, because the disk was full for too long or work failed in an unknown way."""
        self.failing = False
        """Whether the last attempt to write has failed."""

    def put(self, job: Job) -> None:
        """Do a job soon. Called on the event loop."""
        if len(self._jobs) >= MOST_WAITING and (
            oldest := next((each for each in self._jobs if each.may_be_lost), None)
        ):
            self._jobs.remove(oldest)
            self._lose(oldest)
        self._jobs.append(job)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._work(), name="write records")

    def discard(self, session_id: str) -> None:
        """Forget what waits to be written of a session. What is being written goes on, and a job put now follows it."""
        discarded = [job for job in self._jobs if job.session_id == session_id and job.may_be_lost]
        for job in discarded:
            self._jobs.remove(job)
            job.gone()

    async def flush(self) -> None:
        """Wait until the jobs are done; one that fails now is tried once more and then given up."""
        self._hurry.set()
        if self._task is not None:
            await asyncio.shield(self._task)
        self._hurry.clear()

    async def _work(self) -> None:
        try:
            while self._jobs:
                job = self._jobs.popleft()
                if not await self._done(job):
                    self._jobs.appendleft(job)
                    await self._pause()
        finally:
            self._task = None

    async def _done(self, job: Job) -> bool:
        """Try a job; tell whether it needs no other attempt."""
        last = self._hurry.is_set()
        try:
            await job.work()
        except StorageError as error:
            if not self.failing:
                log.warning("what is kept of conversations cannot be written at the moment: %s", error)
            self.failing = True
            if last:
                self._lose(job)
            return last
        except Exception:
            log.exception("a record of a conversation could not be written")
            self._lose(job)
            return True
        job.gone()
        if self.failing:
            log.warning("what is kept of conversations is written again; %d records were lost", self.lost)
        self.failing = False
        return True

    async def _pause(self) -> None:
        waiting = [asyncio.ensure_future(self._hurry.wait()), asyncio.ensure_future(self._clock.sleep(RETRY_S))]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    def _lose(self, job: Job) -> None:
        if not self.lost:
            log.error("records of conversations are being lost")
        self.lost += 1
        job.gone()
