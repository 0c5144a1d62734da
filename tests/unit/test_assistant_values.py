"""Arguments are found in what was said, or they are not known."""

from __future__ import annotations

import json
from typing import Any

import pytest

from appliance.assistant.agenda import Slot
from appliance.assistant.values import ValueFinder
from appliance.config.tools import Parameter, Value
from tests.unit.assistant_fakes import heard
from tests.unit.tool_fakes import declared

TASK = declared(examples=["Do you have soap in stock?", "Any cream in stock?"], python={"entry_point": "x"})
DATE, TIME, DATE_TIME = {"format": "date"}, {"format": "time"}, {"format": "date-time"}
EMAIL, PHONE, NAME, WORDS, TEXT = ({"format": name} for name in ("email", "phone", "name", "words", "text"))
CODE = {"format": "code", "pattern": r"[A-Z]{2}\d{4}"}
FEW = {"type": "integer", "minimum": 1, "maximum": 9}
NUMBER, BOOLEAN = {"type": "number"}, {"type": "boolean"}
URGENCY = {"enum": ["urgent", "normal"], "synonyms": {"urgent": ["right away"]}}
STORY = "I want to complain about a parcel that came broken last week"


def find(text: str, asked: str = "", *, doubtful: bool = True, **parameters: dict[str, Any]) -> dict[str, Slot]:
    wanted = {name: Parameter.model_validate_json(json.dumps(given)) for name, given in parameters.items()}
    return ValueFinder(TASK, wanted, doubtful=doubtful).find(heard(text, 3), asked)


FOUND: list[tuple[dict[str, Any], str, Value]] = [
    (DATE, "On Friday at half past three", "2026-03-06"),
    (DATE, "the day after tomorrow, please", "2026-03-04"),
    (DATE, "March the ninth", "2026-03-09"),
    (TIME, "On Friday at half past three", "15:30"),
    (TIME, "at nine thirty in the morning", "09:30"),
    (DATE_TIME, "tomorrow at half past three", "2026-03-03T15:30"),
    (EMAIL, "My mail is ada at example dot org", "ada@example.org"),
    (EMAIL, "it's ada@example.org", "ada@example.org"),
    (PHONE, "Call me at 902 555 0142", "+19025550142"),
    (PHONE, "nine oh two five five five oh one four two", "+19025550142"),
    (NAME, "my name is Ada Byron", "Ada Byron"),
    (CODE, "order A B one two three four", "AB1234"),
    (CODE, "It is AB1234.", "AB1234"),
    (FEW, "for four people", 4),
    (NUMBER, "two and a half", 2.5),
    (URGENCY, "it is urgent", "urgent"),
    (URGENCY, "I need it right away", "urgent"),
    (WORDS, "Do you have any hay fever cream in stock?", "hay fever cream"),
    (TEXT, STORY, STORY),
]


@pytest.mark.parametrize(("parameter", "text", "value"), FOUND)
def test_a_value_is_found_with_the_words_that_say_it(parameter: dict[str, Any], text: str, value: Value) -> None:
    slot = find(text, it=parameter)["it"]
    assert (slot.value, slot.turn) == (value, 3)
    assert slot.words
    assert slot.words in text


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        (DATE, "Friday or Saturday"),
        (DATE, "on the 31st of February"),
        (DATE, "some day"),
        (TIME, "in the afternoon"),
        (EMAIL, "my mail is at home"),
        (PHONE, "it ends with 42"),
        (NAME, "I need a new battery"),
        (CODE, "order AB12"),
        (FEW, "for forty people"),
        (FEW, "for nobody"),
        (FEW, "two and a half"),
        (FEW, "two adults and three children"),
        (NUMBER, "a lot"),
        (BOOLEAN, "yes"),
        (URGENCY, "it is not urgent"),
        (URGENCY, "green"),
        (WORDS, "Do you have it in stock?"),
        (TEXT, "I want to complain"),
        (TEXT, "Hello, I would like to make a complaint about the waiting time."),
    ],
)
def test_nothing_is_guessed(parameter: dict[str, Any], text: str) -> None:
    assert find(text, it=parameter) == {}


