"""What is handed over to a person, and what a channel has to do with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Urgency(StrEnum):
    """How soon somebody should look at it."""

    NORMAL = "normal"
    URGENT = "urgent"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that is known, and the words of the conversation that say so."""

    value: str
    evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptRef:
    """Where in the record the conversation is: a session, and its turns from the first to the last."""

    session_id: str
    first_turn: int
    last_turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """What a colleague needs to take over. `kind` is such as escalation or intake; `created_at` is ISO 8601."""

    kind: str
    reason: str
    urgency: Urgency
    summary: str
    created_at: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    transcript_ref: TranscriptRef | None = None
    tried: tuple[str, ...] = ()
    contact: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON, as it is kept in the outbox and sent."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Handover:
        """Read what `as_dict` gave. Raises ValueError when it is something else."""
        try:
            reference = data["transcript_ref"]
            return cls(
                kind=str(data["kind"]),
                reason=str(data["reason"]),
                urgency=Urgency(data["urgency"]),
                summary=str(data["summary"]),
                created_at=str(data["created_at"]),
                facts={str(name): Fact(**fact) for name, fact in data["facts"].items()},
                transcript_ref=None if reference is None else TranscriptRef(**reference),
                tried=tuple(str(step) for step in data["tried"]),
                contact=str(data["contact"]),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"this is no handover: {error!r}") from error


class DeliveryError(Exception):
    """A channel could not deliver: for good, because of this message, or for now. The text names no secret."""

    def __init__(self, reason: str, *, permanent: bool = False, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.permanent = permanent
        self.retry_after_s = retry_after_s


class Channel(Protocol):
    """A way to people."""

    async def deliver(self, message: Handover, key: str) -> None:
        """Deliver a message; the same `key` marks a repetition, which the receiver may ignore.

        Raises:
            DeliveryError: It was not accepted, or nobody knows whether it was. It is permanent when the fault is in
                the message; a fault of the channel, such as a wrong password, is expected to be mended.
        """
