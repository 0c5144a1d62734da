"""A silent person is asked for once, and then taken for gone."""

from __future__ import annotations

import numpy as np

from appliance.audio.ports import FRAME_S, FRAME_SAMPLES, Frame
from appliance.config.dialogue import SessionConfig
from appliance.dialogue.silence import SilenceSignal, SilenceWatch

SETTINGS = SessionConfig(still_there_after_s=2.0, end_after_s=5.0)


class Silence:
    """Frames without anybody's voice, one after the other."""

    def __init__(self) -> None:
        self.watch = SilenceWatch(SETTINGS)
        self._position = 0

    def lasts(self, seconds: float, *, waiting: bool = True, person_speaks: bool = False) -> list[SilenceSignal]:
        signals = []
        for _ in range(round(seconds / FRAME_S)):
            frame = Frame(pcm=np.zeros(FRAME_SAMPLES, np.float32), start=self._position, speech_probability=0.0, t=0.0)
            self._position += FRAME_SAMPLES
            signals.append(self.watch.on_frame(frame, waiting=waiting, person_speaks=person_speaks))
        return [signal for signal in signals if signal is not None]


def test_a_silent_person_is_asked_for_once_and_then_has_gone() -> None:
    silence = Silence()
    assert silence.lasts(1.9) == []
    assert silence.lasts(0.2) == [SilenceSignal.PROMPT]
    assert silence.lasts(2.7) == []
    assert silence.lasts(0.4) == [SilenceSignal.END]


def test_while_somebody_has_the_floor_nothing_is_counted() -> None:
    silence = Silence()
    silence.lasts(1.9)
    assert silence.lasts(10.0, waiting=False) == []
    assert silence.lasts(1.9) == []
    assert silence.lasts(0.2) == [SilenceSignal.PROMPT]


def test_the_question_whether_anybody_is_there_does_not_count_as_an_answer_to_it() -> None:
    silence = Silence()
    silence.lasts(2.1)
    silence.lasts(1.0, waiting=False)
    assert silence.lasts(3.1) == [SilenceSignal.END]


def test_a_person_who_has_answered_is_asked_for_again() -> None:
    silence = Silence()
    silence.lasts(2.1)
    silence.lasts(0.5, waiting=False, person_speaks=True)
    assert silence.lasts(2.1) == [SilenceSignal.PROMPT]
