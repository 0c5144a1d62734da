"""Whether somebody wants a task, or only gives the reason for a question."""

from __future__ import annotations

import asyncio

import pytest

from appliance.assistant.intents import Intents
from appliance.assistant.jobs import jobs_of
from appliance.assistant.wishes import Wishes
from tests.unit.assistant_fakes import WordEncoder, heard
from tests.unit.assistant_site import configured


@pytest.fixture(scope="module")
def wishes() -> Wishes:
    config = configured()
    jobs = jobs_of(config)
    learning = Intents.learn(WordEncoder(), [job.task for job in jobs.values()], config.site.facts)
    return Wishes(jobs, asyncio.run(learning))


@pytest.mark.parametrize(
    "text",
    [
        "I need a flu shot. Where do I go?",
        "I need a flu shot, and where do I have to go?",
        "I need a vaccination. When are you open?",
        "I need a flu shot. But what does it cost?",
    ],
)
async def test_a_need_before_a_question_is_only_its_reason(wishes: Wishes, text: str) -> None:
    assert await wishes.only_asks_the_way(heard(text), "book")


@pytest.mark.parametrize(
    ("text", "task"),
    [
        ("I need a flu shot.", "book"),
        ("Where do I go?", "book"),
        ("I need a flu shot on Friday. Where do I go?", "book"),
        ("I need a flu shot for two people. Where do I go?", "book"),
        ("Please book me in for a flu shot. Where do I go?", "book"),
        ("I need a flu shot. On Friday.", "book"),
        ("Where do I go? I need a flu shot.", "book"),
        ("I need a flu shot. Do you have aspirin in stock?", "book"),
        ("I need a flu shot. What about Friday?", "book"),
        ("I need aspirin. Where do I go?", "stock"),
        ("", "book"),
    ],
)
async def test_who_gives_more_than_a_reason_wants_the_task(wishes: Wishes, text: str, task: str) -> None:
    assert not await wishes.only_asks_the_way(heard(text), task)


async def test_a_choice_alone_does_not_make_a_reason_a_wish() -> None:
    book = {
        "name": "book",
        "description": "Books a vaccination.",
        "effect": "write",
        "examples": ["I need a flu shot.", "I want a vaccination.", "Please book a flu shot."],
        "parameters": {"kind": {"enum": ["flu shot", "tetanus shot"]}, "day": {"format": "date"}},
        "python": {"entry_point": "book"},
    }
    jobs = jobs_of(configured(tools=[book], forms=[]))
    wishes = Wishes(jobs, await Intents.learn(WordEncoder(), [job.task for job in jobs.values()], []))
    assert await wishes.only_asks_the_way(heard("I need a flu shot. Where do I go?"), "book")
    assert not await wishes.only_asks_the_way(heard("I need a flu shot tomorrow. Where do I go?"), "book")
