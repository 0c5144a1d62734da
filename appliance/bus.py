"""Bounded fan-out of events to observers: a slow or failing observer never delays the conversation."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from appliance.events import AnyEvent

log = logging.getLogger(__name__)

BACKLOG = 4096


class Bus:
    """Delivers events in order to each observer, after the code that published them has gone on.

    An observer that raises is logged and stays subscribed. When 4096 events are waiting, the oldest are lost and
    counted.
    """

    def __init__(self) -> None:
        self._observers: list[Callable[[AnyEvent], None]] = []
        self._waiting: list[AnyEvent] = []
        self.lost = 0

    def subscribe(self, observer: Callable[[AnyEvent], None]) -> None:
        """Call `observer` with every event from now on."""
        self._observers.append(observer)

    def publish(self, event: AnyEvent) -> None:
        """Queue an event; called on the event loop."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._deliver)
        if len(self._waiting) >= BACKLOG:
            self.lost += 1
            del self._waiting[0]
        self._waiting.append(event)

    def _deliver(self) -> None:
        events, self._waiting = self._waiting, []
        for event in events:
            for observer in self._observers:
                try:
                    observer(event)
                except Exception:
                    log.exception("an observer failed on %s", type(event).__name__)
