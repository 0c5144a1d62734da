"""Virtual time: an event loop whose clock jumps to the next timer as soon as nothing else is to be done."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from blockbuster import blockbuster_ctx

T = TypeVar("T")

UTC = ZoneInfo("UTC")
"""Read from disk once, before a loop runs; ZoneInfo keeps it. Otherwise checking the configuration does this."""


class NothingScheduledError(RuntimeError):
    """The conversation waits for something that will never happen."""


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: it advances the virtual time by what the loop was ready to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise NothingScheduledError
        self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


class VirtualClock:
    """Implements `Clock` on the virtual loop."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def local_time(self, timezone: str) -> datetime:
        return datetime(2026, 3, 2, 10, 5, tzinfo=ZoneInfo(timezone))

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def cpu_seconds(self) -> float:
        return self.now()


def run_virtually(scene: Coroutine[object, object, T]) -> T:
    """Run a scene to its end; a task that it leaves behind is an error, and so is a call that blocks the loop."""

    async def checked() -> T:
        result = await scene
        leaked = asyncio.all_tasks() - {asyncio.current_task()}
        assert not leaked, f"leaked tasks: {leaked}"
        return result

    with blockbuster_ctx("appliance"), asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(checked())
