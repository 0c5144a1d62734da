"""What passes the guard and what does not, on figures as they occur."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.engines.guard import Evidence, Limits, Rejection, judge


def verdict(
    text: str,
    *,
    logprob: float = -0.2,
    no_speech: float = 0.05,
    seconds: float = 3.0,
    level_dbfs: float = -25.0,
    limits: Limits | None = None,
) -> Rejection | None:
    evidence = Evidence(
        text=text,
        seconds=seconds,
        level_dbfs=level_dbfs,
        average_logprob=logprob,
        no_speech_probability=no_speech,
    )
    return judge(evidence, limits or Limits())


@pytest.mark.parametrize(
    "text",
    [
        "What time do you open on Saturday?",
        "Thank you.",
        "Bye.",
        "You.",
        "No, no, no, no!",
        "My number is 555 000 000 1.",
        "five five five five",
        "X-ray.",
    ],
)
def test_what_is_clearly_said_passes(text: str) -> None:
    assert verdict(text, limits=Limits(vocabulary=("X-ray", "MRI"))) is None


@pytest.mark.parametrize(
    ("text", "logprob", "no_speech"),
    [
        ("Thank you.", -0.71, 0.75),
        ("Thank you.", -0.97, 0.77),
        ("You", -2.12, 0.92),
        ("Please, please, please.", -0.98, 0.74),
        ("I'm not going to do this easy.", -1.30, 0.89),
        ("I'm so sorry.", -1.94, 0.89),
        ("X-ray,", -1.43, 0.54),
        ("Thank you for watching.", -0.66, 0.84),
    ],
)
def test_what_whisper_made_of_noise_does_not_pass(text: str, logprob: float, no_speech: float) -> None:
    assert verdict(text, logprob=logprob, no_speech=no_speech) is not None


@pytest.mark.parametrize(
    ("text", "logprob", "no_speech", "rejection"),
    [
        ("Is anybody there?", -0.7, 0.9, Rejection.NO_SPEECH),
        ("yet, the end of the install.", -1.6, 0.05, Rejection.LOW_CONFIDENCE),
        ("Thanks for watching.", -0.9, 0.3, Rejection.PHANTOM),
        ("No, no, no, no, no, no, no, no, no, no, no, no, no", -0.36, 0.7, Rejection.REPETITION),
        ("I I I I I I I I", -0.1, 0.05, Rejection.REPETITION),
    ],
)
def test_the_reason_is_named(text: str, logprob: float, no_speech: float, rejection: Rejection) -> None:
    assert verdict(text, logprob=logprob, no_speech=no_speech) is rejection


@pytest.mark.parametrize(
    "text", ["", ".", " . . . . . . .", "[Music]", "(laughs)", "*coughs*", "♪♪ ♪", "…", "[MUSIC] (applause)"]
)
def test_a_text_without_words_is_no_speech(text: str) -> None:
    assert verdict(text) is Rejection.NO_SPEECH


def test_silence_is_silence_whatever_was_written() -> None:
    assert verdict("What time do you open?", level_dbfs=-70.0) is Rejection.SILENCE
    assert verdict("What time do you open?", level_dbfs=float("-inf")) is Rejection.SILENCE


def test_a_phrase_over_and_over_is_a_loop_and_one_said_twice_is_not() -> None:
    assert verdict("You did it, ladies. " * 6, seconds=8.0) is Rejection.REPETITION
    assert verdict("Hello? Hello? Is anybody there? Hello?") is None


def test_a_repeated_word_within_a_sentence_is_no_loop() -> None:
    assert verdict("It was very very very very very good and we would like to come again next week.") is None


def test_nobody_speaks_ten_words_in_half_a_second() -> None:
    assert verdict("one two three four five six seven eight nine ten", seconds=0.5) is Rejection.LOW_CONFIDENCE


def test_with_a_vocabulary_talk_in_the_background_needs_better_evidence() -> None:
    said = {"text": "It's kind of a lot of guys.", "logprob": -0.9, "no_speech": 0.5}
    limits = Limits(vocabulary=("X-ray",))
    assert verdict(**said, level_dbfs=-25.0, limits=limits) is None  # type: ignore[arg-type]
    assert verdict(**said, level_dbfs=-42.0, limits=limits) is Rejection.NO_SPEECH  # type: ignore[arg-type]


def test_the_vocabulary_alone_needs_better_evidence() -> None:
    limits = Limits(vocabulary=("Harbour Clinic", "X-ray"))
    assert verdict("X-ray.", logprob=-0.9, no_speech=0.2, limits=limits) is Rejection.PHANTOM
    assert verdict("I need an X-ray.", logprob=-0.9, no_speech=0.2, limits=limits) is None


def test_the_configuration_moves_the_line() -> None:
    doubtful = {"text": "Could you repeat that?", "logprob": -0.8, "no_speech": 0.7}
    assert verdict(**doubtful) is Rejection.NO_SPEECH  # type: ignore[arg-type]
    assert verdict(**doubtful, limits=Limits(no_speech_probability=0.8)) is None  # type: ignore[arg-type]
    assert verdict("Hello.", logprob=-0.6, limits=Limits(average_logprob=-0.3)) is Rejection.LOW_CONFIDENCE
    assert verdict("Ring the bell, ring the bell.", limits=Limits(compression_ratio=1.0)) is Rejection.REPETITION


@pytest.mark.parametrize("doubt", [0.0, 1.0])
@given(no_speech=st.floats(0, 1), logprob=st.floats(-20, 0))
def test_any_probability_and_any_limit_has_a_verdict(doubt: float, no_speech: float, logprob: float) -> None:
    limits = Limits(no_speech_probability=doubt)
    assert verdict("Good morning.", logprob=logprob, no_speech=no_speech, limits=limits) in {None, *Rejection}


@given(
    no_speech=st.floats(0, 1),
    logprob=st.floats(-5, 0),
    more_speech=st.floats(0, 1),
    more_likely=st.floats(0, 1),
    text=st.sampled_from(["Thank you.", "I would like to book a room."]),
)
def test_better_evidence_never_turns_a_pass_into_a_rejection(
    no_speech: float, logprob: float, more_speech: float, more_likely: float, text: str
) -> None:
    if verdict(text, logprob=logprob, no_speech=no_speech) is None:
        assert verdict(text, logprob=logprob * more_likely, no_speech=no_speech * more_speech) is None


@given(st.text(max_size=400))
def test_any_text_has_a_verdict(text: str) -> None:
    assert verdict(text) in {None, *Rejection}
