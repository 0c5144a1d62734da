"""The sounds of a soak, their order, and the command line."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from appliance.audio.files import read_audio, write_wav
from appliance.audio.levels import dbfs
from appliance.cli.soak import chosen_length, recordings, without_folder
from appliance.config.load import load
from appliance.config.models import Config
from appliance.errors import AudioFileError, UsageError
from appliance.ops.soak import Length
from appliance.ops.soak_programme import PERSON, SNR_DB, Cast, Part, prepare, programme

RATE = 16_000
ROOT = Path(__file__).parents[2]


@pytest.fixture
def spoken(tmp_path: Path) -> Path:
    """A second of something loud between silences."""
    pcm = np.zeros(2 * RATE, np.float32)
    pcm[RATE // 2 : 3 * RATE // 2] = 0.3 * np.random.default_rng(1).standard_normal(RATE)
    write_wav(tmp_path / "spoken.wav", pcm, RATE)
    return tmp_path / "spoken.wav"


@pytest.fixture
def cast(tmp_path: Path, spoken: Path) -> Cast:
    (tmp_path / "cast").mkdir()
    return prepare([spoken, spoken], [spoken], None, tmp_path / "cast")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    (tmp_path / "config.yaml").write_text("models:\n  directory: models\n", encoding="utf-8")
    return load(tmp_path / "config.yaml")


def test_every_person_asks_cuts_in_makes_a_noise_and_says_goodbye(cast: Cast) -> None:
    turns = list(islice(programme(cast), 40))
    assert len(PERSON) == 10
    assert [turn.part for turn in turns] == list(PERSON) * 4
    assert Counter(PERSON) == {Part.QUESTION: 5, Part.ORDER: 1, Part.CUT_IN: 2, Part.NOISE: 1, Part.GOODBYE: 1}
    assert PERSON[-1] is Part.GOODBYE
    assert all(PERSON[at - 1] is Part.QUESTION for at, part in enumerate(PERSON) if part is Part.CUT_IN)


def test_before_every_fifth_person_the_device_is_lost(cast: Cast) -> None:
    assert [n for n, turn in enumerate(islice(programme(cast), 120)) if turn.unplugged] == [40, 90]


def test_behind_every_second_person_there_is_noise(cast: Cast) -> None:
    behind = [turn.background is not None for turn in islice(programme(cast), 30)]
    assert behind == [False] * 10 + [True] * 10 + [False] * 10


def test_all_recordings_have_their_turn(cast: Cast) -> None:
    asked = Counter(turn.sound.path for turn in islice(programme(cast), 20) if turn.part is Part.QUESTION)
    assert asked == {sound.path: 5 for sound in cast.questions}


def test_the_sounds_are_what_they_are_called(cast: Cast, spoken: Path) -> None:
    voice = read_audio(spoken)[RATE // 2 : 3 * RATE // 2]
    assert cast.questions[0].last_voiced_s == pytest.approx(1.5, abs=0.02)
    assert dbfs(read_audio(cast.background.path)) == pytest.approx(dbfs(voice) - SNR_DB, abs=0.5)
    assert len(read_audio(cast.background.path)) == 60 * RATE
    assert np.abs(read_audio(cast.noise.path)).max() == pytest.approx(0.5, abs=0.01)
    assert len(read_audio(cast.goodbye.path)) > RATE // 2


def test_a_short_noise_of_your_own_is_repeated(tmp_path: Path, spoken: Path) -> None:
    cast = prepare([spoken], [spoken], spoken, tmp_path)
    assert len(read_audio(cast.background.path)) == 60 * RATE


def test_a_recording_that_cannot_be_read_is_named(tmp_path: Path, spoken: Path) -> None:
    (tmp_path / "broken.wav").write_bytes(b"no sound")
    with pytest.raises(AudioFileError, match=r"broken\.wav"):
        prepare([spoken, tmp_path / "broken.wav"], [spoken], None, tmp_path)


def test_the_length_of_a_soak() -> None:
    assert chosen_length(None, None, None) == Length(seconds=600.0)
    assert chosen_length(0.5, None, None) == Length(seconds=1800.0)
    assert chosen_length(None, 2.0, None) == Length(seconds=120.0)
    assert chosen_length(None, None, 7) == Length(turns=7)
    with pytest.raises(UsageError, match="exclude each other"):
        chosen_length(1.0, None, 7)


def test_recordings_of_a_folder_ask_and_cut_in(tmp_path: Path, config: Config) -> None:
    for name in ("b.FLAC", "a.wav", "manifest.jsonl"):
        (tmp_path / name).touch()
    asked, cut_ins = recordings(config, tmp_path)
    assert [path.name for path in asked] == ["a.wav", "b.FLAC"]
    assert cut_ins == asked


def test_the_prepared_visitor_asks_and_cuts_in(tmp_path: Path, config: Config) -> None:
    for name in ("visit/01-a.wav", "visit/02-b.wav", "interruption/01-c.wav"):
        (tmp_path / ".cache" / "visitor" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / ".cache" / "visitor" / name).touch()
    asked, cut_ins = recordings(config, None)
    assert [path.name for path in asked + cut_ins] == ["01-a.wav", "02-b.wav", "01-c.wav"]


@pytest.mark.parametrize("missing", ["there", "empty"])
def test_a_folder_without_recordings_is_refused(tmp_path: Path, config: Config, missing: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=missing):
        recordings(config, tmp_path / missing)


def test_a_report_does_not_tell_where_files_lie() -> None:
    assert without_folder("/home/anna/talk.wav") == "talk.wav"
    assert without_folder("docs/soak.md") == "docs/soak.md"
    assert without_folder("--turns") == "--turns"


def test_the_script_explains_itself() -> None:
    done = subprocess.run([ROOT / "scripts" / "soak", "--help"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("usage: scripts/soak")
    assert done.stderr == ""


def test_the_script_sets_up_and_passes_the_options_on(tmp_path: Path) -> None:
    log, checkout = tmp_path / "log", tmp_path / "check out"
    (checkout / "scripts").mkdir(parents=True)
    (checkout / ".venv" / "bin").mkdir(parents=True)
    (checkout / "scripts" / "lib").symlink_to(ROOT / "scripts" / "lib")
    (checkout / "scripts" / "soak").write_bytes((ROOT / "scripts" / "soak").read_bytes())
    for name in ("scripts/setup", ".venv/bin/python", "scripts/soak"):
        path = checkout / name
        if name != "scripts/soak":
            path.write_text('#!/usr/bin/env bash\nprintf "%s\\n" "${0##*/} $*" >>"$LOG"\n', encoding="utf-8")
        path.chmod(0o755)
    environment = os.environ | {"LOG": str(log)}
    subprocess.run([checkout / "scripts" / "soak", "--turns", "3"], env=environment, cwd="/", check=True)
    assert log.read_text(encoding="utf-8").splitlines() == [
        "setup --for test",
        "python -m appliance.cli.soak --turns 3",
    ]