@pytest.mark.parametrize("parameter", [DATE, TIME, DATE_TIME, EMAIL, PHONE, NAME, CODE, FEW, BOOLEAN, URGENCY, WORDS])
@pytest.mark.parametrize("text", ["", "   ", "...", "Um, yeah, well."])
def test_nothing_is_found_in_nothing(parameter: dict[str, Any], text: str) -> None:
    found = find(text, it=parameter)
    assert found == {}


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (DATE, "Friday, no, Saturday", "2026-03-07"),
        (FEW, "for three, sorry, four people", 4),
        (TIME, "at three, I mean at four", "16:00"),
        (PHONE, "902 555 0142, no, 902 555 0143", "+19025550143"),
    ],
)
def test_a_correction_in_the_same_breath_counts(parameter: dict[str, Any], text: str, value: Value) -> None:
    assert find(text, it=parameter)["it"].value == value


@pytest.mark.parametrize(
    ("parameter", "text", "value"),
    [
        (NAME, "Ada Byron", "Ada Byron"),
        (BOOLEAN, "yes", True),
        (BOOLEAN, "no thanks", False),
        (TEXT, "It broke.", "It broke."),
        (WORDS, "cream", "cream"),
    ],
)
def test_a_short_answer_is_taken_for_what_was_asked(parameter: dict[str, Any], text: str, value: Value) -> None:
    assert find(text, "it", it=parameter)["it"].value == value


def test_a_maybe_answers_no_question() -> None:
    assert find("maybe", "it", it=BOOLEAN) == {}


def test_a_lone_number_goes_to_what_was_asked() -> None:
    assert {name: slot.value for name, slot in find("four", "rooms", people=FEW, rooms=FEW).items()} == {"rooms": 4}


def test_the_same_words_are_evidence_for_one_value_only() -> None:
    text = "On Friday for four people, my number is 902 555 0142"
    slots = find(text, day=DATE, people=FEW, phone=PHONE)
    assert {name: slot.value for name, slot in slots.items()} == {
        "day": "2026-03-06",
        "people": 4,
        "phone": "+19025550142",
    }
    assert all(slot.words in text for slot in slots.values())


def test_what_is_asked_about_does_not_include_the_day() -> None:
    assert find("aspirin on Friday", day=DATE, product=WORDS)["product"].value == "aspirin"


def test_whose_a_thing_is_is_no_thing_asked_for() -> None:
    assert find("Is it in the stock's?", it=WORDS) == {}


def test_a_doubtful_value_counts_only_where_it_is_read_back() -> None:
    assert find("next Friday", it=DATE)["it"].value == "2026-03-13"
    assert find("next Friday", doubtful=False, it=DATE) == {}


ORDER = {"format": "code", "pattern": r"\d{4}"}
DEPARTMENT = {
    "enum": ["physiotherapy", "blood test", "x-ray"],
    "synonyms": {"x-ray": ["radiology"]},
    "sounds_like": {"physiotherapy": ["fees iotherapy", "fizzy old therapy"]},
}


@pytest.mark.parametrize(
    ("text", "asked", "value", "words"),
    [
        ("What is the status of order for 271?", "", "4271", "for 271"),
        ("Is order 802 for ready?", "", "8024", "802 for"),
        ("For 271.", "order", "4271", "For 271"),
        ("My order is three thousand three hundred and six", "", "3306", "three thousand three hundred and six"),
    ],
)
def test_a_code_keeps_the_words_as_they_were_heard(text: str, asked: str, value: str, words: str) -> None:
    slot = find(text, asked, doubtful=False, order=ORDER)["order"]
    assert (slot.value, slot.words) == (value, words)


@pytest.mark.parametrize(
    "text",
    [
        "an order for 300",
        "I placed an order for 300",
        "book two for 10",
        "the order for 271 people",
        "order 427 for Monday",
        "order for 4:30",
        "order for May 23rd",
    ],
)
def test_no_code_is_made_of_prepositions(text: str) -> None:
    assert find(text, order=ORDER) == {}


@pytest.mark.parametrize("text", ["For 271.", "order for 271"])
def test_a_code_without_a_pattern_is_not_completed(text: str) -> None:
    assert (
        find(text, "order", order={"format": "code"}).get("order", Slot(value="271", words="", turn=3)).value == "271"
    )


def test_a_telephone_number_with_a_word_in_it_is_completed() -> None:
    slot = find("My phone number is 902 for 482142", phone=PHONE)["phone"]
    assert (slot.value, slot.words) == ("+19024482142", "902 for 482142")


