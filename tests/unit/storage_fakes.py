"""What the tests of storage and handover share: a clock that is moved by hand, a channel that is scripted."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from appliance.handover.message import DeliveryError, Fact, Handover, TranscriptRef, Urgency

START = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)


class HandClock:
    """Implements `Clock`; who sleeps, sleeps until the test moves the time."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.offset = timedelta(0)
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []
        self._somebody_sleeps = asyncio.Event()

    def now(self) -> float:
        return self.seconds

    def local_time(self, timezone: str) -> datetime:
        return (START + timedelta(seconds=self.seconds) + self.offset).astimezone(ZoneInfo(timezone))

    def cpu_seconds(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.seconds + seconds, woken))
        self._somebody_sleeps.set()
        await woken

    def _asleep(self) -> list[tuple[float, asyncio.Future[None]]]:
        self._sleepers = [(due, woken) for due, woken in self._sleepers if not woken.done()]
        return self._sleepers

    async def all_asleep(self, count: int) -> None:
        """Wait until `count` tasks sleep."""
        while len(self._asleep()) < count:
            self._somebody_sleeps.clear()
            await self._somebody_sleeps.wait()

    def advance(self, seconds: float) -> None:
        self.seconds += seconds
        for due, woken in self._asleep():
            if due <= self.seconds:
                woken.set_result(None)

    async def run(self, seconds: float, *, tasks: int) -> None:
        """Let `seconds` pass, with everything that `tasks` sleeping tasks do meanwhile."""
        end = self.seconds + seconds
        await self.all_asleep(tasks)
        while (due := min(due for due, _ in self._asleep())) <= end:
            self.advance(max(0.0, due - self.seconds))
            await self.all_asleep(tasks)
        self.advance(end - self.seconds)


class ScriptedChannel:
    """Implements `Channel`; `answer` says by summary and time what goes wrong."""

    def __init__(self, answer: Callable[[str], DeliveryError | Exception | None] = lambda _: None) -> None:
        self.answer = answer
        self.attempts: list[tuple[str, str]] = []
        self.delivered: list[str] = []
        self.arrived = asyncio.Event()

    async def deliver(self, message: Handover, key: str) -> None:
        self.attempts.append((message.summary, key))
        problem = self.answer(message.summary)
        if problem is not None:
            raise problem
        self.delivered.append(message.summary)
        self.arrived.set()


def handover(summary: str = "Wants to cancel her appointment.", reason: str = "asked for a human") -> Handover:
    return Handover(
        kind="escalation",
        reason=reason,
        urgency=Urgency.NORMAL,
        summary=summary,
        created_at=START.isoformat(),
        facts={"name": Fact(value="Ada Byron", evidence="my name is Ada Byron")},
        transcript_ref=TranscriptRef(session_id="s1", first_turn=1, last_turn=4),
        tried=("asked for the date",),
        contact="902 555 0142",
    )
