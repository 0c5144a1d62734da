from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.dialogue.unfinished import Unfinished, unfinished


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I'd like a table for two and", Unfinished.CONNECTIVE),
        ("My number is", Unfinished.CONNECTIVE),
        ("I\u2019m looking for the", Unfinished.CONNECTIVE),
        ("Could you tell me if", Unfinished.CONNECTIVE),
        ("I want to.", Unfinished.CONNECTIVE),
        ("Um.", Unfinished.HESITATION),
        ("Can I have, uh,", Unfinished.HESITATION),
        ("Turn on the lights in the kitchen...", Unfinished.BROKEN_OFF),
        ("Two coffees, a croissant,", Unfinished.BROKEN_OFF),
        ("I was wonder-", Unfinished.BROKEN_OFF),
        ("When a person looks for something beyond their reach.", Unfinished.CLAUSE),
        ("Well, if the second one falls on the first", Unfinished.CLAUSE),
        ("I see. While my mother is with you.", Unfinished.CLAUSE),
        ("My number is 415", Unfinished.NUMBER),
        ("My number is 415-555-", Unfinished.NUMBER),
        ("Call me at double five", Unfinished.NUMBER),
        ("four one five", Unfinished.NUMBER),
        ("zip code 9021", Unfinished.NUMBER),
        ("My card is 4111 1111", Unfinished.NUMBER),
        ("My email is john", Unfinished.EMAIL),
        ("my email is john at gmail", Unfinished.EMAIL),
        ("john at gmail dot", Unfinished.EMAIL),
        ("My name is John, J-O-H-N.", Unfinished.SPELLING),
        ("It's spelled s m i", Unfinished.SPELLING),
    ],
)
def test_more_is_to_come(text: str, expected: Unfinished) -> None:
    assert unfinished(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "...",
        "Yes.",
        "What time is it?",
        "Who is it for?",
        "Set the bed light to 50%.",
        "Half past 2:30 p.m.",
        "Room 204",
        "five, five",
        "Eight of spades, four of clubs.",
        "My number is 415-555-1234.",
        "It's four one five five five five one two three four",
        "My number is 555 1234",
        "zip code 90210",
        "My email is john@gmail.com.",
        "My email is john at gmail dot com",
        "Who?",
        "I",
        "That is all.",
        "When do you open",
        "When the office is open?",
        "If the first falls on the second, it turns yellow.",
        "If I could see the doctor",
        "If possible.",
        "I don't know if it is open.",
    ],
)
def test_nothing_speaks_for_more(text: str) -> None:
    assert unfinished(text) is None


def test_only_dictation_outlives_a_pause() -> None:
    assert {hint for hint in Unfinished if hint.dictation} == {
        Unfinished.NUMBER,
        Unfinished.EMAIL,
        Unfinished.SPELLING,
    }


@given(st.text(max_size=80))
def test_any_text_gets_an_answer(text: str) -> None:
    assert unfinished(text) is None or isinstance(unfinished(text), Unfinished)
