"""A response prepares, and acts only once the turn counts; what it says of its acts is true."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.assistant import wording
from appliance.assistant.agenda import Agenda, Pending
from appliance.assistant.responder import FILLER_AFTER_S
from appliance.config.handover import HandoverConfig
from appliance.events import HandedOver, ToolFinished, ToolRefused, ToolStarted
from appliance.handover.message import Urgency
from appliance.storage.db import Database
from appliance.tools.action import Result
from appliance.tools.errors import Fault, ToolError
from tests.unit.assistant_fakes import (
    CONFIRMING,
    READ_BACK,
    Counter,
    close,
    counter_of,
    courier,
    receipts,
    response_to,
    say,
    settle,
    time_passes,
    whole,
)
from tests.unit.assistant_site import configured

COMPLAINING = ("I want to complain.", "The parcel was broken.", "My number is 902 555 0142", "urgent")
BOTH = "Please book me in for a flu shot for three on Friday and I want to complain"


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "appliance.db")
    yield database
    await database.close()


@pytest.fixture
async def counter(database: Database) -> Counter:
    return await counter_of(database)


async def test_a_lookup_is_told_with_what_it_rests_on(counter: Counter) -> None:
    assert await say(counter, "Do you have aspirin in stock?") == "We have 3 of aspirin."
    (started,), (finished,) = counter.told(ToolStarted), counter.told(ToolFinished)
    assert (started.arguments, started.evidence, started.writes) == ({"product": "aspirin"},) * 2 + (False,)
    assert (finished.ok, finished.empty, started.turn_id, finished.turn_id) == (True, False, 1, 1)


async def test_a_lookup_runs_ahead_and_is_only_told_once_the_turn_counts(counter: Counter) -> None:
    response = response_to(counter, "Do you have aspirin in stock?")
    assert await whole(response) == "We have 3 of aspirin."
    await settle(counter.database)
    assert (len(counter.stock.calls), counter.events, counter.assistant.agenda) == (1, [], Agenda())
    response.commit()
    await settle(counter.database)
    assert [type(event) for event in counter.events] == [ToolStarted, ToolFinished]
    assert counter.assistant.agenda.last_read is not None


async def unheard(counter: Counter, text: str) -> None:
    """Let the turn count and its answer be written, and the person go on before it is heard."""
    response = response_to(counter, text)
    response.commit()
    await whole(response)
    response.ended("", interrupted=True)


async def test_who_goes_on_before_the_answer_is_heard_says_one_thing(counter: Counter) -> None:
    before = counter.assistant.agenda
    await unheard(counter, "Please book me in for a flu shot")
    assert counter.assistant.agenda == before
    assert await say(counter, "for three on Friday") == READ_BACK
    assert await say(counter, "Yes.")
    assert len(counter.book.calls) == 1


async def test_what_was_heard_is_not_said_again(counter: Counter) -> None:
    assert await say(counter, "I want to complain.")
    assert counter.assistant.unanswered == ""
    await unheard(counter, "Do you have aspirin")
    await counter.assistant.end_session()
    assert counter.assistant.unanswered == ""


async def test_an_act_is_not_taken_back_because_its_answer_was_not_heard(counter: Counter) -> None:
    await say(counter, *CONFIRMING)
    await unheard(counter, "Yes.")
    assert len(counter.book.calls) == 1
    assert counter.assistant.agenda.pending is None
    assert counter.assistant.unanswered == ""


async def test_a_lookup_of_a_turn_that_is_dropped_is_stopped_and_leaves_nothing(counter: Counter) -> None:
    counter.stock.released.clear()
    task = asyncio.create_task(whole(response_to(counter, "Do you have aspirin in stock?")))
    await counter.stock.started.wait()
    await close(task)
    counter.stock.released.set()
    await settle(counter.database)
    assert (counter.stock.ended, counter.events, counter.assistant.agenda) == (0, [], Agenda())


async def test_nothing_is_written_before_the_turn_counts(counter: Counter) -> None:
    assert await say(counter, *CONFIRMING) == READ_BACK
    response = response_to(counter, "Yes.")
    task = asyncio.create_task(whole(response))
    await settle(counter.database)
    assert (counter.book.calls, await receipts(counter), task.done()) == ([], 0, False)
    response.commit()
    assert await task == "It is booked, number 17."
    assert (counter.book.calls, await receipts(counter)) == ([{"day": "2026-03-06", "people": 3}], 1)
    assert counter.assistant.agenda.pending is None


async def test_a_yes_that_is_dropped_has_written_nothing_and_left_the_agenda(counter: Counter) -> None:
    await say(counter, *CONFIRMING)
    before, told = counter.assistant.agenda, len(counter.events)
    task = asyncio.create_task(whole(response_to(counter, "Yes.")))
    await settle(counter.database)
    await close(task)
    await settle(counter.database)
    assert (counter.book.calls, await receipts(counter), len(counter.events)) == ([], 0, told)
    assert counter.assistant.agenda == before
    assert await say(counter, "Yes.") == "It is booked, number 17."


async def test_a_form_and_a_call_for_help_that_are_dropped_reach_nobody(counter: Counter) -> None:
    await say(counter, *COMPLAINING)
    before = counter.assistant.agenda
    for text in ("Yes.", "Can I talk to a human?", "This is an emergency!"):
        task = asyncio.create_task(whole(response_to(counter, text)))
        await settle(counter.database)
        await close(task)
    assert (await counter.outbox.entries(), counter.assistant.agenda) == ([], before)


@pytest.mark.parametrize("announced", [False, True])
async def test_a_write_that_has_begun_is_finished_when_the_response_is_closed(
    counter: Counter, *, announced: bool
) -> None:
    await say(counter, *CONFIRMING)
    counter.book.released.clear()
    response = response_to(counter, "Yes.")
    response.commit()
    task = asyncio.create_task(whole(response))
    await counter.book.started.wait()
    if announced:
        await counter.clock.all_asleep(1)
        counter.clock.advance(1)
        await settle(counter.database)
    await close(task)
    counter.book.released.set()
    await settle(counter.database)
    assert (counter.book.ended, [event.ok for event in counter.told(ToolFinished)]) == (1, [True])
    assert await say(counter, *CONFIRMING, "Yes.") == wording.ALREADY_DONE
    assert len(counter.book.calls) == 1


async def test_what_ends_after_the_person_has_left_is_told_of_their_session_alone(counter: Counter) -> None:
    await say(counter, *CONFIRMING)
    counter.book.answer = ToolError(Fault.FAILED, "full", happened=False)
    counter.book.released.clear()
    response = response_to(counter, "Yes.")
    response.commit()
    task = asyncio.create_task(whole(response))
    await counter.book.started.wait()
    await close(task)
    session_id = counter.journal.session_id
    await counter.assistant.end_session()
    counter.journal.begin_session()
    counter.book.released.set()
    await settle(counter.database)
    (finished,) = counter.told(ToolFinished)
    assert (finished.session_id, finished.turn_id, finished.ok) == (session_id, 4, False)
    assert counter.assistant.agenda == Agenda()


@pytest.mark.parametrize("task", ["stock", "book"])
async def test_a_slow_tool_is_announced_once(counter: Counter, task: str) -> None:
    texts = ("Do you have aspirin?",) if task == "stock" else (*CONFIRMING, "Yes.")
    if texts[:-1]:
        await say(counter, *texts[:-1])
    action = {"stock": counter.stock, "book": counter.book}[task]
    action.released.clear()
    response = response_to(counter, texts[-1])
    response.commit()
    pieces = response.pieces()
    first = asyncio.ensure_future(anext(pieces))
    await action.started.wait()
    await counter.clock.all_asleep(1)
    counter.clock.advance(FILLER_AFTER_S - 0.05)
    await settle(counter.database)
    assert not first.done()
    counter.clock.advance(0.1)
    assert await first == {"stock": "Let me look. ", "book": "One moment, please. "}[task]
    rest = asyncio.ensure_future(anext(pieces))
    await settle(counter.database)
    counter.clock.advance(5)
    await settle(counter.database)
    assert not rest.done()
    action.released.set()
    assert await rest == {"stock": "We have 3 of aspirin. ", "book": "It is booked, number 17. "}[task]
    assert [piece async for piece in pieces] == []


async def test_nothing_found_is_said(counter: Counter) -> None:
    counter.stock.answer = Result(data={}, empty=True)
    assert await say(counter, "Do you have aspirin?") == "We have no aspirin."


async def test_a_lookup_that_fails_is_said_and_a_human_is_offered(counter: Counter) -> None:
    counter.stock.answer = ToolError(Fault.FAILED, "broken")
    assert await say(counter, "Do you have aspirin?") == f"I can't look that up now. {wording.OFFER_HUMAN}"
    assert counter.assistant.awaits_answer
    async with time_passes(counter.clock), courier(counter.outbox) as delivered:
        assert await say(counter, "Yes, please.") == HandoverConfig().handed_over_phrase
    (message,) = delivered
    assert (message.kind, message.urgency, message.tried) == ("escalation", Urgency.NORMAL, ("stock failed",))


async def test_the_offer_after_a_failure_waits_for_the_turn_to_count(counter: Counter) -> None:
    counter.stock.answer = ToolError(Fault.FAILED, "broken")
    response = response_to(counter, "Do you have aspirin?")
    await whole(response)
    assert not counter.assistant.agenda.offered_human
    response.commit()
    assert counter.assistant.agenda.offered_human


async def test_a_write_that_failed_is_never_said_to_be_done_and_can_be_made_again(counter: Counter) -> None:
    counter.book.answer = ToolError(Fault.REFUSED, "full", happened=False)
    assert await say(counter, *CONFIRMING, "Yes.") == f"I could not book it. {wording.OFFER_HUMAN}"
    counter.book.answer = Result(data={"number": 18})
    assert await say(counter, "No.", *CONFIRMING, "Yes.") == "It is booked, number 18."


async def test_of_a_write_in_doubt_people_are_told(counter: Counter) -> None:
    counter.book.answer = ToolError(Fault.TIMEOUT, "no answer", happened=None)
    async with time_passes(counter.clock), courier(counter.outbox) as delivered:
        assert (await say(counter, *CONFIRMING, "Yes.")).endswith(f"{wording.IN_DOUBT} {wording.WILL_CHECK}")
        assert (await say(counter, *CONFIRMING, "Yes.")).endswith(f"{wording.IN_DOUBT} {wording.WILL_CHECK}")
    assert len(counter.book.calls) == 1
    assert [message.urgency for message in delivered] == [Urgency.URGENT] * 2
    assert [event.reason for event in counter.told(ToolRefused)].count("in-doubt") == 2


async def test_why_nothing_was_done_yet_is_told(counter: Counter) -> None:
    await say(counter, *CONFIRMING)
    assert [event.reason for event in counter.told(ToolRefused)] == ["missing:day", "missing:people", "unconfirmed"]


async def test_a_task_that_waited_comes_next(counter: Counter) -> None:
    said = await say(counter, *CONFIRMING, "I want to complain.")
    assert said == "I am sorry to hear that. What happened?"
    async with time_passes(counter.clock), courier(counter.outbox):
        assert await say(counter, *COMPLAINING[1:], "Yes.") == f"Passed on. {READ_BACK}"
    assert await say(counter, "Yes.") == "It is booked, number 17."


async def test_a_second_wish_comes_after_the_first(counter: Counter) -> None:
    assert await say(counter, BOTH, "Yes.") == "It is booked, number 17. What happened?"


async def test_a_task_that_waits_does_not_displace_what_the_person_has_begun_meanwhile(counter: Counter) -> None:
    assert await say(counter, f"{BOTH}.") == READ_BACK
    counter.book.released.clear()
    response = response_to(counter, "Yes.")
    response.commit()
    task = asyncio.create_task(whole(response))
    await counter.book.started.wait()
    await close(task)
    begun = Pending(task="book", asked="day")
    counter.assistant.adopt(replace(counter.assistant.agenda, pending=begun))
    counter.book.released.set()
    await settle(counter.database)
    assert counter.assistant.agenda.pending == begun


async def test_a_form_goes_out_with_its_evidence(counter: Counter) -> None:
    async with time_passes(counter.clock), courier(counter.outbox) as delivered:
        assert await say(counter, *COMPLAINING, "Yes.") == "Passed on."
    (message,) = delivered
    assert (message.kind, message.urgency, message.contact) == ("intake", Urgency.URGENT, "+19025550142")
    assert message.facts["phone"].evidence == "902 555 0142"
    assert [(event.kind, event.delivered) for event in counter.told(HandedOver)] == [("intake", True)]


async def test_a_form_that_has_to_wait_is_not_said_to_have_arrived(counter: Counter) -> None:
    async with time_passes(counter.clock):
        assert await say(counter, *COMPLAINING, "Yes.") == HandoverConfig().handover_waits_phrase
    assert [event.delivered for event in counter.told(HandedOver)] == [False]


async def test_where_there_is_no_channel_nothing_is_promised(database: Database) -> None:
    counter = await counter_of(database, configured(handover={}))
    assert await say(counter, "Can I talk to a human?") == HandoverConfig().no_channel_phrase
    assert await say(counter, "This is an emergency!") == HandoverConfig().emergency_phrase


async def test_an_emergency_is_answered_before_anybody_is_reached(counter: Counter) -> None:
    await say(counter, *CONFIRMING)
    response = response_to(counter, "My husband has chest pain!")
    pieces = response.pieces()
    assert await anext(pieces) == f"{HandoverConfig().emergency_phrase} "
    response.commit()
    async with time_passes(counter.clock), courier(counter.outbox) as delivered:
        assert [piece async for piece in pieces] == [f"{HandoverConfig().handed_over_phrase} "]
    (message,) = delivered
    assert message.urgency is Urgency.EMERGENCY
    assert "Person: My husband has chest pain!" in message.summary
    assert "Be brief" not in message.summary
    assert counter.assistant.agenda.pending is None


@pytest.mark.parametrize(("heard", "confirming"), [("A vaccination on", False), (READ_BACK, True)])
async def test_a_yes_to_a_read_back_that_was_cut_off_does_not_act(
    counter: Counter, heard: str, *, confirming: bool
) -> None:
    await say(counter, *CONFIRMING[:2])
    response = response_to(counter, CONFIRMING[2])
    response.commit()
    assert await whole(response) == READ_BACK
    response.ended(heard, interrupted=True)
    said = await say(counter, "Yes.")
    assert said == ("It is booked, number 17." if confirming else READ_BACK)
    assert len(counter.book.calls) == confirming
