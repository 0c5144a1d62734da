"""Blocking calls away from the event loop, on threads that the end of the program need not wait for."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def on_thread(function: Callable[[], T], name: str) -> T:
    """Return what `function` returns on a daemon thread of its own.

    One that hangs cannot be stopped: when the caller is cancelled it goes on and its result is dropped.
    `asyncio.to_thread` would have the whole program wait for it at the end.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(set_outcome: Callable[[], None]) -> None:
        if not future.done():
            set_outcome()

    def work() -> None:
        try:
            result = function()
        except BaseException as error:  # noqa: BLE001 - it is raised where the result is awaited
            outcome = _setter(future, error)
        else:
            outcome = lambda: future.set_result(result)  # noqa: E731
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=work, name=name, daemon=True).start()
    return await future


def _setter(future: asyncio.Future[T], error: BaseException) -> Callable[[], None]:
    if isinstance(error, StopIteration):  # a future refuses it
        return lambda: future.set_exception(RuntimeError("StopIteration"))
    return lambda: future.set_exception(error)
