"""What the watchdog looks at in a running appliance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import Protocol

from appliance.clock import Clock
from appliance.engines.worker import EngineThread
from appliance.ops.notify import Notifier
from appliance.ops.watchdog import (
    DATABASE_BOUND_S,
    ENGINE_BOUND_S,
    MICROPHONE_BOUND_S,
    Part,
    Probe,
    Supervisor,
    Watchdog,
)

Work = Coroutine[object, object, None]


class Listening(Protocol):
    """A microphone."""

    @property
    def frames(self) -> int:
        """How many frames there were."""


def supervising(
    notifier: Notifier,
    period_s: float | None,
    clock: Clock,
    *,
    microphone: Listening,
    workers: Iterable[EngineThread],
    ask_database: Callable[[], Awaitable[object]],
) -> tuple[Work, ...]:
    """Return what has to run beside the conversation so that a hang is noticed.

    That is nothing when no service manager waits for signs of life (`period_s` of `watchdog_period_s` is None).
    """
    if period_s is None:
        return ()
    database = Probe(ask_database, clock)
    parts = [
        Part(name="microphone", sign=lambda: microphone.frames, bound_s=MICROPHONE_BOUND_S),
        Part(name="database", sign=database.sign, bound_s=DATABASE_BOUND_S),
        *(Part(name=worker.name, sign=worker.progress, bound_s=ENGINE_BOUND_S) for worker in workers),
    ]
    return Watchdog(notifier, Supervisor(parts, clock), clock, period_s).run(), database.run()
