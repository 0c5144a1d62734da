"""What to do with what a person said, given what is under way. It decides; the responder acts and speaks."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from appliance.assistant import wording
from appliance.assistant.agenda import Agenda, Pending, Slot
from appliance.assistant.intents import Intent, Intents
from appliance.assistant.jobs import Job
from appliance.assistant.values import Heard
from appliance.config.handover import HandoverConfig
from appliance.config.tools import Builtin, Format, ParameterType
from appliance.understanding import Verdict, find_phones, is_cancel, is_negated, is_unknown, yes_no

LIKELY = 0.5
"""Probability from which a task is begun."""
SURE = 0.8
"""Probability from which another task is begun in the middle of one."""
PATIENCE = 2
"""After so many questions that were not answered, a human is offered."""
FOLLOW_UP_WORDS = 7
TELLING, WEIGHT_OF_AN_ARGUMENT = 2, 1.2
"""From two arguments in one sentence on, each further one multiplies the odds of the task by e to the 1.2."""
_LOOSE = (Format.WORDS, Format.TEXT, None)

_FOLLOW_UP = re.compile(
    r"^(?:and|what about|how about|or|also)\b[\s,]*(?:what about|how about|for|on)?\b", re.IGNORECASE
)
_QUESTION = re.compile(
    r"^(?:(?:um+|uh+|er|oh|wait|sorry|actually|but|and|well|by the way)[\s,.]+)*"
    r"(?:what(?!\s+about)|when|where|which|who|why|how(?!\s+about)|do you|are you|is there|is it|does|are there)\b",
    re.IGNORECASE,
)
_SEGMENT = re.compile(
    r"[.?!;]\s+|,?\s+(?:and|but|then)\s+(?:also\s+|then\s+)?"
    r"(?=(?:can|could|would|i|i'd|i'll|i'm|do|is|are|what|where|when|how|book|cancel|check|tell|please|my order)\b)",
    re.IGNORECASE,
)
_PEOPLE = re.compile(
    r"\b(?:speak|talk|transfer|connect|pass|put|get|call|need|want|like|see|let|have|give)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Say:
    """Say a sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Talk:
    """Let the language model answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """Do a task whose arguments are all known, and were confirmed if they had to be."""

    pending: Pending


@dataclass(frozen=True, slots=True)
class HandOver:
    """Let people take over."""

    reason: str
    emergency: bool = False


Step = Say | Talk | Call | HandOver


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now, in order, and what is under way after it."""

    steps: tuple[Step, ...]
    agenda: Agenda


