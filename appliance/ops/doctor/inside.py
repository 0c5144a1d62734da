"""What a support bundle tells of the machine, the service and the daemon."""

from __future__ import annotations

import json
import os
import platform
from typing import Any

import httpx
import psutil

from appliance.errors import ApplianceError
from appliance.ops.daemon import Daemon
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.programs import answer_of
from appliance.ops.doctor.systemd import BOOTED, TIMERS, UNIT
from appliance.ops.loopback import HOST
from appliance.ops.web import token

LINES_OF_LOG = 2000
TIMEOUT_S = 5.0
FIGURES = ("n", "at", "outcome", "ms", "speculation")
"""What is told of a turn. Words are not, whatever the daemon is configured to tell."""
DISKS = ("/", "/tmp", "/var")  # noqa: S108 - looked at only


def machine(context: Context) -> dict[str, Any]:
    """Return system, processor, memory and disks."""
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    release = dict(line.split("=", 1) for line in context.read("etc/os-release").splitlines() if "=" in line)
    models = [line for line in context.read("proc/cpuinfo").splitlines() if line.startswith("model name")]
    return {
        "system": release.get("PRETTY_NAME", "").strip('"'),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "processor": models[0].partition(":")[2].strip() if models else "",
        "cores": psutil.cpu_count(logical=False),
        "threads": os.cpu_count(),
        "load": os.getloadavg(),
        "memory_bytes": {"total": memory.total, "available": memory.available, "swap_used": swap.used},
        "disks": {place: psutil.disk_usage(place)._asdict() for place in DISKS if os.path.isdir(place)},  # noqa: PTH112
        "sound_cards": context.read("proc/asound/cards").splitlines(),
    }


async def of_the_service(context: Context) -> dict[str, str]:
    """Return the log of the unit and the states of all units; nothing where systemd does not run."""
    if not (context.root / BOOTED).is_dir():
        return {}
    told = {
        "journal.txt": ["journalctl", "-u", UNIT, "-n", str(LINES_OF_LOG), "--no-pager", "-o", "short-iso"],
        "units.txt": ["systemctl", "status", "--no-pager", "--lines=0", UNIT, *TIMERS],
        "unit.txt": ["systemctl", "cat", "--no-pager", UNIT],
    }
    answers = {name: await answer_of(argv, environ=context.environ) for name, argv in told.items()}
    return {name: done.stdout or done.stderr for name, done in answers.items() if done is not None}


def of_the_daemon(context: Context) -> dict[str, str]:
    """Return the figures that a running daemon tells of itself: its metrics, and the times of recent turns."""
    told = dict[str, str]()
    if context.status is None:
        return told
    port = context.config.monitoring.http_port
    try:
        headers = {"Authorization": f"Bearer {token()}"} if token() else {}
        with httpx.Client(trust_env=False, timeout=TIMEOUT_S, headers=headers) as client:
            told["metrics.txt"] = client.get(f"http://{HOST}:{port}/metrics").raise_for_status().text
        turns = Daemon.configured(context.config.monitoring).get("/turns")["turns"]
        plain = [{name: turn[name] for name in FIGURES if name in turn} for turn in turns]
        told["turns.json"] = json.dumps(plain, indent=2) + "\n"
    except (ApplianceError, httpx.HTTPError, KeyError, TypeError) as error:
        told["not-told.txt"] = f"the rest could not be asked: {type(error).__name__}\n"
    return told
