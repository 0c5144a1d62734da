"""Whether somebody asks for a human, or needs one at once: decided by words, before anything else."""

from __future__ import annotations

import re

from appliance.assistant.steps import HandOver
from appliance.config.handover import HandoverConfig
from appliance.understanding import is_negated

_PEOPLE = re.compile(
    r"\b(?:speak|talk|transfer|connect|pass|put|get|call|fetch|bring|find|need|want|like|see|let|have|give)\b",
    re.IGNORECASE,
)
_HUMAN = re.compile(
    r"\bhumans?\b|\b(?:somebody|someone|anybody|anyone|a person)(?:\s+(?:on|here|over))?(?:\s+who is|\s+that is"
    r"|\s+that's|\s+who's)?\s+(?:alive|real|human|in charge|living)\b",
    re.IGNORECASE,
)
"""What nobody says at a desk who does not want one."""


def wanted_by(text: str, handover: HandoverConfig) -> HandOver | None:
    """Return the step that calls people, if these words want or need it."""
    emergency = _named(text, handover.emergency_words)
    if emergency:
        return HandOver(f"the person said {emergency!r}", emergency=True)
    asked = _named(text, handover.ask_words) is not None
    human = asked or any(not is_negated(text, match.span()) for match in _HUMAN.finditer(text))
    if human and _PEOPLE.search(text):
        return HandOver("the person asked for a human")
    return None


def _named(text: str, phrases: tuple[str, ...]) -> str | None:
    """Return the phrase that occurs in the text as whole words and is not denied."""
    said = text.replace("\u2019", "'")
    for phrase in phrases:
        matches = re.finditer(rf"(?<!\w){re.escape(phrase)}(?!\w)", said, re.IGNORECASE)
        if any(not is_negated(said, match.span()) for match in matches):
            return phrase
    return None
