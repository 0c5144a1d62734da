"""What an account is about, where it names none of a form's choices: "the lift is stuck" is about the building."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from appliance.assistant.agenda import Pending, Slot
from appliance.assistant.chosen import names_of
from appliance.assistant.intents import Encoder, Matrix
from appliance.assistant.jobs import Job
from appliance.config.tools import Format, Parameter
from appliance.understanding import mentions

LIKENESS = 0.22
"""The least cosine between an account and a choice."""
MARGIN = 0.15
"""So far behind the likeliest choice has the next one to be. Of 62 accounts for five forms that name no choice, 37 are
about one: 12 of these were taken for it and none for another; with 0.12 it was 18 and two."""
FEWEST_WORDS = 5
"""Shorter accounts ("it broke") are about anything."""
_ANYTHING = re.compile(
    r"(?:(?:something|anything|everything) else|others?|misc(?:ellaneous)?|general|none)", re.IGNORECASE
)
"""Choices for whatever is like none of the others."""
_CLAUSE_END = re.compile(r"[.,;:!?]+\s+|\s+(?:and|but|because|so)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choices:
    """The choices of one field as vectors."""

    account: str
    """The field that takes what people say in their own words."""
    names: Mapping[str, Sequence[str]]
    vectors: Mapping[str, Matrix]
    """For each choice one vector a name, and last one of all names together."""

    def likeliest(self, account: Matrix) -> str | None:
        """Return the choice that one vector is clearly nearest to."""
        ranked = sorted(((self.likeness(value, account), value) for value in self.vectors), reverse=True)
        (best, value), (next_best, _) = ranked[:2]
        return value if best >= LIKENESS and best - next_best >= MARGIN else None

    def likeness(self, value: str, account: Matrix) -> float:
        """Return the cosine to the nearest name and to all together, in the mean."""
        cosines = self.vectors[value] @ account
        return float(cosines[:-1].max() + cosines[-1]) / 2


class Gist:
    """Fills the choices of forms from what people tell, by sentence embeddings; what is not clear is left to be asked.

    How soon something has to be dealt with is never concluded. Like every field it is read back.
    """

    def __init__(self, encoder: Encoder, fields: Mapping[tuple[str, str], _Choices]) -> None:
        self._encoder = encoder
        self._fields = fields

    @classmethod
    async def learn(cls, encoder: Encoder, jobs: Iterable[Job]) -> Gist:
        """Take the choices of all forms that let people tell something."""
        fields = {}
        for job in jobs:
            for name, parameter, account in _open_choices(job):
                names = {
                    value: called for value, called in names_of(parameter).items() if not _ANYTHING.fullmatch(value)
                }
                vectors = {value: await encoder.embed(_texts(value, parameter)) for value in names}
                if len(vectors) > 1:
                    fields[job.name, name] = _Choices(account=account, names=names_of(parameter), vectors=vectors)
        return cls(encoder, fields)

    async def completed(self, pending: Pending) -> Pending:
        """Return the task with the choices that its account is clearly about, each with the words it was found in."""
        found: dict[str, Slot] = {}
        for (job, name), choices in self._fields.items():
            told = pending.slots.get(choices.account)
            if job == pending.task and told is not None and name not in pending.slots:
                slot = await self._concluded(told, choices)
                found |= {name: slot} if slot else {}
        return pending.with_slots(found) if found else pending

    async def _concluded(self, told: Slot, choices: _Choices) -> Slot | None:
        account = str(told.value)
        if len(account.split()) < FEWEST_WORDS or mentions(account, choices.names):
            return None
        clauses = _clauses(account)
        vectors = await self._encoder.embed([account, *clauses])
        value = choices.likeliest(vectors[0])
        if value is None:
            return None
        likeness = [choices.likeness(value, vector) for vector in vectors[1:]]
        return Slot(value=value, words=clauses[int(np.argmax(likeness))], turn=told.turn)


def _open_choices(job: Job) -> Iterable[tuple[str, Parameter, str]]:
    """Yield the choices of a form, and the field for an account beside them."""
    accounts = [name for name, parameter in job.parameters.items() if parameter.format is Format.TEXT]
    if job.form is None or not accounts:
        return
    for name, parameter in job.parameters.items():
        if parameter.enum and name != job.form.urgency_field:
            yield name, parameter, accounts[0]


def _texts(value: str, parameter: Parameter) -> list[str]:
    synonyms = parameter.synonyms.get(value, ())
    return [value, *synonyms, f"{value}: {', '.join(synonyms)}" if synonyms else value]


def _clauses(account: str) -> list[str]:
    """Return the clauses as they were said; a single word belongs to none."""
    clauses = [clause.strip(" .,;:!?") for clause in _CLAUSE_END.split(account)]
    return [clause for clause in clauses if len(clause.split()) > 1] or [account]
