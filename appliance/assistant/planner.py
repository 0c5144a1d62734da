"""What to do with what a person said, given what is under way. It decides; the responder acts and speaks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from appliance.assistant import wording
from appliance.assistant.agenda import Agenda, Pending, Slot
from appliance.assistant.gist import Gist
from appliance.assistant.humans import wanted_by
from appliance.assistant.intents import Intents
from appliance.assistant.jobs import Job
from appliance.assistant.references import referred, shared
from appliance.assistant.steps import Call, HandOver, Say, Step, Talk, TellTime
from appliance.assistant.values import Heard
from appliance.assistant.wishes import EXACT, Wishes
from appliance.config.handover import HandoverConfig
from appliance.config.tools import Builtin, Format, ParameterType
from appliance.understanding import Verdict, is_cancel, is_unknown, partial_digits, yes_no

SURE = 0.8
"""Probability from which another task is begun in the middle of one."""
PATIENCE = 2
"""After so many questions that were not answered, a human is offered."""
FOLLOW_UP_WORDS = 7
DICTATED = (Format.PHONE, Format.CODE)
"""What people dictate in pieces, and wait between them."""

_FOLLOW_UP = re.compile(
    r"^(?:and|what about|how about|or|also)\b[\s,]*(?:what about|how about|for|on)?\b", re.IGNORECASE
)
_QUESTION = re.compile(
    r"^(?:(?:um+|uh+|er|oh|wait|sorry|actually|but|and|well|by the way)[\s,.]+)*"
    r"(?:what(?!\s+about)|when|where|which|who|why|how(?!\s+about)|do you|are you|is there|is it|does|are there)\b",
    re.IGNORECASE,
)
_MACHINERY = re.compile(
    r"^\W*(?:system|assistant|developer|admin)\s*:|<\|?\w+|\|>|\b(?:system|developer) (?:prompt|message|mode)\b"
    r"|\b(?:ignore|disregard|forget|override|bypass)\b.{0,30}\b(?:instructions?|rules?|prompts?|guidelines)\b"
    r"|\b(?:call|use|run|execute|invoke) (?:the |a )?(?:tool|function|command|query)\b|\bopen brace\b|[{}]"
    r"|\bfrom now on\b|\b(?:just|only) say (?:that|it)\b",
    re.IGNORECASE,
)
"""What is said to a computer program and not at a desk: it is answered, and nothing is done."""
_ECHO = {"the", "that", "this", "it", "please", "all", "is", "it's", "that's", "right", "thanks", "thank", "you", "do"}
_ECHO |= {"obviously", "lovely", "good", "great"}
"""Words that change nothing about a yes."""
_BUILT_IN: dict[Builtin, Step] = {
    Builtin.ESCALATE: HandOver("the person asked for a human"),
    Builtin.KNOWLEDGE: Talk(),
    Builtin.TIME: TellTime(),
}
_CLOCK = re.compile(
    r"\W*(?:(?:hello|hi|hey|okay|so|um+|uh+|please|excuse me|(?:can|could) you tell me|do you know|tell me)[\s,]+)*"
    r"(?:what time is it|what's the time|what is the time|what day is (?:it|today)|what's the date|what is the date"
    r"|what's today's date|what is today's date|what date is (?:it|today)|the time)"
    r"(?: now| today| right now| please)*\W*",
    re.IGNORECASE,
)


_CORRECTS = re.compile(
    r"\W*(?:(?:oh|um+|uh+|well|okay|yes|yeah|but)\W+)*"
    r"(?:no|nope|wait|sorry|actually|hang on|hold on|not|i (?:mean|meant|said))\b"
    r"|.*\b(?:wrong|mistake|instead|rather|change)\b",
    re.IGNORECASE | re.DOTALL,
)
"""How a correction begins, or what occurs in one: where nothing else was understood, no yes acts until it was."""
_THANKS = re.compile(
    r"\W*(?:(?:okay|ok|oh|well|great|good|perfect|lovely|all right|alright)\W+)*(?:many thanks|thanks|thank you)"
    r"(?: (?:so|very) much| a lot)?\W*",
    re.IGNORECASE,
)
"""Thanks alone are no answer, and no reason to press for one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do now, in order, and what is under way after it."""

    steps: tuple[Step, ...]
    agenda: Agenda


class Planner:
    """Turns an utterance and an agenda into a plan; neither the utterance nor the agenda is changed."""

    def __init__(
        self, jobs: Mapping[str, Job], intents: Intents, handover: HandoverConfig, gist: Gist | None = None
    ) -> None:
        self._jobs = jobs
        self._wishes = Wishes(jobs, intents)
        self._handover = handover
        self._gist = gist

    async def plan(self, heard: Heard, agenda: Agenda) -> Plan:
        """Decide; nothing was understood where there is no text."""
        if not heard.text.strip():
            return Plan((HandOver("the person could not be understood"),), agenda)
        if urgent := wanted_by(heard.text, self._handover):
            return Plan((urgent,), replace(agenda, pending=None, waiting=(), offered_human=False))
        if _MACHINERY.search(heard.text):
            return Plan((Talk(),), agenda)
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
        if _CLOCK.fullmatch(heard.text):
            return Plan((TellTime(),), agenda)
        wanted = await self._wishes.wanted(heard)
        if not wanted:
            follow_up = self._follow_up(heard, agenda)
            return follow_up or Plan((Talk(),), agenda)
        first, *others = self._all_wanted([(intent.name, replace(heard, text=text)) for intent, text in wanted], agenda)
        if await self._wishes.only_asks_the_way(heard, first.task):
            return Plan((Talk(),), agenda)
        first = await self._concluded(first)
        plan = self._advance(first, replace(agenda, waiting=(*others, *agenda.waiting)), begun=True)
        if await self._wishes.asks_beside(heard, first.task):
            return Plan((Talk(), *plan.steps), plan.agenda)
        return plan

    def _all_wanted(self, wanted: Sequence[tuple[str, Heard]], agenda: Agenda) -> list[Pending]:
        """Return the tasks; each may refer to the one before it, and of two of one kind the second to the first."""
        found: list[Pending] = []
        for name, heard in wanted:
            for pending in self._all_of(name, heard):
                job, before = self._jobs[name], found[-1] if found else agenda.last
                task = referred(job, pending, heard.text, before, self._jobs)
                found.append(shared(job, task, found[-1]) if found and found[-1].task == name else task)
        return found

    async def _concluded(self, pending: Pending) -> Pending:
        """Add what an account is clearly about."""
        return await self._gist.completed(pending) if self._gist else pending

    def _follow_up(self, heard: Heard, agenda: Agenda) -> Plan | None:
        """Ask the last question again with another value: "and on Friday?", "what about aspirin?", "try 4271"."""
        last = agenda.last_read
        if last is None:
            return None
        job = self._jobs[last.task]
        if _FOLLOW_UP.match(heard.text) and len(heard.text.split()) <= FOLLOW_UP_WORDS:
            found = job.finder.find(heard, asked=job.open_parameter)
        else:
            given = job.finder.find(heard)
            found = {name: slot for name, slot in given.items() if job.parameters[name].format in EXACT}
        return self._advance(last.with_slots(found), agenda) if found else None

    def _all_of(self, name: str, heard: Heard) -> list[Pending]:
        """Return what is wanted, several times where a look-up is wanted for several values: "4271 and 7740"."""
        job, pending = self._jobs[name], self._pending(name, heard)
        missing = job.missing(pending)
        values = job.finder.several(missing, heard) if missing and not job.needs_yes else []
        return [pending.with_slots({missing: value}) for value in values if missing] or [pending]

    def _pending(self, name: str, heard: Heard) -> Pending:
        job = self._jobs[name]
        return Pending(task=name, slots=job.defaults() | job.finder.find(heard))

    # A task is under way.

    async def _go_on(self, heard: Heard, agenda: Agenda, pending: Pending) -> Plan:
        job = self._jobs[pending.task]
        text = heard.text
        decided = self._confirmed(heard, agenda, pending) if pending.confirming else None
        if decided is not None:
            return decided
        if is_cancel(text):
            return self._drop(agenda)
        changed = {} if _QUESTION.match(text) else self._changed(job, pending, heard)
        if changed:
            return self._advance(await self._concluded(pending.with_slots(changed)), agenda)
        return self._unanswered(job, pending, agenda, text) or await self._beside(heard, agenda, pending)

    def _unanswered(self, job: Job, pending: Pending, agenda: Agenda, text: str) -> Plan | None:
        """Return what to do with words that are about the question and do not answer it."""
        if pending.asked and is_unknown(text):
            return self._stuck(pending, agenda)
        if pending.asked and _THANKS.fullmatch(text):
            return Plan((Talk(),), agenda)
        if pending.confirming and (yes_no(text).verdict is Verdict.NO or _CORRECTS.match(text)):
            return self._ask_what_to_change(agenda, pending)
        if self._dictates(job, pending, text) and pending.attempts < PATIENCE:
            begun = replace(pending, dictated=_continued(pending, text), attempts=pending.attempts + 1)
            return Plan((Say(wording.GO_ON),), replace(agenda, pending=begun))
        return None

    def _dictates(self, job: Job, pending: Pending, text: str) -> bool:
        """Tell whether these are some digits of the number that was asked for, with more to come."""
        asked = job.parameters.get(pending.asked)
        return asked is not None and asked.format in DICTATED and partial_digits(text) is not None

    def _ask_what_to_change(self, agenda: Agenda, pending: Pending) -> Plan:
        """Ask, after a no whose correction was not understood: until one is, no yes acts."""
        if pending.attempts >= PATIENCE:
            return self._stuck(pending, agenda)
        asked = replace(pending, changing=True, attempts=pending.attempts + 1)
        return Plan((Say(wording.WHAT_TO_CHANGE),), replace(agenda, pending=asked))

    def _confirmed(self, heard: Heard, agenda: Agenda, pending: Pending) -> Plan | None:
        """Act after a plain yes; after a plain no ask what to change, after a second one leave it."""
        answer = yes_no(heard.text)
        agreed = answer.verdict is Verdict.YES or (
            answer.verdict is Verdict.CHANGE
            and self._echoes(answer.rest, pending)
            and not self._changed(self._jobs[pending.task], pending, heard)
        )
        if agreed and not pending.changing:
            return Plan((Call(pending),), replace(agenda, pending=None, last=pending))
        if answer.verdict is not Verdict.NO or answer.rest:
            return None
        if pending.changing:
            return self._drop(agenda)
        return self._ask_what_to_change(agenda, pending)

    def _echoes(self, rest: str, pending: Pending) -> bool:
        """Tell whether the words after a yes only repeat what was read back: "yes, please book it"."""
        read = wording.read_back(self._jobs[pending.task], pending)
        return (
            _words_of(re.sub(r"\bthe one\b", "it", rest, flags=re.IGNORECASE))
            <= _words_of(read) | _words_of(pending.task.replace("_", " ")) | _ECHO
        )

    def _drop(self, agenda: Agenda) -> Plan:
        return self._resume((Say(wording.DROPPED),), replace(agenda, pending=None))

    def _changed(self, job: Job, pending: Pending, heard: Heard) -> dict[str, Slot]:
        """Return what the person has given or corrected; free words only answer the question for them."""
        found = job.finder.find(heard, asked=pending.asked)
        if pending.dictated:
            whole = replace(heard, text=_continued(pending, heard.text))
            found |= {name: slot for name, slot in job.finder.find(whole).items() if name == pending.asked}
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
        best = await self._wishes.likeliest(heard, SURE, beside=pending.task)
        ask_again = self._ask_again(pending)
        if best is not None:
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
        if job.builtin is not None:
            return Plan((_BUILT_IN[job.builtin],), replace(agenda, pending=None))
        missing = job.missing(pending)
        if missing is not None:
            asked = replace(pending, asked=missing, confirming=False)
            opening = (Say(job.begin),) if begun and job.begin else ()
            return Plan((*opening, Say(wording.question(job, missing))), replace(agenda, pending=asked))
        if job.needs_yes:
            asked = replace(pending, asked="", confirming=True, changing=False)
            return Plan((Say(wording.read_back(job, asked)),), replace(agenda, pending=asked))
        return self._resume((Call(pending),), replace(agenda, pending=None, last_read=pending, last=pending))

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


def _continued(pending: Pending, text: str) -> str:
    """Return what was dictated so far, with `text` behind it."""
    return f"{pending.dictated} {text.strip(' .,!?')}".strip()


def _words_of(text: str) -> set[str]:
    return set(re.findall(r"[\w'-]+", text.lower().replace("\u2019", "'")))
