"""The sound devices: found, at which rates, and whether they may be used. A running daemon is asked instead."""

from __future__ import annotations

import grp
import json
import os
import sys
from typing import Any

from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding
from appliance.ops.doctor.programs import answer_of
from appliance.ops.health import Part, State

NAME = "devices"
CHILD = "appliance.ops.doctor.sound_child"
TIMEOUT_S = 12.0
OURS = (Part.MICROPHONE, Part.LOUDSPEAKER, Part.LISTENING)
HANGS = {
    "error": "the sound system does not answer",
    "remedy": "Restart the sound server; without one, unplug the sound card and plug it in again.",
}


async def check(context: Context) -> list[Finding]:
    """Find the devices of the configuration."""
    if context.running:
        return as_the_daemon_has_it(context)
    told = await look(context)
    rights = _rights(context)
    if "error" in told:
        return [*rights, Finding.fail(NAME, f"{_sentence(told['error'])}", told["remedy"])]
    found = [f"The microphone is {told['input']!r} at {told['capture_rate']} Hz ({told['host_api']})."]
    found.append(f"The loudspeaker is {told['output']!r} at {told['playout_rate']} Hz.")
    return [*rights, *(Finding.ok(NAME, what) for what in found)]


def as_the_daemon_has_it(context: Context) -> list[Finding]:
    """Return what the daemon says of its devices: they are not taken from it."""
    if context.status is None:
        return [Finding.ok(NAME, "The appliance runs and has the devices; it cannot be asked how they are.")]
    parts = {part["part"]: part for part in context.status["parts"]}
    found = []
    for name in OURS:
        part = parts.get(name)
        if part is None or part["state"] == State.OK:
            continue
        make = Finding.warn if part["state"] in {State.STARTING, State.DEGRADED} else Finding.fail
        found.append(make(NAME, f"The {name}: {part['detail']}", "See docs/troubleshooting.md, No microphone."))
    return found or [Finding.ok(NAME, "The appliance runs and has its devices open.")]


async def look(context: Context, seconds: float = 0.0) -> dict[str, Any]:
    """Return what the child process says of the devices; see `sound_child.look`."""
    audio = context.config.audio
    arguments = [json.dumps(value) for value in (audio.input_device, audio.output_device, seconds)]
    done = await answer_of([sys.executable, "-m", CHILD, *arguments], environ=context.environ, timeout_s=TIMEOUT_S)
    if done is None:
        return HANGS
    try:
        told: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        lines = done.stderr.strip().splitlines()
        return HANGS | {"error": f"the sound library fails: {lines[-1] if lines else f'status {done.returncode}'}"}
    return told


def _rights(context: Context) -> list[Finding]:
    """Say why the sound cards may not be used. Cards that are used through a sound server need no rights."""
    folder = context.root / "dev/snd"
    cards = [path for path in folder.glob("pcm*") if path.exists()]
    refused = [path for path in cards if not os.access(path, os.R_OK | os.W_OK)]
    if not refused:
        return []
    try:
        member = grp.getgrnam("audio").gr_gid in {os.getegid(), *os.getgroups()}
    except KeyError:
        member = False
    what = f"This user may not use the sound cards ({refused[0]}{'' if member else '; it is not in the group audio'})."
    remedy = "sudo usermod -aG audio USER, then log in again; the service is in the group by its unit."
    return [Finding.warn(NAME, what, remedy)]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
