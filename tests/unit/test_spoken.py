from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dialogue.spoken import heard_text, words_heard
from appliance.engines.ports import Speech
from appliance.speakable.timing import word_ends


def speech(text: str, samples: int, ends: tuple[int, ...] = ()) -> Speech:
    return Speech(text=text, pcm=np.zeros(samples, np.float32), sample_rate=100, word_ends=ends)


@pytest.mark.parametrize(
    ("played", "heard"),
    [
        (-5, ""),
        (0, ""),
        (49, ""),
        (50, "We"),
        (149, "We"),
        (150, "We open"),
        (249, "We open"),
        (250, "We open at"),
        (399, "We open at nine."),
        (400, "We open at nine."),
        (9999, "We open at nine."),
    ],
)
def test_a_word_counts_when_half_of_it_was_played(played: int, heard: str) -> None:
    assert words_heard(speech("We open at nine.", 450, (100, 200, 300, 400)), played) == heard


def test_words_share_the_sound_when_their_ends_are_unknown() -> None:
    assert words_heard(speech("We open at nine.", 400), 200) == "We open"


def test_a_word_that_is_said_with_the_one_before_it_is_heard_with_it() -> None:
    clause = speech("12.99 € please", 300, (200, 200, 300))
    assert words_heard(clause, 150) == "12.99"
    assert words_heard(clause, 200) == "12.99 €"


def test_symbols_alone_are_not_heard() -> None:
    assert words_heard(speech("- Bring it", 200, (0, 100, 200)), 10) == ""
    assert words_heard(speech("👍", 0), 0) == ""


def test_joins_clauses_up_to_the_one_that_was_cut() -> None:
    first, second, third = (speech(text, 200, (100, 200)) for text in ("Yes sir.", "We are", "open now."))
    assert heard_text([(first, 200), (second, 60), (third, 0)]) == "Yes sir. We"
    assert heard_text([(first, 200), (second, 20), (third, 200)]) == "Yes sir."
    assert heard_text([(first, 200), (second, 200), (third, 200)]) == "Yes sir. We are open now."
    assert heard_text([(first, 0)]) == ""
    assert heard_text([]) == ""


def test_a_clause_without_sound_does_not_end_the_reply() -> None:
    assert heard_text([(speech("👍", 0), 0), (speech("Yes.", 100, (100,)), 100)]) == "Yes."


def test_ends_are_in_proportion_to_the_weights() -> None:
    assert word_ends([1, 3, 0, 4], 100, 900) == (200, 500, 500, 900)
    assert word_ends([0, 0], 0, 100) == (50, 100)
    assert word_ends([], 0, 100) == ()
    assert word_ends([1, 2], 50, 50) == (50, 50)


WEIGHTS = st.lists(st.floats(0, 1000), max_size=30)


@given(WEIGHTS, st.integers(0, 10_000), st.integers(0, 500_000))
def test_ends_grow_and_stay_within_the_voice(weights: list[float], start: int, length: int) -> None:
    ends = word_ends(weights, start, start + length)
    assert len(ends) == len(weights)
    assert list(ends) == sorted(ends)
    assert all(start <= end <= start + length for end in ends)
    assert not ends or ends[-1] == start + length


@given(WEIGHTS.filter(bool), st.integers(1, 5000), st.integers(0, 5000), st.integers(0, 5000))
def test_what_was_heard_only_grows_while_it_is_played(weights: list[float], length: int, early: int, late: int) -> None:
    words = [f"w{number}" for number in range(len(weights))]
    clause = speech(" ".join(words), length, word_ends(weights, 0, length))
    early, late = sorted((early, late))
    heard_early, heard_late = words_heard(clause, early).split(), words_heard(clause, late).split()
    assert heard_late[: len(heard_early)] == heard_early
    assert words[: len(heard_late)] == heard_late
