"""scripts/install as root of a machine: its user, its service, and the way back from a version that is not well.

The machine is an overlay over this one in a namespace of its own, so that nothing here is touched. Its systemctl
writes down what it is told, and starts the service as far as opening the database goes, which is what migrates it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.device.installing import OPEN_DATABASE, Checkout, Done, llama_build, run
from tests.device.test_install import ANOTHER_TABLE

SYSTEMCTL = """#!/bin/bash
echo "$*" >>/run/systemctl.log
case "$*" in
    --version) echo "systemd 252 (252)" ;;
    *is-active*) [[ -e /run/active ]] ;;
    *stop*) rm -f /run/active ;;
    "start appliance.service")
        install -d -o appliance /run/keys && install -o appliance -m 400 /etc/appliance/credentials/* /run/keys
        CREDENTIALS_DIRECTORY=/run/keys runuser -u appliance -- \\
            /opt/appliance/current/venv/bin/python -I /usr/local/lib/open.py /var/lib/appliance || exit 1
        [[ $(/opt/appliance/current/venv/bin/appliance --version) != "$(cat /etc/unwell 2>/dev/null)" ]] || exit 1
        touch /run/active ;;
esac
"""

ENTER = """
set -e
mkdir -p "$1/work" "$1/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount --rbind /proc "$1/root/proc"
mount --rbind /dev "$1/root/dev"
mount -t tmpfs tmpfs "$1/root/run"
mkdir -p "$1/root/run/systemd/system"
exec chroot "$1/root" /bin/bash -c "$2"
"""
"""usage: FOLDER SCRIPT: runs SCRIPT in this machine with FOLDER/upper over it, where everything is written."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A folder; what is in `upper` of it lies over this machine when that is entered."""

    folder: Path

    def run(self, script: str) -> Done:
        """Run a script as root of the machine."""
        user = ("--mount",) if os.geteuid() == 0 else ("--mount", "--map-root-user")
        return run("unshare", *user, "bash", "-c", ENTER, "enter", self.folder, script)


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Checkout, Checkout]:
    folder = tmp_path_factory.mktemp("versions")
    old, new = Checkout.copy(folder / "old"), Checkout.copy(folder / "new")
    old.become("1.0.0")
    new.become("1.1.0")
    new.add("appliance/storage/migrations.py", ANOTHER_TABLE)
    return old, new


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    for name, text in (("bin/systemctl", SYSTEMCTL), ("lib/open.py", OPEN_DATABASE)):
        file = tmp_path / "upper/usr/local" / name
        file.parent.mkdir(parents=True)
        file.write_text(text)
        file.chmod(0o755)
    return Machine(tmp_path)


def test_a_service_is_installed_upgraded_and_rolled_back(machine: Machine, versions: tuple[Checkout, Checkout]) -> None:
    old, new = (f"'{checkout.folder}/scripts/install' --no-models --llama {llama_build()}" for checkout in versions)
    result = machine.run(f"""
        set -e
        {old}
        id appliance
        stat -c '%A %U:%G %n' /etc/appliance /etc/appliance/config.yaml /etc/appliance/credentials/* /var/lib/appliance
        cat /run/systemctl.log
        touch /var/lib/appliance/kept
        echo "appliance 1.1.0" >/etc/unwell
        sha256sum /var/lib/appliance/appliance.db >/run/before
        echo == unwell
        {new} && exit 1 || echo "status $?"
        sha256sum --check /run/before
        readlink /opt/appliance/current
        test -e /run/active && echo "running again"
        echo == well
        rm /etc/unwell
        {new}
        readlink /opt/appliance/current
        test -e /var/lib/appliance/kept && echo "data kept"
        echo == down
        {old} && exit 1 || echo "status $?"
        echo == removed
        {old} --uninstall --purge --yes
        ls -d /opt/appliance /etc/appliance /var/lib/appliance /etc/systemd/system/appliance* 2>&1 || true
        id appliance 2>&1 || true
    """)
    assert "== removed" in result.stdout, result.stderr
    first, unwell, well, down, removed = result.stdout.split("== ")
    assert "audio" in first
    assert "drwxr-x--- root:appliance /etc/appliance\n" in first
    assert "-rw-r----- root:appliance /etc/appliance/config.yaml\n" in first
    assert "-rw------- root:root /etc/appliance/credentials/database_key\n" in first
    assert "drwx------ appliance:appliance /var/lib/appliance\n" in first
    assert "daemon-reload\n--quiet enable appliance.service" in first
    assert "status 6\n" in unwell
    assert "appliance.db: OK" in unwell, "the database is as it was before the migration"
    assert "releases/1.0.0\nrunning again" in unwell
    assert "version 1.1.0 did not become well, so version 1.0.0 is back" in result.stderr
    assert "releases/1.1.0\ndata kept" in well
    assert "status 5\n" in down
    assert "/opt/appliance'" in removed
    assert "no such user" in removed
    assert "cannot access" in removed
