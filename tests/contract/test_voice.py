"""The voice that comes with the appliance: it says when each word has been said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from piper import SynthesisConfig

from appliance.engines.piper import load_voice, say
from appliance.errors import EngineError
from appliance.speakable import speak_words
from appliance.speakable.timing import word_ends

VOICE = Path(__file__).parents[2] / "models/piper-en_US-joe-medium/en_US-joe-medium.onnx"
TEXT = "The lift is on the left, next to the front desk. It is 12 m away."


@pytest.mark.models
def test_it_tells_the_ends_of_the_words() -> None:
    voice = load_voice(VOICE, 1)
    words = speak_words(TEXT)
    sound, ends = say(voice, words, SynthesisConfig())
    assert len(ends) == len(TEXT.split())
    assert all(np.diff((0, *ends)) >= 0)
    assert len(sound) - ends[-1] < 0.1 * voice.config.sample_rate
    shared = word_ends([1.0] * len(words), 0, len(sound))
    assert max(abs(np.subtract(ends, shared))) > 0.1 * voice.config.sample_rate


@pytest.mark.models
def test_the_pause_at_a_comma_belongs_to_no_word() -> None:
    voice = load_voice(VOICE, 1)
    sound, ends = say(voice, speak_words("Sure, goodbye."), SynthesisConfig(volume=1.0))
    after = sound[ends[0] : ends[0] + voice.config.sample_rate // 20]
    assert np.sqrt(np.mean(np.square(after))) < 0.3 * np.sqrt(np.mean(np.square(sound)))


def test_a_voice_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "voice.onnx").write_bytes(b"nothing")
    (tmp_path / "voice.onnx.json").write_text("{}")
    with pytest.raises(EngineError, match="cannot load the voice"):
        load_voice(tmp_path / "voice.onnx", 1)
