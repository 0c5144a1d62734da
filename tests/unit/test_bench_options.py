from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from appliance.audio.files import write_wav
from appliance.audio.levels import dbfs
from appliance.cli.bench.conversation import RATE, Surroundings
from appliance.cli.bench.options import bar, labelled_speech, prepared_visitor
from appliance.config.models import Config, ModelsConfig
from appliance.errors import AudioFileError, UsageError
from appliance.ops.visit import Recording
from tests.unit.audio_fakes import FakeClock


def recording() -> Recording:
    pcm = np.random.default_rng(0).normal(0.0, 0.1, 16_000).astype(np.float32)
    return Recording(file="a.wav", pcm=pcm, first_voiced=0, last_voiced=len(pcm) - 1)


def test_a_quiet_room_has_no_echo_and_no_noise() -> None:
    quiet = Surroundings(noise=None, snr_db=10.0, echo=False)
    card = quiet.card([recording()], FakeClock())
    assert card.capture_rate == RATE
    assert quiet.conditions == {"noise": None, "snr_db": None, "echo": None}


def test_noise_lies_below_the_recordings(tmp_path: Path) -> None:
    file = tmp_path / "fan.wav"
    write_wav(file, np.random.default_rng(1).normal(0.0, 0.02, RATE).astype(np.float32), RATE)
    noisy = Surroundings(noise=file, snr_db=10.0, echo=True)
    card = noisy.card([recording()], FakeClock())
    card.connect(lambda _: None, lambda out: out.fill(0.0))
    for _ in range(20):
        card.step()
    assert dbfs(card.input()) == pytest.approx(-30.0, abs=0.5)
    assert noisy.conditions == {"noise": "fan.wav", "snr_db": 10.0, "echo": "-10 dB, 100 ms"}


def test_with_echo_the_microphone_hears_the_loudspeaker() -> None:
    card = Surroundings(noise=None, snr_db=10.0, echo=True).card([recording()], FakeClock())
    card.connect(lambda _: None, lambda out: out.fill(0.1))
    for _ in range(20):
        card.step()
    heard = card.input()
    assert dbfs(heard[: RATE // 20]) < -70.0
    assert dbfs(heard[-RATE // 10 :]) > -40.0


def test_noise_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="there is no such file"):
        Surroundings(noise=tmp_path / "no.wav", snr_db=10.0, echo=False).card([recording()], FakeClock())


def test_speech_is_found_by_name_in_the_environment_or_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("APPLIANCE_SPEECH_DIR", raising=False)
    assert labelled_speech(None) is None
    folder = tmp_path / "collection" / "speech"
    folder.mkdir(parents=True)
    (folder / "manifest.jsonl").touch()
    assert labelled_speech(folder) == folder
    assert labelled_speech(folder.parent) == folder
    monkeypatch.setenv("APPLIANCE_SPEECH_DIR", str(folder.parent))
    assert labelled_speech(None) == folder
    with pytest.raises(UsageError, match=r"has no manifest\.jsonl"):
        labelled_speech(tmp_path)


def test_the_visitor_of_the_set_up(tmp_path: Path) -> None:
    config = Config(models=ModelsConfig(directory=tmp_path / "models"))
    with pytest.raises(UsageError, match="no recordings to talk"):
        prepared_visitor(config)
    visit = tmp_path / ".cache" / "visitor" / "visit"
    visit.mkdir(parents=True)
    (visit / "01-saturday.wav").touch()
    assert prepared_visitor(config) == [visit / "01-saturday.wav"]


def test_without_a_terminal_there_is_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with bar("listening", 2) as advance:
        advance(1)
    assert capsys.readouterr() == ("", "")
