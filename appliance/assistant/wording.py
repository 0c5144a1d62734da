"""What the assistant says around tasks, beside the phrases that an administrator writes."""

from __future__ import annotations

from datetime import datetime

from appliance.assistant.agenda import Pending
from appliance.assistant.jobs import Job
from appliance.tools.templates import render_speech

GO_ON = "And then?"
WHAT_TO_CHANGE = "What should I change?"
DROPPED = "All right, I leave it."
DONE = "That is done."
ALREADY_DONE = "That is done already."
IN_DOUBT = "I am not sure whether that went through."
WILL_CHECK = "My colleagues will check it."
PLEASE_ASK = "Please ask one of my colleagues to check."
OFFER_HUMAN = "Shall I tell one of my colleagues?"
DECLINED_OFFER = "All right. What else can I do for you?"
NOT_ALLOWED_YET = "I have not done anything yet."


def question(job: Job, parameter: str) -> str:
    """Return how to ask for an argument."""
    return job.parameters[parameter].ask or f"What is the {_readable(parameter)}?"


def read_back(job: Job, pending: Pending) -> str:
    """Return the arguments read back, as a question."""
    if job.confirm:
        return render_speech(job.confirm, {**dict.fromkeys(job.parameters), **pending.values()}, {})
    known = ", ".join(f"{_readable(name)}: {value}" for name, value in pending.values().items())
    return f"{known}. Is that right?"


def time_and_date(now: datetime) -> str:
    """Return what time and day it is."""
    clock = now.strftime("%I:%M %p").lstrip("0")
    return f"It is {clock}, on {now:%A}, {now:%B} {now.day}."


def _readable(name: str) -> str:
    return name.replace("_", " ")
