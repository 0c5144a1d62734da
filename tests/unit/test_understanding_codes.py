from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.understanding import find_codes, find_emails

_ORDER = r"^ORD-\d{4}$"
_NATO = [
    "alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliet", "kilo", "lima",
    "mike", "november", "oscar", "papa", "quebec", "romeo", "sierra", "tango", "uniform", "victor", "whiskey",
    "x-ray", "yankee", "zulu",
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "pattern", "code"),
    [
        ("ORD dash 1 0 4 2", _ORDER, "ORD-1042"),
        ("My order is ORD-1042.", _ORDER, "ORD-1042"),
        ("it's O R D one zero four two", _ORDER, "ORD-1042"),
        ("ord 1042", _ORDER, "ORD-1042"),
        ("O as in oscar, R for romeo, D like delta, dash, ten forty two", _ORDER, "ORD-1042"),
        ("ORD 1043, no, 1042", _ORDER, "ORD-1042"),
        ("ORD 1043, no, ORD 1042", _ORDER, "ORD-1042"),
        ("order number 1042", r"\d{4}", "1042"),
        ("I have a 1042", r"[A-Z]?\d{4}", "A1042"),
        ("I have a 1042", r"\d{4}", "1042"),
        ("ten forty two", r"\d{4}", "1042"),
        ("it's 1,042", r"\d{4}", "1042"),
        ("1043 no 1042", r"\d{4}", "1042"),
        ("A as in alpha, B for bravo, one two three", r"[A-Z]{2}\d{3}", "AB123"),
        ("Alpha Bravo 123", r"[A-Z]{2}\d{3}", "AB123"),
        ("double A 123", r"[A-Z]{2}\d{3}", "AA123"),
        ("zed double you nine", r"[A-Z]{2}\d", "ZW9"),
        ("12 slash 7", r"\d+/\d+", "12/7"),
        ("a b one two", r"[a-z]{2}\d{2}", "ab12"),
    ],
)
def test_a_code_that_the_pattern_allows(said: str, pattern: str, code: str) -> None:
    found = find_codes(said, pattern)
    assert [each.value for each in found] == [code]
    assert said[found[0].start : found[0].end] == found[0].words


@pytest.mark.parametrize(
    ("said", "pattern"),
    [
        ("", _ORDER),
        ("ORD-10425", _ORDER),
        ("1042", _ORDER),
        ("1 0 4 2 5", r"\d{4}"),
        ("P as in bravo B 123", r"[A-Z]{2}\d{3}"),
        ("hotel 123", r"[A-Z]{2}\d{3}"),
        ("the 1042", r"[A-Z]{3}\d{4}"),
        ("ORD 1043, no, 88", _ORDER),
    ],
)
def test_a_code_that_it_does_not(said: str, pattern: str) -> None:
    assert find_codes(said, pattern) == []


@pytest.mark.parametrize(("said", "pattern"), [("1042 euros", r"\d{4}"), ("Hotel 123", r"[A-Z]\d{3}")])
def test_a_code_that_is_asked_back(said: str, pattern: str) -> None:
    assert [each.certain for each in find_codes(said, pattern)] == [False]


def test_a_pattern_that_is_none() -> None:
    with pytest.raises(ValueError, match="no regular expression"):
        find_codes("1042", "[")


@given(st.from_regex(r"[A-Z]{2}[0-9]{4}", fullmatch=True))
def test_a_spelled_code_is_found_again(code: str) -> None:
    words = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    digits = " ".join(words[int(each)] for each in code[2:])
    letters = " ".join(_NATO[ord(each) - ord("A")] for each in code[:2])
    as_in = ", ".join(f"{each} as in {_NATO[ord(each) - ord('A')]}" for each in code[:2])
    for said in (f"{letters} {digits}", f"{as_in}, {digits}", " ".join(code), code):
        assert [each.value for each in find_codes(said, r"[A-Z]{2}[0-9]{4}")] == [code]


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("jane dot doe at example dot com", "jane.doe@example.com"),
        ("My email is jane.doe@example.com.", "jane.doe@example.com"),
        ("my email is j a n e underscore doe at example dot com", "jane_doe@example.com"),
        ("it's jane at gmail.com.", "jane@gmail.com"),
        ("Jane.Doe at gmail dot com", "jane.doe@gmail.com"),
        ("j.doe42@g-mail.com", "j.doe42@g-mail.com"),
        ("my email is jane at example dot co dot uk please", "jane@example.co.uk"),
        ("jane forty two at g m x dot d e", "jane42@gmx.de"),
        ("jane underscore doe at my dash company dot com thanks", "jane_doe@my-company.com"),
        ("jane dash doe at example dot org", "jane-doe@example.org"),
        ("Send it to j dot smith at example dot com, no, j dot doe at example dot com", "j.doe@example.com"),
        ("it's ada@example.org, sorry, bob@example.org", "bob@example.org"),
        ("ada@example.org, I mean bob@example.org", "bob@example.org"),
        ("a dot b at example dot org, no, bob at example dot org", "bob@example.org"),
    ],
)
def test_addresses(said: str, address: str) -> None:
    assert [(each.value, each.certain) for each in find_emails(said)] == [(address, True)]


def test_words_side_by_side_are_asked_back() -> None:
    found = find_emails("jane doe at example dot com")
    assert [(each.value, each.certain) for each in found] == [("janedoe@example.com", False)]


def test_two_addresses_are_both_found() -> None:
    found = find_emails("ada@example.org or bob@example.org")
    assert [each.value for each in found] == ["ada@example.org", "bob@example.org"]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "no, meet me at example dot com",
        "meet me at example dot com",
        "I'm at home dot com",
        "jane at gmail",
        "at three",
        "look at example.com",
        "@",
        "a at",
    ],
)
def test_no_addresses(said: str) -> None:
    assert find_emails(said) == []


_PARTS = st.sampled_from(["jane", "doe", "schmidt", "office", "miller2", "front", "42"])
_HOSTS = st.sampled_from(["example.com", "gmail.com", "my-company.co.uk", "web.de"])


@given(_PARTS, st.sampled_from("._-"), _PARTS, _HOSTS)
def test_an_address_is_found_again(first: str, sign: str, last: str, host: str) -> None:
    spoken = {".": " dot ", "_": " underscore ", "-": " dash "}
    address = f"{first}{sign}{last}@{host}"
    said = "".join(spoken.get(each, each) for each in address).replace("@", " at ")
    for text in (f"my email is {said}", f"my email is {address}.", f"{first}{sign}{last} at {host}, please"):
        assert [each.value for each in find_emails(text)] == [address]
