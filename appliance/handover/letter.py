"""A handover as a text for people."""

from __future__ import annotations

from collections.abc import Iterator

from appliance.handover.message import Handover, Urgency

MAX_SUBJECT = 120
"""Characters; mail programs show some sixty."""


def subject(message: Handover) -> str:
    """Return one short line without control characters."""
    urgency = "" if message.urgency is Urgency.NORMAL else f"{message.urgency.value.upper()}: "
    line = f"{urgency}{message.kind} – {message.reason or message.summary}"
    visible = "".join(character if character.isprintable() else " " for character in line)
    return " ".join(visible.split())[:MAX_SUBJECT].rstrip()


def letter(message: Handover) -> str:
    """Return everything that is handed over, the most important first."""
    return "\n".join(_lines(message)) + "\n"


def _lines(message: Handover) -> Iterator[str]:
    yield from (message.summary, "")
    yield f"Kind: {message.kind}"
    yield f"Reason: {message.reason}"
    yield f"Urgency: {message.urgency.value}"
    if message.contact:
        yield f"Contact: {message.contact}"
    yield f"Time: {message.created_at}"
    if message.facts:
        yield from ("", "Known:")
    for name, fact in message.facts.items():
        yield f"- {name}: {fact.value}" + (f' (said: "{fact.evidence}")' if fact.evidence else "")
    if message.tried:
        yield from ("", "Tried:")
    yield from (f"- {step}" for step in message.tried)
    if (reference := message.transcript_ref) is not None:
        yield from ("", f"Record: session {reference.session_id}, turns {reference.first_turn}–{reference.last_turn}")
