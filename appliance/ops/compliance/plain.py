"""Plain words for what the records call by names of programs: kinds, codes, figures and nested data."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from appliance.ops.compliance.language import Words

Pair = tuple[str, str]
"""What it is called (nothing where that is clear), and what it says."""

_FOR_PROGRAMS = frozenset({"kind", "transcript_ref", "created_at"})
"""In a message: what other columns have, or what only a program needs."""
_UNNAMED = frozenset({"facts", "value"})
"""Levels of nested data that say nothing to a reader."""


def named(words: Words, what: str, value: str) -> str:
    """Return the word for a code; a code without one as it is."""
    return words(f"{what}.{value}") if words.has(f"{what}.{value}") else value


def outcome(words: Words, value: str) -> str:
    """Return how a call ended, such as `failed timeout` or `refused missing:phone`, and why."""
    ended, _, why = value.partition(" ")
    reason = _reason(words, why) if ended == "refused" else named(words, "fault", why)
    return ": ".join(part for part in (named(words, "outcome", ended), reason) if part)


def _reason(words: Words, code: str) -> str:
    reason, _, argument = code.partition(":")
    return f"{named(words, 'reason', reason)} {_spaced(argument)}".strip()


def event(words: Words, kind: str, body: object) -> str:
    """Return what a record of the audit trail is about."""
    happened = named(words, "event", kind)
    about = ", ".join(text for text in _about(words, kind, body if isinstance(body, Mapping) else {}) if text)
    return f"{happened}: {about}" if about else happened


def _about(words: Words, kind: str, body: Mapping[str, Any]) -> Iterator[str]:
    if tool := body.get("tool"):
        yield _spaced(str(tool))
    match kind:
        case "consent":
            yield named(words, "decision", str(body.get("decision", "")))
            yield named(words, "way", str(body.get("how", "")))
        case "turn" if body.get("interrupted"):
            yield words("detail.interrupted")
        case "tool.finished":
            ended = "failed" if not body.get("ok") else "empty" if body.get("empty") else "succeeded"
            yield outcome(words, f"{ended} {body.get('error_code') or ''}".strip())
        case "tool.refused":
            yield _reason(words, str(body.get("reason", "")))
        case "handover":
            yield named(words, "message", str(body.get("handover", "")))
            yield words("state.delivered" if body.get("delivered") else "handout.undelivered")
        case "session.ended":
            yield named(words, "ending", str(body.get("reason", "")))


def details(words: Words, found: Mapping[str, Mapping[str, str]]) -> list[Pair]:
    """Return the words beside a record of the audit trail; their salts are for programs."""
    return [
        pair
        for name, detail in found.items()
        for pair in pairs(words, _data(name, detail["value"]), _detail(words, name))
    ]


def _data(name: str, value: str) -> object:
    """Return what the audit trail has written as JSON; words of people are words whatever they look like."""
    if name != "result" and not name.startswith("argument."):
        return value
    try:
        data = json.loads(value)
    except (ValueError, RecursionError):
        return value
    return data if isinstance(data, dict | list) else value


def _detail(words: Words, name: str) -> str:
    what, _, argument = name.partition(".")
    return ", ".join(part for part in (named(words, "detail", what), _spaced(argument)) if part)


def figures(words: Words, record: Mapping[str, float]) -> list[Pair]:
    """Return the milliseconds of a turn."""
    return [(named(words, "figure", name), f"{words.number(value)} ms") for name, value in record.items()]


def pairs(words: Words, value: object, label: str = "", code: str = "") -> list[Pair]:
    """Return data of any depth as a list; what is empty is left out."""
    match value:
        case Mapping():
            return [
                pair
                for name, each in value.items()
                if name not in _FOR_PROGRAMS
                for pair in pairs(words, each, _joined(label, words, str(name)), str(name))
            ]
        case str():
            return [(label, named(words, "urgency", value) if code == "urgency" else value)] if value else []
        case Sequence():
            return [pair for each in value for pair in pairs(words, each, label)]
        case None:
            return []
        case bool():
            return [(label, words.yes_or_no(value))]
        case _:
            return [(label, str(value))]


def _joined(label: str, words: Words, name: str) -> str:
    parts = (label, "" if name in _UNNAMED else named(words, "field", _spaced(name)))
    return ", ".join(part for part in parts if part)


def unfinished(words: Words, state: object) -> list[Pair]:
    """Return what was said in a conversation that is to be continued, and what was known for its tasks."""
    if not isinstance(state, Mapping):
        return pairs(words, state)
    said = [pair for turn in state.get("turns") or () for pair in _said(words, turn)]
    agenda = state.get("agenda") or {}
    tasks = [agenda.get("pending"), *(agenda.get("waiting") or ()), agenda.get("last_read")]
    return said + [pair for task in tasks if task for pair in _task(words, task)]


def _said(words: Words, turn: object) -> list[Pair]:
    match turn:
        case [str(role), str(text)]:
            return [(named(words, "speaker", role), text)]
        case _:
            return pairs(words, turn)


def _task(words: Words, task: Mapping[str, Any]) -> Iterator[Pair]:
    name = _spaced(str(task.get("task", "")))
    yield words("field.task"), name
    for argument, slot in (task.get("slots") or {}).items():
        yield from pairs(words, {argument: {"value": slot.get("value"), "words": slot.get("words")}}, name)
    if dictated := task.get("dictated"):
        yield name, str(dictated)


def _spaced(name: str) -> str:
    return name.replace("_", " ")
