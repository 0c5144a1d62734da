from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.audio.ports import FRAME_SAMPLES, Frame
from appliance.config.models import Eagerness, TurnConfig, TurnMode, VadConfig
from appliance.dialogue.endpointing import Endpointer, Signal

SPEECH, SILENCE = 0.9, 0.02
PCM = np.zeros(FRAME_SAMPLES, np.float32)
FRAME_MS = 32


class Stream:
    """Feeds frames to an endpointer and answers its questions at once, or later, or never."""

    def __init__(
        self,
        turn: TurnConfig | None = None,
        *,
        probability: float | None = None,
        text: str | None = None,
        latency_ms: int = 0,
        snr_db: float | None = None,
    ) -> None:
        self.background = None if snr_db is None else np.float32(10 ** (-snr_db / 20))
        self.endpointer = Endpointer(VadConfig(), turn or TurnConfig(clear_end_ms=250))
        self.probability = probability
        self.text = text
        self.latency = latency_ms // FRAME_MS
        self.count = 0
        self.log: list[tuple[Signal, int]] = []
        self.pending: list[tuple[int, Signal, int]] = []

    @property
    def now_ms(self) -> int:
        return self.count * FRAME_MS

    @property
    def signals(self) -> list[Signal]:
        return [signal for signal, _ in self.log]

    def feed(self, probabilities: Iterable[float]) -> Stream:
        for value in probabilities:
            start = self.count * FRAME_SAMPLES
            self.count += 1
            pcm = PCM if self.background is None else PCM + (1.0 if value >= 0.5 else self.background)
            frame = Frame(pcm=pcm, start=start, speech_probability=value, t=self.now_ms / 1000)
            self._take(self.endpointer.on_frame(frame))
            self._answer()
        return self

    def speak(self, milliseconds: int, probability: float = SPEECH) -> Stream:
        return self.feed([probability] * (milliseconds // FRAME_MS))

    def quiet(self, milliseconds: int) -> Stream:
        return self.speak(milliseconds, SILENCE)

    def delay_ms(self) -> float:
        """Silence from the last voiced sample to the decision."""
        (decided,) = [at for signal, at in self.log if signal is Signal.ENDED]
        return decided - self.endpointer.last_voiced / 16

    def _take(self, signals: Sequence[Signal]) -> None:
        for signal in signals:
            self.log.append((signal, self.now_ms))
            if signal in {Signal.PAUSED, Signal.ASK}:
                self.pending.append((self.count + self.latency, signal, self.count * FRAME_SAMPLES))

    def _answer(self) -> None:
        due = [question for question in self.pending if question[0] <= self.count]
        self.pending = [question for question in self.pending if question[0] > self.count]
        for _, signal, at in due:
            if signal is Signal.ASK and self.probability is not None:
                self._take(self.endpointer.on_turn_probability(self.probability, at))
            if signal is Signal.PAUSED and self.text is not None:
                self._take(self.endpointer.on_transcript(self.text, at))


@pytest.mark.parametrize(
    ("probability", "text", "latency_ms", "delay_ms", "reason"),
    [
        pytest.param(0.98, "What time is it?", 0, 256, "semantic", id="clear end"),
        pytest.param(0.98, "Yes.", 96, 256, "semantic", id="clear end, answers while the silence grows"),
        pytest.param(0.98, "I'd like a table for two and", 0, 2016, "cap", id="the words say otherwise"),
        pytest.param(0.98, "Um,", 0, 2016, "cap", id="hesitation"),
        pytest.param(0.98, "My number is four one five", 0, 2016, "cap", id="phone number"),
        pytest.param(0.98, "When she comes home.", 0, 1024, "silence", id="a clause without its sentence"),
        pytest.param(0.98, None, 0, 256, "semantic", id="the words come too late"),
        pytest.param(0.7, "What time is it?", 0, 544, "semantic", id="likely end"),
        pytest.param(0.2, "What time is it?", 0, 800, "silence", id="unclear end"),
        pytest.param(0.98, "", 0, 800, "silence", id="a noise without words"),
        pytest.param(0.03, "What time is it?", 0, 1024, "silence", id="the voice says otherwise"),
        pytest.param(None, None, 0, 800, "silence", id="nobody answers"),
        pytest.param(None, "What time is it?", 0, 800, "silence", id="the detector does not answer"),
    ],
)
def test_the_wait_depends_on_voice_and_words(
    probability: float | None, text: str | None, latency_ms: int, delay_ms: int, reason: str
) -> None:
    stream = Stream(probability=probability, text=text, latency_ms=latency_ms).quiet(320).speak(640).quiet(2500)
    assert stream.signals == [Signal.SPEECH_STARTED, Signal.PAUSED, Signal.ASK, Signal.ENDED]
    assert stream.delay_ms() == delay_ms
    assert stream.endpointer.end_reason == reason
    assert stream.endpointer.speech_start == 320 * 16
    assert stream.endpointer.last_voiced == 960 * 16


@pytest.mark.parametrize(
    ("snr_db", "probability", "delay_ms"),
    [(10, 0.98, 544), (10, 0.7, 800), (10, 0.2, 1024), (10, 0.03, 1024), (25, 0.98, 256), (25, 0.2, 800)],
)
def test_in_noise_it_is_more_patient(snr_db: float, probability: float, delay_ms: int) -> None:
    stream = Stream(probability=probability, text="What time is it?", snr_db=snr_db)
    assert stream.quiet(320).speak(32).quiet(320).speak(640).quiet(2500).delay_ms() == delay_ms


def test_in_noise_the_recogniser_breaks_off_by_itself() -> None:
    assert Stream(probability=0.98, text="I'd like...", snr_db=10).speak(640).quiet(2500).delay_ms() == 1024
    assert Stream(probability=0.98, text="I'd like...", snr_db=25).speak(640).quiet(2500).delay_ms() == 2016
    assert Stream(probability=0.98, text="I'd like to", snr_db=10).speak(640).quiet(2500).delay_ms() == 2016


def test_each_pause_is_judged_by_its_own_noise() -> None:
    stream = Stream(probability=0.98, snr_db=10).speak(640).quiet(320)
    stream.background = np.float32(0.001)
    assert stream.speak(640).quiet(2500).delay_ms() == 256


def test_speech_starts_after_its_minimum_and_shorter_clicks_are_ignored() -> None:
    stream = Stream().speak(64).quiet(2000)
    assert stream.signals == []
    stream.speak(64)
    assert stream.signals == []
    stream.speak(32)
    assert stream.log == [(Signal.SPEECH_STARTED, 2144)]
    assert stream.endpointer.speech_start == 2048 * 16
    assert stream.endpointer.speaking


def test_a_cough_of_three_frames_is_a_turn_like_any_other_and_ends_by_silence() -> None:
    stream = Stream(probability=0.2).speak(96).quiet(1000)
    assert stream.signals[0] is Signal.SPEECH_STARTED
    assert stream.signals[-1] is Signal.ENDED
    assert stream.endpointer.end_reason == "silence"


def test_pausing_for_thought_resumes() -> None:
    stream = Stream(probability=0.1).speak(640).quiet(700).speak(640)
    assert stream.signals[0:2] == [Signal.SPEECH_STARTED, Signal.PAUSED]
    assert stream.signals[-1] is Signal.RESUMED
    assert Signal.ENDED not in stream.signals
    stream.probability = 0.95
    stream.quiet(600)
    assert stream.delay_ms() == 256
    assert stream.signals.count(Signal.PAUSED) == 2


def test_a_phone_number_is_dictated_with_pauses() -> None:
    stream = Stream(probability=0.9, text="My number is 415", latency_ms=320).speak(1000).quiet(1200)
    stream.speak(600)
    stream.text = "My number is 415 555"
    stream.quiet(1500).speak(800)
    stream.text = "My number is 415 555 1234."
    assert Signal.ENDED not in stream.signals
    stream.quiet(600)
    assert stream.signals.count(Signal.ENDED) == 1
    assert stream.delay_ms() == 416


def test_dictation_stays_likely_until_the_next_transcript_says_otherwise() -> None:
    stream = Stream(probability=0.9, text="My number is 415").speak(1000).quiet(1200).speak(600)
    stream.text = None
    stream.quiet(1900)
    assert Signal.ENDED not in stream.signals


def test_a_trailing_and_is_forgotten_once_the_person_goes_on() -> None:
    stream = Stream(probability=0.9, text="Soup and").speak(1000).quiet(1200).speak(600)
    stream.text = None
    stream.quiet(600)
    assert stream.endpointer.end_reason == "semantic"


def test_answers_about_an_earlier_pause_are_ignored() -> None:
    stream = Stream().speak(640).quiet(320).speak(320).quiet(320)
    assert stream.endpointer.on_turn_probability(0.99, 800 * 16) == ()
    assert stream.endpointer.on_transcript("Soup and", 800 * 16) == ()
    stream.quiet(512)
    assert stream.endpointer.end_reason == "silence"


def test_words_understood_while_speaking_count_only_for_dictation() -> None:
    stream = Stream(probability=0.98).speak(640)
    assert stream.endpointer.on_transcript("Soup and", 320 * 16) == ()
    stream.quiet(320)
    assert stream.signals[-1] is Signal.ENDED
    stream.speak(640)
    stream.endpointer.on_transcript("My number is 415", stream.count * FRAME_SAMPLES - 8000)
    stream.quiet(1900)
    assert stream.signals.count(Signal.ENDED) == 1


def test_an_older_transcript_does_not_replace_a_newer_one() -> None:
    stream = Stream().speak(640).quiet(320)
    assert stream.endpointer.on_transcript("My number is 415 555 1234.", 900 * 16) == ()
    assert stream.endpointer.on_transcript("My number is 415", 500 * 16) == ()
    stream.quiet(512)
    assert stream.endpointer.end_reason == "silence"


def test_answers_when_nobody_speaks_are_ignored() -> None:
    endpointer = Endpointer(VadConfig(), TurnConfig())
    assert endpointer.on_turn_probability(0.99, 0) == ()
    assert endpointer.on_transcript("Hello.", 0) == ()


def test_the_detector_is_asked_once_in_a_pause() -> None:
    stream = Stream(probability=0.3, text="I'd like to").speak(640).quiet(1500).speak(640).quiet(1500)
    assert stream.signals.count(Signal.PAUSED) == stream.signals.count(Signal.ASK) == 2


def test_a_click_inside_a_pause_does_not_resume() -> None:
    stream = Stream(probability=0.98, text="Yes.").speak(640).quiet(160).speak(32).quiet(320)
    assert Signal.RESUMED not in stream.signals
    assert stream.endpointer.last_voiced == 640 * 16
    assert stream.endpointer.end_reason == "semantic"


def test_speech_that_begins_as_the_decision_falls_is_not_cut_off() -> None:
    stream = Stream(probability=0.98, text="Yes.").speak(640).quiet(192).speak(320)
    assert stream.signals[-1] is Signal.RESUMED
    assert Signal.ENDED not in stream.signals


@pytest.mark.parametrize("flicker", [(0.49, 0.51), (0.36, 0.5), (0.4, 0.4)])
def test_flicker_around_the_threshold_keeps_a_voice_voiced(flicker: tuple[float, float]) -> None:
    stream = Stream(probability=0.98).speak(320).feed(flicker * 20)
    assert stream.signals == [Signal.SPEECH_STARTED]


def test_flicker_below_the_threshold_starts_nothing() -> None:
    assert Stream().feed((0.49, 0.3, 0.51, 0.3) * 50).signals == []


def test_music_that_never_stops_is_cut_into_turns() -> None:
    stream = Stream(TurnConfig(max_turn_ms=5000)).speak(11_000)
    assert stream.signals == [Signal.SPEECH_STARTED, Signal.ENDED] * 2 + [Signal.SPEECH_STARTED]
    assert stream.endpointer.end_reason == "cap"


def test_mode_vad_counts_silence_and_asks_nobody() -> None:
    stream = Stream(TurnConfig(mode=TurnMode.VAD), probability=0.99, text="Soup and").speak(640).quiet(1000)
    assert stream.signals == [Signal.SPEECH_STARTED, Signal.PAUSED, Signal.ENDED]
    assert stream.delay_ms() == 800


@pytest.mark.parametrize(
    ("eagerness", "clear_ms", "unclear_ms"),
    [(Eagerness.LOW, 384, 1216), (Eagerness.AUTO, 256, 800), (Eagerness.HIGH, 192, 608)],
)
def test_eagerness_scales_the_waits(eagerness: Eagerness, clear_ms: int, unclear_ms: int) -> None:
    turn = TurnConfig(eagerness=eagerness, clear_end_ms=250)
    assert Stream(turn, probability=0.99, text="Yes.").speak(640).quiet(2500).delay_ms() == clear_ms
    assert Stream(turn, probability=0.1, text="Yes.").speak(640).quiet(2500).delay_ms() == unclear_ms


def test_reset_forgets_the_turn() -> None:
    stream = Stream().speak(640)
    stream.endpointer.reset()
    assert not stream.endpointer.speaking
    stream.quiet(3000)
    assert stream.signals == [Signal.SPEECH_STARTED]


_EXPECTED_NEXT = {
    None: {Signal.SPEECH_STARTED},
    Signal.SPEECH_STARTED: {Signal.PAUSED, Signal.ENDED},
    Signal.PAUSED: {Signal.ASK, Signal.RESUMED, Signal.ENDED},
    Signal.ASK: {Signal.RESUMED, Signal.ENDED},
    Signal.RESUMED: {Signal.PAUSED, Signal.ENDED},
    Signal.ENDED: {Signal.SPEECH_STARTED},
}


@settings(max_examples=60, deadline=None)
@given(
    runs=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 40)), max_size=40),
    mode=st.sampled_from(TurnMode),
    probability=st.one_of(st.none(), st.floats(0, 1)),
    text=st.sampled_from([None, "", "Yes.", "and", "my number is 415"]),
    latency_ms=st.sampled_from([0, 96, 320, 1500]),
)
def test_signals_alternate_whatever_is_heard(
    runs: list[tuple[float, int]], mode: TurnMode, probability: float | None, text: str | None, latency_ms: int
) -> None:
    turn = TurnConfig(mode=mode, max_turn_ms=3000)
    stream = Stream(turn, probability=probability, text=text, latency_ms=latency_ms)
    for value, length in runs:
        stream.feed([value] * length)
        assert stream.endpointer.speech_start <= stream.endpointer.last_voiced <= stream.count * FRAME_SAMPLES
    before: Signal | None = None
    for signal in stream.signals:
        assert signal in _EXPECTED_NEXT[before]
        before = signal
    assert stream.endpointer.speaking == (before not in {None, Signal.ENDED})
