from __future__ import annotations

import numpy as np
import pytest

from appliance.audio.ports import FRAME_SAMPLES, Samples
from appliance.engines.foreground import ForegroundDetector

SECOND = 31


class Scripted:
    """A detector that hears speech everywhere, as Silero does in babble."""

    def __init__(self, probability: float) -> None:
        self.answer = probability
        self.resets = 0

    def probability(self, frame: Samples) -> float:
        assert frame.shape == (FRAME_SAMPLES,)
        return self.answer

    def reset(self) -> None:
        self.resets += 1


def frames(level_db: float, count: int, seed: int = 0) -> list[Samples]:
    noise = np.random.default_rng(seed).standard_normal((count, FRAME_SAMPLES)).astype(np.float32)
    return list(noise * np.float32(10 ** (level_db / 20)))


def share_heard(detector: ForegroundDetector, sound: list[Samples]) -> float:
    return float(np.mean([detector.probability(frame) >= 0.5 for frame in sound]))


def test_speech_in_a_quiet_room_is_passed_on() -> None:
    inner = Scripted(0.01)
    detector = ForegroundDetector(inner)
    share_heard(detector, frames(-65, 2 * SECOND))
    inner.answer = 0.93
    assert [detector.probability(frame) for frame in frames(-28, 10 * SECOND)] == pytest.approx([0.93] * 10 * SECOND)


def test_speech_stands_out_of_babble_and_ends_when_it_stops() -> None:
    detector = ForegroundDetector(Scripted(0.95))
    assert share_heard(detector, frames(-40, 3 * SECOND)) == 0.0
    assert share_heard(detector, frames(-30, 4 * SECOND)) > 0.95
    assert share_heard(detector, frames(-40, SECOND)) < 0.15


def test_the_weak_end_of_a_word_is_kept_and_as_weak_a_beginning_is_not_heard() -> None:
    detector = ForegroundDetector(Scripted(0.95))
    share_heard(detector, frames(-40, 3 * SECOND))
    assert share_heard(detector, frames(-34, 10)) == 0.0
    share_heard(detector, frames(-40, 3 * SECOND))
    assert share_heard(detector, frames(-28, SECOND)) == 1.0
    assert share_heard(detector, frames(-34, 10)) == 1.0
    share_heard(detector, frames(-40, SECOND))
    assert share_heard(detector, frames(-34, 10)) == 0.0


def test_steady_music_fades_into_the_background() -> None:
    inner = Scripted(0.01)
    detector = ForegroundDetector(inner)
    share_heard(detector, frames(-60, SECOND))
    inner.answer = 0.8
    share_heard(detector, frames(-40, 20 * SECOND))
    assert share_heard(detector, frames(-40, SECOND)) == 0.0


def test_digital_silence_is_no_speech_and_the_first_word_after_it_is_heard() -> None:
    inner = Scripted(0.0)
    detector = ForegroundDetector(inner)
    share_heard(detector, [np.zeros(FRAME_SAMPLES, np.float32)] * SECOND)
    inner.answer = 0.9
    assert share_heard(detector, frames(-30, SECOND)) == 1.0


def test_reset_forgets_the_background() -> None:
    inner = Scripted(0.9)
    detector = ForegroundDetector(inner)
    share_heard(detector, frames(-30, SECOND))
    detector.reset()
    assert inner.resets == 1
    share_heard(detector, frames(-60, SECOND))
    assert share_heard(detector, frames(-40, SECOND)) == 1.0
