from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator

import pytest

from appliance.engines.worker import MAILBOX_SIZE, CancelToken, EngineThread


@pytest.fixture
def thread() -> Iterator[EngineThread]:
    engine = EngineThread("test")
    yield engine
    engine.close()


async def test_runs_the_work_on_its_own_thread(thread: EngineThread) -> None:
    assert await thread.run(lambda _: threading.current_thread().name) == "test"


async def test_an_error_reaches_whoever_awaits_and_the_thread_goes_on(thread: EngineThread) -> None:
    def fail(_: CancelToken) -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await thread.run(fail)
    assert await thread.run(lambda _: 1) == 1


async def test_cancelling_the_task_cancels_the_token(thread: EngineThread) -> None:
    started, ended = threading.Event(), threading.Event()

    def work(token: CancelToken) -> None:
        started.set()
        while not token.cancelled:
            threading.Event().wait(0.001)
        ended.set()

    task = asyncio.ensure_future(thread.run(work))
    await asyncio.to_thread(started.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(ended.wait, 5)


async def test_a_job_cancelled_before_it_begins_never_runs(thread: EngineThread) -> None:
    release, ran = threading.Event(), threading.Event()
    first = asyncio.ensure_future(thread.run(lambda _: release.wait(5)))
    second = asyncio.ensure_future(thread.run(lambda _: ran.set()))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    release.set()
    await first
    await thread.run(lambda _: None)
    assert not ran.is_set()


async def test_stream_yields_in_order_and_raises_at_the_end(thread: EngineThread) -> None:
    def numbers(_: CancelToken) -> Iterator[int]:
        yield from range(3)
        raise ValueError("then it broke")

    stream = thread.stream(numbers)
    assert [await anext(stream) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="then it broke"):
        await anext(stream)


async def test_closing_the_stream_stops_the_iterator(thread: EngineThread) -> None:
    stopped = threading.Event()

    def endless(token: CancelToken) -> Iterator[int]:
        while not token.cancelled:
            yield 1
        stopped.set()

    stream = thread.stream(endless)
    assert await anext(stream) == 1
    await stream.aclose()
    assert await asyncio.to_thread(stopped.wait, 5)


async def test_a_full_mailbox_is_an_error_not_a_wait(thread: EngineThread) -> None:
    started, release = threading.Event(), threading.Event()

    def block(_: CancelToken) -> None:
        started.set()
        release.wait(5)

    tasks = [asyncio.ensure_future(thread.run(block))]
    await asyncio.sleep(0)
    await asyncio.to_thread(started.wait, 5)
    tasks += [asyncio.ensure_future(thread.run(lambda _: None)) for _ in range(MAILBOX_SIZE)]
    await asyncio.sleep(0)
    with pytest.raises(queue.Full):
        await thread.run(lambda _: None)
    release.set()
    await asyncio.gather(*tasks)
