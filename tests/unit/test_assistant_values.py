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


def test_a_doubtful_value_counts_only_where_it_is_read_back() -> None:
    assert find("next Friday", it=DATE)["it"].value == "2026-03-13"
    assert find("next Friday", doubtful=False, it=DATE) == {}
