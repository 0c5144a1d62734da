"""Faults of what a process of the appliance is started with. Each row starts one."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from appliance.ops.faults.disk import filled, stored
from appliance.ops.faults.fault import Bench, Fault, Group, NotHeldError, require
from appliance.ops.faults.receivers import HOST
from appliance.ops.virtual_sound import VirtualSound
from appliance.storage.lock import InstanceLock

LOOK_S = 0.2
TIMEOUT_S = 120.0
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder that is not below /tmp
READ_ONLY = "mount --bind /tmp /tmp && mount -o remount,bind,ro /tmp"
ENTER = ("unshare", "--mount", "sh", "-c", f'{READ_ONLY} && umask 000 && exec "$@" <&-', "sh")
"""A program in a world of its own in which /tmp is read-only, all may write what it writes, and stdin is closed."""


def started(
    *arguments: str, environment: Mapping[str, str], before: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a command of the appliance to its end."""
    return subprocess.run(  # noqa: S603 - our own program
        [*before, sys.executable, "-m", "appliance", *arguments],
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_S,
    )


def environment(bench: Bench, **settings: str) -> dict[str, str]:
    """Return the environment of a process whose state is in the folder of the bench."""
    return os.environ | {"APPLIANCE__STORAGE__DIRECTORY": str(bench.folder / "state"), **settings}


def explained(done: subprocess.CompletedProcess[str], status: int, *words: str) -> str:
    """Make sure that a process ended with this status, and said why and what to do; return the first line of it."""
    require(done.returncode == status, done.returncode, done.stderr[-800:])
    require("error:" in done.stderr and "→" in done.stderr and "Traceback" not in done.stderr, done.stderr[-800:])
    require(all(word in done.stderr for word in words), done.stderr[-800:])
    return next(line for line in done.stderr.splitlines() if "error:" in line)


async def configuration_refused(bench: Bench) -> str:
    """Start with a configuration that is none."""
    path = bench.folder / "config.yaml"
    path.write_bytes(b"persona: [unclosed\n")
    done = await asyncio.to_thread(started, "run", "--config", str(path), environment=environment(bench))
    return explained(done, 3, "config.yaml")


async def second_daemon(bench: Bench) -> str:
    """Start a second daemon with the state of one that runs."""
    storage = stored(bench)
    await filled(storage)
    with InstanceLock(storage.database), VirtualSound(bench.folder) as sound:
        settings = environment(bench, APPLIANCE__MONITORING__HTTP_PORT="null", **sound.environment)
        done = await asyncio.to_thread(started, "run", environment=settings)
    return explained(done, 8, "another appliance runs")


async def port_taken(bench: Bench) -> str:
    """Start while another program has the port of the monitoring, and end that program."""
    with socket.socket() as other, VirtualSound(bench.folder) as sound:
        other.bind((HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        settings = environment(bench, APPLIANCE__MONITORING__HTTP_PORT=str(port), **sound.environment)
        async with daemon(settings) as log:
            told = await printed(log, "monitoring is degraded", f"port {port}")
            await printed(log, "listening;")
            other.close()
            await printed(log, "monitoring is ok again")
            async with httpx.AsyncClient(trust_env=False) as client:
                async with asyncio.timeout(TIMEOUT_S):  # it listens a moment before it has looked at itself
                    while not (status := (await client.get(f"http://{HOST}:{port}/status")).json())["ready"]:
                        await bench.clock.sleep(LOOK_S)
    parts = {part["part"]: part["state"] for part in status["parts"]}
    require(parts["monitoring"] == "ok" and status["ready"], parts)
    return told


@asynccontextmanager
async def daemon(environment: Mapping[str, str]) -> AsyncIterator[asyncio.StreamReader]:
    """Run a daemon until the block is left, which must end it in an orderly way; yields what it logs."""
    command = (sys.executable, "-m", "appliance", "run")
    process = await asyncio.create_subprocess_exec(*command, env=environment, stderr=subprocess.PIPE)
    try:
        assert process.stderr is not None  # noqa: S101 - it is a pipe
        yield process.stderr
        process.terminate()
        async with asyncio.timeout(TIMEOUT_S):
            rest, status = await process.stderr.read(), await process.wait()
        require(not status, status, rest[-800:].decode())
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def printed(log: asyncio.StreamReader, *words: str) -> str:
    """Wait for a line with these words, and return it."""
    seen = []
    async with asyncio.timeout(TIMEOUT_S):
        while line := (await log.readline()).decode():
            seen.append(line)
            if all(word in line for word in words):
                return line.strip()
    raise NotHeldError(f"it never said {' … '.join(words)}: {''.join(seen)[-800:]}")


async def bare_world(bench: Bench) -> str:
    """Answer without HOME, in the locale C, without stdin, with /tmp read-only and umask 000."""
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as folder:
        settings = {
            "PATH": os.environ["PATH"],
            "LC_ALL": "C",
            **{name: os.environ[name] for name in ("APPLIANCE_CONFIG", "CACHE_DIRECTORY") if name in os.environ},
            "APPLIANCE__STORAGE__DIRECTORY": f"{folder}/state",
            "APPLIANCE__MODELS__DIRECTORY": str(bench.config.models.directory),
        }
        question = ("ask", "--json", "When do you open on Saturday?")
        done = await asyncio.to_thread(started, *question, environment=settings, before=ENTER)
        require(not done.returncode, done.returncode, done.stderr[-800:])
        answer = json.loads(done.stdout.splitlines()[-1])
        made, exposed = files_in(Path(folder, "state"))
    require("nine" in json.dumps(answer).lower(), answer)
    require(made and not exposed, "readable by others:", exposed)
    return f"answered; none of {made} files can be read by others"


def files_in(folder: Path) -> tuple[int, list[str]]:
    """Return how many files there are, and the names of those that others can read."""
    made = [path for path in folder.rglob("*") if path.is_file()]
    return len(made), [path.name for path in made if path.stat().st_mode & 0o077]


SILENT = "nothing: the service does not start"

FAULTS: Sequence[Fault] = (
    Fault(
        name="configuration-refused",
        group=Group.START,
        injected="`appliance run` with a configuration that is none",
        holds="exit status 3 with the place, within seconds; systemd does not try again",
        heard=SILENT,
        seen="the place and the remedy in the log",
        check=configuration_refused,
    ),
    Fault(
        name="second-daemon",
        group=Group.START,
        injected="`appliance run` while another one runs with the same state",
        holds="exit status 8 before anything is loaded",
        heard="nothing; the first goes on",
        seen="the number of the process that runs",
        check=second_daemon,
    ),
    Fault(
        name="port-taken",
        group=Group.START,
        injected="another program listens on `monitoring.http_port` at the start, and ends later",
        holds="people are served all the same; the port is tried again every 5 s, and answers once it is free",
        heard="nothing",
        seen="warning with the port in the log; `appliance status` says that something else answers; `monitoring` "
        "degraded, then ok. Stop the program, or choose another port.",
        check=port_taken,
    ),
    Fault(
        name="bare-world",
        group=Group.START,
        injected="no HOME, locale C, stdin closed, /tmp read-only, umask 000",
        holds="the question is answered, and no file can be read by others",
        heard="the answer",
        seen="nothing",
        check=bare_world,
    ),
)
