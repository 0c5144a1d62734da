"""The watchdog is fed while everything advances, and only then."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.engines.worker import CancelToken, EngineThread
from appliance.ops.notify import Notifier
from appliance.ops.watchdog import Part, Probe, Supervisor, Watchdog, watchdog_period_s
from appliance.storage.errors import StorageError
from tests.unit.audio_fakes import FakeClock

BOUND_S = 60.0


class Manager:
    """A service manager: what it received."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind(str(path))
        self.address = str(path)

    def received(self) -> list[str]:
        messages = []
        while True:
            try:
                messages.append(self.socket.recv(4096).decode())
            except BlockingIOError:
                return messages


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    listening = Manager(tmp_path / "notify")
    yield listening
    listening.socket.close()


@pytest.fixture
def engine() -> Iterator[EngineThread]:
    thread = EngineThread("llm")
    yield thread
    thread.close()


def watching(manager: Manager, clock: FakeClock, *parts: Part) -> Watchdog:
    return Watchdog(Notifier(manager.address, clock), Supervisor(parts, clock), clock, period_s=30.0)


def part_of(engine: EngineThread) -> Part:
    return Part(name=engine.name, sign=engine.progress, bound_s=BOUND_S)


async def test_an_engine_that_hangs_starves_it_and_is_named(
    manager: Manager, engine: EngineThread, caplog: pytest.LogCaptureFixture
) -> None:
    clock, stuck, released = FakeClock(), threading.Event(), threading.Event()
    watchdog = watching(manager, clock, part_of(engine))

    def hang(_: CancelToken) -> None:
        stuck.set()
        released.wait(30)

    job = asyncio.ensure_future(engine.run(hang))
    await asyncio.to_thread(stuck.wait, 5)
    watchdog.look()
    clock.advance(BOUND_S)
    watchdog.look()
    assert manager.received() == ["WATCHDOG=1", "WATCHDOG=1"]
    clock.advance(1)
    watchdog.look()
    watchdog.look()
    assert manager.received() == ["STATUS=Hung: llm has not advanced for 61 s"]
    assert caplog.text.count("hung: llm has not advanced for 61 s") == 1
    assert caplog.records[-1].__dict__["error_code"] == "hung"
    released.set()
    await job
    watchdog.look()
    assert manager.received() == ["WATCHDOG=1", "STATUS=Listening"]


async def test_a_long_job_that_looks_at_its_token_does_not_hang(manager: Manager, engine: EngineThread) -> None:
    clock, looked, go_on = FakeClock(), threading.Semaphore(0), threading.Semaphore(0)
    watchdog = watching(manager, clock, part_of(engine))

    def write(token: CancelToken) -> None:
        for _ in range(3):
            assert not token.cancelled
            looked.release()
            go_on.acquire(timeout=30)

    job = asyncio.ensure_future(engine.run(write))
    for _ in range(3):
        await asyncio.to_thread(looked.acquire, timeout=5)
        watchdog.look()
        clock.advance(BOUND_S)
        watchdog.look()
        assert manager.received() == ["WATCHDOG=1"] * 2
        go_on.release()
    await job


async def test_jobs_that_wait_behind_one_that_hangs_are_no_progress(manager: Manager, engine: EngineThread) -> None:
    clock, stuck, released = FakeClock(), threading.Event(), threading.Event()
    watchdog = watching(manager, clock, part_of(engine))

    def hang(_: CancelToken) -> None:
        stuck.set()
        released.wait(30)

    jobs = [asyncio.ensure_future(engine.run(hang))]
    await asyncio.to_thread(stuck.wait, 5)
    watchdog.look()
    jobs.append(asyncio.ensure_future(engine.run(hang)))
    await asyncio.sleep(0)
    clock.advance(BOUND_S + 1)
    watchdog.look()
    assert "WATCHDOG=1" not in manager.received()[1:]
    released.set()
    await asyncio.gather(*jobs)


def test_an_idle_engine_does_not_hang(manager: Manager, engine: EngineThread) -> None:
    clock = FakeClock()
    watchdog = watching(manager, clock, part_of(engine))
    for _ in range(3):
        watchdog.look()
        clock.advance(10 * BOUND_S)
    assert manager.received() == ["WATCHDOG=1"] * 3


def test_a_microphone_whose_frames_stop_is_named_beside_others(manager: Manager) -> None:
    clock, frames = FakeClock(), [1]
    microphone = Part(name="microphone", sign=lambda: frames[0], bound_s=30.0)
    watchdog = watching(manager, clock, microphone, Part(name="database", sign=lambda: 7, bound_s=120.0))
    watchdog.look()
    clock.advance(40)
    frames[0] += 1
    watchdog.look()
    assert manager.received() == ["WATCHDOG=1"] * 2
    clock.advance(100)
    watchdog.look()
    assert manager.received() == [
        "STATUS=Hung: microphone has not advanced for 100 s, database has not advanced for 140 s"
    ]


class Sleeper(FakeClock):
    """Falls asleep for good after some naps; `asleep` is set then."""

    def __init__(self, naps: int) -> None:
        super().__init__()
        self.pauses: list[float] = []
        self.asleep = asyncio.Event()
        self._naps = naps

    async def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        if len(self.pauses) > self._naps:
            self.asleep.set()
            await asyncio.Future()


async def test_it_is_fed_three_times_in_a_period(manager: Manager) -> None:
    clock = Sleeper(naps=4)
    running = asyncio.ensure_future(watching(manager, clock).run())
    await clock.asleep.wait()
    assert manager.received() == ["WATCHDOG=1"] * 5
    assert clock.pauses == [10.0] * 5
    running.cancel()


async def test_a_probe_counts_answers_and_explained_errors() -> None:
    clock = Sleeper(naps=2)
    answers = iter([None, StorageError("the database is locked"), None])

    async def ask() -> None:
        if (answer := next(answers)) is not None:
            raise answer

    probe = Probe(ask, clock)
    asking = asyncio.ensure_future(probe.run())
    assert probe.sign() == 0
    await clock.asleep.wait()
    assert probe.sign() == 3
    asking.cancel()


@pytest.mark.parametrize(
    ("environ", "period_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
    ],
)
def test_only_the_process_that_is_watched_feeds_it(environ: dict[str, str], period_s: float | None) -> None:
    assert watchdog_period_s(environ) == period_s
