"""Clocks that are wrong, and clocks that hurry."""

from __future__ import annotations

from datetime import datetime, timedelta

from appliance.clock import Clock, SystemClock


class WrongClock:
    """The clock of the machine, whose date somebody sets: what is measured goes on as before."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self.ahead = timedelta()
        """How far the date is ahead of the true one."""

    def now(self) -> float:
        """Return monotonic seconds, which nobody can set."""
        return self._clock.now()

    def local_time(self, timezone: str) -> datetime:
        """Return the wrong date and time."""
        return self._clock.local_time(timezone) + self.ahead

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task."""
        await self._clock.sleep(seconds)

    def cpu_seconds(self) -> float:
        """Return the CPU time of the process."""
        return self._clock.cpu_seconds()


class HurryingClock:
    """A clock on which a day takes about a second."""

    def __init__(self, speed: float = 100_000.0) -> None:
        self._clock = SystemClock()
        self._speed = speed
        self._began = self._clock.now()
        self._began_at = self._clock.local_time("UTC")

    def now(self) -> float:
        """Return hurrying monotonic seconds."""
        return (self._clock.now() - self._began) * self._speed

    def local_time(self, timezone: str) -> datetime:
        """Return the hurrying date and time."""
        at = self._began_at + timedelta(seconds=self.now())
        return at.astimezone(self._clock.local_time(timezone).tzinfo)

    async def sleep(self, seconds: float) -> None:
        """Suspend the calling task for as long as it takes here."""
        await self._clock.sleep(seconds / self._speed)

    def cpu_seconds(self) -> float:
        """Return the CPU time of the process."""
        return self._clock.cpu_seconds()
