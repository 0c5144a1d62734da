"""The level of the microphone, from half a second. Whether the echo is cancelled, only `--echo-test` can tell."""

from __future__ import annotations

from appliance.audio.soundcheck import Level
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.devices import look
from appliance.ops.doctor.finding import Finding

NAME = "levels"
RECORD_S = 0.5
ECHO = "Whether people can interrupt it in this room: `appliance devices --echo-test`."
HUM_DBFS = -40.0
"""A room that is louder while nobody speaks hides soft voices."""


async def check(context: Context) -> list[Finding]:
    """Record, and judge what can be judged while nobody speaks. The devices are told of by another check."""
    if context.running:
        return []
    told = await look(context, RECORD_S)
    if "level" not in told:
        return []
    what = f"The microphone is at {told['dbfs']:.0f} dBFS"
    if told["level"] == Level.CLIPPING:
        return [Finding.warn(NAME, f"{what} and overdriven.", "Lower its gain.")]
    if told["dbfs"] <= -119.0:  # noqa: PLR2004 - digital silence, which no microphone that is on delivers
        remedy = "Is it muted, switched off, or not the one you speak into? `appliance devices --test`"
        return [Finding.warn(NAME, f"{what}: nothing at all comes from it.", remedy)]
    if told["dbfs"] > HUM_DBFS:
        remedy = f"If nobody spoke just now: quieter surroundings, or a lower gain. {ECHO}"
        return [Finding.warn(NAME, f"{what}, which is loud for a room.", remedy)]
    return [Finding.ok(NAME, f"{what}. {ECHO}")]
