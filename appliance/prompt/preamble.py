"""The stable head of every prompt: who the assistant is, what it knows, and how it answers."""

from __future__ import annotations

import re
from datetime import datetime

from appliance.config.models import Config
from appliance.engines.ports import Message, Role

RULES = (
    "You talk with a person by voice. Answer in one or two short spoken sentences, without lists or markup.",
    "Use only the facts below about this place. If they do not answer it, say that you do not know and who can help.",
    "You cannot do anything but talk: never say that you have booked, sent, changed or called something.",
)


def preamble(config: Config) -> list[Message]:
    """Return system message and example turns. Nothing in it depends on the time, so it is read once."""
    lines = [
        f"You are {config.persona.name}, the voice assistant of {config.site.name}. {config.persona.instructions}",
        *RULES,
    ]
    if config.site.facts:
        lines += ["Facts:", *(f"- {fact}" for fact in config.site.facts)]
    messages = [Message(Role.SYSTEM, "\n".join(lines))]
    for example in config.persona.examples:
        messages += [Message(Role.USER, example.user), Message(Role.ASSISTANT, example.assistant)]
    return messages


_TIME_WORDS = re.compile(
    r"\b(time|date|day|today|tonight|tomorrow|yesterday|now|week|weekend|month|year|open|close[sd]?|clock|hour|hours|late|early|still)\b",
    re.IGNORECASE,
)


def user_text(text: str, now: datetime) -> str:
    """Return what the model reads as the person's words: with the time, when they are about time.

    At the tail and only then, because a clock at the head of the prompt would void the KV cache each minute.
    """
    if not _TIME_WORDS.search(text):
        return text
    return f"{text}\n({_moment(now)})"


def _moment(now: datetime) -> str:
    clock = now.strftime("%I:%M %p").lstrip("0")
    return f"It is {now:%A}, {now:%B} {now.day}, {now.year}, {clock}."