@pytest.mark.parametrize(
    ("text", "asked", "people"),
    [
        ("for three at half past two", "", 3),
        ("for two, on the twenty third", "", 2),
        ("for two, in three days", "", 2),
        ("four people for three hours", "", 4),
        ("three days", "people", 3),
        ("around four", "people", 4),
    ],
)
def test_a_number_is_no_part_of_a_time(text: str, asked: str, people: int) -> None:
    assert find(text, asked, people=FEW)["people"].value == people


@pytest.mark.parametrize(
    "text",
    [
        "tomorrow at half past three",
        "at quarter to nine",
        "on the twenty third",
        "in three weeks",
        "for three hours",
        "for $5",
        "it costs five dollars",
        "the third time",
        "two thirds",
    ],
)
def test_nothing_is_counted_that_is_not_asked_for(text: str) -> None:
    assert find(text, people=FEW) == {}


def test_a_unit_of_the_parameter_itself_counts() -> None:
    assert find("for three nights", nights=FEW)["nights"].value == 3
    assert find("for three nights", stay=FEW | {"description": "how many nights"})["stay"].value == 3
    assert find("for three nights", rooms=FEW) == {}


def test_a_year_is_a_number_where_one_is_asked_for() -> None:
    year = {"type": "integer", "minimum": 1900, "maximum": 2026}
    assert find("in nineteen eighty four", year=year)["year"].value == 1984
    assert find("twenty oh five", year=year)["year"].value == 2005
    assert find("nineteen eighty four five five", year=year) == {}
    assert find("nineteen eighty four", rooms=FEW | {"maximum": 5000}) == {}


@pytest.mark.parametrize(
    ("text", "asked", "value", "words"),
    [
        ("I need fees iotherapy on Friday", "", "physiotherapy", "fees iotherapy"),
        ("Fizzy old therapy.", "it", "physiotherapy", "Fizzy old therapy"),
        ("a blot test, please", "it", "blood test", "blot test"),
        ("I'd like a blot test on Friday", "", "blood test", "blot test"),
        ("I need an ex ray on Friday", "", "x-ray", "ex ray"),
        ("radio logy", "it", "x-ray", "radio logy"),
    ],
)
def test_a_misheard_choice_is_taken_where_it_is_declared_or_answers(
    text: str, asked: str, value: str, words: str
) -> None:
    slot = find(text, asked, it=DEPARTMENT)["it"]
    assert (slot.value, slot.words) == (value, words)


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("cardiology", "it"),
        ("dermatology", "it"),
        ("I don't want an ex ray", ""),
        ("blot test", ""),
        ("an ex ray or a blot test", "it"),
        ("the first one", "it"),
        ("not fees iotherapy", "it"),
    ],
)
def test_a_choice_is_not_heard_into_other_words(text: str, asked: str) -> None:
    assert find(text, asked, it=DEPARTMENT) == {}


def test_what_only_sounds_like_a_choice_counts_only_where_it_is_read_back() -> None:
    assert find("blot test", "it", doubtful=False, it=DEPARTMENT) == {}
    assert find("fees iotherapy", "it", doubtful=False, it=DEPARTMENT)["it"].value == "physiotherapy"


URGENCIES = {"enum": ["today", "this week", "no hurry"], "synonyms": {"today": ["urgent", "now"]}}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("The room was dirty. Somebody should go there today.", "today"),
        ("The nurse was rude and I want it sorted out this week.", "this week"),
        ("I was charged twice, it's urgent.", "today"),
        ("I sat here for two hours. Today, please.", "today"),
        ("The nurse was rude today, but there's no hurry.", "no hurry"),
    ],
)
def test_a_wish_in_an_account_says_how_soon(text: str, value: str) -> None:
    slot = find(text, what=TEXT, how_soon=URGENCIES)["how_soon"]
    assert slot.value == value
    assert slot.words in text


def test_an_account_is_not_searched_for_what_sounds_like_a_choice() -> None:
    urgency = {"enum": ["urgent", "later"]}
    assert find("They had an argument about me", it=urgency) == {}
    assert find("I told you of the ur gent", it=urgency)["it"].value == "urgent"
    assert "it" not in find("I told you of the ur gent", it=urgency, what=TEXT)


@pytest.mark.parametrize(
    "text",
    [
        "I was here today and the nurse ignored me for an hour",
        "I came in this week and the room was filthy",
        "I have been waiting for two hours now and nobody comes",
        "I want to tell you what happened today in the ward",
    ],
)
def test_when_something_happened_says_nothing_about_how_soon(text: str) -> None:
    assert "how_soon" not in find(text, what=TEXT, how_soon=URGENCIES)


