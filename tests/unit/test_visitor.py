from pathlib import Path

import numpy as np
import pytest

from appliance.audio.files import read_audio
from appliance.errors import EngineError
from appliance.ops.visitor import INTERRUPTION, PEAK, SLT, VISIT, Turn, Voice, record, say

RATE = 16_000


def test_turns_are_short_spoken_by_several_voices_and_hesitate() -> None:
    turns = VISIT + INTERRUPTION
    assert 8 <= len(turns) <= 12
    assert {turn.voice.command[0] for turn in turns} == {"flite", "espeak-ng"}
    assert len({turn.voice for turn in turns}) >= 4
    assert any("um" in turn.text.lower() for turn in turns)


def test_pause_in_a_turn_is_silence_of_that_length() -> None:
    pause = say(Turn("t", SLT, ("Hello.", 1.0, "Hello.")))
    without = say(Turn("t", SLT, ("Hello.", "Hello.")))
    assert len(pause) - len(without) == RATE
    middle = pause[len(pause) // 2 - RATE // 4 : len(pause) // 2 + RATE // 4]
    assert not middle.any()


def test_recordings_are_the_same_every_time(tmp_path: Path) -> None:
    first = record(INTERRUPTION, tmp_path / "a")
    second = record(INTERRUPTION, tmp_path / "b")
    assert [path.name for path in first] == ["01-address.wav", "02-visiting.wav"]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert np.abs(read_audio(first[0])).max() == pytest.approx(PEAK, abs=0.001)


def test_missing_engine_is_named() -> None:
    with pytest.raises(EngineError, match="no-such-voice cannot speak") as caught:
        say(Turn("t", Voice(("no-such-voice", "{out}", "{text}")), ("Hello.",)))
    assert "scripts/setup" in caught.value.remedy
