"""Acting in a conversation, in virtual time: what is asked, confirmed, interrupted, and handed over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from appliance.clock import Clock
from appliance.config.handover import CommandConfig, HandoverConfig
from appliance.config.models import Config
from appliance.engines.ports import Message
from tests.scenario.stage import Stage, perform

QUESTION = "Physiotherapy for Anna Miller on Friday at ten. Shall I book it?"


class DeskResponse:
    """Reads back, and does what it is asked to once the turn counts and the answer was a yes."""

    def __init__(self, desk: Desk, text: str) -> None:
        self._desk = desk
        self._text = text
        self._committed = asyncio.Event()

    def commit(self) -> None:
        self._committed.set()
        self._desk.committed.append(self._text)

    def ended(self, heard: str, *, interrupted: bool) -> None:
        self._desk.ended.append((heard, interrupted))

    async def pieces(self) -> AsyncIterator[str]:
        if not self._desk.awaits_answer:
            self._desk.awaits_answer = True
            yield QUESTION
            return
        self._desk.prepared.append(self._text)
        await self._committed.wait()
        self._desk.done.append(self._text)
        self._desk.awaits_answer = False
        await self._desk.clock.sleep(0.2)
        yield "It is booked."


class Desk:
    """Implements `Responder`."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.awaits_answer = False
        self.prepared: list[str] = []
        self.committed: list[str] = []
        self.done: list[str] = []
        self.ended: list[tuple[str, bool]] = []
        self.sessions_ended = 0

    def respond(self, text: str, messages: Sequence[Message]) -> DeskResponse:  # noqa: ARG002
        return DeskResponse(self, text)

    async def end_session(self) -> None:
        self.sessions_ended += 1


def desk_of(stage: Stage) -> Desk:
    assert isinstance(stage.responder, Desk)
    return stage.responder


def test_a_yes_is_an_answer_when_one_is_awaited() -> None:
    async def scene(stage: Stage) -> None:
        desk = desk_of(stage)
        stage.say("book it for Friday")
        assert (await stage.answered()).heard_text == QUESTION
        stage.say("yes")
        assert (await stage.answered()).heard_text == "It is booked."
        assert desk.done == ["yes"]

    perform(scene, answering=Desk)


def test_a_yes_into_the_end_of_the_question_is_not_taken_for_listening() -> None:
    async def scene(stage: Stage) -> None:
        desk = desk_of(stage)
        stage.say("book it for Friday")
        await stage.until(lambda: stage.session.speaking)
        await stage.listen(2.4)
        stage.say("yes")
        await stage.until(lambda: desk.done)
        assert desk.done == ["yes"]

    perform(scene, answering=Desk)


def test_nothing_is_done_for_words_that_go_on() -> None:
    async def scene(stage: Stage) -> None:
        desk = desk_of(stage)
        stage.say("book it for Friday")
        await stage.answered()
        stage.say("yes and … on Thursday")
        await stage.until(lambda: desk.done)
        assert "yes and" in desk.prepared
        assert desk.done == ["yes and on Thursday"]
        assert desk.committed[1:] == ["yes and on Thursday"]

    perform(scene, answering=Desk)


def test_an_interrupted_question_is_reported_with_what_was_heard_of_it() -> None:
    async def scene(stage: Stage) -> None:
        desk = desk_of(stage)
        stage.say("book it for Friday")
        await stage.until(lambda: stage.session.speaking)
        await stage.listen(0.8)
        stage.say("no I mean another day please")
        await stage.until(lambda: desk.ended)
        heard, interrupted = desk.ended[0]
        assert interrupted
        assert QUESTION.startswith(heard)
        assert len(heard) < len(QUESTION)

    perform(scene, answering=Desk)


def test_the_person_is_forgotten_when_the_conversation_ends() -> None:
    async def scene(stage: Stage) -> None:
        desk = desk_of(stage)
        stage.say("book it for Friday")
        await stage.answered()
        stage.say("goodbye")
        await stage.until(lambda: "ended" in stage.states)
        await stage.until(lambda: desk.sessions_ended)

    perform(scene, answering=Desk)


def test_people_take_over_when_nothing_is_understood_again_and_again() -> None:
    async def scene(stage: Stage) -> None:
        desk = desk_of(stage)
        desk.awaits_answer = True
        for _ in range(3):
            stage.say("#")
            await stage.listen(8.0)
        assert desk.done == [""]

    channel = CommandConfig(kind="command", name="desk", argv=("true",))
    perform(scene, Config(handover=HandoverConfig(channels=(channel,))), Desk)
