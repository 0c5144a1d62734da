"""The service and its timers, as systemd has them. Where systemd does not run, there is nothing to say."""

from __future__ import annotations

from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding
from appliance.ops.doctor.programs import answer_of

NAME = "systemd"
FOLDER = "etc/systemd/system"
UNIT = "appliance.service"
TIMERS = {"appliance-purge.timer": "nothing is deleted when it is old enough", "appliance-backup.timer": "no backups"}
BOOTED = "run/systemd/system"
"""There while systemd is the init of the machine (sd_booted(3))."""
PROPERTIES = (
    "LoadState",
    "ActiveState",
    "SubState",
    "UnitFileState",
    "Result",
    "NRestarts",
    "WatchdogUSec",
    "NeedDaemonReload",
    "DropInPaths",
    "Environment",
)
MANY_RESTARTS = 3
LOG = "journalctl -u appliance"


async def check(context: Context) -> list[Finding]:
    """Ask systemd."""
    if not (context.root / BOOTED).is_dir():
        return [Finding.ok(NAME, "systemd does not run here, so that there are no units to look at.")]
    unit = await state_of(UNIT, context)
    if unit.get("LoadState") != "loaded":
        what = f"{UNIT} is not installed ({unit.get('LoadState', 'systemctl does not answer')})."
        return [Finding.warn(NAME, what, "sudo scripts/install installs the service; a trial needs none.")]
    found = [*_service(unit)]
    for timer, otherwise in TIMERS.items():
        state = await state_of(timer, context)
        if state.get("ActiveState") != "active":
            remedy = f"systemctl enable --now {timer}"
            found.append(
                Finding.warn(NAME, f"{timer} is {state.get('ActiveState', 'not there')}: {otherwise}.", remedy)
            )
    return found


async def state_of(unit: str, context: Context) -> dict[str, str]:
    """Return properties of a unit; none when systemctl does not answer."""
    done = await answer_of(
        ["systemctl", "show", unit, *(f"--property={name}" for name in PROPERTIES)], environ=context.environ
    )
    lines = [] if done is None else done.stdout.splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line)


def _service(unit: dict[str, str]) -> list[Finding]:
    found = []
    active = unit.get("ActiveState", "")
    if active == "failed":
        what = f"{UNIT} has failed ({unit.get('Result')})."
        found.append(Finding.fail(NAME, what, f"{LOG} says why; systemctl restart appliance tries again."))
    elif active != "active":
        found.append(Finding.warn(NAME, f"{UNIT} does not run ({active}).", "systemctl start appliance"))
    if unit.get("UnitFileState") not in {"enabled", "enabled-runtime"}:
        what = f"{UNIT} does not start with the machine ({unit.get('UnitFileState')})."
        found.append(Finding.warn(NAME, what, "systemctl enable appliance"))
    if unit.get("NeedDaemonReload") == "yes":
        what = f"{UNIT} was changed on disk, and systemd has not read it yet."
        found.append(Finding.warn(NAME, what, "systemctl daemon-reload, then systemctl restart appliance"))
    if unit.get("WatchdogUSec") in {"0", "infinity", ""}:
        what = "The watchdog is off: a part that hangs is not restarted."
        found.append(Finding.warn(NAME, what, "Take WatchdogSec= out of your drop-ins."))
    restarts = unit.get("NRestarts", "0")
    if restarts.isdecimal() and int(restarts) >= MANY_RESTARTS:
        found.append(Finding.warn(NAME, f"{UNIT} was restarted {restarts} times by itself.", f"{LOG} says why."))
    names = [path.rsplit("/", 1)[-1] for path in unit.get("DropInPaths", "").split()]
    if not found:
        found.append(Finding.ok(NAME, f"{UNIT} runs, starts with the machine, and is watched over."))
    if names:
        found.append(Finding.ok(NAME, f"Its drop-ins: {', '.join(names)}."))
    return found
