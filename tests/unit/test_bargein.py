from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.audio.ports import FRAME_SAMPLES, Frame
from appliance.config.models import BargeInConfig, VadConfig
from appliance.dialogue.bargein import BargeIn, BargeInSignal

SPEECH, SILENCE = 0.9, 0.02
PCM = np.zeros(FRAME_SAMPLES, np.float32)
FRAME_MS = 32


class Room:
    """Feeds frames to the policy; every ASK is answered after `latency_ms` with the words said by then."""

    def __init__(
        self,
        words: Iterable[tuple[int, str]] = (),
        *,
        rejected: str | None = None,
        latency_ms: int = 96,
        config: BargeInConfig | None = None,
    ) -> None:
        self.policy = BargeIn(config or BargeInConfig(), VadConfig())
        self.words = tuple(words)
        self.rejected = rejected
        self.latency = latency_ms // FRAME_MS
        self.count = 0
        self.log: list[tuple[BargeInSignal, int]] = []
        self.pending: list[tuple[int, int]] = []

    @property
    def signals(self) -> list[BargeInSignal]:
        return [signal for signal, _ in self.log]

    def speak(self, milliseconds: int, probability: float = SPEECH) -> Room:
        for _ in range(milliseconds // FRAME_MS):
            start = self.count * FRAME_SAMPLES
            self.count += 1
            frame = Frame(pcm=PCM, start=start, speech_probability=probability, t=0.0)
            self._take(self.policy.on_frame(frame))
            self._answer()
        return self

    def quiet(self, milliseconds: int) -> Room:
        return self.speak(milliseconds, SILENCE)

    def decided_ms(self) -> int:
        """Time of the decision after the person's first sound."""
        silent = {BargeInSignal.ASK, BargeInSignal.HOLD}
        ((signal, at),) = [entry for entry in self.log if entry[0] not in silent]
        assert signal is BargeInSignal.ACCEPTED
        return at - self.policy.speech_start // 16

    def _take(self, signals: tuple[BargeInSignal, ...]) -> None:
        for signal in signals:
            self.log.append((signal, self.count * FRAME_MS))
            if signal is BargeInSignal.ASK:
                self.pending.append((self.count + self.latency, self.count))

    def _answer(self) -> None:
        due = [at for when, at in self.pending if when <= self.count]
        self.pending = [question for question in self.pending if question[0] > self.count]
        for at in due:
            text = " ".join(word for said_ms, word in self.words if said_ms <= at * FRAME_MS)
            rejected = self.rejected or (None if text else "no-speech")
            self._take(self.policy.on_words("" if rejected else text, rejected, at * FRAME_SAMPLES))


def test_words_are_accepted_within_half_a_second() -> None:
    room = Room([(180, "what")]).speak(480)
    assert room.signals == [BargeInSignal.ASK, BargeInSignal.ACCEPTED]
    assert 200 <= room.decided_ms() <= 500


def test_who_speaks_is_not_talked_over_while_the_words_are_looked_for() -> None:
    room = Room([(700, "what")], latency_ms=512).speak(448)
    assert (BargeInSignal.HOLD, 416) in room.log
    assert room.policy.holding
    room.speak(640)
    assert room.signals.count(BargeInSignal.HOLD) == 1
    assert room.signals[-1] is BargeInSignal.ACCEPTED
    assert not room.policy.holding


def test_an_answer_that_is_no_backchannel_holds_at_once_while_the_voice_goes_on() -> None:
    assert (BargeInSignal.HOLD, 192 + 96) in Room([(700, "what")]).speak(448).log
    assert BargeInSignal.HOLD not in Room([(700, "what")]).speak(224).quiet(320).signals
    assert BargeInSignal.HOLD not in Room([(100, "okay")]).speak(448).signals


def test_speech_that_goes_on_after_a_refusal_holds_sooner() -> None:
    room = Room(rejected="no-speech").speak(160).quiet(320)
    assert room.signals[-1] is BargeInSignal.REFUSED
    began = room.count * FRAME_MS
    room.latency = 10_000
    room.speak(416)
    assert room.log[-1] == (BargeInSignal.HOLD, began + 224)
    late = Room(rejected="no-speech").speak(160).quiet(960)
    late.latency = 10_000
    assert BargeInSignal.HOLD not in late.speak(384).signals


def test_a_voice_in_pieces_holds_it_too() -> None:
    room = Room(rejected="no-speech", latency_ms=5000).speak(160).quiet(64).speak(224)
    assert room.log[-1] == (BargeInSignal.HOLD, 416)
    room = Room(rejected="no-speech", latency_ms=5000).speak(96).quiet(224).speak(128)
    assert BargeInSignal.HOLD not in room.signals


def test_a_backchannel_that_was_recognised_in_time_does_not_hold_the_reply() -> None:
    room = Room([(100, "Mm-hm.")]).speak(512).quiet(320)
    assert set(room.signals) == {BargeInSignal.ASK, BargeInSignal.REFUSED}
    assert not room.policy.holding


def test_a_long_backchannel_holds_it_after_all() -> None:
    room = Room([(100, "Mm-hm.")]).speak(704)
    assert (BargeInSignal.HOLD, 640) in room.log


def test_a_cough_holds_it_until_it_is_over() -> None:
    room = Room(rejected="no-speech").speak(448).quiet(320)
    assert [signal for signal in room.signals if signal is not BargeInSignal.ASK] == [
        BargeInSignal.HOLD,
        BargeInSignal.REFUSED,
    ]
    held, released = (at for signal, at in room.log if signal is not BargeInSignal.ASK)
    assert released - held <= 320
    assert not room.policy.holding


def test_a_lone_stop_is_accepted() -> None:
    room = Room([(250, "Stop.")]).quiet(320).speak(256).quiet(320)
    assert room.signals == [BargeInSignal.ASK, BargeInSignal.ACCEPTED]
    assert room.policy.speech_start == 320 * 16
    assert room.decided_ms() <= 500


@pytest.mark.parametrize("text", ["Mm-hm.", "Yeah.", "Okay, okay.", "Uh-huh."])
def test_backchannels_are_refused(text: str) -> None:
    room = Room([(200, text)]).speak(480).quiet(640)
    assert room.signals[-1] is BargeInSignal.REFUSED
    assert room.policy.refusal == "backchannel"
    assert BargeInSignal.ACCEPTED not in room.signals


def test_a_backchannel_that_goes_on_becomes_an_interruption() -> None:
    room = Room([(200, "Yeah,"), (550, "but"), (640, "wait")]).speak(800)
    assert room.signals[-1] is BargeInSignal.ACCEPTED
    assert room.decided_ms() <= 800


def test_speech_that_is_not_understood_interrupts_when_it_goes_on() -> None:
    room = Room([(200, "Mm")]).speak(1500)
    assert BargeInSignal.ACCEPTED in room.signals
    accepted = next(at for signal, at in room.log if signal is BargeInSignal.ACCEPTED)
    assert 900 <= accepted < 940


def test_speech_in_which_no_words_are_found_interrupts_a_little_sooner() -> None:
    room = Room(rejected="low-confidence").speak(1500)
    accepted = next(at for signal, at in room.log if signal is BargeInSignal.ACCEPTED)
    assert 600 <= accepted < 640


def test_a_cough_is_refused_with_the_reason_of_the_recogniser() -> None:
    room = Room(rejected="no-speech").speak(96).quiet(640)
    assert room.signals == [BargeInSignal.ASK, BargeInSignal.REFUSED]
    assert room.policy.refusal == "no-speech"


def test_doubtful_words_have_to_be_found_twice() -> None:
    room = Room(latency_ms=5000).speak(480)
    assert room.policy.on_words("A bank", None, 224 * 16, 0.3) == ()
    assert room.policy.on_words("A bank is", None, 416 * 16, 0.3) == (BargeInSignal.ACCEPTED,)


def test_doubtful_words_in_a_short_speech_are_none() -> None:
    room = Room(latency_ms=5000).speak(192).quiet(96)
    assert room.policy.on_words("Chirr.", None, 288 * 16, 0.3) == (BargeInSignal.REFUSED,)
    assert room.policy.refusal == "low-confidence"


def test_an_empty_transcript_is_refused() -> None:
    room = Room().speak(128).quiet(96)
    assert room.signals == [BargeInSignal.ASK]
    assert room.policy.on_words(" ", None, 224 * 16) == (BargeInSignal.REFUSED,)
    assert room.policy.refusal == "silence"


def test_a_click_is_not_worth_a_question() -> None:
    assert Room().speak(64).quiet(640).signals == []


def test_a_slow_recogniser_is_asked_one_question_at_a_time() -> None:
    room = Room([(200, "Yeah")], latency_ms=600).speak(768)
    assert room.signals == [BargeInSignal.ASK, BargeInSignal.HOLD]


def test_a_short_answer_about_the_beginning_does_not_refuse_the_rest() -> None:
    room = Room([(250, "Okay"), (600, "stop")], latency_ms=512).speak(640).quiet(1280)
    assert room.signals == [BargeInSignal.ASK, BargeInSignal.HOLD, BargeInSignal.ASK, BargeInSignal.ACCEPTED]


def test_two_backchannels_in_a_row_are_two_speeches() -> None:
    room = Room([(200, "Yeah")]).speak(320).quiet(960).speak(320).quiet(960)
    assert room.signals.count(BargeInSignal.REFUSED) == 2
    assert BargeInSignal.ACCEPTED not in room.signals


def test_a_stale_answer_is_ignored() -> None:
    room = Room().quiet(2000).speak(320)
    assert room.policy.on_words("stop", None, 100 * 16) == ()
    assert BargeIn(BargeInConfig(), VadConfig()).on_words("stop", None, 0) == ()


def test_disabled_barge_in_hears_nothing() -> None:
    assert Room([(100, "stop")], config=BargeInConfig(enabled=False)).speak(2000).quiet(500).signals == []


def test_reset_forgets_the_speech() -> None:
    room = Room([(100, "stop")], latency_ms=1000).speak(320)
    room.policy.reset()
    assert room.policy.on_words("stop", None, 320 * 16) == ()


@settings(max_examples=60, deadline=None)
@given(
    runs=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 30)), max_size=30),
    text=st.sampled_from(["", "Yeah", "Stop"]),
    latency_ms=st.sampled_from([0, 96, 320, 960]),
)
def test_every_verdict_follows_a_question_or_long_speech(
    runs: list[tuple[float, int]], text: str, latency_ms: int
) -> None:
    room = Room([(0, text)] if text else [], latency_ms=latency_ms)
    for value, length in runs:
        room.speak(length * FRAME_MS, value)
    questions = refused = 0
    holding = False
    for signal in room.signals:
        assert not (holding and signal is BargeInSignal.HOLD)
        holding = signal is BargeInSignal.HOLD or (holding and signal is BargeInSignal.ASK)
        questions += signal is BargeInSignal.ASK
        refused += signal is BargeInSignal.REFUSED
        assert refused <= questions
    assert room.policy.holding == holding
    assert not (refused and text == "Stop" and latency_ms == 0)