@pytest.mark.parametrize("text", ["today", "Today?", "today, I was told", "Could you look at it today?"])
def test_an_answer_says_how_soon(text: str) -> None:
    assert find(text, "how_soon", what=TEXT, how_soon=URGENCIES)["how_soon"].value == "today"


def test_a_question_instead_of_an_answer_does_not() -> None:
    assert find("Until when are you open today?", "how_soon", what=TEXT, how_soon=URGENCIES) == {}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("The nurse was rude to me. Joe Park, 902 555 0176.", "Joe Park"),
        ("My name is Dr. Alan Pryce and I waited three hours", "Alan Pryce"),
        ("Mr. Miller was rude to me, I'm Ida Fox", "Ida Fox"),
        ("The nurse was rude to me. Sean O'Brien, 902 555 0176.", "Sean O'Brien"),
    ],
)
def test_the_name_in_an_account_is_the_one_that_is_given(text: str, name: str) -> None:
    assert find(text, what=TEXT, who=NAME)["who"].value == name


@pytest.mark.parametrize(
    "text",
    [
        "Doctor Brown laughed at me and gave me the wrong pills",
        "Mary Jones was rude to me in front of everybody",
        "they kept my father in the corridor the whole night without anything",
    ],
)
def test_people_who_are_talked_about_give_no_name(text: str) -> None:
    assert "who" not in find(text, what=TEXT, who=NAME)


# Several values of one parameter.


def several(text: str, **parameter: Any) -> list[Slot]:
    wanted = {"it": Parameter.model_validate_json(json.dumps(parameter))}
    return ValueFinder(TASK, wanted, doubtful=False).several("it", heard(text, 3))


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("orders 4271 and 7740", ["4271", "7740"]),
        ("4271 and 7740 and also number 5512", ["4271", "7740", "5512"]),
        ("order 4271 or order 7740", ["4271", "7740"]),
    ],
)
def test_codes_side_by_side_are_several(text: str, values: list[str]) -> None:
    slots = several(text, **ORDER)
    assert [slot.value for slot in slots] == values
    assert all(slot.words in text and slot.turn == 3 for slot in slots)


@pytest.mark.parametrize(
    "text",
    [
        "order 4271",
        "4271 and 4271",
        "4271, no, 7740",
        "4271 is mine, and yours may be 7740",
        "1111 and 2222 and 3333 and 4444",
        "",
    ],
)
def test_what_is_one_or_too_many_or_not_together_is_not_several(text: str) -> None:
    assert several(text, **ORDER) == []


def test_telephone_numbers_and_known_things_can_be_several() -> None:
    phones = several("902 555 0142 and 902 555 0143", format="phone")
    assert [slot.value for slot in phones] == ["+19025550142", "+19025550143"]
    things = several("do you have aspirin and also cough syrup", values=["aspirin", "cough syrup", "plasters"])
    assert [(slot.value, slot.words) for slot in things] == [("aspirin", "aspirin"), ("cough syrup", "cough syrup")]


@pytest.mark.parametrize("parameter", [{"format": "date"}, {"format": "words"}, {"type": "integer"}])
def test_other_values_are_never_several(parameter: dict[str, Any]) -> None:
    assert several("on Friday and Saturday, 2 and 3", **parameter) == []


def test_a_thing_that_was_learnt_can_be_one_of_several() -> None:
    finder = ValueFinder(TASK, {"it": Parameter()}, doubtful=False)
    assert finder.several("it", heard("cups and plates")) == []
    finder.learn("it", ["cup", "plate"])
    assert [slot.value for slot in finder.several("it", heard("cups and plates"))] == ["cup", "plate"]


def test_an_hour_alone_answers_and_corrects_where_nothing_is_counted() -> None:
    assert find("Ten.", "at", at=TIME, who=NAME)["at"].value == "10:00"
    assert find("No, make it ten.", at=TIME, who=NAME)["at"].value == "10:00"
    assert find("Ten.", at=TIME, who=NAME) == {}
    assert {name: slot.value for name, slot in find("No, make it four.", at=TIME, people=FEW).items()} == {"people": 4}
    assert find("No, make it ten.", begin=TIME, end=TIME) == {}


def test_a_spelled_letter_is_no_part_of_a_name() -> None:
    said = "hi um this is james miller i can't make my x ray tomorrow"
    assert find(said, day=DATE, who=NAME)["who"].value == "James Miller"
