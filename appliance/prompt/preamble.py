"""The stable head of every prompt: who the assistant is, what it knows, and how it answers."""

from __future__ import annotations

from datetime import datetime
from itertools import cycle

from appliance.config.models import Config
from appliance.engines.ports import Message, Role

RULES = (
    "You talk with a person by voice. Answer in one or two short spoken sentences, without lists or markup.",
    "Use only the facts below about this place. If they do not answer it, say that you do not know and who can help.",
    "You yourself only talk: never say that you have booked, sent, changed or called something.",
)


EXAMPLE_MOMENTS = (datetime(2026, 3, 3, 9, 20), datetime(2026, 6, 12, 15, 45), datetime(2026, 5, 6, 11, 30))  # noqa: DTZ001
"""When the example turns took place. Without a time in the examples too, the model takes the one before the person's
words for the question."""


def preamble(config: Config) -> list[Message]:
    """Return system message and example turns. Nothing in it depends on the time, so it is read once."""
    lines = [
        f"You are {config.persona.name}, the voice assistant of {config.site.name}. {config.persona.instructions}",
        *RULES,
    ]
    if config.site.facts:
        lines += ["Facts:", *(f"- {fact}" for fact in config.site.facts)]
    messages = [Message(Role.SYSTEM, "\n".join(lines))]
    for example, time in zip(config.persona.examples, cycle(EXAMPLE_MOMENTS)):
        messages += [Message(Role.USER, f"{moment(time)} {example.user}"), Message(Role.ASSISTANT, example.assistant)]
    return messages


def moment(now: datetime) -> str:
    """Return what stands before the person's words, so that the model can tell time and date.

    It is read while the person speaks. At the head of the prompt it would void the KV cache each minute, behind the
    words it would have to be read when the answer is already awaited.
    """
    clock = now.strftime("%I:%M %p").lstrip("0")
    return f"[{now:%A}, {now:%B} {now.day}, {now.year}, {clock}]"
