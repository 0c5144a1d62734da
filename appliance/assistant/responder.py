"""Carries plans out: one response a turn of the person, which speaks while it acts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from appliance.assistant import wording
from appliance.assistant.acting import Actor, Session
from appliance.assistant.agenda import Agenda, Pending
from appliance.assistant.answering import Answerer
from appliance.assistant.jobs import Job
from appliance.assistant.known import KnownThings
from appliance.assistant.planner import Plan, Planner
from appliance.assistant.steps import Call, HandOver, Say, Step, Talk, TellTime
from appliance.assistant.values import Heard
from appliance.clock import Clock
from appliance.config.models import Config
from appliance.dialogue.journal import Journal
from appliance.engines.ports import Message
from appliance.events import (
    AnyEvent,
    FirstToken,
    HandedOver,
    PassagesUsed,
    ToolConfirmed,
    ToolFinished,
    ToolProposed,
    ToolRefused,
    ToolStarted,
)
from appliance.handover.message import Urgency
from appliance.knowledge.reload import SiteKnowledge
from appliance.storage.outbox import Outbox
from appliance.tools.errors import ToolError
from appliance.tools.executor import Outcome
from appliance.tools.speech import spoken

log = logging.getLogger(__name__)

FILLER_AFTER_S = 0.8
"""A tool that takes longer gets its `running` phrase, once."""
ENOUGH_HEARD = 0.8
"""Share of a read-back after which an early yes is an answer to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that a response works with."""

    config: Config
    clock: Clock
    journal: Journal
    jobs: dict[str, Job]
    planner: Planner
    answerer: Answerer
    actor: Actor
    known: KnownThings


class Assistant:
    """Implements `Responder`: it keeps the agenda of the conversation."""

    def __init__(self, desk: Desk, outbox: Outbox, knowledge: SiteKnowledge) -> None:
        self._desk = desk
        self.knowledge = knowledge
        """What is known about the site, for whoever watches its files."""
        self.outbox = outbox
        """Where what leaves the appliance waits, for whoever delivers it."""
        self.on_agenda: Callable[[Agenda], None] = _ignore
        """Is told of every agenda that counts, so that it can be kept."""
        self.agenda = Agenda()
        self.unanswered = ""
        """What the person said and heard no answer to, because they went on: it is one turn with the next."""

    @property
    def awaits_answer(self) -> bool:
        """Whether a yes would be the answer to a question."""
        pending = self.agenda.pending
        return self.agenda.offered_human or (pending is not None and pending.confirming)

    def respond(self, text: str, messages: Sequence[Message]) -> AssistantResponse:
        """Begin the answer to a turn."""
        return AssistantResponse(self._desk, self, f"{self.unanswered} {text}".strip(), messages)

    def adopt(self, agenda: Agenda) -> None:
        """Go on from `agenda`: the turn that led to it counts."""
        self.agenda = agenda
        self.on_agenda(agenda)

    def restore(self, agenda: Agenda) -> None:
        """Go on from the agenda of an earlier configuration; tasks that do not exist any more are left out."""
        self.adopt(agenda.only(self._desk.jobs))

    async def end_session(self) -> None:
        """Forget the person."""
        self.agenda, self.unanswered = Agenda(), ""
        await self._desk.known.refresh()


class AssistantResponse:
    """Implements `Response`. Until `commit` it only looks up and prepares; the agenda stays as it is."""

    def __init__(self, desk: Desk, assistant: Assistant, text: str, messages: Sequence[Message]) -> None:
        self._desk = desk
        self._assistant = assistant
        self._text = text
        self._messages = messages
        self._session = Session(session_id=desk.journal.session_id, turn=desk.journal.turn_id)
        self._committed = asyncio.Event()
        self._plan: Plan | None = None
        self._before = assistant.agenda
        self._acted = False
        self._written = ""
        self._untold: list[tuple[type[AnyEvent], dict[str, object]]] = []

    def commit(self) -> None:
        """The turn counts."""
        self._committed.set()
        self._before, self._assistant.unanswered = self._assistant.agenda, ""
        self._take_effect()

    def ended(self, heard: str, *, interrupted: bool) -> None:
        """Take back what an unheard answer has led to; a read-back is asked again when much of it was not heard."""
        pending = self._assistant.agenda.pending
        if interrupted and not heard and not self._acted:
            self._assistant.adopt(self._before)
            self._assistant.unanswered = self._text
        elif interrupted and pending is not None and pending.confirming and not self._mostly(heard):
            unheard = replace(pending, confirming=False)
            self._assistant.adopt(replace(self._assistant.agenda, pending=unheard))

    def _mostly(self, heard: str) -> bool:
        return len(heard) >= ENOUGH_HEARD * len(self._written)

    async def pieces(self) -> AsyncGenerator[str]:
        """Write the answer."""
        heard = Heard(text=self._text, turn=self._session.turn, now=self._now())
        self._plan = await self._desk.planner.plan(heard, self._assistant.agenda)
        self._note_questions(self._plan)
        if self._committed.is_set():
            self._take_effect()
        for step in self._plan.steps:
            async with aclosing(self._carry_out(step)) as pieces:
                async for piece in pieces:
                    self._written += piece
                    yield piece

    def _carry_out(self, step: Step) -> AsyncGenerator[str]:
        match step:
            case Say():
                return self._say(step.text)
            case Talk():
                return self._talk()
            case TellTime():
                return self._say(wording.time_and_date(self._now()))
            case Call():
                return self._call(step.pending)
            case HandOver():
                return self._hand_over(step)

    def _now(self) -> datetime:
        return self._desk.clock.local_time(self._desk.config.site.timezone)

    async def _say(self, text: str) -> AsyncGenerator[str]:
        yield f"{text} "

    async def _talk(self) -> AsyncGenerator[str]:
        hits = self._desk.answerer.sources(self._text, self._messages)
        self._tell(PassagesUsed, passages=tuple(hit.passage.id for hit in hits))
        answer = self._desk.answerer.answer(self._text, self._messages, hits, self._note_first_token)
        async with aclosing(answer) as pieces:
            async for piece in pieces:
                yield piece

    def _note_first_token(self) -> None:
        self._tell(FirstToken, t=self._desk.clock.now())

    # Tools and forms.

    async def _call(self, pending: Pending) -> AsyncGenerator[str]:
        job = self._desk.jobs[pending.task]
        if job.form is not None:
            async with aclosing(self._deliver_form(job, pending)) as pieces:
                async for piece in pieces:
                    yield piece
            return
        if job.needs_yes:
            await self._until_it_counts()
            self._tell(ToolConfirmed, tool=job.name, words=self._text)
        self._tell(
            ToolStarted,
            tool=job.name,
            arguments=pending.values(),
            evidence=pending.evidence(),
            writes=job.needs_yes,
        )
        work = asyncio.ensure_future(self._write(job, pending) if job.needs_yes else self._read(job, pending))
        try:
            if not await self._done_soon(work) and job.tool is not None and job.tool.say.running:
                yield f"{job.tool.say.running} "
            said = await asyncio.shield(work)
        finally:
            if not job.needs_yes:  # a write that has begun is seen to its end
                work.cancel()
        for sentence in said:
            yield f"{sentence} "

    async def _done_soon(self, work: asyncio.Future[list[str]]) -> bool:
        late = asyncio.ensure_future(self._desk.clock.sleep(FILLER_AFTER_S))
        both: list[asyncio.Future[Any]] = [work, late]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            late.cancel()
        return work.done()

    async def _read(self, job: Job, pending: Pending) -> list[str]:
        return self._told(job, pending, await self._desk.actor.read(job, pending))

    async def _write(self, job: Job, pending: Pending) -> list[str]:
        writing = await self._desk.actor.write(job, pending, self._session)
        if writing.outcome is not None:
            said = self._told(job, pending, writing.outcome)
            return [*said, *self._what_waits()] if writing.outcome.ok else said
        self._tell(ToolRefused, tool=job.name, reason="in-doubt" if writing.in_doubt else "already-done")
        if writing.already:
            return [wording.ALREADY_DONE]
        told = await self._escalate(f"it is not known whether {job.name} went through", Urgency.URGENT)
        return [wording.IN_DOUBT, wording.PLEASE_ASK if told is None else wording.WILL_CHECK]

    def _what_waits(self) -> list[str]:
        """Return the question of a task that waited until this one was done, unless the person has gone on already."""
        if self._is_past or self._assistant.agenda.pending is not None:
            return []
        plan = self._desk.planner.resumed(self._assistant.agenda)
        self._assistant.adopt(plan.agenda)
        return [step.text for step in plan.steps if isinstance(step, Say)]

    def _told(self, job: Job, pending: Pending, outcome: Outcome) -> list[str]:
        """Return what is said of an outcome; after a failure a human is offered."""
        self._tell(
            ToolFinished,
            tool=job.name,
            ok=outcome.ok,
            empty=outcome.empty,
            error_code=str(outcome.error_code),
            duration_s=outcome.duration_s,
            result=outcome.data,
        )
        assert job.tool is not None  # noqa: S101 - forms have no outcome
        arguments = {**dict.fromkeys(job.parameters), **pending.values()}
        try:
            said = spoken(job.tool, arguments, outcome)
        except ToolError as error:  # the phrase wants a field that the answer has not
            log.warning("%s: %s", job.name, error)
            said = ""
        if outcome.ok:
            return [said or wording.DONE]
        self._change(lambda agenda: replace(agenda, offered_human=True, tried=(*agenda.tried, f"{job.name} failed")))
        return [said, wording.OFFER_HUMAN]

    async def _deliver_form(self, job: Job, pending: Pending) -> AsyncGenerator[str]:
        await self._until_it_counts()
        self._tell(ToolConfirmed, tool=job.name, words=self._text)
        for sentence in await asyncio.shield(self._file(job, pending)):
            yield f"{sentence} "

    async def _file(self, job: Job, pending: Pending) -> list[str]:
        delivered = await self._desk.actor.deliver_form(job, pending, self._session)
        self._tell(HandedOver, kind="intake", reason=job.name, delivered=delivered)
        assert job.form is not None  # noqa: S101 - the caller has looked
        handover = self._desk.config.handover
        said = {True: job.form.say.success, False: handover.handover_waits_phrase, None: handover.no_channel_phrase}
        return [said[delivered], *self._what_waits()]

    # People.

    async def _hand_over(self, step: HandOver) -> AsyncGenerator[str]:
        handover = self._desk.config.handover
        if step.emergency:
            yield f"{handover.emergency_phrase} "
        await self._until_it_counts()
        urgency = Urgency.EMERGENCY if step.emergency else Urgency.NORMAL
        delivered = await asyncio.shield(self._escalate(step.reason, urgency))
        said = {
            True: handover.handed_over_phrase,
            False: handover.handover_waits_phrase,
            None: "" if step.emergency else handover.no_channel_phrase,
        }
        if said[delivered]:
            yield f"{said[delivered]} "

    async def _escalate(self, reason: str, urgency: Urgency) -> bool | None:
        tried = self._assistant.agenda.tried
        delivered = await self._desk.actor.escalate(reason, urgency, self._messages, self._session, tried)
        kind = "emergency" if urgency is Urgency.EMERGENCY else "escalation"
        self._tell(HandedOver, kind=kind, reason=reason, delivered=delivered)
        return delivered

    # What counts only once the turn does.

    async def _until_it_counts(self) -> None:
        """Wait with an act until the turn is over; from then on it is not taken back."""
        await self._committed.wait()
        self._acted = True

    def _take_effect(self) -> None:
        if self._plan is not None:
            self._assistant.adopt(self._plan.agenda)
            self._flush()

    @property
    def _is_past(self) -> bool:
        """Whether the person has left meanwhile: a write is seen to its end even then."""
        return self._desk.journal.session_id != self._session.session_id

    def _change(self, change: Callable[[Agenda], Agenda]) -> None:
        if self._is_past:
            return
        if self._committed.is_set():
            self._assistant.adopt(change(self._assistant.agenda))
        elif self._plan is not None:
            self._plan = Plan(self._plan.steps, change(self._plan.agenda))

    def _note_questions(self, plan: Plan) -> None:
        pending = plan.agenda.pending
        asks = any(isinstance(step, Say) for step in plan.steps)
        if asks and pending is not None and (pending.asked or pending.confirming):
            reason = f"missing:{pending.asked}" if pending.asked else "unconfirmed"
            self._tell(ToolRefused, tool=pending.task, reason=reason)
            if pending.confirming:
                evidence = pending.evidence()
                self._tell(ToolProposed, tool=pending.task, arguments=pending.values(), evidence=evidence)

    def _tell(self, event: type[AnyEvent], /, **fields: object) -> None:
        self._untold.append((event, fields))
        if self._committed.is_set():
            self._flush()

    def _flush(self) -> None:
        untold, self._untold = self._untold, []
        stamp = {"session_id": self._session.session_id, "turn_id": self._session.turn}
        for event, fields in untold:
            self._desk.journal.emit(event, **stamp, **fields)


def _ignore(_: Agenda) -> None:
    pass
