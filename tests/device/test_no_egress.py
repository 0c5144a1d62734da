"""Nothing leaves the machine: a conversation without any network, and one on the network that is watched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from appliance.audio.files import write_wav
from appliance.audio.ports import LISTENING_RATE
from appliance.clock import SystemClock
from appliance.config.network import NetworkConfig
from appliance.ops.egress_sockets import can_trace
from appliance.ops.egress_text import as_text
from appliance.ops.egress_watch import Verdict, egress_report, watched
from appliance.ops.visitor import VISIT, say

ISOLATED = ("unshare", "--net" if os.geteuid() == 0 else "-rn", "sh", "-ec", 'ip link set lo up; exec "$@"', "isolated")
"""Becomes a command in a network namespace of its own, with a loopback and nothing else."""
REMEDY = (
    "This test needs a network namespace without routes, and may not make one. Run it as root, or allow user"
    " namespaces (sysctl kernel.unprivileged_userns_clone=1, and with AppArmor"
    " kernel.apparmor_restrict_unprivileged_userns=0), with util-linux and iproute2 installed."
)


def isolated(command: Sequence[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*ISOLATED, *command],
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )


@pytest.fixture(autouse=True)
def namespace() -> None:
    """Fail, and do not skip: without a namespace nothing is proven."""
    try:
        done = isolated(["ip", "-json", "route", "show", "table", "all"])
    except OSError as error:
        pytest.fail(f"{REMEDY} ({error})")
    if done.returncode:
        pytest.fail(f"{REMEDY} ({done.stderr.strip()})")
    beyond = [route for route in json.loads(done.stdout or "[]") if route.get("dev") != "lo"]
    assert not beyond, f"the namespace has routes: {beyond}"


@pytest.fixture(scope="module")
def question(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The visitor asks when the clinic opens on Saturday."""
    file = tmp_path_factory.mktemp("visit") / "saturday.wav"
    write_wav(file, say(next(turn for turn in VISIT if turn.name == "saturday")), LISTENING_RATE)
    return file


def test_the_namespace_is_what_it_should_be() -> None:
    code = "import socket; socket.create_connection(('192.0.2.1', 80), 1)"
    done = isolated([sys.executable, "-c", code])
    assert "Network is unreachable" in done.stderr


@pytest.mark.models
def test_a_conversation_without_any_network(question: Path, tmp_path: Path) -> None:
    users = ["--user", str(question), "--user", str(question)]  # a busy machine may be too slow for the first
    command = [sys.executable, "-m", "appliance", "converse", "--json", *users]
    done = isolated(command, APPLIANCE__STORAGE__DIRECTORY=str(tmp_path / "state"))
    assert done.returncode == 0, done.stderr
    turns = [json.loads(line) for line in done.stdout.splitlines()]
    assert all("saturday" in turn["user"]["text"].lower() for turn in turns)
    assert any("nine" in turn["assistant"]["heard"].lower() for turn in turns), turns
    assert not any(turn["errors"] for turn in turns)


@pytest.mark.models
def test_a_conversation_on_the_network_uses_none_of_it(question: Path) -> None:
    assert can_trace(), "strace is what sees native code: install it, and allow ptrace"
    report = egress_report([question], NetworkConfig(), SystemClock())
    assert report.verdict is Verdict.NOTHING_LEFT, as_text(report)
    assert (report.answered, report.turns) == (1, 1)
    assert {sighting.by for sighting in report.sightings} == {"guard", "/proc", "strace"}


def test_what_is_not_allowed_is_found_by_those_who_can_see_it(tmp_path: Path) -> None:
    """An import that sends a datagram in Python is stopped; one of another program is seen by strace alone."""
    package = tmp_path / "yaml.py"  # found before the real one, while the command starts
    sends = (
        "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.2' if {ok} else '192.0.2.1', 9))"
    )
    cases: list[tuple[str, Verdict]] = [
        (sends.format(ok=False), Verdict.REFUSED),
        (f"import subprocess, sys; subprocess.run([sys.executable, '-c', {sends.format(ok=False)!r}])", Verdict.LEFT),
        (sends.format(ok=True), Verdict.NO_PROOF),
    ]
    found: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(tmp_path))
        for code, expected in cases:
            package.write_text(f"{code}\nraise SystemExit(0)\n", encoding="utf-8")
            found[expected] = watched(["config", "check"], NetworkConfig(), SystemClock())
    assert {expected: report.verdict for expected, report in found.items()} == {case: case for _, case in cases}
    assert [each.by for each in found[Verdict.REFUSED].sightings if not each.allowed] == ["guard"]
    assert [each.by for each in found[Verdict.LEFT].sightings if not each.allowed] == ["strace"]
