"""The units of the service, judged by systemd's own tools."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "systemd"
INSTALLED = "/opt/appliance/current/venv/bin/appliance"
SERVICES = ("appliance.service", "appliance-purge.service", "appliance-backup.service")
TIMERS = ("appliance-purge.timer", "appliance-backup.timer")
EXAMPLES = sorted(path.name for path in (UNITS / "examples").glob("*.conf"))
LATER = {"backoff.conf": 254}
"""Drop-ins that only systemd of this version and later understands."""

EXPOSURE = 20
"""Tenths of `systemd-analyze security`: 2.0 of 10."""


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    tool = shutil.which("systemd-analyze")
    assert tool is not None, "systemd-analyze is missing; run: sudo apt-get install --no-install-recommends systemd"
    return subprocess.run([tool, "--no-pager", *arguments], capture_output=True, text=True, check=False, timeout=60)


def version() -> int:
    return int(analyze("--version").stdout.split()[1].split(".")[0])


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units with a program that is there: `verify` looks whether it can be executed."""
    program = tmp_path / "appliance"
    program.symlink_to(sys.executable)
    for name in (*SERVICES, *TIMERS):
        (tmp_path / name).write_text((UNITS / name).read_text().replace(INSTALLED, str(program)))
    return tmp_path


def options(name: str) -> dict[str, list[str]]:
    """Return what a unit sets, in order; comments and sections are left out."""
    found: dict[str, list[str]] = {}
    for line in (UNITS / name).read_text().splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def complaints(units: Path, *names: str) -> str:
    done = analyze("verify", *(str(units / name) for name in names))
    return done.stderr + (f"exit status {done.returncode}" if done.returncode else "")


def test_systemd_has_nothing_to_say_about_them(units: Path) -> None:
    assert not complaints(units, *SERVICES, *TIMERS)


def test_systemd_would_say_it(units: Path) -> None:
    unit = units / SERVICES[0]
    unit.write_text(unit.read_text().replace("WatchdogSec=30", "WatchdogSec=soon\nWatchdgoSec=30"))
    said = complaints(units, SERVICES[0])
    assert "soon" in said
    assert "WatchdgoSec" in said


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_drop_in_fits(units: Path, name: str) -> None:
    folder = units / "appliance.service.d"
    folder.mkdir()
    shutil.copy(UNITS / "examples" / name, folder)
    said = complaints(units, SERVICES[0])
    if version() < LATER.get(name, 0):
        assert "Unknown key" in said
    else:
        assert not said


@pytest.mark.parametrize("name", SERVICES)
def test_little_is_exposed(name: str) -> None:
    judged = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", str(UNITS / name))
    assert judged.returncode == 0, judged.stdout[-400:] + judged.stderr


def test_a_graphics_card_exposes_no_more_than_that(units: Path) -> None:
    folder = units / "appliance.service.d"
    folder.mkdir()
    for name in EXAMPLES:
        shutil.copy(UNITS / "examples" / name, folder)
    judged = analyze("security", "--offline=true", f"--threshold={EXPOSURE}", str(units / SERVICES[0]))
    assert judged.returncode == 0, judged.stdout[-400:]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("appliance.service", "run --config /etc/appliance/config.yaml"),
        ("appliance-purge.service", "retention purge --yes"),
        ("appliance-backup.service", "backup"),
    ],
)
def test_what_is_run(name: str, arguments: str) -> None:
    assert options(name)["ExecStart"] == [f"{INSTALLED} {arguments}"]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("Type", "notify"),
        ("NotifyAccess", "main"),
        ("WatchdogSec", "30"),
        ("WatchdogSignal", "SIGABRT"),
        ("Restart", "on-failure"),
        ("RestartPreventExitStatus", "2 3"),
        ("StartLimitIntervalSec", "0"),
        ("LimitRTPRIO", "10"),
        ("LimitCORE", "0"),
        ("DevicePolicy", "closed"),
        ("IPAddressDeny", "any"),
        ("IPAddressAllow", "localhost"),
        ("MemoryDenyWriteExecute", "no"),
    ],
)
def test_what_the_program_depends_on(option: str, value: str) -> None:
    assert options("appliance.service")[option] == [value]


@pytest.mark.parametrize("name", SERVICES)
def test_all_use_the_same_files_and_secrets(name: str) -> None:
    found = options(name)
    assert found["User"] == found["Group"] == found["StateDirectory"] == ["appliance"]
    assert found["WorkingDirectory"] == ["/var/lib/appliance"]
    assert found["LoadCredential"] == [
        "database_key:/etc/appliance/credentials/database_key",
        "audit_key:/etc/appliance/credentials/audit_key",
        "secret:/etc/appliance/credentials",
    ]
    assert "APPLIANCE_CONFIG=/etc/appliance/config.yaml" in found["Environment"][0].split()


def test_sound_is_not_shut_out() -> None:
    found = options("appliance.service")
    assert "PrivateDevices" not in found
    assert "RestrictRealtime" not in found
    assert "char-alsa rw" in found["DeviceAllow"]
    assert found["SupplementaryGroups"] == ["audio"]


@pytest.mark.parametrize("name", TIMERS)
def test_a_box_that_was_off_catches_up(name: str) -> None:
    found = options(name)
    assert found["Persistent"] == ["true"]
    assert analyze("calendar", found["OnCalendar"][0]).returncode == 0
    assert (UNITS / name.replace(".timer", ".service")).exists()
