"""What is supervised in a running appliance, from the microphone to the database."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.engines.worker import EngineThread
from appliance.ops.notify import Notifier
from appliance.ops.supervision import supervising
from tests.unit.audio_fakes import FakeClock


@dataclass
class Ears:
    frames: int = 0


class Steps(FakeClock):
    """Sleeps only when it is told to go on."""

    def __init__(self) -> None:
        super().__init__()
        self._sleepers: list[asyncio.Future[None]] = []

    async def sleep(self, seconds: float) -> None:
        assert seconds == 10.0
        sleeper: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append(sleeper)
        await sleeper

    async def go_on(self) -> None:
        """Let 10 s pass, and whoever wakes up fall asleep again or wait for something else."""
        self.advance(10.0)
        sleepers, self._sleepers = self._sleepers, []
        for sleeper in sleepers:
            sleeper.set_result(None)
        for _ in range(5):
            await asyncio.sleep(0)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as listening:
        listening.bind(str(tmp_path / "notify"))
        yield listening


@pytest.fixture
def engine() -> Iterator[EngineThread]:
    thread = EngineThread("stt")
    yield thread
    thread.close()


async def test_a_database_that_never_answers_is_named_and_nothing_else(
    manager: socket.socket, engine: EngineThread
) -> None:
    clock, ears, answering = Steps(), Ears(), asyncio.Event()
    answering.set()
    works = supervising(
        Notifier(manager.getsockname(), clock),
        30.0,
        clock,
        microphone=ears,
        workers=[engine],
        ask_database=answering.wait,
    )
    tasks = [asyncio.ensure_future(work) for work in works]
    told = [""]
    for _ in range(30):
        if told[-1].startswith("STATUS"):
            break
        if clock.time > 130:
            answering.clear()
        ears.frames += 1
        await clock.go_on()
        told.append(manager.recv(4096).decode())
    assert told[-1] == "STATUS=Hung: database has not advanced for 130 s"
    assert set(told[1:-1]) == {"WATCHDOG=1"}
    for task in tasks:
        task.cancel()


def test_without_a_watchdog_nothing_runs(engine: EngineThread) -> None:
    clock = FakeClock()
    notifier = Notifier("", clock)
    asked = asyncio.Event()
    works = supervising(notifier, None, clock, microphone=Ears(), workers=[engine], ask_database=asked.wait)
    assert works == ()
