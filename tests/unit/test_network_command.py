"""`appliance network`, as an administrator types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from appliance.cli.network import app
from appliance.errors import UsageError

CONFIG = """\
network:
  allow: ["*.example.invalid:443", 10.1.0.0/16]
handover:
  channels:
    - {kind: webhook, name: desk, url: "https://crm.example.invalid/desk"}
    - {kind: webhook, name: here, url: "http://127.0.0.1:8765/desk"}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG, encoding="utf-8")
    return file


def run(*arguments: str, config: Path) -> Result:
    return CliRunner().invoke(app, [*arguments, "--config", str(config)])


def test_check_lists_the_entries_and_who_uses_them(config: Path) -> None:
    done = run("check", "--json", config=config)
    assert json.loads(done.stdout) == [
        {"entry": "this machine", "allowed": True, "used_by": ["handover.channels[2].url"]},
        {"entry": "*.example.invalid:443", "allowed": True, "used_by": ["handover.channels[1].url"]},
        {"entry": "10.1.0.0/16", "allowed": True, "used_by": []},
    ]
    assert "Everything else is refused" in run("check", config=config).stdout


@pytest.mark.parametrize(
    ("host", "allowed", "reason"),
    [
        ("https://10.1.2.3", True, "network.allow lists 10.1.0.0/16"),
        ("10.1.2.3:25", True, "network.allow lists 10.1.0.0/16"),
        ("10.2.2.3", False, "10.2.2.3 is not in network.allow"),
        ("evil.example", False, "evil.example is not in network.allow"),
        ("http://10.1.2.3@evil.example/", False, "evil.example:80 is not in network.allow"),
        ("169.254.169.254", False, "never reached"),
        ("fe80::1", False, "never reached"),
        ("::1", True, "this machine"),
        ("localhost:8765", True, "this machine"),
        ("http://crm.example.invalid", False, "crm.example.invalid:80 is not in network.allow"),
    ],
)
def test_check_says_of_a_host_whether_and_why(config: Path, host: str, allowed: bool, reason: str) -> None:
    done = run("check", host, "--json", config=config)
    (result,) = json.loads(done.stdout)
    assert (result["host"], result["allowed"]) == (host, allowed)
    assert reason in result["reason"]
    assert done.exit_code == (0 if allowed else 10)


@pytest.mark.parametrize("host", ["", "http://", "crm.example.org:port", "https://[::1"])
def test_what_is_no_host(config: Path, host: str) -> None:
    done = run("check", host, config=config)
    assert isinstance(done.exception, UsageError)
    assert "is no host" in str(done.exception)


def test_the_drop_in_is_for_systemd_alone(config: Path) -> None:
    done = run("drop-in", config=config)
    assert done.exit_code == 0
    assert "[Service]\nIPAddressDeny=any\nIPAddressAllow=localhost\n" in done.stdout
    assert "IPAddressAllow=10.1.0.0/16\n" in done.stdout
    assert "warning: *.example.invalid:443: crm.example.invalid is not known" in done.stderr
    assert all(line.startswith(("#", "[", "IPAddress")) for line in done.stdout.splitlines())


def test_watching_needs_recordings_that_are_there(config: Path, tmp_path: Path) -> None:
    done: Any = run("watch", "--user", str(tmp_path / "none.wav"), config=config)
    assert isinstance(done.exception, UsageError)
    assert "there is no such recording" in str(done.exception)
