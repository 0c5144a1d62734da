from __future__ import annotations

import pytest

from appliance.understanding import find_choices, match_choice, mentions, replaces, standing, taken_back
from appliance.understanding.found import Found

_CHOICES = {
    "ibuprofen": [],
    "red_wine": ["red"],
    "white_wine": ["white"],
    "non_smoking": ["non smoking"],
    "smoking": [],
    "delivery": ["deliver it"],
}


@pytest.mark.parametrize(
    ("said", "choice"),
    [
        ("Ibuprofen, please", "ibuprofen"),
        ("ibuprofin please", "ibuprofen"),
        ("a red wine", "red_wine"),
        ("the reds", "red_wine"),
        ("RED!", "red_wine"),
        ("not the red one, the white one", "white_wine"),
        ("red, no, white", "white_wine"),
        ("white instead of red", "white_wine"),
        ("non-smoking", "non_smoking"),
        ("smoking", "smoking"),
        ("two deliveries", "delivery"),
        ("could you deliver it", "delivery"),
        ("red, red wine", "red_wine"),
    ],
)
def test_the_one_choice(said: str, choice: str) -> None:
    found = match_choice(said, _CHOICES)
    assert found is not None
    assert found.value == choice
    assert said[found.start : found.end] == found.words


@pytest.mark.parametrize(
    "said",
    [
        "",
        "I be profane",
        "red or white",
        "I don't want red",
        "not smoking",
        "redder",
        "bread",
        "wine",
        "delivered",
        "liver",
    ],
)
def test_no_choice(said: str) -> None:
    assert match_choice(said, _CHOICES) is None


def test_all_that_are_named() -> None:
    assert [each.value for each in find_choices("red and white", _CHOICES)] == ["red_wine", "white_wine"]


@pytest.mark.parametrize(
    ("said", "named"), [("not the red one", True), ("red or white", True), ("rosé", False), ("", False)]
)
def test_a_choice_is_mentioned_also_where_it_is_not_made(said: str, named: bool) -> None:
    assert mentions(said, _CHOICES) is named


def test_a_name_of_two_choices_means_neither() -> None:
    assert match_choice("house wine", {"red": ["house wine"], "white": ["house wine"]}) is None


@pytest.mark.parametrize(
    ("between", "replacing"),
    [
        (", no, ", True),
        (" no ", True),
        (", sorry, make that ", True),
        (" I mean on ", True),
        (". Oh no, wait, ", True),
        (" for four people, no, ", True),
        (" and actually ", False),
        (" or ", False),
        (" I have no preference about ", False),
        (" can't wait ", False),
        (", and then I said something that is much too long, no, ", False),
    ],
)
def test_what_says_that_a_value_is_replaced(between: str, replacing: bool) -> None:
    text = f"Friday{between}Thursday"
    assert replaces(text, len("Friday"), len("Friday") + len(between)) is replacing


def test_the_spans_that_are_taken_back() -> None:
    text = "on Friday, no, Thursday, I mean Wednesday"
    spans = [(text.index(day), text.index(day) + len(day)) for day in ("Friday", "Thursday", "Wednesday")]
    assert taken_back(text, spans) == spans[:2]


def test_what_comes_in_addition_takes_nothing_back() -> None:
    text = "Friday, actually Thursday works too"
    assert taken_back(text, [(0, 6), (17, 25)]) == []


def test_a_value_that_is_only_taken_back_is_doubtful() -> None:
    found = Found(value="Friday", start=0, end=6, words="Friday")
    assert [each.certain for each in standing("Friday. No, wait.", [found])] == [False]
    assert [each.certain for each in standing("Friday, no problem", [found])] == [True]
