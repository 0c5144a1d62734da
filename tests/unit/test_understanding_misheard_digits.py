"""Words that sound like digits: what a recogniser wrote for them, and everywhere else what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.understanding import before_a_code, before_a_phone, find_codes, find_dates, find_misheard, find_phones
from tests.unit.assistant_fakes import MONDAY

_CALLED = ("order", "number")
_FOUR, _THREE, _ORDER = r"\d{4}", r"\d{3}", r"[A-Z]{2}\d{4}"


def codes(said: str, pattern: str = _FOUR, *, asked: bool = False) -> list[tuple[object, str, bool]]:
    before = before_a_code(_CALLED, asked=asked)
    dates = find_dates(said, MONDAY.date())
    found = find_misheard(said, lambda text: find_codes(text, pattern), before, exclude=dates)
    return [(each.value, each.words, each.certain) for each in found]


def phones(said: str, *, asked: bool = False) -> list[tuple[object, str]]:
    found = find_misheard(said, find_phones, before_a_phone(asked=asked))
    return [(each.value, each.words) for each in found]


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ("What is the status of order for 271?", "4271", "for 271"),
        ("Is order 802 for ready.", "8024", "802 for"),
        ("My order number is double o7 for.", "0074", "double o7 for"),
        ("My order number is for 271", "4271", "for 271"),
        ("is order number to 248 ready", "2248", "to 248"),
        ("order number 42 to 1", "4221", "42 to 1"),
        ("My order number is 4 to 71", "4271", "4 to 71"),
        ("Has order ate 421 arrived?", "8421", "ate 421"),
        ("the order number is won 098", "1098", "won 098"),
        ("check order too 248, please", "2248", "too 248"),
        ("the status of order to 24 ate", "2248", "to 24 ate"),
        ("It's 4 o 7 1", "4071", "4 o 7 1"),
    ],
)
def test_a_word_beside_digits_is_one_where_the_code_is_complete_with_it(said: str, code: str, words: str) -> None:
    assert codes(said) == [(code, words, False)]
    assert words in said


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("For 271.", "4271"),
        ("It's for 271", "4271"),
        ("to 218 please", "2218"),
        ("4 to 71", "4271"),
        ("2 2 won 8", "2218"),
    ],
)
def test_an_answer_needs_no_introduction(said: str, code: str) -> None:
    assert [value for value, _, _ in codes(said, asked=True)] == [code]
    assert codes(said) == []


def test_letters_stay_what_they_are() -> None:
    assert codes("my order number is A B for 271", _ORDER) == [("AB4271", "A B for 271", False)]
    assert codes("my order number is O B 4271", _ORDER) == []


_ELSEWHERE = [
    "book two for 10",
    "I want to order for 271 people",
    "an order for 300",
    "I placed an order for 300, is it ready?",
    "I want to order for 300",
    "please order for 300",
    "open from 4 to 12",
    "Can I pick up my order from 4 to 12?",
    "between 42 to 71",
    "I have 427 for Monday",
    "status of order 427 for Monday",
    "order number 427 to be collected",
    "the order is for 300 dollars",
    "the order is for 300",
    "What's the number for 271?",
    "my number for 271",
    "number for 271",
    "to 271",
    "for 271",
    "Is order for 4:30 ready",
    "is order for $271 ready",
    "is order for 3 May ready",
    "order 427 for 2 people",
    "I won 500",
    "we ate 250 of them",
    "it's too 100",
    "a table for to night",
    "the status of order for",
    "order for for to to",
    "the status of order for to 1",
    "the status of order for 271 people",
    "the status of order for 271 Main Street",
    "the status of order for, 271",
]


@pytest.mark.parametrize("said", _ELSEWHERE)
@pytest.mark.parametrize("pattern", [_FOUR, _THREE, r"\d{2}", r"[A-Z0-9]{4}"])
def test_elsewhere_a_word_is_a_word(said: str, pattern: str) -> None:
    assert [words for _, words, _ in codes(said, pattern) if any(char.isalpha() for char in words)] == []


@pytest.mark.parametrize(
    "said",
    [
        "I want it for 271 people",
        "for 10",
        "for 271 people",
        "send it to 271 Main Street",
        "I ordered it for 300",
        "to be honest 427",
        "for Monday 427",
        "I don't have it, it was for 300",
        "for",
    ],
)
def test_an_answer_about_something_else_is_no_code(said: str) -> None:
    assert codes(said, asked=True) == []


@pytest.mark.parametrize("said", ["the status of order 4271 for 271", "order number 271 or order 4280 for me"])
def test_a_code_that_is_complete_without_such_words_is_left_alone(said: str) -> None:
    assert codes(said) == []


@pytest.mark.parametrize(
    ("said", "phone", "words"),
    [
        ("My phone number is 902 for 482142", "+19024482142", "902 for 482142"),
        ("call me at 902 555 014 to", "+19025550142", "902 555 014 to"),
        (
            "my number is nine oh to five five five oh one for two",
            "+19025550142",
            "nine oh to five five five oh one for two",
        ),
        ("reach me on 902 triple 5 01 for 2", "+19025550142", "902 triple 5 01 for 2"),
    ],
)
def test_a_telephone_number_is_completed(said: str, phone: str, words: str) -> None:
    assert phones(said) == [(phone, words)]


@pytest.mark.parametrize(
    "said",
    [
        "call me at 902 555 014 to confirm",
        "902 for 482142",
        "call me for 902 555 014",
        "My number is 902 555 0142 for Monday",
        "my number is 902 555 014 for Monday",
        "book 902 for 482 people and 142 to go",
    ],
)
def test_no_telephone_number_is_made_of_words(said: str) -> None:
    assert phones(said) == []
    assert all("for" not in words for _, words in phones(said, asked=True) if said != "902 for 482142")


@given(st.from_regex(r"[0-9]{4}", fullmatch=True))
def test_a_code_is_read_from_its_homophones(code: str) -> None:
    heard = {"4": "for", "2": "to", "1": "won", "8": "ate"}
    said = " ".join(heard.get(digit, digit) if index % 2 else digit for index, digit in enumerate(code))
    found = codes(f"the order number is {said}")
    assert found == [] if said.replace(" ", "").isdecimal() else [code for code, _, _ in found] == [code]
