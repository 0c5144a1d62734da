from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.understanding import find_names


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("My name is Anna Schmidt.", "Anna Schmidt"),
        ("my name's Anna", "Anna"),
        ("The name is Miller.", "Miller"),
        ("Hello, I'm Anna.", "Anna"),
        ("I am Anna Schmidt and I have an appointment", "Anna Schmidt"),
        ("This is Anna from Acme", "Anna"),
        ("It's Anna speaking", "Anna"),
        ("Anna Schmidt speaking", "Anna Schmidt"),
        ("under the name Miller", "Miller"),
        ("under the name of Miller please", "Miller"),
        ("It's booked under Miller", "Miller"),
        ("for Mrs. Miller", "Miller"),
        ("Hi, this is Dr. Miller", "Miller"),
        ("under Brown, B R O W N, for six", "Brown"),
        ("It's Peter Jones, P-E-T-E-R, J-O-N-E-S.", "Peter Jones"),
        ("My name is Ana Smith. A N N A, S C H M I D T.", "Anna Schmidt"),
        ("A N N A, S C H M I D T", "Anna Schmidt"),
        ("J, O, H, N", "John"),
        ("Last name Smith", "Smith"),
        ("My last name is Smith", "Smith"),
        ("My name is Ludwig van Beethoven", "Ludwig van Beethoven"),
        ("My name is O'Brien", "O'Brien"),
        ("My name is Mary-Jane Watson", "Mary-Jane Watson"),
        ("My name is John F. Kennedy", "John F. Kennedy"),
        ("I'm John. I'd like a table", "John"),
        ("My name is Bond, James Bond", "James Bond"),
        ("My name is Anna, Anna Schmidt", "Anna Schmidt"),
        ("My name is April May", "April May"),
        ("My name is Schmidt, S C H M I D T", "Schmidt"),
        ("My name is Anna Smith, that's S-C-H-M-I-D-T", "Anna Schmidt"),
        ("My name is Anna Smid. S as in Sierra, C for Charlie, H M I D T.", "Anna Schmidt"),
        ("My name is John, last name S M I T H", "John Smith"),
        ("My name is spelled J O H N", "John"),
        ("S C H M I D T", "Schmidt"),
        ("M I double L E R", "Miller"),
        ("my name is Anna, no, Anne", "Anne"),
    ],
)
def test_a_name_that_is_given(said: str, name: str) -> None:
    found = find_names(said)
    assert [(each.value, each.certain) for each in found] == [(name, True)]
    assert said[found[0].start : found[0].end] == found[0].words


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("my name is anna schmidt and i have a question", "Anna Schmidt"),
        ("My name is Anna. No.", "Anna"),
        ("an appointment with Doctor Miller", "Miller"),
        ("Dr. Smith told me to call", "Smith"),
        ("My name is Peter Jones, P E T E R J O N E S", "Peter Jones"),
        ("My name is Anna, X Y Z", "Anna"),
    ],
)
def test_a_name_that_is_asked_back(said: str, name: str) -> None:
    assert [(each.value, each.certain) for each in find_names(said)] == [(name, False)]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "I'm calling about my order",
        "I'm sorry",
        "I'm Looking for someone",
        "I'm here",
        "I'm late",
        "I'm German",
        "I'm at the airport",
        "This is about my order",
        "This is Friday",
        "This is a test",
        "this is urgent",
        "It's Monday",
        "It's me",
        "It's Paris",
        "My name is not important",
        "My name is on the list",
        "What is your name?",
        "one moment",
        "May I come in March?",
        "U S",
        "at 3 p.m.",
        "A B 1 2 3",
        "I'm 42",
        "I'm Tom's wife",
        "under the weather",
        "Doctor, please",
        "P as in bravo, B C D",
    ],
)
def test_what_is_no_name(said: str) -> None:
    assert find_names(said) == []


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("Anna Schmidt.", ["Anna Schmidt"]),
        ("Yes, Anna Schmidt", ["Anna Schmidt"]),
        ("It's Anna", ["Anna"]),
        ("Schmidt, S C H M I D T", ["Schmidt"]),
        ("anna schmidt", ["Anna Schmidt"]),
        ("Yes please", []),
        ("No", []),
        ("On Friday", []),
        ("I don't know", []),
        ("What?", []),
        ("four one five", []),
        ("Anna Schmidt wants a table for two", []),
    ],
)
def test_the_answer_to_a_question_for_the_name(said: str, names: list[str]) -> None:
    assert [each.value for each in find_names(said, asked=True)] == names


@pytest.mark.parametrize(
    ("said", "name", "certain"),
    [
        ("an appointment with miller", "Miller", True),
        ("My name is Millar", "Miller", False),
        ("with Anna Schmidt please", "Anna Schmidt", True),
        ("My name is Jones", "Jones", True),
    ],
)
def test_known_names(said: str, name: str, certain: bool) -> None:
    found = find_names(said, known=["Miller", "Anna Schmidt"])
    assert [(each.value, each.certain) for each in found] == [(name, certain)]


def test_a_name_that_resembles_two_known_ones_is_asked_back() -> None:
    assert [each.certain for each in find_names("My name is Meiers", known=["Meier", "Meyers"])] == [False]


@given(st.text(max_size=80))
def test_any_text_is_read(said: str) -> None:
    for each in find_names(said, known=["Miller"], asked=True):
        assert said[each.start : each.end] == each.words


@given(st.from_regex(r"[A-Z][a-z]{3,9}", fullmatch=True))
def test_a_spelled_name_is_found_again(name: str) -> None:
    assert [each.value for each in find_names("-".join(name.upper()))] == [name]
