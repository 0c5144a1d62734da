"""A whole appliance to break: real models, a virtual sound card, a database on a small disk of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from appliance.audio.card import PLAYOUT, Failure, OnCapture, OnPlayout
from appliance.audio.filecard import FileCard
from appliance.audio.ports import LISTENING_RATE, Samples
from appliance.dialogue.journal import Journal
from appliance.dialogue.session import Session
from appliance.errors import AudioDeviceError
from appliance.ops.faults.clocks import WrongClock
from appliance.ops.faults.fault import NotHeldError, require
from appliance.ops.health import Finding, Health, Part, State
from appliance.ops.records import TurnLog, TurnRecord, summarise
from appliance.ops.visit import Recording, Visit
from appliance.ops.visitor import VISIT, Turn, say
from appliance.storage.db import Database

POLL_S = 0.05
LATE_S = 60.0
QUESTION = VISIT[0]
"""When do you open on Saturday?"""


class BreakableCard(FileCard):
    """A virtual sound card that can be unplugged."""

    broken = False
    """Whether the devices are away."""

    def floor(self, level: float) -> None:
        """Set the noise of the microphone; 0 is digital silence."""
        self._floor = np.float32(level)

    def failure(self) -> Failure | None:
        """Tell as a driver does."""
        return Failure(PLAYOUT, "unplugged") if self.broken else None

    def start(self, on_capture: OnCapture, on_playout: OnPlayout) -> None:
        """Open it. Raises AudioDeviceError while it is unplugged."""
        if self.broken:
            raise AudioDeviceError("there is no loudspeaker", remedy="Plug it in.")
        super().start(on_capture, on_playout)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """The appliance, and what can be done to it."""

    card: BreakableCard
    clock: WrongClock
    database: Database
    session: Callable[[], Session]
    journal: Journal
    health: Health
    log: TurnLog
    models: Path
    """A folder with the models in use, whose files may be deleted."""

    async def ask(self, sound: Samples | None = None) -> TurnRecord:
        """Let a person ask the question, or make another sound, and return what came of it."""
        pcm = asked() if sound is None else sound
        recording = Recording(file="question", pcm=pcm, first_voiced=0, last_voiced=len(pcm) - 1)
        first = self.journal.turn_id + 1
        visit = Visit(self.session(), self.journal, self.card, self.clock, self.log)
        async for record in visit.turns([recording]):
            if record.answered:
                return record
        with suppress(NotHeldError):  # a machine with other things to do answers late
            await self.until(lambda: self.session().idle, LATE_S)
        return summarise(1, self.log.of(range(first, self.journal.turn_id + 1)))

    async def answered(self) -> str:
        """Make sure that the question is answered rightly, and return the answer."""
        record = await self.ask()
        require(record.answered and "nine" in record.heard.lower(), record.as_json())
        return record.heard

    async def becomes(self, part: Part, *states: State, within_s: float = 30.0) -> Finding:
        """Wait until the health of a part is one of the states."""
        return await self.until(lambda: self._finding(part, states), within_s)

    async def until(self, found: Callable[[], object], within_s: float = 15.0) -> Finding:
        """Wait until something is there, and return it."""
        deadline = self.clock.now() + within_s
        while not (result := found()):
            require(self.clock.now() < deadline, "nothing for", within_s, "s;", self.health.parts)
            await self.clock.sleep(POLL_S)
        return result  # type: ignore[return-value]

    async def count(self, table: str) -> int:
        """Return how many records there are."""
        statement = f"SELECT count(*) FROM {table}"  # noqa: S608 - our own names
        return int(await self.database.read(lambda connection: connection.execute(statement).fetchone()[0]))

    def _finding(self, part: Part, states: tuple[State, ...]) -> Finding | None:
        known = next((each for each in self.health.parts if each.part is part and each.state in states), None)
        return None if known is None else Finding(state=known.state, detail=known.detail)


def asked(turn: Turn = QUESTION) -> Samples:
    """Return a question as sound at 16 kHz."""
    return say(turn)


def seconds_of(level: float, seconds: float = 3.0) -> Samples:
    """Return a sound that stands still, 16 kHz."""
    return np.full(round(seconds * LISTENING_RATE), level, np.float32)
