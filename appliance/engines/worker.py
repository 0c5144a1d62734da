"""One thread per engine: a bounded mailbox, one job in flight, cancelled from the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import Future
from typing import Generic, TypeVar

T = TypeVar("T")

MAILBOX_SIZE = 32
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

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: queue.Queue[_Job[object] | None] = queue.Queue(MAILBOX_SIZE)
        self._taken = 0
        self._token: CancelToken | None = None
        """That of the job at work."""
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    @property
    def name(self) -> str:
        """What the thread is called."""
        return self._name

    def progress(self) -> tuple[int, int] | None:
        """Return what changes while the thread advances, None while it has nothing to do. For any thread.

        That is the number of the job and how often the job has looked at its token.
        """
        token = self._token
        if token is None and self._jobs.empty():
            return None
        return self._taken, 0 if token is None else token.looks

    async def run(self, work: Callable[[CancelToken], T]) -> T:
        """Run `work` on the thread and return what it returns, or raise what it raises.

        Raises queue.Full when 32 jobs are waiting: the caller has lost control of its engine.
        """
        job = _Job(work)
        self._jobs.put_nowait(job)  # type: ignore[arg-type]
        try:
            return await asyncio.wrap_future(job.future)
        except asyncio.CancelledError:
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
        self._jobs.put(None)
        self._thread.join(timeout=10.0)
        if self._thread.is_alive():
            raise RuntimeError(f"engine thread {self._name} did not end")

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            self._taken += 1
            if not job.future.set_running_or_notify_cancel():
                continue
            self._token = job.token
            try:
                result = job.work(job.token)
            except BaseException as error:  # noqa: BLE001 - it belongs to whoever awaits the job
                _settle(job.future, error=error)
            else:
                _settle(job.future, result=result)
            finally:
                self._token = None


def _settle(future: Future[object], *, result: object = None, error: BaseException | None = None) -> None:
    if future.cancelled():
        return
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(result)
