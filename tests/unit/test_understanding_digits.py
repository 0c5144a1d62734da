from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.speakable import speakable
from appliance.understanding import find_digits, find_phones, mask, partial_digits

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("four one five, double five, oh one four two", "415550142"),
        ("plus one four one five", "+1415"),
        ("nineteen eighty four", "1984"),
        ("five fifty-five", "555"),
        ("triple nine", "999"),
        ("treble seven", "777"),
        ("double-five double five", "5555"),
        ("double oh seven", "007"),
        ("double 07", "007"),
        ("415 triple 50 142", "4155550142"),
        ("eight hundred", "800"),
        ("one eight hundred five five five", "1800555"),
        ("eight hundred and five", "805"),
        ("fifteen hundred", "1500"),
        ("two thousand", "2000"),
        ("four one six, no, four one five", "415"),
        ("four one six no four one five", "415"),
        ("four one five, no, six", "416"),
        ("four one five, five five five, oh one four three, no, oh one four two", "4155550142"),
        ("four one five five five five oh one four three no four two", "4155550142"),
        ("902 555 0143, sorry, 902 555 0142", "9025550142"),
        ("902 five five five 0142", "9025550142"),
        ("9 0 2 5 5 5", "902555"),
        ("9-0-2. 5-5-5.", "902555"),
        ("902, um, 555", "902555"),
        ("902 dash 555", "902555"),
        ("nine o two", "902"),
        ("Oh, 415 555", "415555"),
        ("555 0142, oh and thanks", "5550142"),
        ("zero zero four nine", "0049"),
        ("twenty twenty-six", "2026"),
        ("sixty sixty six", "6066"),
        ("ten ten", "1010"),
        ("415.555.0142", "4155550142"),
        ("902,555,0142", "9025550142"),
        ("٤١٥", "415"),
    ],
)
def test_dictated_digits_are_counted_exactly(said: str, digits: str) -> None:
    found = find_digits(said)
    assert [each.value for each in found] == [digits]
    assert said[found[0].start : found[0].end] == found[0].words


@pytest.mark.parametrize(
    "said",
    [
        "",
        "I have two questions",
        "at 3:30pm",
        "on 3/14/2026",
        "it costs $150",
        "the 415th",
        "oh",
        "1.555",
        "four one six, no, seven eight",
        "one moment",
        "a double room",
        "double 55",
        "triple",
        "hundred",
        "100%",
    ],
)
def test_what_is_not_dictated_has_no_digits(said: str) -> None:
    assert find_digits(said) == []


@pytest.mark.parametrize("said", ["eight hundred fifty five", "eight hundred five"])
def test_a_hundred_that_may_be_a_sum_is_uncertain(said: str) -> None:
    assert [each.certain for each in find_digits(said)] == [False]


@pytest.mark.parametrize(
    ("said", "digits"),
    [
        ("902 555", "902555"),
        ("0142", "0142"),
        ("oh one four two", "0142"),
        ("My number is nine", "9"),
        ("and then double five.", "55"),
        ("902, please", "902"),
    ],
)
def test_a_number_goes_on_in_the_next_turn(said: str, digits: str) -> None:
    found = partial_digits(said)
    assert found is not None
    assert found.value == digits


@pytest.mark.parametrize("said", ["", "Hello", "for 4 people", "902 555 is my mother's number", "at 3:30"])
def test_no_part_of_a_number(said: str) -> None:
    assert partial_digits(said) is None


def test_masked_spans_are_not_seen() -> None:
    assert find_digits("order 1042 from 2026", exclude=[(6, 10)])[0].value == "2026"
    assert mask("order 1042", [(6, 10)]).startswith("order ")


@pytest.mark.parametrize(
    ("said", "phone"),
    [
        ("4155550142", "+14155550142"),
        ("My number is 415-555-0142.", "+14155550142"),
        ("(415) 555-0142", "+14155550142"),
        ("415.555.0142", "+14155550142"),
        ("plus 1 415 555 0142", "+14155550142"),
        ("+1 415 555 0142", "+14155550142"),
        ("1-800-555-0142", "+18005550142"),
        ("one eight hundred, five five five, oh one four two", "+18005550142"),
        ("four one five five five five oh one four two please", "+14155550142"),
        ("four one five. Five five five. Oh one four two.", "+14155550142"),
        ("four one five, um, five double five, zero one four two", "+14155550142"),
        ("area code 415, 555 0142", "+14155550142"),
        ("902 five five five 0142", "+19025550142"),
        ("My number is 902, 555, 0142, 5 people", "+19025550142"),
        ("4155550143, no, 4155550142", "+14155550142"),
        ("415 555 0143, no, 0142", "+14155550142"),
        ("415 555 0142 extension 12", "+14155550142"),
        ("555-0142", "5550142"),
        ("five five five, oh one four two", "5550142"),
        ("+44 20 7946 0958", "+442079460958"),
        ("011 44 20 7946 0958", "+442079460958"),
        ("You can reach me at 415 555 0142 after five", "+14155550142"),
    ],
)
def test_phones_are_dialled_from_anywhere(said: str, phone: str) -> None:
    assert [(each.value, each.certain) for each in find_phones(said)] == [(phone, True)]


@pytest.mark.parametrize(
    ("said", "country", "phone"),
    [
        ("020 7946 0958", "44", "+442079460958"),
        ("oh two oh, seven nine four six, oh nine five eight", "44", "+442079460958"),
        ("06 1234 5678", "39", "+390612345678"),
        ("0049 30 901820 11", "44", "+493090182011"),
        ("030 9018 2011", None, "03090182011"),
        ("20 7946 0958", "44", "2079460958"),
    ],
)
def test_the_country_of_the_site_completes_a_number(said: str, country: str | None, phone: str) -> None:
    assert [each.value for each in find_phones(said, country=country)] == [phone]


@pytest.mark.parametrize("said", ["123 456 7890", "0123456789", "+1 123 456 7890", "4,155,550"])
def test_a_number_that_cannot_be_dialled_is_asked_back(said: str) -> None:
    assert [each.certain for each in find_phones(said)] == [False]


@pytest.mark.parametrize(
    "said",
    [
        "902 555",
        "902 555 014",
        "4111 1111 1111 1111",
        "order number 4155550142",
        "my account is 4155550142",
        "2026-03-04 15:30",
        "2026-03-04",
        "$4155550",
        "call me at three",
        "1042",
    ],
)
def test_what_is_no_phone(said: str) -> None:
    assert find_phones(said) == []


@given(st.text("0123456789", min_size=3, max_size=15))
def test_digits_said_one_by_one_are_found_again(digits: str) -> None:
    assert [each.value for each in find_digits(" ".join(_WORDS[int(digit)] for digit in digits))] == [digits]


@given(st.text("0123456789", min_size=3, max_size=15))
def test_doubled_digits_are_neither_lost_nor_added(digits: str) -> None:
    words, index = [], 0
    while index < len(digits):
        double = digits[index : index + 2] == digits[index] * 2
        words.append(("double " if double else "") + _WORDS[int(digits[index])])
        index += 1 + double
    assert [each.value for each in find_digits(", ".join(words))] == [digits]


@given(st.from_regex(r"[2-9][0-9]{2}[2-9][0-9]{6}", fullmatch=True))
def test_a_number_read_aloud_is_found_again(phone: str) -> None:
    written = f"{phone[:3]}-{phone[3:6]}-{phone[6:]}"
    assert [each.value for each in find_phones(speakable(written))] == [f"+1{phone}"]
    assert [each.value for each in find_phones(written)] == [f"+1{phone}"]
