"""What is taken over from the task before: "for the same person", "book him in", "and an X-ray that day"."""

from __future__ import annotations

import re
from collections.abc import Mapping

from appliance.assistant.agenda import Pending, Slot
from appliance.assistant.jobs import Job
from appliance.config.tools import Format

_REFERRING: Mapping[Format, re.Pattern[str]] = {
    Format.NAME: re.compile(
        r"\bsame (?:person|patient|man|woman|guy|lady|boy|girl|child|customer|name)\b|\b(?:him|her|them)\b"
        r"|\b(?:his|her|their) (?:appointment|booking|slot)\b",
        re.IGNORECASE,
    ),
    Format.PHONE: re.compile(
        r"\bsame (?:person and |name and |patient and )?(?:phone |telephone |mobile )?number\b"
        r"|\bsame (?:person|patient|phone|mobile|contact)\b|\bnumber (?:is|as) (?:the same|before)\b",
        re.IGNORECASE,
    ),
    Format.EMAIL: re.compile(r"\bsame (?:e-?mail|address|person|patient)\b", re.IGNORECASE),
    Format.DATE: re.compile(r"\b(?:that|the same|same) (?:day|date|morning|afternoon|evening)\b", re.IGNORECASE),
    Format.TIME: re.compile(r"\b(?:the same|same) (?:time|hour)\b", re.IGNORECASE),
}
_SOMEBODY_ELSE = re.compile(
    r"\b(?:my|our) (?:\w+ )?(?:son|daughter|wife|husband|partner|mother|father|mum|mom|dad|child|kids?|boy|girl|baby"
    r"|friend|brother|sister|uncle|aunt|neighbou?r|grand\w+|boss|colleague)\b",
    re.IGNORECASE,
)
"""Who speaks of another person means that one by "her"."""


def referred(job: Job, pending: Pending, said: str, before: Pending | None, jobs: Mapping[str, Job]) -> Pending:
    """Return a task with the missing arguments that `said` refers to, from the task `before` it."""
    if before is None or before.task not in jobs:
        return pending
    somebody_else = _SOMEBODY_ELSE.search(said) is not None
    found: dict[str, Slot] = {}
    for kind, words in _REFERRING.items():
        if words.search(said) and not (kind is Format.NAME and somebody_else):
            found |= _given(kind, job, pending, before, jobs[before.task])
    return pending.with_slots(found) if found else pending


def shared(job: Job, pending: Pending, before: Pending) -> Pending:
    """Return the second of two tasks of one kind in one breath, with who it is for and when from the first."""
    found: dict[str, Slot] = {}
    for kind in (Format.NAME, Format.PHONE, Format.EMAIL, Format.DATE):
        found |= _given(kind, job, pending, before, job)
    return pending.with_slots(found) if found else pending


def _given(kind: Format, job: Job, pending: Pending, before: Pending, job_before: Job) -> dict[str, Slot]:
    """Return the one argument of a kind that is missing now and was given then."""
    missing = [
        name
        for name, parameter in job.parameters.items()
        if parameter.format is kind and parameter.required and name not in pending.slots
    ]
    given = [
        before.slots[name]
        for name, parameter in job_before.parameters.items()
        if parameter.format is kind and name in before.slots and before.slots[name].words
    ]
    return {missing[0]: given[0]} if len(missing) == 1 and len(given) == 1 else {}
