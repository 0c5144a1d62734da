"""What stands between the appliance and the sound card: PipeWire, PulseAudio, or nothing (ALSA)."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path

import psutil

from appliance.ops.doctor.context import Context
from appliance.ops.doctor.devices import as_the_daemon_has_it
from appliance.ops.doctor.finding import Finding, State
from appliance.ops.doctor.programs import answer_of
from appliance.ops.doctor.systemd import BOOTED, UNIT, state_of

NAME = "sound-server"
PACTL = "pactl"
VARIABLE = "PULSE_SERVER"
TIMEOUT_S = 5.0
PROGRAMS = ("pipewire", "pipewire-pulse", "pulseaudio")
SEE = "See docs/operating.md, Sound for the service."


async def check(context: Context) -> list[Finding]:
    """Say which way the sound goes: that of the service, else as this user sees it."""
    if VARIABLE not in context.environ and (given := await _address_of_service(context)):
        return [_of_service(given, context)]
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


async def _address_of_service(context: Context) -> str:
    """Return what the unit and its drop-ins (systemd/examples/audio-*.conf) give to the service and to nobody else."""
    if not (context.root / BOOTED).is_dir():
        return ""
    unit = await state_of(UNIT, context)
    variables = shlex.split(unit.get("Environment", ""))  # quoted as for a shell where it has to be
    return dict(variable.split("=", 1) for variable in variables if "=" in variable).get(VARIABLE, "")


def _of_service(address: str, context: Context) -> Finding:
    """Believe what the daemon says: the server may let in its user alone, at an address that only the service sees."""
    way = f"The service uses the sound server at {address}"
    if not context.running:
        what = f"{way}; whether it answers there is seen when the service runs."
        return Finding.warn(NAME, what, f"systemctl start appliance. {SEE}")
    troubles = {found.state for found in as_the_daemon_has_it(context)} - {State.OK}
    if State.FAIL in troubles:
        return Finding.fail(NAME, f"{way}, and gets no sound there.", f"Let it run, and let the service in. {SEE}")
    if troubles:
        return Finding.warn(NAME, f"{way}, and has not all of its sound yet.", f"Look again in a minute. {SEE}")
    return Finding.ok(NAME, f"{way}.")


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
    if server := environ.get(VARIABLE):
        return server
    socket = Path(environ.get("XDG_RUNTIME_DIR", "/nonexistent")) / "pulse/native"
    return f"unix:{socket}" if socket.exists() else ""


def _running() -> list[str]:
    names = {process.info["name"] for process in psutil.process_iter(["name"])}
    return sorted(names & set(PROGRAMS))
