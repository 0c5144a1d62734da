"""One thread per engine: a bounded mailbox, one job in flight, cancelled from the event loop.

Native code that hangs cannot be ended. Its thread is left to itself, whoever waits is told, and another thread goes on
with the jobs that wait. That is done for one thread at a time: a second one that hangs is left to the watchdog.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future, InvalidStateError
from typing import Generic, TypeVar

from appliance.errors import EngineError

T = TypeVar("T")

log = logging.getLogger(__name__)

MAILBOX_SIZE = 32
LOOK_S = 20.0
"""An engine hangs when it has not advanced from one look to the next but one: so that a machine that was suspended does
not look like it. The longest step known is 28 s of speech in a large model on two cores; the watchdog waits 60 s."""
_END = object()


class CancelToken:
    """A one-way switch that a job looks at between two steps of its work."""

    __slots__ = ("_looks", "_set")

    def __init__(self) -> None:
        self._set = False
        self._looks = 0

    def cancel(self) -> None:
        """Ask the job to stop; it cannot be taken back."""
        self._set = True

    @property
    def cancelled(self) -> bool:
        """Whether the job has been asked to stop."""
        self._looks += 1
        return self._set

    @property
    def looks(self) -> int:
        """How often the job has looked: it goes on growing while the job advances."""
        return self._looks


class _Job(Generic[T]):
    def __init__(self, work: Callable[[CancelToken], T]) -> None:
        self.work = work
        self.token = CancelToken()
        self.future: Future[T] = Future()


class EngineThread:
    """Runs the jobs of one engine in the order in which they came.

    A job takes a `CancelToken`. Cancelling the task that awaits the job cancels the token: a job that has not begun is
    skipped, one that runs ends at its next look at the token.
    """

    def __init__(self, name: str, *, look_s: float = LOOK_S) -> None:
        self._name = name
        self._look_s = look_s
        self._hand: _Hand = _Hand(name)
        self._left: _Hand | None = None
        """The one that hung last."""

    @property
    def name(self) -> str:
        """What the thread is called."""
        return self._name

    def progress(self) -> tuple[int, int] | None:
        """Return what changes while the thread advances, None while it has nothing to do. For any thread.

        That is the number of the job and how often the job has looked at its token.
        """
        return self._hand.progress()

    async def run(self, work: Callable[[CancelToken], T]) -> T:
        """Run `work` on the thread and return what it returns, or raise what it raises.

        Raises queue.Full when 32 jobs are waiting: the caller has lost control of its engine. Raises EngineError when
        the engine hangs.
        """
        job = _Job(work)
        self._hand.jobs.put_nowait(job)  # type: ignore[arg-type]
        result = asyncio.wrap_future(job.future)
        try:
            await self._watch(result)
            return await result
        except asyncio.CancelledError:
            result.cancel()
            job.token.cancel()
            raise

    async def stream(self, work: Callable[[CancelToken], Iterator[T]]) -> AsyncGenerator[T]:
        """Yield what the iterator that `work` returns yields. Closing this generator stops the iterator."""
        loop = asyncio.get_running_loop()
        items: asyncio.Queue[object] = asyncio.Queue()

        def pump(token: CancelToken) -> None:
            try:
                for item in work(token):
                    loop.call_soon_threadsafe(items.put_nowait, item)
            finally:
                with contextlib.suppress(RuntimeError):  # the loop was closed while the job ran
                    loop.call_soon_threadsafe(items.put_nowait, _END)

        job = asyncio.ensure_future(self.run(pump))
        try:
            while (item := await items.get()) is not _END:
                yield item  # type: ignore[misc]
            await job
        finally:
            if not job.done():
                job.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await job

    def close(self) -> None:
        """End the thread after the jobs that are waiting. Raises RuntimeError when it does not end in 10 s."""
        self._hand.jobs.put(None)
        self._hand.thread.join(timeout=10.0)
        if self._hand.thread.is_alive():
            raise RuntimeError(f"engine thread {self._name} did not end")

    async def _watch(self, result: asyncio.Future[T]) -> None:
        """Return when the result is there, or nobody will give it any more."""
        last = stood = None
        while not (await asyncio.wait({result}, timeout=self._look_s))[0]:
            sign = self._hand.progress()
            if sign is not None and sign == last == stood:
                self._leave()
            stood, last = last, sign

    def _leave(self) -> None:
        """Leave the thread to itself, and let another one do what waits."""
        if self._left is not None and self._left.thread.is_alive():
            return
        seconds = 2 * self._look_s
        log.error("%s hangs: it has not advanced for %.0f s and is left", self._name, seconds, extra=_CODE)
        self._left, self._hand = self._hand, _Hand(self._name, taken=self._hand.taken + 1)
        words = f"{self._name} has not answered for {seconds:.0f} s"
        self._left.hand_over(self._hand, EngineError(words, remedy="The log has the rest."))


_CODE = {"error_code": EngineError.code}


class _Hand:
    """A thread that takes one job after the other."""

    def __init__(self, name: str, taken: int = 0) -> None:
        self.jobs: queue.Queue[_Job[object] | None] = queue.Queue(MAILBOX_SIZE)
        self.taken = taken
        self._job: _Job[object] | None = None
        """The one at work."""
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def progress(self) -> tuple[int, int] | None:
        job = self._job
        if job is None and self.jobs.empty():
            return None
        return self.taken, 0 if job is None else job.token.looks

    def hand_over(self, other: _Hand, error: Exception) -> None:
        """Give the jobs that wait to another, let the one at work fail, and end after it."""
        with contextlib.suppress(queue.Empty):
            while True:
                other.jobs.put_nowait(self.jobs.get_nowait())
        self.jobs.put_nowait(None)
        if (job := self._job) is not None:
            job.token.cancel()
            _settle(job.future, error=error)

    def _run(self) -> None:
        while (job := self.jobs.get()) is not None:
            self.taken += 1
            if not job.future.set_running_or_notify_cancel():
                continue
            self._job = job
            try:
                result = job.work(job.token)
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever awaits the job
                _settle(job.future, error=error)
            else:
                _settle(job.future, result=result)
            finally:
                self._job = None


def _settle(future: Future[object], *, result: object = None, error: BaseException | None = None) -> None:
    with contextlib.suppress(InvalidStateError):  # it was cancelled, or given up because the thread hung
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)
