"""What a task takes over from the one before it, and what it does not."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from appliance.assistant.agenda import Agenda, Pending, Slot
from appliance.assistant.jobs import Job, jobs_of
from appliance.assistant.planner import Plan, Planner
from appliance.assistant.references import referred, shared
from appliance.assistant.steps import Call
from appliance.config.models import Config
from appliance.config.tools import Value
from tests.unit.assistant_fakes import heard, planner_of
from tests.unit.assistant_site import BOOK, configured

VISIT = BOOK | {
    "parameters": {
        "what": {"enum": ["X-ray", "blood test"], "ask": "What for?"},
        "who": {"format": "name", "ask": "What is the name?"},
        "phone": {"format": "phone", "ask": "What is your phone number?"},
        "day": {"format": "date", "ask": "On which day?"},
    },
    "examples": ["Book an X-ray.", "I need a blood test.", "Book a blood test for tomorrow.", "Book him in."],
    "say": {
        "confirm": "{{ what }}, {{ who }}, {{ phone }}, {{ day }}. Right?",
        "success": "Booked.",
        "failure": "I could not book it.",
    },
}
SAID = {"what": "X-ray", "who": "Amy Fox", "phone": "+19025550112", "day": "2026-03-09"}


def site() -> Config:
    return configured(tools=[VISIT])


def task(**slots: Value) -> Pending:
    return Pending(
        task="book", slots={name: Slot(value=value, words=str(value), turn=1) for name, value in slots.items()}
    )


@pytest.fixture(scope="module")
def jobs() -> dict[str, Job]:
    return dict(jobs_of(site()))


@pytest.fixture(scope="module")
def planner() -> Planner:
    return asyncio.run(planner_of(site()))


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("An X-ray for the same person, please.", {"who", "phone"}),
        ("A blood test with the same number.", {"phone"}),
        ("Book him in for a blood test.", {"who"}),
        ("A blood test on the same day.", {"day"}),
        ("A blood test, please.", set()),
        ("Book my daughter in, I want her to have a blood test.", set()),
        ("At the same place.", set()),
    ],
)
def test_only_what_is_referred_to_is_taken_over(jobs: dict[str, Job], text: str, taken: set[str]) -> None:
    new = referred(jobs["book"], task(), text, task(**SAID), jobs)
    assert new.slots.keys() == taken
    assert all(new.slots[name].value == SAID[name] and new.slots[name].turn == 1 for name in taken)


def test_what_was_said_anew_stays(jobs: dict[str, Job]) -> None:
    new = referred(jobs["book"], task(who="Sam Pratt"), "For him, the same number.", task(**SAID), jobs)
    assert (new.slots["who"].value, new.slots["phone"].value) == ("Sam Pratt", SAID["phone"])


def test_nothing_is_taken_from_a_task_that_is_not_there_any_more(jobs: dict[str, Job]) -> None:
    gone = replace(task(**SAID), task="gone")
    assert referred(jobs["book"], task(), "The same person.", gone, jobs) == task()
    assert referred(jobs["book"], task(), "The same person.", None, jobs) == task()


def test_a_default_is_nothing_that_was_said(jobs: dict[str, Job]) -> None:
    before = Pending(task="book", slots={"who": Slot(value="Nobody", words="", turn=0)})
    assert referred(jobs["book"], task(), "The same person.", before, jobs) == task()


def test_the_second_of_two_shares_who_and_when_but_not_what(jobs: dict[str, Job]) -> None:
    assert shared(jobs["book"], task(), task(**SAID)).slots.keys() == {"who", "phone", "day"}


async def turns(planner: Planner, *texts: str) -> list[Plan]:
    """Return the plans of these turns, with every agenda stored and read on the way."""
    agenda, plans = Agenda(), []
    for turn, text in enumerate(texts, start=1):
        plans.append(await planner.plan(heard(text, turn), agenda))
        agenda = Agenda.from_json(json.loads(json.dumps(plans[-1].agenda.as_json())))
    return plans


async def test_a_booking_for_the_same_person_is_read_back_with_what_was_said_before(planner: Planner) -> None:
    plans = await turns(
        planner,
        "Book an X-ray on Monday. My name is Amy Fox, 902 555 0112.",
        "Yes.",
        "And book a blood test for the same person on Friday.",
        "Yes.",
    )
    done = [dict(step.pending.values()) for plan in plans for step in plan.steps if isinstance(step, Call)]
    assert done == [SAID, SAID | {"what": "blood test", "day": "2026-03-06"}]


async def test_two_of_one_kind_in_one_breath_are_two(planner: Planner) -> None:
    plans = await turns(
        planner, "Book an X-ray on Monday. My name is Amy Fox, 902 555 0112. And also a blood test that day.", "Yes."
    )
    (call,) = (step for step in plans[1].steps if isinstance(step, Call))
    assert dict(call.pending.values()) == SAID
    (second,) = plans[0].agenda.waiting
    assert dict(second.values()) == SAID | {"what": "blood test"}


def test_an_agenda_of_an_earlier_version_is_read() -> None:
    stored = Agenda().as_json()
    del stored["last"]
    assert Agenda.from_json(stored) == Agenda()
