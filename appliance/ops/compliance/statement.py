"""The report as a whole, and which section of the configuration is told in which chapter of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from appliance.ops.compliance import processing, protection, review, sharing
from appliance.ops.compliance.document import Chapter, Document
from appliance.ops.compliance.facts import Facts
from appliance.ops.compliance.language import Language, Words

CHAPTERS: Sequence[Callable[[Facts, Words], Chapter]] = (
    review.attention,
    processing.responsible,
    processing.purpose,
    processing.collected,
    processing.consent,
    processing.duration,
    protection.storage,
    sharing.recipients,
    protection.models,
    protection.audit,
    protection.rights,
    review.settings,
    review.about,
)

TOLD: Mapping[str, str] = {
    "compliance": "responsible",
    "site": "responsible",
    "tools": "purpose",
    "forms": "purpose",
    "knowledge": "purpose",
    "session": "collected",
    "attention": "collected",
    "redaction": "collected",
    "consent": "consent",
    "retention": "duration",
    "storage": "storage",
    "log": "storage",
    "handover": "recipients",
    "network": "recipients",
    "monitoring": "recipients",
    "models": "models",
    "stt": "models",
    "llm": "models",
    "tts": "models",
    "device": "models",
    "audit": "audit",
}
"""For each section of the configuration the chapter that tells of it."""

LEFT_OUT: Mapping[str, str] = {
    "persona": "how the assistant speaks changes nothing about personal data",
    "phrases": "fixed sentences",
    "audio": "sound devices; nothing of it decides what is kept",
    "vad": "how speech is detected",
    "turn": "when the assistant takes the floor",
}
"""Sections that no chapter tells of, and why. What is changed in them stands among the settings all the same."""


def statement(facts: Facts, language: Language) -> Document:
    """Return the report in a language."""
    words = Words(language)
    config = facts.config
    return Document(
        language=words("code"),
        title=words("title", site=config.site.name),
        lead=words("lead", when=words.moment(facts.made_at), timezone=config.site.timezone),
        chapters=[chapter(facts, words) for chapter in CHAPTERS],
    )
