"""What a person wants: the tasks of an utterance, by what is asked and by what is said with it."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from appliance.assistant.intents import Intent, Intents
from appliance.assistant.jobs import Job
from appliance.assistant.values import Heard
from appliance.config.tools import Format, Value
from appliance.understanding import without_refusals

LIKELY = 0.55
"""Probability from which a task is begun."""
WEIGHT_OF_AN_ARGUMENT = 1.2
"""Each argument after the first one in a sentence, and a number that is one, multiply the odds of the task by e to the
1.2."""
DICTATES = 4
"""Who gives so many arguments at once wants it, whoever has told them to."""
WEIGHT_OF_SOMETHING_ELSE = 2.0
"""What is spoken of and occurs in none of a task's examples divides the odds by e squared."""
EXACT = (Format.PHONE, Format.CODE, Format.EMAIL)
"""What is not said by the way: a number or an address that somebody looks up."""
_LOOSE = (Format.WORDS, Format.TEXT, None)
_SEGMENT = re.compile(
    r"[.?!;]\s+|,?\s+(?:and|but|then|so)\s+(?:also\s+|then\s+)?"
    r"(?=(?:you'd better|can|could|would|i|i'd|i'll|i'm|do|does|have|is|are|what|where|when|how)\b"
    r"|(?:book|cancel|check|tell|please|my order)\b)"
    r"|,\s+(?=(?:can|could|would|will) (?:you|i|we)\b)|,?\s+and\s+also\s+(?=an?\b)",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"^\W*(?:(?:and|but|so|until|till|since|from|by|at)\s+)*(?:what(?! about)|how(?! about)|when|where|why)\b",
    re.IGNORECASE,
)
_ALSO = re.compile(r"\W*(?:and\s+|then\s+)*(?:also|another)\b", re.IGNORECASE)
_FACT = re.compile(
    r"^\W*(?:(?:and|but|so|um+|uh+|hello|hi|sorry|excuse me)[\s,]+)*"
    r"(?:(?:up to|until|till|for|about|at|in|from|within|after)\s+)?"
    r"(?:how (?:long|much|many|often|far|old)|(?:un)?till? when|since when|why)\b",
    re.IGNORECASE,
)
"""Questions about how things are: nobody asks like this for something to be done."""


