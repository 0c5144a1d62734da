"""What stands between the appliance and the sound card: PipeWire, PulseAudio, or nothing (ALSA)."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import psutil

from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding
from appliance.ops.doctor.programs import answer_of

NAME = "sound-server"
PACTL = "pactl"
TIMEOUT_S = 5.0
PROGRAMS = ("pipewire", "pipewire-pulse", "pulseaudio")
SEE = "See docs/operating.md, Sound for the service."


async def check(context: Context) -> list[Finding]:
    """Say which way the sound goes, as this user sees it."""
    address = _address(context.environ)
    cards = "no soundcards" not in context.read("proc/asound/cards") and bool(context.read("proc/asound/cards"))
    if address:
        return [await _asked(address, context)]
    strangers = _running()
    if cards and strangers:
        what = f"{', '.join(strangers)} runs for somebody else and may have taken the sound card."
        return [Finding.warn(NAME, what, f"Let it not run beside the service, or share it with the service. {SEE}")]
    if cards:
        return [Finding.ok(NAME, "There is no sound server: the cards are used directly (ALSA).")]
    what = "There is neither a sound card nor a sound server that this user can reach."
    return [Finding.fail(NAME, what, f"Plug in a sound card; in a virtual machine, pass it through. {SEE}")]


async def _asked(address: str, context: Context) -> Finding:
    if shutil.which(PACTL) is None:
        return Finding.ok(NAME, f"A sound server is at {address}; {PACTL}, which could ask it, is not installed.")
    done = await answer_of([PACTL, "info"], environ=context.environ, timeout_s=TIMEOUT_S)
    if done is None or done.returncode:
        reason = "it hangs" if done is None else done.stderr.strip() or "no reason given"
        what = f"The sound server at {address} does not answer: {reason}."
        return Finding.fail(NAME, what, f"Start it again, and let this user connect to it. {SEE}")
    lines = dict(line.split(": ", 1) for line in done.stdout.splitlines() if ": " in line)
    return Finding.ok(NAME, f"The sound server is {lines.get('Server Name', 'there')} at {address}.")


def _address(environ: Mapping[str, str]) -> str:
    """Return where the library of PulseAudio, which PipeWire answers to as well, looks for a server."""
    if server := environ.get("PULSE_SERVER"):
        return server
    socket = Path(environ.get("XDG_RUNTIME_DIR", "/nonexistent")) / "pulse/native"
    return f"unix:{socket}" if socket.exists() else ""


def _running() -> list[str]:
    names = {process.info["name"] for process in psutil.process_iter(["name"])}
    return sorted(names & set(PROGRAMS))
