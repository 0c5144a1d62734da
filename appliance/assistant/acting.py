"""Does what was decided: calls tools with receipts, hands forms and people's requests to colleagues."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.assistant.agenda import Pending
from appliance.assistant.jobs import Job
from appliance.clock import Clock
from appliance.config.models import Config
from appliance.config.tools import Value
from appliance.engines.ports import Message, Role
from appliance.handover.message import Fact, Handover, TranscriptRef, Urgency
from appliance.storage.outbox import Outbox, State
from appliance.storage.receipts import Done, InDoubt, Receipts
from appliance.tools.executor import Executor, Outcome

ARRIVES_WITHIN_S = 2.0
"""So long it is waited for a handover to arrive, before the person is told that it will."""
POLL_S = 0.1
TOLD_MESSAGES = 8
"""So many of the last messages go to people who take over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """The conversation in which something is done."""

    session_id: str
    turn: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What became of a write: its outcome, or why it was not made."""

    outcome: Outcome | None = None
    already: bool = False
    in_doubt: bool = False


class Actor:
    """Calls tools and writes to the outbox. Writes are made once for each key, also across restarts."""

    def __init__(self, config: Config, executor: Executor, receipts: Receipts, outbox: Outbox, clock: Clock) -> None:
        self._config = config
        self._executor = executor
        self._receipts = receipts
        self._outbox = outbox
        self._clock = clock

    async def read(self, job: Job, pending: Pending) -> Outcome:
        """Look something up."""
        return await self._executor.call(job.name, _arguments(job, pending), idempotency_key=_digest(pending.values()))

    async def write(self, job: Job, pending: Pending, session: Session) -> Writing:
        """Change something, unless the same was done in this session."""
        arguments = _arguments(job, pending)
        names = (job.tool.idempotency_key if job.tool else ()) or tuple(arguments)
        digest = _digest({name: arguments.get(name) for name in names})
        key = f"{session.session_id}-{job.name}-{digest}"
        begun = await self._receipts.begin(key, job.name, digest)
        if isinstance(begun, Done):
            return Writing(already=True)
        if isinstance(begun, InDoubt):
            return Writing(in_doubt=True)
        outcome = await self._executor.call(job.name, arguments, idempotency_key=key)
        if outcome.ok and not outcome.empty:
            await self._receipts.finish(key, "succeeded")
        elif outcome.happened is None:
            return Writing(in_doubt=True)
        else:
            await self._receipts.release(key)
        return Writing(outcome=outcome)

    async def deliver_form(self, job: Job, pending: Pending, session: Session) -> bool | None:
        """Put a filled form into the outbox; returns as `deliver` does."""
        form = job.form
        channel = self._config.handover.chosen(form.channel if form else "")
        urgency = pending.slots.get(form.urgency_field) if form else None
        message = Handover(
            kind="intake",
            reason=job.task.description,
            urgency=_urgency(str(urgency.value) if urgency else ""),
            summary="; ".join(f"{name}: {slot.value}" for name, slot in pending.slots.items()),
            created_at=self._clock.local_time("UTC").isoformat(timespec="seconds"),
            facts={name: Fact(value=str(slot.value), evidence=slot.words) for name, slot in pending.slots.items()},
            transcript_ref=TranscriptRef(session_id=session.session_id, first_turn=1, last_turn=session.turn),
            contact=str(next((slot.value for name, slot in pending.slots.items() if "phone" in name), "")),
        )
        key = f"{session.session_id}-{job.name}-{_digest(pending.values())}"
        return await self.deliver(message, key, channel)

    async def escalate(
        self, reason: str, urgency: Urgency, messages: Sequence[Message], session: Session, tried: tuple[str, ...]
    ) -> bool | None:
        """Let people take over, once a turn; returns as `deliver` does."""
        message = Handover(
            kind="escalation",
            reason=reason,
            urgency=urgency,
            summary=_summary(messages),
            created_at=self._clock.local_time("UTC").isoformat(timespec="seconds"),
            transcript_ref=TranscriptRef(session_id=session.session_id, first_turn=1, last_turn=session.turn),
            tried=tried,
        )
        key = f"{session.session_id}-{session.turn}-escalation"
        return await self.deliver(message, key, self._config.handover.chosen())

    async def deliver(self, message: Handover, key: str, channel: str | None) -> bool | None:
        """Write a message to the outbox. True: it has arrived. False: it waits. None: there is no channel."""
        if channel is None:
            return None
        entry_id = await self._outbox.enqueue(message.kind, channel, message.as_dict(), key)
        waited = 0.0
        while waited < ARRIVES_WITHIN_S:
            entry = await self._outbox.find(entry_id)
            if entry is None or entry.state in (State.DELIVERED, State.FAILED):
                return entry is None or entry.state is State.DELIVERED
            await self._clock.sleep(POLL_S)
            waited += POLL_S
        return False


def _arguments(job: Job, pending: Pending) -> dict[str, Value | None]:
    return {**dict.fromkeys(job.parameters), **pending.values()}


def _digest(values: Mapping[str, object]) -> str:
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.casefold().encode()).hexdigest()[:24]


def _urgency(said: str) -> Urgency:
    return next((urgency for urgency in Urgency if urgency.value in said.lower()), Urgency.NORMAL)


def _summary(messages: Sequence[Message]) -> str:
    """Return the last things that were said, without what the model was told."""
    said = [message for message in messages if message.role is not Role.SYSTEM][-TOLD_MESSAGES:]
    names = {Role.USER: "Person", Role.ASSISTANT: "Assistant"}
    return "\n".join(f"{names[message.role]}: {message.text}" for message in said)
