"""Changes that were cut off in the middle: whoever can find out what became of them is told at the next start, once.

The person who has agreed to one may not come back, so that nobody would ask.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from appliance.clock import Clock
from appliance.dialogue.journal import Journal
from appliance.events import HandedOver
from appliance.handover.message import Handover, Urgency
from appliance.storage.outbox import Entry, Outbox
from appliance.storage.receipts import InDoubt, Receipts

log = logging.getLogger(__name__)

ESCALATION = "-escalation"
"""How the keys of handovers end by which people take over."""


async def tell_of_doubts(
    receipts: Receipts, outbox: Outbox, channel: str | None, journal: Journal, clock: Clock
) -> None:
    """Write a handover for each call in doubt that people do not know of yet; without a channel it is logged alone.

    Call it before anything is done. Raises StorageError.
    """
    entries = await outbox.entries()
    for doubt in await receipts.in_doubt():
        if _is_told(doubt, entries):
            continue
        reason = f"it is not known whether {doubt.tool} went through"
        log.warning("%s: it was cut off, and is not made again", reason)
        if channel is not None:
            message = _message(doubt, reason, clock)
            await outbox.enqueue(message.kind, channel, message.as_dict(), f"{doubt.key}{ESCALATION}")
            session_id = _session(doubt)
            journal.emit(
                HandedOver, session_id=session_id, turn_id=0, kind=message.kind, reason=reason, delivered=False
            )


def _message(doubt: InDoubt, reason: str, clock: Clock) -> Handover:
    begun = datetime.fromtimestamp(doubt.begun_at, UTC).isoformat(timespec="seconds")
    return Handover(
        kind="escalation",
        reason=reason,
        urgency=Urgency.URGENT,
        summary=f"A person agreed to {doubt.tool} at {begun}, and the appliance was cut off while it was done. It is "
        f"not made again. The call had the key {doubt.key}. What was said: "
        f"appliance audit show --session {_session(doubt)} --details",
        created_at=clock.local_time("UTC").isoformat(timespec="seconds"),
        tried=(f"{doubt.tool} was cut off",),
    )


def _is_told(doubt: InDoubt, entries: Sequence[Entry]) -> bool:
    """Tell whether people took over in that session after the call was begun."""
    return any(
        entry.key.startswith(f"{_session(doubt)}-")
        and entry.key.endswith(ESCALATION)
        and entry.created_at >= doubt.begun_at
        for entry in entries
    )


def _session(doubt: InDoubt) -> str:
    """Return the session in which it was done: its key begins with that."""
    return doubt.key.partition("-")[0]
