"""What is decided, turn by turn: nothing is done that was not wanted, known and agreed to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest

from appliance.assistant import wording
from appliance.assistant.agenda import Agenda
from appliance.assistant.planner import Plan, Planner
from appliance.assistant.steps import Call, HandOver, Say, Step, Talk, TellTime
from tests.unit.assistant_fakes import heard, planner_of
from tests.unit.assistant_site import configured

DAY = Say("On which day?")
PEOPLE = Say("For how many people?")
BOOKING = "I would like to book a vaccination."


def read_back(people: int) -> Say:
    return Say(f"A vaccination on 2026-03-06 for {people}. Shall I book it?")


@pytest.fixture(scope="module")
def planner() -> Planner:
    return asyncio.run(planner_of(configured()))


async def after(planner: Planner, *texts: str) -> Plan:
    """Return the plan for the last of these turns, with every agenda stored and read on the way."""
    agenda = Agenda()
    for turn, text in enumerate(texts, start=1):
        plan = await planner.plan(heard(text, turn), agenda)
        agenda = Agenda.from_json(json.loads(json.dumps(plan.agenda.as_json())))
        assert agenda == plan.agenda
    return plan


def called(steps: Sequence[Step]) -> list[tuple[str, dict[str, object]]]:
    return [(step.pending.task, dict(step.pending.values())) for step in steps if isinstance(step, Call)]


async def test_a_question_that_says_all_is_looked_up(planner: Planner) -> None:
    plan = await after(planner, "Do you have any cough syrup?")
    assert called(plan.steps) == [("stock", {"product": "cough syrup"})]
    assert plan.agenda.pending is None


async def test_what_is_missing_is_asked_for_one_after_the_other(planner: Planner) -> None:
    assert (await after(planner, BOOKING)).steps == (DAY,)
    assert (await after(planner, BOOKING, "On Friday")).steps == (PEOPLE,)
    assert (await after(planner, BOOKING, "On Friday", "three")).steps == (read_back(3),)


async def test_a_form_begins_with_a_kind_word(planner: Planner) -> None:
    assert (await after(planner, "I want to complain.")).steps == (
        Say("I am sorry to hear that."),
        Say("What happened?"),
    )


async def test_only_what_was_said_is_in_a_form_with_the_words_and_the_turn(planner: Planner) -> None:
    plan = await after(
        planner, "I want to complain.", "The parcel was broken.", "My number is 902 555 0142", "urgent", "Yes, please."
    )
    (call,) = plan.steps
    assert isinstance(call, Call)
    slots = {name: (slot.value, slot.words, slot.turn) for name, slot in call.pending.slots.items()}
    assert slots == {
        "what": ("The parcel was broken.", "The parcel was broken.", 2),
        "phone": ("+19025550142", "902 555 0142", 3),
        "urgency": ("urgent", "urgent", 4),
    }


ALL = (BOOKING, "On Friday", "three")


@pytest.mark.parametrize("answer", ["Yes.", "yes please", "Yeah, go ahead.", "That's right."])
async def test_a_plain_yes_acts(planner: Planner, answer: str) -> None:
    plan = await after(planner, *ALL, answer)
    assert called(plan.steps) == [("book", {"day": "2026-03-06", "people": 3})]
    assert plan.agenda.pending is None


@pytest.mark.parametrize(
    "answer",
    ["Yes, but make it four.", "No, make it four.", "Make it four.", "Sorry, four people.", "Yes, for four people."],
)
async def test_a_change_is_read_back_again(planner: Planner, answer: str) -> None:
    plan = await after(planner, *ALL, answer)
    assert plan.steps == (read_back(4),)
    assert called((await after(planner, *ALL, answer, "yes")).steps) == [("book", {"day": "2026-03-06", "people": 4})]


@pytest.mark.parametrize("answer", ["Yes, for one.", "Yes, just one, please."])
async def test_a_smaller_number_after_a_yes_is_a_change(planner: Planner, answer: str) -> None:
    assert (await after(planner, *ALL, answer)).steps == (read_back(1),)


@pytest.mark.parametrize(
    "answer",
    [
        "I guess so.",
        "Maybe.",
        "Hm.",
        "Yes if my wife agrees.",
        "Is it cold outside?",
        "Nice weather.",
        "Yes or no.",
        "Yes, but one.",
    ],
)
async def test_anything_less_than_a_yes_does_not_act(planner: Planner, answer: str) -> None:
    plan = await after(planner, *ALL, answer)
    assert called(plan.steps) == []
    assert plan.agenda.pending is not None
    assert plan.agenda.pending.confirming


async def test_after_a_no_it_is_asked_what_to_change_and_after_a_second_one_it_is_left(planner: Planner) -> None:
    assert (await after(planner, *ALL, "No.")).steps == (Say(wording.WHAT_TO_CHANGE),)
    assert (await after(planner, *ALL, "No.", "six")).steps == (read_back(6),)
    plan = await after(planner, *ALL, "No.", "No.")
    assert (plan.steps, plan.agenda.pending) == ((Say(wording.DROPPED),), None)


async def test_a_no_whose_correction_is_not_understood_keeps_a_yes_from_acting(planner: Planner) -> None:
    asked = await after(planner, *ALL, "No, make it blue.")
    assert asked.steps == (Say(wording.WHAT_TO_CHANGE),)
    assert called((await after(planner, *ALL, "No, make it blue.", "Yes, perfect.")).steps) == []
    assert (await after(planner, *ALL, "No, make it blue.", "four")).steps == (read_back(4),)


async def test_a_question_that_ends_a_request_is_answered_first(planner: Planner) -> None:
    plan = await after(planner, f"{BOOKING} Where do you keep the umbrellas?")
    assert plan.steps == (Talk(), *(await after(planner, BOOKING)).steps)
    plan = await after(planner, f"{BOOKING} What about Friday?")
    assert Talk() not in plan.steps


@pytest.mark.parametrize("thanks", ["Thank you.", "Great, thank you very much!", "okay thanks a lot"])
async def test_thanks_are_no_answer_and_no_reason_to_ask_again(planner: Planner, thanks: str) -> None:
    plan = await after(planner, BOOKING, thanks)
    assert plan.steps == (Talk(),)
    assert (await after(planner, BOOKING, thanks, "On Friday", "three")).steps == (read_back(3),)


COMPLAINT = ("I want to complain.", "The parcel was broken.")


@pytest.mark.parametrize(
    "pieces", [("902 555", "0142."), ("902", "555 0142"), ("nine oh two,", "five five five", "oh one four two")]
)
async def test_a_number_may_be_dictated_in_several_turns(planner: Planner, pieces: Sequence[str]) -> None:
    for end in range(1, len(pieces)):
        assert (await after(planner, *COMPLAINT, *pieces[:end])).steps == (Say(wording.GO_ON),)
    pending = (await after(planner, *COMPLAINT, *pieces)).agenda.pending
    assert pending is not None
    assert pending.slots["phone"].value == "+19025550142"
    assert pending.slots["phone"].words == " ".join(piece.strip(",.") for piece in pieces)


async def test_a_dictation_that_comes_to_no_number_is_given_up(planner: Planner) -> None:
    plan = await after(planner, *COMPLAINT, "one", "two", "three")
    assert plan.steps == (Say(wording.OFFER_HUMAN),)


@pytest.mark.parametrize("question", ["What time is it?", "Hello, what's the date today?", "can you tell me the time"])
async def test_time_and_date_need_no_model(planner: Planner, question: str) -> None:
    assert (await after(planner, question)).steps == (TellTime(),)


async def test_a_yes_to_what_shall_i_change_changes_nothing_and_does_nothing(planner: Planner) -> None:
    assert called((await after(planner, *ALL, "No.", "Yes.")).steps) == []


@pytest.mark.parametrize("said", [(BOOKING,), (BOOKING, "On Friday"), ALL])
async def test_never_mind_drops_it(planner: Planner, said: tuple[str, ...]) -> None:
    plan = await after(planner, *said, "Never mind.")
    assert (plan.steps, plan.agenda.pending) == ((Say(wording.DROPPED),), None)


async def test_a_question_on_the_side_is_answered_and_the_task_goes_on(planner: Planner) -> None:
    plan = await after(planner, BOOKING, "On Friday", "Do you have aspirin in stock?")
    assert called(plan.steps) == [("stock", {"product": "aspirin"})]
    assert plan.steps[-1] == PEOPLE
    assert plan.agenda.pending is not None
    assert plan.agenda.pending.values() == {"day": "2026-03-06"}


async def test_a_question_without_a_tool_is_talked_about_and_the_task_goes_on(planner: Planner) -> None:
    assert (await after(planner, *ALL, "What does it cost?")).steps == (Talk(), read_back(3))


async def test_two_wishes_at_once_what_is_looked_up_comes_first(planner: Planner) -> None:
    plan = await after(planner, "Can I book a flu shot for tomorrow and do you have aspirin?")
    assert called(plan.steps) == [("stock", {"product": "aspirin"})]
    assert plan.steps[-1] == PEOPLE
    assert plan.agenda.pending is not None
    assert plan.agenda.pending.values() == {"day": "2026-03-03"}


@pytest.mark.parametrize(
    "text", ["And what about aspirin?", "What about aspirin?", "And aspirin?", "How about aspirin"]
)
async def test_a_follow_up_asks_the_last_question_again(planner: Planner, text: str) -> None:
    plan = await after(planner, "Do you have ibuprofen?", text)
    assert called(plan.steps) == [("stock", {"product": "aspirin"})]


async def test_a_follow_up_follows_nothing_at_the_beginning(planner: Planner) -> None:
    assert (await after(planner, "And what about aspirin?")).steps == (Talk(),)


@pytest.mark.parametrize("text", ["Hello.", "My dog is green.", "What are your prices?", "?"])
async def test_what_wants_no_task_begins_none(planner: Planner, text: str) -> None:
    assert await after(planner, text) == Plan((Talk(),), Agenda())


@pytest.mark.parametrize("text", ["", "   "])
async def test_where_there_are_no_words_people_take_over(planner: Planner, text: str) -> None:
    plan = await after(planner, *ALL, text)
    assert [type(step) for step in plan.steps] == [HandOver]
    assert plan.agenda.pending is not None


async def test_whoever_cannot_be_understood_is_offered_a_human(planner: Planner) -> None:
    said = (BOOKING, "blue", "green", "red")
    assert [(await after(planner, *said[:count])).steps for count in (2, 3)] == [(DAY,), (DAY,)]
    plan = await after(planner, *said)
    assert (plan.steps, plan.agenda.pending, plan.agenda.offered_human) == ((Say(wording.OFFER_HUMAN),), None, True)
    assert "book" in plan.agenda.tried[0]
    accepted = await after(planner, *said, "Yes.")
    assert isinstance(accepted.steps[0], HandOver)
    assert not accepted.agenda.offered_human
    declined = await after(planner, *said, "No, thanks.")
    assert (declined.steps, declined.agenda.offered_human) == ((Say(wording.DECLINED_OFFER),), False)


async def test_whoever_does_not_know_is_offered_a_human_at_once(planner: Planner) -> None:
    assert (await after(planner, BOOKING, "I don't know.")).steps == (Say(wording.OFFER_HUMAN),)


async def test_the_offer_is_forgotten_when_something_else_is_wanted(planner: Planner) -> None:
    plan = await after(planner, BOOKING, "I don't know.", "Do you have aspirin?")
    assert called(plan.steps) == [("stock", {"product": "aspirin"})]
    assert not plan.agenda.offered_human


@pytest.mark.parametrize("before", [(), (BOOKING,), ALL, (BOOKING, "I don't know.")])
@pytest.mark.parametrize(
    "text",
    [
        "I can\u2019t breathe",
        "My husband has chest pain!",
        "This is an emergency",
        "He is not breathing",
        "Earlier it was no emergency, but now it is an emergency.",
    ],
)
async def test_an_emergency_comes_before_everything(planner: Planner, before: tuple[str, ...], text: str) -> None:
    plan = await after(planner, *before, text)
    (step,) = plan.steps
    assert isinstance(step, HandOver)
    assert step.emergency
    assert (plan.agenda.pending, plan.agenda.waiting) == (None, ())


@pytest.mark.parametrize("text", ["It is not an emergency.", "I don't have chest pain.", "I like firewood."])
async def test_an_emergency_that_is_denied_is_none(planner: Planner, text: str) -> None:
    assert not any(isinstance(step, HandOver) for step in (await after(planner, text)).steps)


@pytest.mark.parametrize(
    "text",
    [
        "Can I talk to a human?",
        "Get me the receptionist.",
        "Get me the manager.",
        "Would you let me speak with one of your human colleagues?",
        "can i just talk to an actual human",
        "Put somebody on that's alive, would you?",
        "I'd like to speak with someone in charge.",
    ],
)
async def test_a_human_is_called_when_asked_for(planner: Planner, text: str) -> None:
    (step,) = (await after(planner, text)).steps
    assert isinstance(step, HandOver)
    assert not step.emergency


@pytest.mark.parametrize(
    "text", ["I don't want to talk to a human.", "I am a person too.", "Are you human?", "It is only human."]
)
async def test_a_human_that_is_only_mentioned_is_not_called(planner: Planner, text: str) -> None:
    assert not any(isinstance(step, HandOver) for step in (await after(planner, text)).steps)


async def test_neither_the_agenda_nor_its_slots_are_changed_by_planning(planner: Planner) -> None:
    before = (await after(planner, *ALL)).agenda
    kept = json.dumps(before.as_json())
    await planner.plan(heard("Yes, but make it four."), before)
    assert json.dumps(before.as_json()) == kept


@pytest.mark.parametrize(
    "answer", ["Wait, that's the other one.", "Sorry, I meant the later one.", "There is a mistake."]
)
async def test_a_correction_that_is_not_understood_keeps_a_yes_from_acting(planner: Planner, answer: str) -> None:
    assert (await after(planner, *ALL, answer)).steps == (Say(wording.WHAT_TO_CHANGE),)
    assert called((await after(planner, *ALL, answer, "Yes.")).steps) == []
