"""The question of the prepared visitor, and what is refused before a conversation is begun."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.audio.files import read_audio
from appliance.audio.levels import voiced_span
from appliance.audio.ports import LISTENING_RATE
from appliance.clock import SystemClock
from appliance.errors import ConfigError, EngineError, UsageError
from appliance.ops.doctor.egress import prove, spoken

CONFIG = Path(__file__).parents[2] / "config.yaml"


def seconds_of_voice(file: Path) -> float:
    span = voiced_span(read_audio(file), LISTENING_RATE)
    assert span is not None
    return (span[1] - span[0]) / LISTENING_RATE


def test_the_question_is_spoken_by_a_voice_of_this_machine(tmp_path: Path) -> None:
    file = spoken("Hello. When are you open?", tmp_path / "question.wav", CONFIG)
    assert 0.8 < seconds_of_voice(file) < 4.0


@pytest.mark.models
def test_without_another_voice_the_appliance_asks_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    file = spoken("Hello. When are you open?", tmp_path / "question.wav", CONFIG)
    assert 0.8 < seconds_of_voice(file) < 4.0


def test_without_any_voice_there_is_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    empty = tmp_path / "config.yaml"
    empty.write_text("site: {name: Here}\n")
    with pytest.raises(EngineError, match="nothing on this machine can speak") as caught:
        spoken("Hello.", tmp_path / "question.wav", empty)
    assert "flite" in caught.value.remedy


def test_a_broken_configuration_and_a_report_that_cannot_be_written_are_refused_at_once(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("vad: {threshold: 7}\n")
    with pytest.raises(ConfigError):
        prove(broken, SystemClock())
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="File exists"):
        prove(CONFIG, SystemClock(), tmp_path / "file" / "report")
