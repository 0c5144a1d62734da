"""Engines that fail are built anew, on the processor when it was the graphics card, and one that hangs is replaced."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator

import pytest
from prometheus_client import CollectorRegistry

from appliance.config.models import Device
from appliance.engines.renewal import GRAPHICS_CARD, PROCESSOR, Renewed, Way, comes_from_the_card, ways
from appliance.engines.worker import CancelToken, EngineThread
from appliance.errors import EngineError, ModelError
from appliance.ops.gauges import Gauges
from appliance.ops.health import State
from appliance.ops.probes import GpuProbe

CUDA_TEXTS = (
    "CUDA failed with error out of memory",
    "CUDA failed with error all CUDA-capable devices are busy or unavailable",
    "cuBLAS failed with status CUBLAS_STATUS_ALLOC_FAILED",
    "Library libcudnn_ops.so.9 is not found or cannot be loaded",
    "CUDA failed with error unspecified launch failure",
    "llama_decode failed on the graphics card with status -3",
)
"""Of ctranslate2 (src/cuda/utils.h) and of our own adapter of llama.cpp."""


class Parts:
    """Something native: it fails as often as it is told to."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.error: Exception | None = None
        self.freed = False

    def work(self) -> str:
        assert not self.freed
        if self.error is not None:
            raise self.error
        return self.where


class Shop:
    """Builds parts, and keeps those that it has built."""

    def __init__(self) -> None:
        self.built: list[Parts] = []
        self.broken: dict[str, Exception] = {}

    def way(self, where: str) -> Way[Parts]:
        def build() -> Parts:
            if where in self.broken:
                raise self.broken[where]
            self.built.append(Parts(where))
            return self.built[-1]

        return Way(where=where, build=build)

    def renewed(self, *where: str) -> Renewed[Parts]:
        def free(parts: Parts) -> None:
            parts.freed = True

        return Renewed("stt", [self.way(each) for each in where], free)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_one_failure_is_told_and_two_in_a_row_renew_the_parts_and_the_work_is_done(shop: Shop) -> None:
    renewed = shop.renewed(PROCESSOR)
    shop.built[0].error = RuntimeError("mkl_malloc: failed to allocate memory")
    with pytest.raises(RuntimeError):
        renewed.call(Parts.work)
    assert renewed.call(Parts.work) == PROCESSOR
    assert len(shop.built) == 2
    assert shop.built[0].freed
    assert renewed.fallen == ""


def test_a_success_in_between_counts_from_the_beginning(shop: Shop) -> None:
    renewed = shop.renewed(PROCESSOR)
    for error in (RuntimeError("once"), None, RuntimeError("again")):
        shop.built[0].error = error
        if error is None:
            renewed.call(Parts.work)
        else:
            with pytest.raises(RuntimeError):
                renewed.call(Parts.work)
    assert len(shop.built) == 1


@pytest.mark.parametrize("text", CUDA_TEXTS)
def test_a_graphics_card_that_fails_is_left_within_the_same_call(shop: Shop, text: str) -> None:
    renewed = shop.renewed(GRAPHICS_CARD, PROCESSOR)
    assert renewed.call(Parts.work) == GRAPHICS_CARD
    shop.built[0].error = EngineError("speech recognition failed")
    shop.built[0].error.__cause__ = RuntimeError(text)
    assert renewed.call(Parts.work) == PROCESSOR
    assert "computes on the processor: the graphics card failed" in renewed.fallen
    shop.built[1].error = RuntimeError("no memory")
    for _ in range(2):
        with pytest.raises(RuntimeError):
            renewed.call(Parts.work)
        shop.broken[GRAPHICS_CARD] = AssertionError("it must not be tried again")
        shop.built[1].error = None
        assert renewed.call(Parts.work) == PROCESSOR
        shop.built[1].error = RuntimeError("no memory")


def test_a_card_without_room_at_the_start_is_left_and_a_damaged_file_is_told(shop: Shop) -> None:
    shop.broken[GRAPHICS_CARD] = EngineError("no memory for a context of 4096 tokens")
    renewed = shop.renewed(GRAPHICS_CARD, PROCESSOR)
    assert renewed.call(Parts.work) == PROCESSOR
    assert "no memory for a context" in renewed.fallen
    shop.broken[GRAPHICS_CARD] = ModelError("model file model.bin is missing")
    with pytest.raises(ModelError):
        shop.renewed(GRAPHICS_CARD, PROCESSOR)


