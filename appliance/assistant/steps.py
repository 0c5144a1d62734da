"""What the planner decides and the responder does."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.assistant.agenda import Pending


@dataclass(frozen=True, slots=True)
class Say:
    """Say a sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Talk:
    """Let the language model answer."""


@dataclass(frozen=True, slots=True)
class Call:
    """Do a task whose arguments are all known, and were confirmed if they had to be."""

    pending: Pending


@dataclass(frozen=True, slots=True)
class HandOver:
    """Let people take over."""

    reason: str
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class TellTime:
    """Say time and date."""


Step = Say | Talk | Call | HandOver | TellTime
