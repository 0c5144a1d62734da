"""The wake word detector wakes for its name, from any mouth, and for nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pymicro_wakeword
import pytest

from appliance.audio.files import read_audio
from appliance.audio.ports import FRAME_SAMPLES, LISTENING_RATE, Samples
from appliance.config.models import WakeWord
from appliance.engines.ports import WakeWordDetector
from appliance.engines.wakeword import MicroWakeWordDetector
from appliance.errors import ModelError

BUILT_IN = Path(pymicro_wakeword.__file__).parent / "models"
VOICES = ("en-us", "en-us+m3", "en-gb", "slt", "rms")
ORDINARY = (
    "When do you open on Sundays?",
    "Okay, thank you very much for your help.",
    "I would like to know whether the pharmacy is open now.",
    "My phone number is nine oh two, five five five, oh one four two.",
)


def spoken(text: str, voice: str, folder: Path) -> Samples:
    """Let a person say `text`, with a second of quiet before and after it."""
    file = folder / "speech.wav"
    engine = ["espeak-ng", "-v", voice, "-s", "140", "-w", str(file), text]
    if not voice.startswith("en"):
        engine = ["flite", "-voice", voice, "-t", text, "-o", str(file)]
    subprocess.run(engine, check=True)
    quiet = np.zeros(LISTENING_RATE, np.float32)
    return np.concatenate([quiet, read_audio(file), quiet])


def times_heard(detector: WakeWordDetector, pcm: Samples) -> list[float]:
    frames = range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES)
    return [
        (start + FRAME_SAMPLES) / LISTENING_RATE
        for start in frames
        if detector.heard(pcm[start : start + FRAME_SAMPLES])
    ]


@pytest.mark.parametrize("voice", VOICES)
def test_its_name_wakes_it_within_half_a_second(voice: str, tmp_path: Path) -> None:
    pcm = spoken("Okay Nabu", voice, tmp_path)
    times = times_heard(MicroWakeWordDetector("okay_nabu"), pcm)
    assert times
    end = np.flatnonzero(np.abs(pcm) > 0.01)[-1] / LISTENING_RATE
    assert times[0] < end + 0.5


@pytest.mark.parametrize("voice", VOICES)
def test_ordinary_sentences_do_not_wake_it(voice: str, tmp_path: Path) -> None:
    detector = MicroWakeWordDetector("okay_nabu")
    for sentence in ORDINARY:
        assert times_heard(detector, spoken(sentence, voice, tmp_path)) == []


def test_it_wakes_again_and_again(tmp_path: Path) -> None:
    detector = MicroWakeWordDetector("okay_nabu")
    pcm = spoken("Okay Nabu", "en-us", tmp_path)
    for _ in range(3):
        assert times_heard(detector, pcm)


@pytest.mark.parametrize("word", list(WakeWord))
def test_every_wake_word_of_the_configuration_can_be_heard(word: WakeWord, tmp_path: Path) -> None:
    said = word.value.replace("_", " ")
    assert any(times_heard(MicroWakeWordDetector(word.value), spoken(said, voice, tmp_path)) for voice in VOICES)


def test_a_model_of_ones_own(tmp_path: Path) -> None:
    for name in ("alexa.json", "alexa.tflite"):
        shutil.copy(BUILT_IN / name, tmp_path)
    detector = MicroWakeWordDetector("okay_nabu", tmp_path / "alexa.json")
    assert times_heard(detector, spoken("Alexa", "en-us", tmp_path))
    assert times_heard(detector, spoken("Okay Nabu", "en-us", tmp_path)) == []


def _truncate_weights(folder: Path) -> None:
    weights = folder / "okay_nabu.tflite"
    weights.write_bytes(weights.read_bytes()[:40_000])


def _empty_weights(folder: Path) -> None:
    (folder / "okay_nabu.tflite").write_bytes(b"")


def _no_weights(folder: Path) -> None:
    (folder / "okay_nabu.tflite").unlink()


def _no_json(folder: Path) -> None:
    (folder / "okay_nabu.json").write_bytes(b"\x00\xff not JSON")


def _missing(folder: Path) -> None:
    (folder / "okay_nabu.json").unlink()


def _no_cutoff(folder: Path) -> None:
    (folder / "okay_nabu.json").write_text(json.dumps({"model": "okay_nabu.tflite", "wake_word": "x"}))


def _weights_are_elsewhere(folder: Path) -> None:
    data = {"model": 7, "wake_word": "x", "micro": {"probability_cutoff": 0.9, "sliding_window_size": 5}}
    (folder / "okay_nabu.json").write_text(json.dumps(data))


@pytest.mark.parametrize(
    "damage",
    [_truncate_weights, _empty_weights, _no_weights, _no_json, _missing, _no_cutoff, _weights_are_elsewhere],
)
def test_a_damaged_model_is_an_error_with_a_remedy(damage: Callable[[Path], None], tmp_path: Path) -> None:
    for name in ("okay_nabu.json", "okay_nabu.tflite"):
        shutil.copy(BUILT_IN / name, tmp_path)
    damage(tmp_path)
    with pytest.raises(ModelError, match=r"okay_nabu\.json cannot be used") as caught:
        MicroWakeWordDetector("okay_nabu", tmp_path / "okay_nabu.json")
    assert "wake_word_model" in caught.value.remedy
