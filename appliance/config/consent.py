"""How people learn what is kept of a conversation, and how they decide about it, as configured."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from appliance.config.rules import broken_rule
from appliance.config.section import Section


class ConsentMode(StrEnum):
    """What has to happen before anything of a conversation is kept."""

    NONE = "none"
    NOTICE = "notice"
    ASK = "ask"


class ConsentConfig(Section):
    """What is kept of a conversation depends on what the person was told and has agreed to."""

    mode: ConsentMode = ConsentMode.NONE
    """`none` keeps nothing beyond the conversation; `notice` tells people and keeps; `ask` keeps after a yes."""
    policy_version: str = Field(default="1", min_length=1, max_length=40)
    """The version of your privacy policy that the words below belong to; it stands in every receipt."""
    notice: str = "I keep notes of our conversation. Say, forget what I said, and they are deleted."
    """Said at the beginning in the mode `notice`."""
    question: str = "May I keep notes of our conversation? Please say yes or no."
    """Asked at the beginning in the mode `ask`. No answer counts as a no."""
    given_phrase: str = "Thank you."
    """Said after a yes."""
    refused_phrase: str = "All right, I keep nothing of it."
    """Said after a no."""
    withdrawn_phrase: str = "All right, I have forgotten what you said, and I keep nothing more."
    """Said when everything that was kept of this conversation has been deleted, because the person wanted that."""
    not_deleted_phrase: str = "I keep nothing more of it, but I could not delete what was kept. My colleagues will."
    """Said when it could not be deleted."""
    withdraw_words: tuple[str, ...] = (
        "stop recording",
        "stop recording me",
        "stop recording this",
        "don't record me",
        "don't record this",
        "do not record me",
        "do not record this",
        "forget what i said",
        "forget everything i said",
        "forget what i told you",
        "forget everything i told you",
        "forget everything",
        "delete what i said",
        "delete everything i said",
        "delete everything",
        "delete this conversation",
        "delete the recording",
        "delete my data",
        "erase what i said",
        "erase everything",
        "i withdraw my consent",
        "i take back my consent",
    )
    """What a person says to have everything deleted that was kept of this conversation."""

    @model_validator(mode="after")
    def _has_words(self) -> Self:
        if self.mode is ConsentMode.NOTICE and not self.notice.strip():
            raise broken_rule("consent.notice: the mode notice needs words that are said to people", "notice")
        if self.mode is ConsentMode.ASK and not self.question.strip():
            raise broken_rule("consent.question: the mode ask needs a question", "question")
        return self