def test_what_cannot_be_built_anew_is_an_error_that_people_understand_until_it_can(shop: Shop) -> None:
    renewed = shop.renewed(PROCESSOR)
    shop.built[0].error = MemoryError()
    shop.broken[PROCESSOR] = MemoryError()
    with pytest.raises(MemoryError):
        renewed.call(Parts.work)
    with pytest.raises(EngineError, match="cannot be built") as raised:
        renewed.call(Parts.work)
    assert raised.value.remedy
    shop.broken.clear()
    assert renewed.call(Parts.work) == PROCESSOR


def test_who_insists_on_the_card_has_no_other_way(shop: Shop) -> None:
    card, processor = shop.way(GRAPHICS_CARD), shop.way(PROCESSOR)
    assert ways(card, processor, Device.CUDA) == [card]
    assert ways(card, processor, Device.AUTO) == [card, processor]
    assert ways(None, processor, Device.AUTO) == [processor]


def test_errors_of_the_processor_are_not_taken_for_the_card() -> None:
    assert not comes_from_the_card(RuntimeError("mkl_malloc: failed to allocate memory"))
    assert not comes_from_the_card(EngineError("llama_decode failed on the processor with status -2"))


class Hanging:
    """An engine on its thread whose parts hang until they are let go."""

    def __init__(self) -> None:
        self.shop = Shop()
        self.renewed = self.shop.renewed(PROCESSOR)
        self.thread = EngineThread("stt", look_s=0.05)
        self.let_go = threading.Event()

    async def work(self, what: Callable[[Parts], str] = Parts.work) -> str:
        return await self.thread.run(lambda _: self.renewed.call(what))

    def hang(self, parts: Parts) -> str:
        self.let_go.wait(20.0)
        return parts.work()


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    engine = Hanging()
    yield engine
    engine.let_go.set()
    engine.thread.close()


async def test_an_engine_that_hangs_is_told_and_the_next_call_is_answered(hanging: Hanging) -> None:
    with pytest.raises(EngineError, match="has not answered"):
        await hanging.work(hanging.hang)
    assert await hanging.work() == PROCESSOR
    assert len(hanging.shop.built) == 2
    assert not hanging.shop.built[0].freed
    while hanging.thread.progress() is not None:  # noqa: ASYNC110 - it is put away a moment after the result is there
        await asyncio.sleep(0)
    hanging.let_go.set()
    assert await hanging.work() == PROCESSOR
    assert len(hanging.shop.built) == 2


async def test_a_second_one_that_hangs_is_left_to_the_watchdog(hanging: Hanging) -> None:
    with pytest.raises(EngineError):
        await hanging.work(hanging.hang)
    second = hanging.thread.run(lambda _: hanging.renewed.call(hanging.hang))
    task = asyncio.ensure_future(second)
    await asyncio.wait({task}, timeout=0.5)
    assert not task.done()
    assert hanging.thread.progress() is not None
    hanging.let_go.set()
    assert await task == PROCESSOR


async def test_work_that_advances_slowly_does_not_hang(hanging: Hanging) -> None:
    def slow(token: CancelToken) -> str:
        for _ in range(10):
            hanging.let_go.wait(0.03)
            assert not token.cancelled
        return "done"

    assert await hanging.thread.run(slow) == "done"


async def test_health_says_which_engine_has_left_the_card(shop: Shop) -> None:
    renewed = shop.renewed(GRAPHICS_CARD, PROCESSOR)
    gauges = Gauges(CollectorRegistry())
    probe = GpuProbe(gauges, ["no-such-driver"], fallen=lambda: [renewed.fallen] if renewed.fallen else [])
    assert await probe() is None
    shop.built[0].error = RuntimeError(CUDA_TEXTS[0])
    renewed.call(Parts.work)
    found = await probe()
    assert found is not None
    assert found.state is State.DEGRADED
    assert CUDA_TEXTS[0] in found.detail
