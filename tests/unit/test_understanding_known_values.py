"""What there is, named or misheard."""

from __future__ import annotations

import pytest

from appliance.understanding import find_known, same_sound, same_sound_within, sounds_like

THINGS = ("tylenol", "band-aid", "ibuprofen", "sun cream", "vitamin d", "cough medicine")


@pytest.mark.parametrize(
    ("said", "value"), [("tie the nole", "tylenol"), ("band ates", "band-aid"), ("eye bew profen", "ibuprofen")]
)
def test_a_misheard_thing_is_recognised_and_doubtful(said: str, value: str) -> None:
    found = sounds_like(said, 0, THINGS)
    assert found is not None
    assert (found.value, found.words, found.certain) == (value, said, False)


@pytest.mark.parametrize("said", ["hand cream", "vitamin c", "cold medicine", "zinc tablets", "a toilet", "", "it"])
def test_another_thing_is_not_taken_for_one(said: str) -> None:
    assert sounds_like(said, 0, THINGS) is None


def test_a_corrected_thing_is_not_named() -> None:
    assert [each.value for each in find_known("Tylenol, no, sorry, ibuprofen", THINGS)] == ["ibuprofen"]


DEPARTMENTS = {"physiotherapy": ["physio"], "x-ray": ["radiology"], "staff": ["nurse"]}


@pytest.mark.parametrize(
    ("said", "value", "words"),
    [
        ("Fees iotherapy, please.", "physiotherapy", "Fees iotherapy"),
        ("for the ex ray", "x-ray", "ex ray"),
        ("radio logy", "x-ray", "radio logy"),
    ],
)
def test_an_answer_that_sounds_the_same_is_a_choice(said: str, value: str, words: str) -> None:
    found = same_sound(said, DEPARTMENTS)
    assert found is not None
    assert (found.value, found.words, found.certain) == (value, words, False)
    assert said[found.start : found.end] == words


@pytest.mark.parametrize("said", ["cardiology", "the stuff", "fees iotherapy on Friday", "", "please", "..."])
def test_an_answer_that_sounds_otherwise_is_none(said: str) -> None:
    assert same_sound(said, DEPARTMENTS) is None


@pytest.mark.parametrize(
    ("said", "words"), [("I need an ex ray on Friday", "ex ray"), ("for the radio logy", "radio logy")]
)
def test_an_object_that_sounds_and_is_spelled_alike_is_a_choice(said: str, words: str) -> None:
    found = same_sound_within(said, DEPARTMENTS)
    assert found is not None
    assert (found.value, found.words, found.certain) == ("x-ray", words, False)


@pytest.mark.parametrize("said", ["no need for an ex ray", "ex ray", "an egg sray", "a cardiology appointment", ""])
def test_an_object_that_does_not_is_none(said: str) -> None:
    assert same_sound_within(said, DEPARTMENTS) is None


def test_a_sound_of_two_choices_is_neither() -> None:
    assert same_sound("flower", {"flour mill": ["flower"], "flower bed": ["flower"]}) is None
