"""One suite for every `VoiceDetector`: the real model and the fake of the scenarios."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soxr

from appliance.audio.ports import FRAME_SAMPLES, Samples
from appliance.engines.foreground import ForegroundDetector
from appliance.engines.ports import VoiceDetector
from appliance.engines.silero import SileroDetector
from appliance.errors import EngineError, ModelError

MODEL = Path(__file__).parents[2] / "models/silero-vad-6.2.3/silero_vad.onnx"


class LoudnessDetector:
    """The fake: what is loud is speech."""

    def probability(self, frame: Samples) -> float:
        return float(np.sqrt(np.mean(np.square(frame))) > 0.01)

    def reset(self) -> None:
        pass


BUILDERS = [
    pytest.param(LoudnessDetector, id="fake"),
    pytest.param(lambda: SileroDetector(MODEL), id="silero", marks=pytest.mark.models),
    pytest.param(lambda: ForegroundDetector(SileroDetector(MODEL)), id="foreground", marks=pytest.mark.models),
]


@pytest.fixture(scope="module")
def spoken() -> Samples:
    """A sentence of a synthetic voice between two seconds of quiet, 16 kHz."""
    command = ["espeak-ng", "--stdout", "-v", "en-us", "What time do you open on Saturday morning?"]
    wav = subprocess.run(command, check=True, capture_output=True).stdout
    voice = np.frombuffer(wav[44:], np.int16).astype(np.float32) / 32768
    sound = np.pad(soxr.resample(voice, 22_050, 16_000), 2 * 16_000)
    hiss = np.random.default_rng(0).standard_normal(len(sound)) * 1e-4
    return (sound + hiss).astype(np.float32)


def track(detector: VoiceDetector, pcm: Samples) -> list[float]:
    frames = pcm[: len(pcm) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    return [detector.probability(frame) for frame in frames]


@pytest.mark.parametrize("build", BUILDERS)
class TestVoiceDetector:
    def test_a_sentence_is_speech_and_the_quiet_around_it_is_not(
        self, build: Callable[[], VoiceDetector], spoken: Samples
    ) -> None:
        probabilities = track(build(), spoken)
        assert all(0.0 <= probability <= 1.0 for probability in probabilities)
        assert max(probabilities[:60] + probabilities[-45:]) < 0.35
        assert np.mean(np.array(probabilities[66:-66]) >= 0.5) > 0.7

    def test_reset_makes_the_next_stream_independent(self, build: Callable[[], VoiceDetector], spoken: Samples) -> None:
        detector = build()
        first = track(detector, spoken)
        detector.reset()
        assert track(detector, spoken) == first


@pytest.mark.models
@pytest.mark.parametrize("shape", [(0,), (511,), (1, 512)])
def test_silero_refuses_frames_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(EngineError, match="512 samples"):
        SileroDetector(MODEL).probability(np.zeros(shape, np.float32))


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"gone\.onnx is missing") as caught:
        SileroDetector(tmp_path / "gone.onnx")
    assert "models fetch" in caught.value.remedy


@pytest.mark.models
def test_a_truncated_model_is_named(tmp_path: Path) -> None:
    half = tmp_path / "half.onnx"
    half.write_bytes(MODEL.read_bytes()[:100_000])
    with pytest.raises(ModelError, match=r"half\.onnx cannot be loaded") as caught:
        SileroDetector(half)
    assert "models verify" in caught.value.remedy


@pytest.mark.models
def test_another_model_is_refused() -> None:
    other = MODEL.parents[1] / "smart-turn-v3.2-cpu/smart-turn-v3.2-cpu.onnx"
    with pytest.raises(ModelError, match="input_features"):
        SileroDetector(other)
