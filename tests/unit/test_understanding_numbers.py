from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from appliance.understanding import find_number_ranges, find_numbers, find_ordinals, find_phones, find_years


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("twenty-five", 25),
        ("a hundred and two", 102),
        ("one hundred twenty", 120),
        ("twelve hundred", 1200),
        ("three thousand four hundred and five", 3405),
        ("two and a half", 2.5),
        ("three point one four", 3.14),
        ("3.5", 3.5),
        ("1,200", 1200),
        ("2 million", 2_000_000),
        ("a dozen", 12),
        ("two dozen eggs", 24),
        ("half a dozen", 6),
        ("minus five", -5),
        ("20kg", 20),
        ("for four people", 4),
        ("a table for one", 1),
        ("just one", 1),
        ("One.", 1),
        ("four, no, five", 5),
        ("four, I mean, um, five people", 5),
        ("I have two questions", 2),
        ("fourty two", 42),
        ("a hundred and five", 105),
        ("twenty of the third kind", 20),
        ("twenty, third floor", 20),
        ("two third graders", 2),
        ("thirty seconds", 30),
    ],
)
def test_numbers(said: str, number: float) -> None:
    assert [(each.value, each.certain) for each in find_numbers(said)] == [(number, True)]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "one moment",
        "just one second",
        "the blue one",
        "that one please",
        "no one",
        "nineteen eighty four",
        "five fifty five",
        "at 3:30",
        "555-0142",
        "555 0142",
        "nine oh two",
        "triple five",
        "0142",
        "ORD-1042",
        "the 4th",
        "to be or not to be",
        "the twenty third",
        "twenty-third",
        "on the 20 third",
        "the twenty 3rd floor",
        "the hundred and fifth",
        "the two hundredth customer",
        "one third",
        "one quarter of it",
        "two thirds",
        "three quarters of an hour",
    ],
)
def test_what_counts_nothing(said: str) -> None:
    assert find_numbers(said) == []


def test_a_couple_is_asked_back() -> None:
    assert [(each.value, each.certain) for each in find_numbers("a couple of people")] == [(2, False)]


def test_other_finders_take_their_spans_first() -> None:
    said = "my number is 4155550142 and we are four"
    assert [each.value for each in find_numbers(said, exclude=find_phones(said))] == [4]


@pytest.mark.parametrize(
    ("said", "ends"),
    [("two to three people", "2/3"), ("between 5 and 10", "5/10"), ("2-3", "2/3"), ("two or three", "2/3")],
)
def test_ranges(said: str, ends: str) -> None:
    assert [each.value for each in find_number_ranges(said)] == [ends]


@pytest.mark.parametrize("said", ["555-0142", "ten to four", "five and ten", "2026-03-04"])
def test_no_ranges(said: str) -> None:
    assert find_number_ranges(said) == []


@pytest.mark.parametrize(
    ("said", "places"),
    [
        ("the second one", [2]),
        ("on the third floor", [3]),
        ("twenty-first", [21]),
        ("the twenty third floor", [23]),
        ("the 20 third", [23]),
        ("twenty 3rd", [23]),
        ("the hundred and fifth", [105]),
        ("one hundred twenty first street", [121]),
        ("the 2 hundred and first", [201]),
        ("the 4th", [4]),
        ("wait a second", []),
        ("first of all", []),
    ],
)
def test_ordinals(said: str, places: list[int]) -> None:
    assert [each.value for each in find_ordinals(said)] == places


@pytest.mark.parametrize(
    ("said", "year"),
    [
        ("in nineteen eighty four", 1984),
        ("nineteen oh five", 1905),
        ("twenty twenty-six, please", 2026),
        ("two thousand and five", 2005),
        ("born in 1984", 1984),
    ],
)
def test_years(said: str, year: int) -> None:
    assert [each.value for each in find_years(said)] == [year]


@pytest.mark.parametrize("said", ["", "nineteen", "nineteen eighty four five five", "twenty people", "1984555"])
def test_what_is_no_year(said: str) -> None:
    assert find_years(said) == []


@given(st.integers(0, 999_999_999))
def test_a_number_in_words_is_found_again(number: int) -> None:
    words = num2words(number)
    said = f"it should be {words} please"
    assert [each.value for each in find_numbers(said)] == [number]
    assert [each.value for each in find_numbers(said.replace(",", "").replace("-", " "))] == [number]


@given(st.integers(1, 999_999))
def test_a_written_number_is_found_again(number: int) -> None:
    assert [each.value for each in find_numbers(f"about {number} of them")] == [number]
    assert [each.value for each in find_numbers(f"about {number:,} of them")] == [number]


@given(st.integers(0, 99), st.integers(0, 99))
def test_a_number_taken_back_is_not_returned(wrong: int, right: int) -> None:
    said = f"{num2words(wrong)}, no, {num2words(right)}"
    assert [each.value for each in find_numbers(said)] == [right]
