"""Feeds the watchdog of systemd as long as every part of the appliance really advances.

Each part shows a sign of life that changes while it works. A part whose sign stays the same for longer than it may is
hung: then the watchdog is not fed, and systemd ends the process and starts it again (WatchdogSec= of the service). That
the event loop advances is shown by the feeding itself, which is a task on it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from appliance.clock import Clock
from appliance.errors import ApplianceError
from appliance.ops.notify import Notifier

log = logging.getLogger(__name__)

TIMES_PER_PERIOD = 3
"""How often it is fed in the time that systemd waits; half of it is what sd_watchdog_enabled(3) advises at most."""
MICROPHONE_BOUND_S = 30.0
"""Frames follow each other without a gap, silent ones while a device is lost. Opening a device can take long."""
ENGINE_BOUND_S = 60.0
"""Between two signs of an engine at work: one chunk of the prompt, 28 s of speech or one clause of the voice."""
DATABASE_BOUND_S = 120.0
"""A statement may wait 5 s for another process, and a slow disk for much longer."""
PROBE_PAUSE_S = 10.0

Sign = Callable[[], object]
"""Returns what changes while the part advances, None while it has nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is supervised."""

    name: str
    sign: Sign
    bound_s: float
    """So long its sign may stay the same."""


class Probe:
    """Asks a part that shows no sign by itself, again and again. An answer is a sign, an explained error too."""

    def __init__(self, ask: Callable[[], Awaitable[object]], clock: Clock) -> None:
        self._ask = ask
        self._clock = clock
        self._answers = 0

    def sign(self) -> int:
        """Return how many answers have come."""
        return self._answers

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            try:
                await self._ask()
            except ApplianceError as error:
                log.debug("a probe was answered with an error: %s", error)
            self._answers += 1
            await self._clock.sleep(PROBE_PAUSE_S)


class Supervisor:
    """Tells which parts hang, from one look to the next."""

    def __init__(self, parts: Sequence[Part], clock: Clock) -> None:
        self._parts = parts
        self._clock = clock
        self._seen: dict[str, tuple[object, float]] = {}

    def hung(self) -> dict[str, float]:
        """Look at every part and return for how many seconds those that hang have not advanced."""
        now = self._clock.now()
        still = {part.name: now - self._since(part, now) for part in self._parts}
        return {part.name: still[part.name] for part in self._parts if still[part.name] > part.bound_s}

    def _since(self, part: Part, now: float) -> float:
        """Return since when the sign has been what it is; a part with nothing to do has just changed."""
        sign = part.sign()
        seen = self._seen.get(part.name)
        if sign is None or seen is None or seen[0] != sign:
            self._seen[part.name] = (sign, now)
            return now
        return seen[1]


class Watchdog:
    """Feeds the watchdog while nothing hangs, and says what does."""

    def __init__(self, notifier: Notifier, supervisor: Supervisor, clock: Clock, period_s: float) -> None:
        """Feed so that no more than `period_s` pass; see `watchdog_period_s`."""
        self._notifier = notifier
        self._supervisor = supervisor
        self._clock = clock
        self._pause_s = period_s / TIMES_PER_PERIOD
        self._hung: tuple[str, ...] = ()

    async def run(self) -> None:
        """Feed it until cancelled. Runs on the event loop, and so does not run when that hangs."""
        while True:
            self.look()
            await self._clock.sleep(self._pause_s)

    def look(self) -> None:
        """Feed it once, unless something hangs."""
        hung = self._supervisor.hung()
        if not hung:
            self._notifier.alive()
        if tuple(hung) == self._hung:
            return
        self._hung = tuple(hung)
        if hung:
            words = ", ".join(f"{name} has not advanced for {seconds:.0f} s" for name, seconds in hung.items())
            log.error("hung: %s; the service will be restarted", words, extra={"error_code": "hung"})
            self._notifier.status(f"Hung: {words}")
        else:
            log.warning("nothing hangs any more")
            self._notifier.status("Listening")


def watchdog_period_s(environ: Mapping[str, str] = os.environ, pid: int | None = None) -> float | None:
    """Return how many seconds the service manager waits for a sign of life, None when it does not.

    As sd_watchdog_enabled(3) has it: `$WATCHDOG_USEC`, unless `$WATCHDOG_PID` names another process.
    """
    period, owner = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if owner and owner != str(os.getpid() if pid is None else pid):
        return None
    if not (period.isascii() and period.isdigit() and int(period)):
        if period:
            log.warning("WATCHDOG_USEC=%r is no number of microseconds; the watchdog is not fed", period)
        return None
    return int(period) / 1_000_000
