"""What needs attention, which settings differ from the defaults, and which configuration all this is about."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from appliance.config.problems import dotted
from appliance.config.redaction import Kind
from appliance.ops.compliance.document import Chapter, Items, Table, Text
from appliance.ops.compliance.facts import Facts, Sealed
from appliance.ops.compliance.language import Words
from appliance.ops.compliance.sharing import unencrypted

MOST_SHOWN = 3
"""Entries of a list; longer ones are counted, because they are in the configuration."""
LONGEST = 160
SECRETIVE = ("headers", "environment", "secret", "password", "token")
"""Settings whose name has one of these in it are not shown, although secrets do not belong there."""
MASK = "***"


def attention(facts: Facts, words: Words) -> Chapter:
    """Say what is missing, what lowers the protection, and what no configuration can decide."""
    points = [*_missing(facts, words), *_lowered(facts, words)]
    found = [Text(point, urgent=True) for point in points] or [Text(words("attention.nothing"))]
    to_decide = Items([words("attention.sensitive"), words("attention.children")])
    return Chapter("attention", words("attention"), [*found, Text(words("attention.decide")), to_decide])


_STATED = {
    "controller": "controller",
    "contact": "contact",
    "purpose": "purpose.name",
    "legal_basis": "legal_basis",
}


def _missing(facts: Facts, words: Words) -> Iterator[str]:
    for setting, key in _STATED.items():
        if not getattr(facts.config.compliance, setting).strip():
            yield words("attention.missing", what=words(key), setting=f"compliance.{setting}")


def _lowered(facts: Facts, words: Words) -> Iterator[str]:
    config = facts.config
    lowered = {
        "attention.plain": facts.sealed is Sealed.NO,
        "attention.redaction": not config.redaction.enabled,
        "attention.transcripts": config.log.transcripts,
        "attention.audit": not config.audit.enabled,
        "attention.trail": config.audit.enabled and not config.retention.audit.keep,
        "attention.audio": config.retention.audio.keep,
        "attention.private": config.network.allow_private,
    }
    yield from (words(key) for key, is_so in lowered.items() if is_so)
    left = [words(f"kind.{kind.value}") for kind in Kind if kind not in config.redaction.wanted]
    if config.redaction.enabled and left:
        yield words("attention.kinds", kinds=", ".join(left))
    yield from (words("attention.insecure", what=what) for what in unencrypted(facts, words))
    yield from (words("attention.model", model=model) for model in sorted(facts.doubtful))


def settings(facts: Facts, words: Words) -> Chapter:
    """List the settings that differ from the defaults, without secrets."""
    rows = [(dotted(each.path), shown(dotted(each.path), each.value, words)) for each in facts.changed]
    table = Table((words("settings.name"), words("value")), rows) if rows else Text(words("settings.nothing"))
    return Chapter("settings", words("settings"), [table])


def shown(name: str, value: Any, words: Words) -> str:  # noqa: ANN401 - any JSON value
    """Return a value in a few words; of tools, forms and channels their names, of long lists how many there are."""
    if any(word in name for word in SECRETIVE):
        return MASK
    if isinstance(value, list) and value and all(isinstance(each, dict) and "name" in each for each in value):
        return ", ".join(str(each["name"]) for each in value)
    if isinstance(value, list) and len(value) <= MOST_SHOWN and all(isinstance(each, str) for each in value):
        return ", ".join(map(_short, value)) or words("empty")
    return words.counted("entries", len(value)) if isinstance(value, list | dict) else _scalar(value, words)


def _scalar(value: str | float | None, words: Words) -> str:
    match value:
        case None:
            return words("none")
        case bool():
            return words.yes_or_no(value)
        case str():
            return _short(value) or words("empty")
        case _:
            return words.number(value)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def about(facts: Facts, words: Words) -> Chapter:
    """Say which program and configuration this is about, and when."""
    rows = [
        (words("about.version"), facts.version),
        (words("about.hash"), facts.config_sha256),
        (words("about.when"), words.moment(facts.made_at)),
    ]
    table = Table((words("fact"), words("value")), rows)
    return Chapter("about", words("about"), [table, Text(words("about.truth"))])
