"""Frames and news arrive on the event loop, in order, and none is lost when the loop is busy."""

from __future__ import annotations

import asyncio
import threading

import numpy as np
import pytest

from appliance.audio.echo import NoEcho
from appliance.audio.microphone import StreamMicrophone
from appliance.audio.playout import Playout
from appliance.audio.ports import Frame
from appliance.errors import AudioDeviceError, EngineError
from tests.unit.audio_fakes import RATE, DeafDetector, FakeCard, FakeClock


def make() -> tuple[FakeCard, StreamMicrophone]:
    clock = FakeClock()
    card = FakeCard()
    return card, StreamMicrophone(card, Playout(card, clock), DeafDetector(), NoEcho(RATE), clock)


def exchange(card: FakeCard, blocks: int) -> None:
    for _ in range(blocks):
        card.exchange(np.full(960, 0.1, np.float32), np.zeros(960, np.float32))


async def test_frames_are_delivered_on_the_event_loop() -> None:
    card, microphone = make()
    frames: list[Frame] = []
    threads: set[int] = set()
    done = asyncio.Event()

    def on_frame(frame: Frame) -> None:
        frames.append(frame)
        threads.add(threading.get_ident())
        if len(frames) == 30:
            done.set()

    microphone.start(on_frame)
    exchange(card, 50)
    await asyncio.wait_for(done.wait(), 5.0)
    microphone.stop()
    microphone.stop()
    assert threads == {threading.get_ident()}
    assert [frame.start for frame in frames] == [n * 512 for n in range(len(frames))]
    assert card.on_capture is None


async def test_after_stop_nothing_is_delivered() -> None:
    card, microphone = make()
    frames: list[Frame] = []
    microphone.start(frames.append)
    exchange(card, 50)
    microphone.stop()
    await asyncio.sleep(0)
    assert frames == []


async def test_frames_wait_for_a_busy_loop_and_are_counted() -> None:
    card, microphone = make()
    frames: list[Frame] = []
    caught_up = asyncio.Event()

    def on_frame(frame: Frame) -> None:
        frames.append(frame)
        if len(frames) == 30:
            caught_up.set()

    microphone.start(on_frame)
    exchange(card, 50)
    patience = threading.Event()
    while microphone.backlog < 30:  # holds up the event loop on purpose
        patience.wait(0.001)
    assert frames == []
    await asyncio.wait_for(caught_up.wait(), 5.0)
    assert microphone.backlog <= 1
    microphone.stop()


async def test_without_a_device_the_microphone_does_not_start() -> None:
    card, microphone = make()
    card.missing = True
    with pytest.raises(AudioDeviceError):
        microphone.start(lambda _: None)
    microphone.stop()


async def test_an_error_of_the_detector_is_raised_on_the_event_loop() -> None:
    clock, card, detector = FakeClock(), FakeCard(), DeafDetector()
    detector.error = EngineError("the detector broke")
    microphone = StreamMicrophone(card, Playout(card, clock), detector, NoEcho(RATE), clock)
    raised: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: raised.set_result(context["exception"]))
    microphone.start(lambda _: None)
    exchange(card, 50)
    assert await asyncio.wait_for(raised, 5.0) is detector.error
    microphone.stop()