class Wishes:
    """Finds out which tasks are wanted."""

    def __init__(self, jobs: Mapping[str, Job], intents: Intents) -> None:
        self._jobs = jobs
        self._intents = intents

    async def wanted(self, heard: Heard) -> list[tuple[Intent, str]]:
        """Return the tasks that are wanted in this utterance, each with the words that want it."""
        whole = await self.likeliest(heard)
        found = [each for each in await self._parts(heard) if not self._serves(each, whole, heard)]
        if len(found) > 1:
            return sorted(found, key=lambda each: self._jobs[each[0].name].needs_yes)
        best = whole or next((intent for intent, _ in found), None)
        return [(best, heard.text)] if best is not None else []

    async def asks_beside(self, heard: Heard, name: str) -> bool:
        """Tell whether a request ends with a question that has nothing to do with the task: "…, and where do I go?"."""
        *before, last = [part for part in _SEGMENT.split(heard.text) if part.strip()] or [""]
        question = replace(heard, text=last)
        if not before or not _ABOUT.match(last) or self._jobs[name].finder.find(question):
            return False
        return await self.likeliest(question) is None

    async def only_asks_the_way(self, heard: Heard, name: str) -> bool:
        """Tell whether a need is only the reason of a question: "I need a blood test. Where do I go?"."""
        job = self._jobs[name]
        said = {parameter for parameter in job.finder.find(heard) if not job.parameters[parameter].enum}
        named = any(word.lower().startswith(tuple(job.acts)) for word in re.findall(r"\w+", heard.text))
        return job.needs_yes and not said and not named and await self.asks_beside(heard, name)

    async def _parts(self, heard: Heard) -> list[tuple[Intent, str]]:
        """Return the tasks of the sentences; a sentence that wants none belongs to the one before it."""
        found: list[tuple[Intent, int, int]] = []
        bounds = [0, *(cut.end() for cut in _SEGMENT.finditer(heard.text)), len(heard.text)]
        for start, end in pairwise(bounds):
            part = heard.text[start:end]
            intent = await self.likeliest(replace(heard, text=part)) if len(part.split()) > 1 else None
            before = replace(heard, text=heard.text[found[-1][1] : start] if found else "")
            if found and intent is None and _ALSO.match(part):
                intent = found[-1][0]
            if found and (
                intent is None or not self._is_another(intent, found[-1][0], replace(heard, text=part), before)
            ):
                found[-1] = (found[-1][0], found[-1][1], end)
            elif intent is not None:
                found.append((intent, start if found else 0, end))
        return [(intent, heard.text[start:end]) for intent, start, end in found]

    def _is_another(self, intent: Intent, before: Intent, part: Heard, whole_before: Heard) -> bool:
        """Tell whether a part wants another task, or the same once more, for another choice: "…, and also an X-ray"."""
        if intent.name != before.name:
            return True
        job = self._jobs[intent.name]
        chosen, chosen_before = (_chosen(job, heard) for heard in (part, whole_before))
        return job.needs_yes and any(chosen_before.get(name, value) != value for name, value in chosen.items())

    def _serves(self, part: tuple[Intent, str], whole: Intent | None, heard: Heard) -> bool:
        """Tell whether words that seem to want a task only give what the task of the whole utterance needs."""
        intent, text = part
        if whole is None or intent.name == whole.name:
            return False
        given = self._jobs[intent.name].finder.find(replace(heard, text=text))
        taken = {slot.words.lower() for slot in self._jobs[whole.name].finder.find(heard).values()}
        words = {slot.words.lower() for slot in given.values()}
        return bool(words & taken) and not text.rstrip().endswith("?")

    async def likeliest(self, heard: Heard, likely: float = LIKELY, beside: str = "") -> Intent | None:
        """Return the task `beside` another that is wanted, with at least the probability `likely`."""
        ranked = [intent for intent in await self.rank(heard) if intent.name != beside]
        if not ranked or ranked[0].probability < likely or not self._is_wish(self._jobs[ranked[0].name], heard):
            return None
        return ranked[0]

    def _is_wish(self, job: Job, heard: Heard) -> bool:
        """Tell whether a task is wished for, and not only asked about or told of."""
        if job.needs_yes and _FACT.match(heard.text):
            return False
        if job.needs_yes and _ABOUT.match(heard.text) is not None and not job.finder.find(heard):
            return False
        return job.accepts(heard.text) or len(job.finder.find(heard)) >= DICTATES

    async def rank(self, heard: Heard) -> list[Intent]:
        """Rank by what is asked, and by how many of a task's arguments were said with it."""
        ranked = await self._intents.rank(without_refusals(heard.text))
        weighed = [replace(intent, probability=self._weighed(intent, heard)) for intent in ranked]
        return sorted(weighed, key=lambda intent: -intent.probability)

    def _weighed(self, intent: Intent, heard: Heard) -> float:
        job = self._jobs[intent.name]
        said = [name for name in job.finder.find(heard) if job.parameters[name].format not in _LOOSE]
        exact = any(job.parameters[name].format in EXACT for name in said)
        evidence = WEIGHT_OF_AN_ARGUMENT * max(len(said) - 1, 1 if exact else 0)
        if not exact and job.finder.is_about_something_else(heard):
            evidence -= WEIGHT_OF_SOMETHING_ELSE
        odds = math.exp(evidence) * intent.probability / max(1 - intent.probability, 1e-6)
        return odds / (1 + odds)


def _chosen(job: Job, heard: Heard) -> dict[str, Value]:
    """Return the choices that are named."""
    return {name: slot.value for name, slot in job.finder.find(heard).items() if job.parameters[name].enum}
