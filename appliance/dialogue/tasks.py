"""Background work that is neither forgotten nor silent when it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine


class TaskSet:
    """Keeps a reference to each task, reports its error, and cancels all of them at the end."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[object, object, None], on_error: Callable[[Exception], None]) -> asyncio.Task[None]:
        """Run `work`; if it raises, `on_error` is called with what it raised."""

        async def guarded() -> None:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - whatever it is, the conversation goes on
                on_error(error)

        task = asyncio.ensure_future(guarded())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: work.close())  # it never began when it was cancelled at once
        return task

    def adopt(self, task: asyncio.Task[None] | None) -> None:
        """See a cancelled or failed task to its end; its error was reported before or no longer matters."""
        if task is not None and not task.done():
            self._tasks.add(task)
            task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()

    async def close(self) -> None:
        """Cancel everything that still runs and wait for it."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
