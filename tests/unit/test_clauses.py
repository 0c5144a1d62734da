from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.dialogue.clauses import ClauseSplitter


def split(text: str, sizes: list[int] | None = None) -> list[str]:
    splitter = ClauseSplitter()
    clauses: list[str] = []
    position = 0
    for size in sizes or [1]:
        clauses += splitter.push(text[position : position + size])
        position += size
    clauses += splitter.push(text[position:])
    return clauses + splitter.finish()


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("Yes. We are open.", ["Yes.", "We are open."]),
        ("Of course, I will look that up!", ["Of course,", "I will look that up!"]),
        ("Sure, I can do that.", ["Sure,", "I can do that."]),
        ("The clinic is open today from nine to five.", ["The clinic is open today", "from nine to five."]),
        ("I am afraid not today because we are closed.", ["I am afraid not today", "because we are closed."]),
        ("We open at 9:30, and it costs $3.50 or 1,200 yen.", ["We open at 9:30,", "and it costs $3.50 or 1,200 yen."]),
        ("That's 3.5 percent of 1,200,000.", ["That's 3.5 percent of 1,200,000."]),
        ("Dr. Smith is in, e.g. today, vs. Mr. Lee.", ["Dr. Smith is in,", "e.g. today, vs. Mr. Lee."]),
        ("Call 555 123 4567 now. Please.", ["Call 555 123 4567 now.", "Please."]),
        ("Mail info@clinic.com, or see https://a.com/x,y:z?q=1!", ["Mail info@clinic.com,", "or see https://a.com/x,y:z?q=1!"]),
        ("J. R. Smith is here. So am I. Come in.", ["J. R. Smith is here.", "So am I.", "Come in."]),
        ("Well... let me see...", ["Well... let me see..."]),
        ("I am not sure… let me see.", ["I am not sure…", "let me see."]),
        ("No. 5 is free. No. We are closed.", ["No. 5 is free.", "No.", "We are closed."]),
        ("It opens at 9 a.m. daily. At 5 p.m. It closes.", ["It opens at 9 a.m. daily.", "At 5 p.m.", "It closes."]),
        ("See you on March 3, 2025, then.", ["See you on March 3, 2025,", "then."]),
        ("Really?! Yes!", ["Really?!", "Yes!"]),
        ('He said "Hello there." Then he left.', ['He said "Hello there."', "Then he left."]),
        ("Bring this:\n1. Your ID\n2. Your card.\n- And **this**",
         ["Bring this:", "1. Your ID", "2. Your card.", "- And **this**"]),
        ("Great! See you 👍 soon.", ["Great!", "See you 👍 soon."]),
        ("The café — next door – is open.", ["The café —", "next door –", "is open."]),
        ("Between 9 - 5 it is open, I think.", ["Between 9 - 5 it is open,", "I think."]),
        ("It opens between 9 and 17 and the door stays shut.",
         ["It opens between 9 and 17", "and the door stays shut."]),
        ("", []),
        (" \n ", []),
        ("...", ["..."]),
    ],
)  # fmt: skip
def test_splits_where_a_speaker_would_pause(text: str, clauses: list[str]) -> None:
    assert split(text) == clauses


def test_later_clauses_are_longer() -> None:
    text = "Yes, of course we do. You can come in, sit down, and wait in the large room on the left, where it is warm."
    assert split(text) == [
        "Yes,",
        "of course we do.",
        "You can come in, sit down,",
        "and wait in the large room on the left,",
        "where it is warm.",
    ]


def test_a_clause_without_any_pause_is_cut_in_the_end() -> None:
    clauses = split("One. " + "word " * 60)
    assert max(len(clause.split()) for clause in clauses) == 20


def test_digits_that_belong_together_stay_together() -> None:
    text = "Yes sir. " + "12 " * 60
    assert split(text) == ["Yes sir.", text.removeprefix("Yes sir. ").strip()]


def test_the_first_clause_is_given_out_before_the_next_word_where_punctuation_is_clear() -> None:
    splitter = ClauseSplitter()
    assert splitter.push("Of course,") == ["Of course,"]
    assert splitter.push(" that is 3.") == []
    assert splitter.push("5") == []
    assert splitter.push(" percent. ") == ["that is 3.5 percent."]
    assert splitter.finish() == []


def test_is_new_after_finishing() -> None:
    splitter = ClauseSplitter()
    assert splitter.push("Of course, it") == ["Of course,"]
    assert splitter.finish() == ["it"]
    assert splitter.push("Of course, it") == ["Of course,"]


PIECES = st.sampled_from(
    [
        *(
            " and ",
            " at",
            " on",
            " because ",
            "Dr",
            "No",
            " p.m",
            "e.g",
            "U.S",
            "etc",
            "3",
            "12",
            "word",
            " I",
            " A",
            "1. ",
        ),
        *(
            ". ",
            ", ",
            ".",
            ",",
            ":",
            ";",
            "?",
            "!",
            "…",
            "—",
            " – ",
            " - ",
            " ",
            "  ",
            "\n",
            "- ",
            '"',
            ")",
            "(",
            "**",
            "👍",
        ),
        *("a@b.co", "https://x.y/z", " the", " hall", " is", " open", " we", " big", " room", " left", "é"),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(PIECES, max_size=50).map("".join) | st.text(max_size=80), st.lists(st.integers(1, 9), max_size=60))
def test_chunking_makes_no_difference_and_nothing_is_lost(text: str, sizes: list[int]) -> None:
    whole = split(text, [max(len(text), 1)])
    assert split(text, sizes) == whole
    assert split(text, [1] * len(text)) == whole
    assert "".join("".join(whole).split()) == "".join(text.split())
    assert all(clause == clause.strip() != "" for clause in whole)
