"""The agenda survives being stored; what is no agenda is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from appliance.assistant.agenda import Agenda, Pending, Slot

DAY = Slot(value="2026-03-06", words="on Friday", turn=2)
FULL = Agenda(
    pending=Pending(task="book", slots={"day": DAY}, asked="people", attempts=1),
    waiting=(Pending(task="complaint", confirming=True, changing=True), Pending(task="stock")),
    last_read=Pending(task="stock", slots={"left": Slot(value=2.5, words="", turn=0)}),
    offered_human=True,
    failures=2,
    tried=("book: day could not be found out",),
)


@pytest.mark.parametrize("agenda", [Agenda(), FULL])
def test_an_agenda_comes_back_from_json(agenda: Agenda) -> None:
    assert Agenda.from_json(json.loads(json.dumps(agenda.as_json()))) == agenda


@pytest.mark.parametrize(
    "data",
    [
        {},
        FULL.as_json() | {"pending": {"task": "book"}},
        FULL.as_json() | {"pending": {"task": "book", "slots": {"day": {"value": 1}}}},
        FULL.as_json() | {"pending": {"job": "book", "slots": {}}},
        FULL.as_json() | {"waiting": None},
    ],
)
def test_what_is_no_agenda_is_refused(data: Mapping[str, object]) -> None:
    with pytest.raises((KeyError, TypeError)):
        Agenda.from_json(data)


def test_a_new_value_answers_the_question_and_takes_back_the_read_back() -> None:
    asked = Pending(task="book", slots={"day": DAY}, asked="people", confirming=True, changing=True, attempts=2)
    four = Slot(value=4, words="four", turn=3)
    assert asked.with_slots({"people": four}) == Pending(task="book", slots={"day": DAY, "people": four})
