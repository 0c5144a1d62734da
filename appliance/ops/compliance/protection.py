"""Where data lies, how it is protected and proven, which models run, and which rights people have."""

from __future__ import annotations

from appliance.ops.compliance.document import Chapter, Table, Text
from appliance.ops.compliance.facts import Facts, KeyOrigin, Sealed
from appliance.ops.compliance.language import Words

RIGHTS = (
    "access",
    "portability",
    "rectification",
    "erasure",
    "sharing",
    "refusal",
    "withdrawal",
    "objection",
    "complaint",
)


def storage(facts: Facts, words: Words) -> Chapter:
    """Say where it lies, whether it is encrypted and where the key comes from; never the key."""
    config = facts.config
    kept = config.storage
    origin = words(f"storage.key.{facts.key_origin.value}", file=kept.key_path)
    if facts.sealed is Sealed.NO and facts.key_origin is KeyOrigin.UNSEEN:
        origin = words("storage.key.no")
    copies = words("storage.backups.value", folder=kept.backups, count=len(facts.backups), keep=kept.backup_keep)
    log = words("storage.log.words" if config.log.transcripts else "storage.log.value", level=config.log.level.value)
    rows = [
        (words("storage.database"), str(kept.directory)),
        (words("storage.encryption"), words(f"storage.encryption.{facts.sealed.value}")),
        (words("storage.key"), origin),
        (words("storage.backups"), copies),
        (words("storage.restore"), words.yes_or_no(kept.restore_automatically)),
        (words("storage.log"), log),
    ]
    table = Table((words("fact"), words("value")), rows)
    return Chapter("storage", words("storage"), [table, Text(words("storage.access"))])


def models(facts: Facts, words: Words) -> Chapter:
    """Say which models run, under which licence."""
    header = [words(f"models.{key}") for key in ("role", "name", "licence", "commercial", "hash")]
    rows = []
    for role, model in facts.models.items():
        largest = max(model.files, key=lambda file: file.size)
        commercial = words(f"commercial.{model.commercial_use.value}")
        rows.append((words(f"role.{role.value}"), model.id, model.licence, commercial, largest.sha256))
    return Chapter("models", words("models"), [Text(words("models.intro")), Table(header, rows)])


def audit(facts: Facts, words: Words) -> Chapter:
    """Say how it is proven what was done."""
    config = facts.config.audit
    if not config.enabled:
        return Chapter("audit", words("audit"), [Text(words("audit.off"))])
    seconds = words.number(config.checkpoint_every_s)
    on = words("audit.on", count=config.checkpoint_every_records, seconds=seconds)
    return Chapter("audit", words("audit"), [Text(on), Text(words("audit.check"))])


def rights(facts: Facts, words: Words) -> Chapter:
    """Say which rights people have and how they are exercised."""
    how = dict.fromkeys(RIGHTS, "how") | {"refusal": facts.config.consent.mode.value}
    rows = [(words(f"rights.{right}"), words(f"rights.{right}.{how[right]}")) for right in RIGHTS]
    contact = words("rights.contact", contact=facts.config.compliance.contact or words("missing"))
    table = Table((words("rights.right"), words("rights.how")), rows)
    return Chapter("rights", words("rights"), [Text(contact), table, Text(words("rights.automated"))])
