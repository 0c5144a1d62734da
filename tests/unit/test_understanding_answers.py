from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.understanding import Answer, Verdict, is_cancel, is_negated, is_unknown, yes_no


@pytest.mark.parametrize(
    "said",
    [
        "yes",
        "Yes.",
        "Um, yes.",
        "yeah please do",
        "that's right",
        "Yes, that is correct.",
        "correct",
        "go ahead",
        "sure",
        "Sure thing!",
        "yep thanks",
        "uh-huh",
        "uh huh",
        "Mm-hmm.",
        "okay",
        "yes I do",
        "Yes. Please.",
        "Yes, yes.",
        "Yes, thank you very much.",
        "Okay, please go ahead.",
        "Perfect, thank you.",
        "sounds good",
        "that works",
        "book it",
        "Yes, send it.",
        "please send it off",
        "pass it on, thanks",
        "Absolutely.",
    ],
)
def test_a_plain_yes(said: str) -> None:
    assert yes_no(said) == Answer(verdict=Verdict.YES)


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("yes but make it four", "make it four"),
        ("Yes, and a coffee.", "a coffee."),
        ("Yes, on Thursday", "on Thursday"),
        ("Yeah, for Anna", "for Anna"),
        ("Sure, only at four", "at four"),
        ("Yes, stop", "stop"),
        ("Yes, send it to my wife", "to my wife"),
        ("okay cancel it", "cancel it"),
        ("yes tomorrow", "tomorrow"),
    ],
)
def test_a_yes_with_a_change_is_no_plain_yes(said: str, rest: str) -> None:
    assert yes_no(said).verdict is Verdict.CHANGE
    assert yes_no(said).rest.rstrip(".") == rest.rstrip(".")


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("no", ""),
        ("No.", ""),
        ("nope", ""),
        ("no, don't send it", ""),
        ("no, no, no", ""),
        ("no thanks", ""),
        ("no way", ""),
        ("not really", ""),
        ("I don't think so", ""),
        ("I do not want that", ""),
        ("of course not", ""),
        ("that's wrong", ""),
        ("that's not right", ""),
        ("that's not what I said", ""),
        ("please don't", ""),
        ("no, Thursday", "Thursday"),
        ("No, I said four", "I said four"),
        ("No, but Thursday works", "Thursday works"),
    ],
)
def test_a_no_and_what_comes_with_it(said: str, rest: str) -> None:
    assert yes_no(said) == Answer(verdict=Verdict.NO, rest=rest)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "...",
        "I guess",
        "I guess so",
        "maybe",
        "not sure",
        "yes if it's free",
        "yes, if you can",
        "yes, I think",
        "what?",
        "yes?",
        "right",
        "great",
        "fine",
        "please",
        "thank you",
        "yes no",
        "yeah no",
        "no, yes",
        "no, that's right",
        "yes, not Friday",
        "Yes, but",
        "no problem",
        "no worries",
        "not at all",
        "sure, why not",
        "yes, wait",
        "okay, one moment",
        "you can't",
        "yesterday",
        "note",
        "Thursday",
        "probably yes",
        "is that right",
        "Are you sure",
        "it depends",
        "hm",
    ],
)
def test_what_fires_nothing(said: str) -> None:
    assert yes_no(said).verdict is Verdict.UNCLEAR


@pytest.mark.parametrize(
    "said",
    [
        "never mind", "Nevermind.", "forget it", "forget about it", "cancel that", "cancel", "leave it",
        "no, never mind",
        "don't bother", "Sorry, I changed my mind.", "please cancel that", "let's drop it",
    ],
)  # fmt: skip
def test_cancelling(said: str) -> None:
    assert is_cancel(said)


@pytest.mark.parametrize("said", ["", "cancel my appointment", "leave it at four", "never", "I mind", "forget me not"])
def test_not_cancelling(said: str) -> None:
    assert not is_cancel(said)


@pytest.mark.parametrize(
    "said",
    [
        "I don't know", "no idea", "I have no idea.", "I don't have one", "Um, I'm not sure.", "not sure", "I forgot",
        "I don't have an email address", "I can't remember", "I don't remember my number", "There isn't one.",
    ],
)  # fmt: skip
def test_not_knowing(said: str) -> None:
    assert is_unknown(said)


@pytest.mark.parametrize("said", ["", "I know", "I don't know, maybe Friday", "I have one", "I don't want one"])
def test_not_not_knowing(said: str) -> None:
    assert not is_unknown(said)


@pytest.mark.parametrize(
    ("said", "negated"),
    [
        ("not the red", True),
        ("I don't want the red", True),
        ("I can't come for red", True),
        ("without red", True),
        ("the red", False),
        ("no, the red", False),
        ("I don't want blue, but red", False),
        ("why not red", False),
        ("don't forget the red", False),
        ("why don't we take red", False),
    ],
)
def test_negation_reaches_through_its_clause(said: str, negated: bool) -> None:
    start = said.index("red")
    assert is_negated(said, (start, start + 3)) is negated


@given(st.text(max_size=80))
def test_any_text_gets_an_answer(said: str) -> None:
    assert yes_no(said).verdict in Verdict
    assert yes_no(said).verdict is not Verdict.YES or any(char.isalpha() for char in said)


@given(st.sampled_from(["yes", "sure", "go ahead", "that's right"]), st.sampled_from(["Friday", "four", "Anna", "red"]))
def test_a_yes_with_anything_else_is_never_plain(yes: str, more: str) -> None:
    for said in (f"{yes}, {more}", f"{yes} {more}", f"{yes} but {more}", f"{more}, {yes}"):
        assert yes_no(said).verdict is not Verdict.YES
