"""One suite for every `TurnDetector`: the real model and the fake of the scenarios."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from appliance.audio.ports import Samples
from appliance.engines.ports import TurnDetector
from appliance.engines.smart_turn import SmartTurnDetector
from appliance.errors import EngineError, ModelError

MODEL = Path(__file__).parents[2] / "models/smart-turn-v3.2-cpu/smart-turn-v3.2-cpu.onnx"


class FallingVoice:
    """The fake: who grows silent has finished."""

    async def finished(self, pcm: Samples) -> float:
        last = pcm[-8 * 16_000 :]
        end = np.abs(last[-1600:]).max()
        return float(end <= np.abs(last).max() / 2)


@pytest.fixture(params=["fake", pytest.param("smart-turn", marks=pytest.mark.models)])
async def detector(request: pytest.FixtureRequest) -> AsyncIterator[TurnDetector]:
    if request.param == "fake":
        yield FallingVoice()
        return
    real = SmartTurnDetector(MODEL)
    yield real
    real.close()


def voice(seconds: float, seed: int = 0) -> Samples:
    count = round(seconds * 16_000)
    noise = np.random.default_rng(seed).standard_normal(count)
    return (0.1 * noise * np.abs(np.sin(np.arange(count) / 2500))).astype(np.float32)


@pytest.mark.parametrize("seconds", [0.1, 3.0, 8.0, 12.0])
async def test_any_length_of_sound_has_a_probability(detector: TurnDetector, seconds: float) -> None:
    assert 0.0 <= await detector.finished(voice(seconds)) <= 1.0


async def test_only_the_last_eight_seconds_count(detector: TurnDetector) -> None:
    recent = voice(8.0)
    assert await detector.finished(np.concatenate((voice(3.0, seed=1), recent))) == await detector.finished(recent)


async def test_digital_silence_has_a_probability(detector: TurnDetector) -> None:
    assert 0.0 <= await detector.finished(np.zeros(16_000, np.float32)) <= 1.0


@pytest.mark.models
async def test_the_caller_may_change_its_buffer_while_the_model_works() -> None:
    real = SmartTurnDetector(MODEL)
    buffer = voice(4.0)
    expected = await real.finished(buffer)
    pending = asyncio.ensure_future(real.finished(buffer))
    await asyncio.sleep(0)
    buffer[:] = 0.0
    assert await pending == expected
    real.close()


@pytest.mark.models
@pytest.mark.parametrize("shape", [(0,), (2, 16_000)])
async def test_sound_that_is_not_mono_is_refused(shape: tuple[int, ...]) -> None:
    real = SmartTurnDetector(MODEL)
    with pytest.raises(EngineError, match="mono samples"):
        await real.finished(np.zeros(shape, np.float32))
    real.close()


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.onnx is missing"):
        SmartTurnDetector(tmp_path / "gone.onnx")
