"""Proof that nothing leaves the machine: a conversation is watched from inside and from outside, and reported.

Inside, the guard notes what the interpreter is about to do. Outside, /proc is looked at, and strace, where it may be
used, notes every call of the kernel that names an address, of native code and other programs too.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

import psutil

from appliance import __version__
from appliance.clock import Clock, block_thread
from appliance.config.addresses import Reach, literal, reach
from appliance.config.network import NetworkConfig
from appliance.egress.dropin import RESOLVER_FILE, name_servers
from appliance.egress.policy import Policy
from appliance.errors import UsageError
from appliance.ops.egress_sockets import OTHER, STRACE, ProcSampler, Seen, can_trace, traced_calls

CHILD: Final = "appliance.ops.egress_child"
LOOK_EVERY_S: Final = 0.1
LONGEST_S: Final = 1800.0
DOMAIN: Final = 53


class Verdict(StrEnum):
    """What follows from what was seen."""

    NOTHING_LEFT = "nothing left this machine"
    ONLY_LISTED = "only what network.allow lists was reached"
    REFUSED = "something tried to leave and was stopped"
    LEFT = "something went past the guard to what network.allow does not list"
    NO_PROOF = "no proof: the conversation did not take place, or was not seen"


PASSED: Final = frozenset({Verdict.NOTHING_LEFT, Verdict.ONLY_LISTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One kind of socket or call with its peer, by whom it was seen and how often, and what it counts as."""

    what: str
    by: str
    """guard, /proc or strace."""
    times: int
    beyond: bool
    """Whether it goes beyond this machine."""
    allowed: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressReport:
    """What an auditor gets."""

    verdict: Verdict
    version: str
    began: datetime
    ended: datetime
    command: tuple[str, ...]
    allow: tuple[str, ...]
    allow_private: bool
    turns: int
    answered: int
    looks: int
    """How often /proc was looked at."""
    traced: bool
    """Whether strace was there."""
    programs: tuple[str, ...]
    """The programs of the processes that were watched."""
    sightings: tuple[Sighting, ...]
    exit_status: int

    def as_json(self) -> dict[str, object]:
        """Return it as plain data."""
        times = {"began": self.began.isoformat(), "ended": self.ended.isoformat()}
        return asdict(self) | times | {"verdict": self.verdict.name.lower(), "says": self.verdict.value}


def egress_report(
    recordings: Sequence[Path], network: NetworkConfig, clock: Clock, *, config_file: Path | None = None
) -> EgressReport:
    """Let recordings talk with the appliance, as a process of its own, and watch it; blocks until the talk is over.

    Raises:
        UsageError: A recording is not there.
    """
    for recording in recordings:
        if not recording.is_file():
            raise UsageError(f"{recording}: there is no such recording", remedy="name a sound file in which one talks")
    users = [part for recording in recordings for part in ("--user", str(recording))]
    named = [] if config_file is None else ["--config", str(config_file)]
    return watched(["converse", "--json", *users, *named], network, clock)


def watched(
    arguments: Sequence[str], network: NetworkConfig, clock: Clock, *, trace: bool | None = None
) -> EgressReport:
    """Run a command of the appliance behind the guard, and watch it. `trace` None: with strace if it may be used."""
    trace = can_trace() if trace is None else trace
    with tempfile.TemporaryDirectory(prefix="egress-") as folder:
        return _watched(arguments, network, clock, Path(folder), trace=trace)


