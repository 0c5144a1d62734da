"""The running daemon: what it says of its own parts. The sound devices are told of by `devices`."""

from __future__ import annotations

from appliance.ops.doctor.context import Context
from appliance.ops.doctor.devices import OURS
from appliance.ops.doctor.finding import Finding
from appliance.ops.health import State

NAME = "daemon"
SEE = "`appliance status` shows all parts; the log has the rest: journalctl -u appliance."


async def check(context: Context) -> list[Finding]:
    """Tell of every part that is not well."""
    if context.status is None:
        return [_silent(context)]
    parts = [part for part in context.status["parts"] if part["part"] not in OURS and part["state"] != State.OK]
    found = [
        (Finding.fail if part["state"] == State.FAILED else Finding.warn)(
            NAME, f"{part['part']} is {part['state']}: {part['detail']}", SEE
        )
        for part in parts
    ]
    since = str(context.status["started_at"])[:19]
    return found or [Finding.ok(NAME, f"It runs since {since} UTC, version {context.status['version']}.")]


def _silent(context: Context) -> Finding:
    if context.running and context.status_error is not None:
        return Finding.of_error(NAME, context.status_error)
    if context.running:
        remedy = "Set monitoring.http_port and restart it, so that it can be asked."
        return Finding.warn(NAME, "It runs, and cannot be asked how it is.", remedy)
    return Finding.ok(NAME, "It does not run, so that devices and database were looked at directly.")
