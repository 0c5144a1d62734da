"""Time as a dependency: the only module that imports `time`."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """What the conversation knows of time."""

    def now(self) -> float:
        """Return monotonic seconds; only differences mean anything."""

    def local_time(self, timezone: str) -> datetime:
        """Return the wall-clock time in an IANA `timezone`, for what is told to people."""

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task for `seconds`."""

    def cpu_seconds(self) -> float:
        """Return the CPU time this process has used, all threads together."""


class SystemClock:
    """The clock of the machine."""

    def now(self) -> float:
        """Return `time.monotonic()`, which is also the clock of the asyncio event loop."""
        return time.monotonic()

    def local_time(self, timezone: str) -> datetime:
        """Return the current wall-clock time in `timezone`."""
        return datetime.now(ZoneInfo(timezone))

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task for `seconds` of real time."""
        await asyncio.sleep(seconds)

    def cpu_seconds(self) -> float:
        """Return `time.process_time()`."""
        return time.process_time()


def block_thread(seconds: float) -> None:
    """Sleep in a worker thread; never called on the event loop."""
    time.sleep(seconds)
