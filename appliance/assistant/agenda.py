"""What is under way in a conversation: the task, what is known for it, and what was asked last. Frozen data."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from appliance.config.tools import Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The value of an argument, and where it comes from."""

    value: Value
    words: str
    """The words it was found in; empty for a default."""
    turn: int
    """The turn of the person in which they were said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A task that is not done yet."""

    task: str
    slots: Mapping[str, Slot] = field(default_factory=dict)
    asked: str = ""
    """The argument that was asked for last."""
    dictated: str = ""
    """The beginning of the number that was asked for, while it is being dictated."""
    confirming: bool = False
    """Whether the arguments were read back, and a yes is awaited."""
    changing: bool = False
    """Whether the person said no to the read-back and was asked what to change."""
    attempts: int = 0
    """How often the last question was not answered."""

    def with_slots(self, found: Mapping[str, Slot]) -> Pending:
        """Return it with more or changed values; what was asked has been answered."""
        slots = {**self.slots, **found}
        return replace(self, slots=slots, asked="", dictated="", confirming=False, changing=False, attempts=0)

    def values(self) -> dict[str, Value]:
        """Return the arguments alone."""
        return {name: slot.value for name, slot in self.slots.items()}

    def evidence(self) -> dict[str, str]:
        """Return the words of the person that each argument was found in."""
        return {name: slot.words for name, slot in self.slots.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """The state of a conversation beside its words. A turn that is dropped leaves the one before it."""

    pending: Pending | None = None
    waiting: tuple[Pending, ...] = ()
    """Tasks that come after the pending one."""
    last_read: Pending | None = None
    """The last question that a tool has answered, for "and on Friday?"."""
    last: Pending | None = None
    """The last task whose arguments were all known, for "and for the same person"."""
    offered_human: bool = False
    """Whether a human was offered, and a yes would mean that."""
    failures: int = 0
    """Misunderstandings and failed tools in a row."""
    tried: tuple[str, ...] = ()
    """What was tried, in words, for whoever takes over."""

    def only(self, known: Container[str]) -> Agenda:
        """Return it without the tasks that are not `known`."""

        def kept(pending: Pending | None) -> Pending | None:
            return pending if pending is not None and pending.task in known else None

        waiting = tuple(pending for pending in self.waiting if pending.task in known)
        return replace(
            self, pending=kept(self.pending), waiting=waiting, last_read=kept(self.last_read), last=kept(self.last)
        )

    def as_json(self) -> dict[str, Any]:
        """Return plain data for storing."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Agenda:
        """Return what `as_json` gave. Raises KeyError or TypeError for anything else."""
        return cls(
            pending=_pending(data["pending"]),
            waiting=tuple(task for each in data["waiting"] if (task := _pending(each))),
            last_read=_pending(data["last_read"]),
            last=_pending(data.get("last")),
            offered_human=bool(data["offered_human"]),
            failures=int(data["failures"]),
            tried=tuple(data["tried"]),
        )


def _pending(data: Mapping[str, Any] | None) -> Pending | None:
    if data is None:
        return None
    return Pending(**{**data, "slots": {name: Slot(**slot) for name, slot in data["slots"].items()}})