class Planner:
    """Turns an utterance and an agenda into a plan; neither the utterance nor the agenda is changed."""

    def __init__(self, jobs: Mapping[str, Job], intents: Intents, handover: HandoverConfig) -> None:
        self._jobs = jobs
        self._intents = intents
        self._handover = handover

    async def plan(self, heard: Heard, agenda: Agenda) -> Plan:
        """Decide; nothing was understood where there is no text."""
        if not heard.text.strip():
            return Plan((HandOver("the person could not be understood"),), agenda)
        if urgent := self._hand_over(heard.text):
            return Plan((urgent,), replace(agenda, pending=None, waiting=(), offered_human=False))
        if agenda.offered_human:
            answered = self._offer_answered(heard, agenda)
            if answered is not None:
                return answered
            agenda = replace(agenda, offered_human=False)
        if agenda.pending is not None:
            return await self._go_on(heard, agenda, agenda.pending)
        return await self._begin_something(heard, agenda)

    # Nothing is under way.

    async def _begin_something(self, heard: Heard, agenda: Agenda) -> Plan:
        wanted = await self._wanted(heard)
        if not wanted:
            follow_up = self._follow_up(heard, agenda)
            return follow_up or Plan((Talk(),), agenda)
        first, *others = [self._pending(intent.name, replace(heard, text=text)) for intent, text in wanted]
        waiting = (*others, *agenda.waiting)
        return self._advance(first, replace(agenda, waiting=waiting), begun=True)

    async def _wanted(self, heard: Heard) -> list[tuple[Intent, str]]:
        """Return the tasks that are wanted in this utterance, each with the words that want it."""
        text = heard.text
        whole = await self._likeliest(heard)
        segments = [part for part in _SEGMENT.split(text) if len(part.split()) > 1]
        if len(segments) > 1:
            parts = [(await self._likeliest(replace(heard, text=part)), part) for part in segments]
            found = {intent.name: (intent, part) for intent, part in parts if intent is not None}
            if len(found) > 1:
                return sorted(found.values(), key=lambda each: self._jobs[each[0].name].needs_yes)
            if whole is None and found:
                return [(intent, text) for intent, _ in found.values()]
        return [(whole, text)] if whole is not None else []

    async def _likeliest(self, heard: Heard) -> Intent | None:
        ranked = await self._rank(heard)
        return ranked[0] if ranked and ranked[0].probability >= LIKELY else None

    async def _rank(self, heard: Heard) -> list[Intent]:
        """Rank by what is asked, and by how many of a task's arguments were said with it."""
        ranked = await self._intents.rank(_without_numbers(heard.text))
        weighed = [replace(intent, probability=self._weighed(intent, heard)) for intent in ranked]
        return sorted(weighed, key=lambda intent: -intent.probability)

    def _weighed(self, intent: Intent, heard: Heard) -> float:
        job = self._jobs[intent.name]
        said = [name for name in job.finder.find(heard) if job.parameters[name].format not in _LOOSE]
        if len(said) < TELLING:
            return intent.probability
        odds = intent.probability / max(1 - intent.probability, 1e-6)
        odds *= math.exp(WEIGHT_OF_AN_ARGUMENT * (len(said) - 1))
        return odds / (1 + odds)

    def _follow_up(self, heard: Heard, agenda: Agenda) -> Plan | None:
        """Ask the last question again with another value: "and on Friday?", "what about aspirin?"."""
        last = agenda.last_read
        if last is None or not _FOLLOW_UP.match(heard.text) or len(heard.text.split()) > FOLLOW_UP_WORDS:
            return None
        job = self._jobs[last.task]
        found = job.finder.find(heard, asked=job.open_parameter)
        return self._advance(last.with_slots(found), agenda) if found else None

    def _pending(self, name: str, heard: Heard) -> Pending:
        job = self._jobs[name]
        return Pending(task=name, slots=job.defaults() | job.finder.find(heard))

    # A task is under way.

    async def _go_on(self, heard: Heard, agenda: Agenda, pending: Pending) -> Plan:
        job = self._jobs[pending.task]
        text = heard.text
        if is_cancel(text):
            return self._drop(agenda)
        decided = self._confirmed(text, agenda, pending) if pending.confirming else None
        if decided is not None:
            return decided
        changed = {} if _QUESTION.match(text) else self._changed(job, pending, heard)
        if changed:
            return self._advance(pending.with_slots(changed), agenda)
        if pending.asked and is_unknown(text):
            return self._stuck(pending, agenda)
        return await self._beside(heard, agenda, pending)

    def _confirmed(self, text: str, agenda: Agenda, pending: Pending) -> Plan | None:
        """Act after a plain yes; after a plain no ask what to change, after a second one leave it."""
        answer = yes_no(text)
        if answer.verdict is Verdict.YES and not pending.changing:
            return Plan((Call(pending),), replace(agenda, pending=None))
        if answer.verdict is not Verdict.NO or answer.rest:
            return None
        if pending.changing:
            return self._drop(agenda)
        return Plan((Say(wording.WHAT_TO_CHANGE),), replace(agenda, pending=replace(pending, changing=True)))

    def _drop(self, agenda: Agenda) -> Plan:
        return self._resume((Say(wording.DROPPED),), replace(agenda, pending=None))

    def _changed(self, job: Job, pending: Pending, heard: Heard) -> dict[str, Slot]:
        """Return what the person has given or corrected; free words only answer the question for them."""
        found = job.finder.find(heard, asked=pending.asked)
        loose = {
            name
            for name, parameter in job.parameters.items()
            if name != pending.asked
            and parameter.type is ParameterType.STRING
            and not parameter.enum
            and parameter.format in (Format.WORDS, Format.TEXT, None)
        }
        return {
            name: slot
            for name, slot in found.items()
            if name not in loose and (name not in pending.slots or pending.slots[name].value != slot.value)
        }

    async def _beside(self, heard: Heard, agenda: Agenda, pending: Pending) -> Plan:
        """Answer something else and come back, or ask again."""
        ranked = await self._rank(heard)
        best = next((intent for intent in ranked if intent.name != pending.task), None)
        ask_again = self._ask_again(pending)
        if best is not None and best.probability >= SURE:
            other = self._pending(best.name, heard)
            return self._advance(other, replace(agenda, waiting=(pending, *agenda.waiting)), begun=True)
        if _QUESTION.match(heard.text) or heard.text.rstrip().endswith("?"):
            return Plan((Talk(), ask_again), agenda)
        if pending.attempts >= PATIENCE:
            return self._stuck(pending, agenda)
        again = replace(pending, attempts=pending.attempts + 1, confirming=not pending.asked, changing=False)
        return Plan((ask_again,), replace(agenda, pending=again))

    def _stuck(self, pending: Pending, agenda: Agenda) -> Plan:
        tried = (*agenda.tried, f"{pending.task}: {pending.asked or 'the confirmation'} could not be found out")
        return Plan((Say(wording.OFFER_HUMAN),), replace(agenda, pending=None, offered_human=True, tried=tried))

    def _offer_answered(self, heard: Heard, agenda: Agenda) -> Plan | None:
        verdict = yes_no(heard.text).verdict
        after = replace(agenda, offered_human=False)
        if verdict is Verdict.YES:
            return Plan((HandOver("the person accepted the offer of a human"),), replace(after, pending=None))
        if verdict is Verdict.NO and not yes_no(heard.text).rest:
            return self._resume((Say(wording.DECLINED_OFFER),), after)
        return None

    # What comes next for a task.

    def _advance(self, pending: Pending, agenda: Agenda, *, begun: bool = False) -> Plan:
        """Ask for what is missing, read back what has to be confirmed, or act."""
        job = self._jobs[pending.task]
        if job.builtin is Builtin.ESCALATE:
            return Plan((HandOver("the person asked for a human"),), replace(agenda, pending=None))
        missing = job.missing(pending)
        if missing is not None:
            asked = replace(pending, asked=missing, confirming=False)
            opening = (Say(job.begin),) if begun and job.begin else ()
            return Plan((*opening, Say(wording.question(job, missing))), replace(agenda, pending=asked))
        if job.needs_yes:
            asked = replace(pending, asked="", confirming=True, changing=False)
            return Plan((Say(wording.read_back(job, asked)),), replace(agenda, pending=asked))
        return self._resume((Call(pending),), replace(agenda, pending=None, last_read=pending))

    def _resume(self, steps: tuple[Step, ...], agenda: Agenda) -> Plan:
        """Come back to a task that waits."""
        if not agenda.waiting:
            return Plan(steps, agenda)
        following, *rest = agenda.waiting
        plan = self._advance(following, replace(agenda, waiting=tuple(rest)))
        return Plan((*steps, *plan.steps), plan.agenda)

    def resumed(self, agenda: Agenda) -> Plan:
        """Return what to say when a task has ended and others wait."""
        return self._resume((), agenda)

    def _ask_again(self, pending: Pending) -> Say:
        job = self._jobs[pending.task]
        if pending.asked:
            return Say(wording.question(job, pending.asked))
        return Say(wording.read_back(job, pending))

    # People.

    def _hand_over(self, text: str) -> HandOver | None:
        emergency = _named(text, self._handover.emergency_words)
        if emergency:
            return HandOver(f"the person said {emergency!r}", emergency=True)
        human = _named(text, self._handover.ask_words)
        if human and _PEOPLE.search(text):
            return HandOver("the person asked for a human")
        return None


def _without_numbers(text: str) -> str:
    """Leave out phone numbers: they say nothing about what is wanted."""
    for found in reversed(find_phones(text)):
        text = f"{text[: found.start]}{text[found.end :]}"
    return text


def _named(text: str, phrases: tuple[str, ...]) -> str | None:
    """Return the phrase that occurs in the text as whole words and is not denied."""
    said = text.replace("\u2019", "'")
    for phrase in phrases:
        matches = re.finditer(rf"(?<!\w){re.escape(phrase)}(?!\w)", said, re.IGNORECASE)
        if any(not is_negated(said, match.span()) for match in matches):
            return phrase
    return None
