"""What has to reach people: whether it does."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from appliance.ops.doctor.context import Context
from appliance.ops.doctor.database import reading
from appliance.ops.doctor.finding import Finding
from appliance.storage.driver import Error
from appliance.storage.outbox import State

NAME = "outbox"
_COUNTED = "SELECT state, count(*), min(created_at) FROM outbox GROUP BY state"


async def check(context: Context) -> list[Finding]:
    """Count what waits and what was given up."""
    return await asyncio.to_thread(_check, context)


def _check(context: Context) -> list[Finding]:
    rows: list[tuple[str, int, float]] = []
    with suppress(Error), reading(context) as connection:
        if connection is not None:
            rows = connection.execute(_COUNTED).fetchall()
    counts = {state: count for state, count, _ in rows}
    found = []
    if failed := counts.get(State.FAILED, 0):
        remedy = "`appliance outbox list --only failed` says why; correct that, then `appliance outbox retry --all`."
        found.append(Finding.fail(NAME, f"Messages to people that were given up: {failed}.", remedy))
    open_ = [(count, at) for state, count, at in rows if state in {State.WAITING, State.SENDING}]
    if open_:
        found.append(_waiting(context, sum(count for count, _ in open_), min(at for _, at in open_)))
    if not context.config.handover.channels:
        found.append(
            Finding.warn(
                NAME,
                "No channel to people is configured: nobody is told in an emergency.",
                "Configure handover.channels; see docs/handover.md.",
            )
        )
    return found or [Finding.ok(NAME, "Nothing waits to be passed on.")]


def _waiting(context: Context, count: int, oldest: float) -> Finding:
    age_s = max(context.clock.local_time("UTC").timestamp() - oldest, 0.0)
    what = f"Messages to people that wait: {count}, the oldest for {age_s / 60:.0f} min."
    if not context.running:
        return Finding.warn(NAME, what, "Start the appliance: it delivers them.")
    if age_s > context.config.monitoring.outbox_late_after_s:
        return Finding.fail(NAME, what, "`appliance outbox list` says what the last attempt met.")
    return Finding.ok(NAME, what)
