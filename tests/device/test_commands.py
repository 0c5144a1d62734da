"""The commands as a person or a script uses them, with the default models, in real time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from appliance.audio.files import read_audio, write_wav
from appliance.audio.ports import Samples
from appliance.audio.resample import resample
from appliance.ops.visitor import INTERRUPTION, VISIT, say

pytestmark = pytest.mark.models

MILESTONES = {"end_of_turn", "transcript", "first_token", "first_clause", "first_audio", "barge_in_stop"}


def appliance(*arguments: str | Path, timeout_s: float = 200) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


@pytest.fixture(scope="module")
def question() -> Samples:
    return say(next(turn for turn in VISIT if turn.name == "saturday"))


def test_converse_prints_an_object_per_turn_and_nothing_else(tmp_path: Path, question: Samples) -> None:
    asked, silent = tmp_path / "asked.wav", tmp_path / "silent.wav"
    write_wav(asked, resample(np.tile(question, 1), 16_000, 8_000), 8_000)
    write_wav(silent, np.zeros(16_000, np.float32), 16_000)
    done = appliance("converse", "--json", "--user", asked, "--user", silent, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    first, second = [json.loads(line) for line in done.stdout.splitlines()]
    assert "saturday" in first["user"]["text"].lower()
    assert "nine" in first["assistant"]["heard"].lower()
    assert first["assistant"]["interrupted"] is False
    assert first["tools"] == []
    assert set(first["ms"]) == MILESTONES
    assert first["ms"]["first_token"] < first["ms"]["first_clause"] < first["ms"]["first_audio"]
    assert second["user"]["text"] == ""
    assert second["assistant"]["text"] == ""
    assert second["ms"]["first_audio"] is None
    assert len(read_audio(tmp_path / "out" / "assistant.wav")) > 16_000
    assert (tmp_path / "out" / "turns.jsonl").read_text(encoding="utf-8") == done.stdout


def test_converse_can_cut_in(tmp_path: Path) -> None:
    files = []
    for turn in (next(turn for turn in VISIT if turn.name == "parking"), INTERRUPTION[1]):
        files.append(tmp_path / f"{turn.name}.wav")
        write_wav(files[-1], say(turn), 16_000)
    done = appliance("converse", "--json", "--barge-in-after", "0.5", "--user", *files)
    assert done.returncode == 0, done.stderr
    first, second = [json.loads(line) for line in done.stdout.splitlines()]
    assert first["assistant"]["interrupted"] is True
    assert first["assistant"]["text"].startswith(first["assistant"]["heard"])
    assert len(first["assistant"]["heard"]) < len(first["assistant"]["text"]) or not first["assistant"]["text"]
    assert first["ms"]["barge_in_stop"] > 0
    assert "visit" in second["user"]["text"].lower()
    assert second["assistant"]["heard"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "empty"), (b"RIFF0000WAVEfmt junk", "not|damaged|cannot"), (None, "no such file|does not exist|no file")],
    ids=["empty", "damaged", "missing"],
)
def test_converse_explains_a_file_that_is_no_recording(tmp_path: Path, content: bytes | None, reason: str) -> None:
    path = tmp_path / "bad.wav"
    if content is not None:
        path.write_bytes(content)
    done = appliance("converse", "--user", path)
    assert done.returncode == 6
    assert "Traceback" not in done.stderr
    assert any(word in done.stderr.lower() for word in reason.split("|")), done.stderr


def test_what_is_said_is_understood_again(tmp_path: Path) -> None:
    spoken = tmp_path / "spoken.wav"
    assert appliance("say", "The pharmacy is open from 8:30 until 5 p.m.", "--out", spoken).returncode == 0
    done = appliance("transcribe", "--json", spoken, tmp_path / "missing.wav")
    assert done.returncode == 6
    first, second = [json.loads(line) for line in done.stdout.splitlines()]
    assert set(first) >= {"file", "text", "language", "confidence", "rejected"}
    assert "pharmacy" in first["text"].lower()
    assert first["rejected"] is None
    assert second["file"].endswith("missing.wav")


def test_ask_answers_in_writing() -> None:
    done = appliance("ask", "--json", "When do you open on Saturday?")
    assert done.returncode == 0, done.stderr
    assert "nine" in json.loads(done.stdout)["assistant"].lower()


def test_a_truncated_model_is_named_before_anything_starts(tmp_path: Path) -> None:
    weights = tmp_path / "models"
    here = Path("models").resolve()
    for folder in here.iterdir():
        if folder.is_dir() and not folder.name.startswith("."):
            (weights / folder.name).mkdir(parents=True)
            for file in folder.rglob("*"):
                if file.is_file():
                    target = weights / folder.name / file.relative_to(folder)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.symlink_to(file)
    victim = next(weights.glob("qwen*/*.gguf"))
    head = victim.read_bytes()[:100_000]
    victim.unlink()
    victim.write_bytes(head)
    config = tmp_path / "config.yaml"
    config.write_text(f"models:\n  directory: {weights}\n", encoding="utf-8")
    done = appliance("ask", "hello", "--config", config)
    assert done.returncode == 4
    assert victim.name in done.stderr
    assert "appliance models fetch" in done.stderr
