"""Publishes what happens, with the session, turn and epoch it belongs to."""

from __future__ import annotations

import uuid

from appliance.bus import Bus
from appliance.clock import Clock
from appliance.errors import ApplianceError
from appliance.events import AnyEvent, EngineFailed, StateChanged


class Journal:
    """Numbers the turns of a session and stamps its events."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self.epoch = 0
        self.turn_id = self._earlier_turns = 0
        self.begin_session()

    @property
    def turns(self) -> int:
        """Turns since the start, over all sessions."""
        return self._earlier_turns + self.turn_id

    def begin_session(self) -> None:
        """Start to count turns from 0 under a new session id."""
        self._earlier_turns += self.turn_id
        self.session_id = uuid.uuid4().hex[:12]
        self.turn_id = 0
        self._state = ""

    def emit(self, kind: type[AnyEvent], /, **fields: object) -> None:
        """Publish an event of `kind`; `t` is now unless it is among the fields."""
        stamp = {"session_id": self.session_id, "turn_id": self.turn_id, "epoch": self.epoch, "t": self._clock.now()}
        self._bus.publish(kind(**{**stamp, **fields}))  # type: ignore[arg-type]

    def enter(self, state: str) -> None:
        """Publish a change of state, if it is one."""
        if state != self._state:
            self._state = state
            self.emit(StateChanged, state=state)

    def report(self, error: BaseException) -> None:
        """Publish an engine's failure."""
        cause = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error
        code = cause.code if isinstance(cause, ApplianceError) else "internal"
        self.emit(EngineFailed, engine=type(cause).__name__, code=code, detail=str(cause))
