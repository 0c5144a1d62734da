"""Who processes what, why, with whose consent, and for how long."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from appliance.config.consent import ConsentConfig, ConsentMode
from appliance.config.redaction import Kind
from appliance.config.retention import DataClass
from appliance.config.tools import Effect, FormConfig, Parameter, ToolConfig
from appliance.ops.compliance.document import Chapter, Items, Table, Text
from appliance.ops.compliance.facts import Facts
from appliance.ops.compliance.language import Words

MOST_WORDS = 6
"""Examples of what takes a consent back."""
_ONLY_WORDS = re.compile(r"[^\w\s]")


def responsible(facts: Facts, words: Words) -> Chapter:
    """Say who answers for the processing, and whose data it is."""
    config = facts.config
    rows = [
        (words("controller"), config.compliance.controller or words("missing")),
        (words("contact"), config.compliance.contact or words("missing")),
        (words("site"), config.site.name),
        (words("people"), words("people.value", role=_role(config.site.role, words))),
        (words("processor"), words("processor.value")),
    ]
    return Chapter("responsible", words("responsible"), [Table((words("fact"), words("value")), rows)])


def _role(role: str, words: Words) -> str:
    key = f"people.role.{role}"
    return words(key) if words.has(key) else role


def purpose(facts: Facts, words: Words) -> Chapter:
    """Say what it is done for, and on which legal ground."""
    config = facts.config
    stated = [
        (words("purpose.name"), config.compliance.purpose or words("missing")),
        (words("legal_basis"), config.compliance.legal_basis or words("missing")),
    ]
    blocks: list[Text | Items | Table] = [Table((words("fact"), words("value")), stated)]
    if rows := [*_functions(facts, words)]:
        header = ("purpose.task", "purpose.does", "purpose.asks", "purpose.effect")
        blocks += [Text(words("purpose.tools")), Table([words(key) for key in header], rows)]
    else:
        blocks.append(Text(words("purpose.no_tools")))
    if config.knowledge.directory is not None:
        blocks.append(Text(words("purpose.knowledge", folder=config.knowledge.directory)))
    return Chapter("purpose", words("purpose"), blocks)


def _functions(facts: Facts, words: Words) -> Iterator[tuple[str, str, str, str]]:
    tasks: list[ToolConfig | FormConfig] = [*facts.config.tools, *facts.config.forms]
    for task in tasks:
        changes = isinstance(task, FormConfig) or task.effect is Effect.WRITE
        yield task.name, task.description, asked_for(task, words), words.yes_or_no(changes)


def asked_for(task: ToolConfig | FormConfig, words: Words) -> str:
    """Return the names of the data that a tool or a form takes, without what is fixed."""
    parameters: Mapping[str, Parameter] = task.fields if isinstance(task, FormConfig) else task.parameters
    return ", ".join(name for name, each in parameters.items() if each.default is None) or words("none")


def collected(facts: Facts, words: Words) -> Chapter:
    """Say what is processed in memory, what may be kept, and what is replaced before that."""
    config = facts.config
    header = [words(key) for key in ("class", "class.what", "class.kept", "class.days")]
    rows = [
        (
            words(f"class.{kind.value}"),
            words(f"class.{kind.value}.what"),
            words.yes_or_no(_kept(facts, kind)),
            words.number(config.retention.of(kind).days) if _kept(facts, kind) else "–",
        )
        for kind in DataClass
    ]
    replaced = [words(f"kind.{kind.value}") for kind in Kind if kind in config.redaction.wanted]
    redaction = words("collected.no_redaction")
    if replaced:
        countries = ", ".join(config.redaction.countries)
        redaction = words("collected.redaction", kinds=", ".join(replaced), countries=countries)
    blocks: list[Text | Items | Table] = [
        Text(words("collected.memory", seconds=words.number(config.session.end_after_s))),
        Text(words(f"collected.attention.{config.attention.mode.value}")),
        Text(words("collected.unasked")),
        Text(words("collected.intro")),
        Table(header, rows),
        Text(redaction),
    ]
    if replaced:
        days = words.counted("days", config.storage.receipts_max_age_days)
        blocks += [Text(words("collected.clear", days=days)), Text(words("collected.digests"))]
    return Chapter("collected", words("collected"), blocks)


_IN_ANY_MODE = {DataClass.METRICS, DataClass.OUTBOX_PAYLOAD, DataClass.AUDIT}
"""Words, calls and sound are kept only once people were told or have agreed; in the mode `none` never."""


def _kept(facts: Facts, kind: DataClass) -> bool:
    config = facts.config
    wanted = config.retention.of(kind).keep
    return wanted and (config.consent.mode is not ConsentMode.NONE or kind in _IN_ANY_MODE)


def consent(facts: Facts, words: Words) -> Chapter:
    """Say what people are told and asked, in which words, and how they take it back."""
    chosen = facts.config.consent
    blocks: list[Text | Items | Table] = [Text(words(f"consent.{chosen.mode.value}"))]
    if chosen.mode is ConsentMode.NONE:
        return Chapter("consent", words("consent"), blocks)
    asks = chosen.mode is ConsentMode.ASK
    rows = [
        (words("consent.version"), chosen.policy_version),
        (words("consent.words"), chosen.question if asks else chosen.notice),
        *([(words("consent.given"), chosen.given_phrase)] if asks else []),
        *([(words("consent.refused"), chosen.refused_phrase)] if asks else []),
        (words("consent.withdrawn"), chosen.withdrawn_phrase),
        (words("consent.not_deleted"), chosen.not_deleted_phrase),
    ]
    blocks.append(Table((words("fact"), words("value")), rows))
    if chosen.withdraw_words:
        blocks += [Text(words("consent.withdraw")), Items(_examples(chosen))]
    blocks.append(Text(words("consent.effect")))
    return Chapter("consent", words("consent"), blocks)


def _examples(chosen: ConsentConfig) -> list[str]:
    """Return what takes a consent back: first what people are told to say, then some from all over the list."""
    told = _ONLY_WORDS.sub("", f"{chosen.notice} {chosen.question}".casefold())
    named = [each for each in chosen.withdraw_words if _ONLY_WORDS.sub("", each.casefold()) in told]
    others = [each for each in chosen.withdraw_words if each not in named]
    wanted = max(0, MOST_WORDS - len(named))
    step = max(1, len(others) // max(1, wanted))
    return [*named, *others[::step]][:MOST_WORDS]


def duration(facts: Facts, words: Words) -> Chapter:
    """Say when everything is deleted."""
    config = facts.config
    storage, retention = config.storage, config.retention

    def days(value: float) -> str:
        return words("duration.days", days=words.counted("days", value))

    rows = [
        (
            words(f"class.{kind.value}"),
            days(retention.of(kind).days) if _kept(facts, kind) else words("duration.not_kept"),
        )
        for kind in DataClass
    ]
    waiting = words("duration.waiting.until", days=words.counted("days", storage.outbox_max_age_days))
    minutes = words.number(storage.resume_within_s / 60)
    unfinished = words("duration.unfinished.until", minutes=minutes)
    if not storage.resume_within_s:
        unfinished = words("duration.unfinished.never")
    rows += [
        (words("duration.waiting"), waiting),
        (words("duration.receipts"), days(storage.receipts_max_age_days)),
        (words("duration.unfinished"), unfinished),
        (words("duration.backups"), words("duration.backups.until", newer=words.counted("newer", storage.backup_keep))),
        (words("duration.log.words" if config.log.transcripts else "duration.log"), words("duration.log.until")),
    ]
    purge = words("duration.purge", time=retention.purge_at, timezone=config.site.timezone)
    header = (words("duration.what"), words("duration.until"))
    proof = [Text(words("duration.proof"))] if config.audit.enabled else []
    reach = ["backups", "disks", "others", *(["log"] if config.log.transcripts else [])]
    limits = Items([words(f"duration.limits.{each}") for each in reach])
    blocks: list[Text | Items | Table] = [
        Table(header, rows),
        Text(purge),
        Text(words("duration.limits")),
        limits,
        *proof,
    ]
    return Chapter("duration", words("duration"), blocks)