def _watched(
    arguments: Sequence[str], network: NetworkConfig, clock: Clock, folder: Path, *, trace: bool
) -> EgressReport:
    log, calls, output = folder / "guard.jsonl", folder / "strace", folder / "stdout"
    program = [sys.executable, "-m", CHILD, str(log), network.model_dump_json(), *arguments]
    command = [*STRACE, "-o", str(calls), *program] if trace else program
    began, started = clock.local_time("UTC"), clock.now()
    with output.open("wb") as stream:
        process = subprocess.Popen(  # noqa: S603 - a list of arguments, no shell
            command, stdin=subprocess.DEVNULL, stdout=stream, env=_environment(folder)
        )
    sampler = ProcSampler(process.pid)
    try:
        while process.poll() is None and clock.now() - started < LONGEST_S:
            sampler.look()
            block_thread(LOOK_EVERY_S)
    finally:
        _end(process)
    attempts = _json_lines(log)
    traced = traced_calls(calls.read_text(encoding="utf-8", errors="replace")) if trace else Counter[Seen]()
    sightings = _sightings(attempts, sampler.seen, traced, Policy.of(network))
    turns = _json_lines(output)
    answered = sum(bool(_heard(turn)) for turn in turns)
    proven = process.returncode == 0 and bool(turns) and answered == len(turns) and bool(attempts) and sampler.looks > 0
    return EgressReport(
        verdict=_verdict(sightings, proven=proven),
        version=__version__,
        began=began,
        ended=clock.local_time("UTC"),
        command=("appliance", *arguments),
        allow=network.allow,
        allow_private=network.allow_private,
        turns=len(turns),
        answered=answered,
        looks=sampler.looks,
        traced=trace,
        programs=tuple(sorted(sampler.programs - {STRACE[0]})),
        sightings=sightings,
        exit_status=process.returncode,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process with all that it has started; strace alone would leave them running."""
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    process.kill()
    process.wait()


def _environment(folder: Path) -> dict[str, str]:
    """Keep what the conversation stores apart from what the daemon stores, and away afterwards."""
    return os.environ | {"APPLIANCE__STORAGE__DIRECTORY": str(folder / "state")}


def _json_lines(file: Path) -> list[dict[str, object]]:
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("{")]


def _heard(turn: Mapping[str, object]) -> str:
    assistant = turn.get("assistant")
    return str(assistant.get("heard", "")) if isinstance(assistant, dict) else ""


def _sightings(
    attempts: Iterable[Mapping[str, object]], sampled: Counter[Seen], traced: Counter[Seen], policy: Policy
) -> tuple[Sighting, ...]:
    """Judge everything that was seen. What the guard let pass by name is allowed by its address for the others."""
    noted = Counter((str(a["event"]), str(a["peer"]), bool(a["allowed"]), str(a["reason"])) for a in attempts)
    passed = {peer for _, peer, allowed, _ in noted if allowed}
    named = any(reason.startswith("network.allow") for _, _, allowed, reason in noted if allowed)
    found = [
        Sighting(
            what=f"{event} {peer}", by="guard", times=times, beyond=reason != "this machine", allowed=ok, reason=reason
        )
        for (event, peer, ok, reason), times in noted.items()
    ]
    for by, counts in (("/proc", sampled), ("strace", traced)):
        found += [_judged(seen, by, times, policy, passed, named=named) for seen, times in counts.items()]
    return tuple(
        sorted(found, key=lambda sighting: (sighting.allowed, not sighting.beyond, sighting.by, sighting.what))
    )


def _judged(seen: Seen, by: str, times: int, policy: Policy, passed: set[str], *, named: bool) -> Sighting:
    def sighting(*, beyond: bool, allowed: bool, reason: str) -> Sighting:
        return Sighting(what=str(seen), by=by, times=times, beyond=beyond, allowed=allowed, reason=reason)

    if seen.port is None:
        inside = seen.kind != OTHER and seen.host not in {"AF_PACKET", "AF_VSOCK", "AF_BLUETOOTH"}
        return sighting(beyond=not inside, allowed=inside, reason="this machine" if inside else "a socket of this kind")
    address = literal(seen.host)
    if address is not None and reach(address) is Reach.LOOPBACK:
        return sighting(beyond=False, allowed=True, reason="this machine")
    if seen.listening:
        return sighting(beyond=True, allowed=False, reason="others could connect here")
    if f"{seen.host}:{seen.port}" in passed:
        return sighting(beyond=True, allowed=True, reason="an address of a host that network.allow lists")
    if seen.port == DOMAIN and named and address in _servers():
        return sighting(beyond=True, allowed=True, reason="the name server, for a host that network.allow lists")
    verdict = policy.on_host(seen.host, seen.port)
    return sighting(beyond=True, allowed=verdict.allowed, reason=verdict.reason)


def _servers() -> list[object]:
    return list(name_servers(RESOLVER_FILE.read_text(encoding="utf-8"))) if RESOLVER_FILE.exists() else []


def _verdict(sightings: Iterable[Sighting], *, proven: bool) -> Verdict:
    wrong = [sighting for sighting in sightings if not sighting.allowed]
    if any(sighting.by != "guard" for sighting in wrong):
        return Verdict.LEFT
    if wrong:
        return Verdict.REFUSED
    if not proven:
        return Verdict.NO_PROOF
    return Verdict.ONLY_LISTED if any(sighting.beyond for sighting in sightings) else Verdict.NOTHING_LEFT
