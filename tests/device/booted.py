"""A machine with a systemd of its own as process 1: namespaces, and an overlay over this machine.

It needs root. The network is its own and has no way out; nothing that it writes stays.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.device.installing import QUICK, Done

UP_S = 60.0
_LOOK_S = 0.2

LAY_OUT = """
set -e
cd "$1"
mkdir -p upper work root
mount -t cgroup2 cgroup2 root
mkdir -p "root/$2"
echo $$ >"root/$2/cgroup.procs"
umount root
mount -t overlay overlay -o "lowerdir=/,upperdir=upper,workdir=work" root
exec unshare --pid --fork --kill-child --cgroup --net --ipc --uts bash -c "$3" boot
"""
"""usage: FOLDER CGROUP BOOT, in a mount namespace of its own."""

BOOT = """
set -e
mount -t proc proc root/proc
mount --bind root/proc/sys root/proc/sys
mount -o remount,bind,ro root/proc/sys
mount -t sysfs -o ro sysfs root/sys
mount -t cgroup2 cgroup2 root/sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs root/run
mount -t tmpfs -o mode=1777 tmpfs root/tmp
mount -t tmpfs -o mode=755 tmpfs root/dev
for device in null zero full random urandom tty; do
    touch "root/dev/$device"
    mount --bind "/dev/$device" "root/dev/$device"
done
mkdir root/dev/pts root/dev/shm
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts root/dev/pts
mount -t tmpfs -o mode=1777 tmpfs root/dev/shm
ln -s pts/ptmx root/dev/ptmx
ln -s /proc/self/fd root/dev/fd
mkdir -p root/srv
mount --bind versions root/srv
hostname booted
ip link set lo up
cd root
pivot_root . mnt
umount -l mnt
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin \\
    /lib/systemd/systemd --system --unit=basic.target --show-status=false --log-target=journal
"""
"""systemd keeps credentials in mounts that it makes elsewhere and that have to reach it: / is shared."""

SWEEP = """
mount -t cgroup2 cgroup2 /sys/fs/cgroup
find "/sys/fs/cgroup/$1" -depth -type d -exec rmdir {} +
"""


@dataclass(slots=True)
class Booted:
    """What is in `upper` of the folder lies over this machine; what is in `versions` is its /srv."""

    folder: Path
    _process: subprocess.Popen[bytes] = field(init=False, repr=False)

    def start(self) -> None:
        """Boot, and wait until systemd answers."""
        (self.folder / "versions").mkdir(exist_ok=True)
        with (self.folder / "log").open("wb") as log:
            command = ["unshare", "--mount", "--propagation", "private", "bash", "-c", LAY_OUT, "lay-out"]
            self._process = subprocess.Popen(
                [*command, self.folder, self._cgroup, BOOT], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        deadline = time.monotonic() + UP_S
        while not (self._first and "running" in self.run("systemctl is-system-running").stdout):
            assert self._process.poll() is None, (self.folder / "log").read_text("utf-8")
            assert time.monotonic() < deadline, "systemd does not come up"
            time.sleep(_LOOK_S)

    def run(self, script: str) -> Done:
        """Run a script as root of the machine."""
        inside = ["nsenter", f"--target={self._first}", "--mount", "--pid", "--cgroup", "--net", "--ipc", "--uts"]
        return subprocess.run(
            [*inside, "bash", "-c", script],
            env={"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", **QUICK},
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def end(self) -> None:
        """Pull the plug, and leave nothing behind."""
        self._process.kill()
        self._process.wait()
        deadline = time.monotonic() + UP_S
        sweep = ["unshare", "--mount", "bash", "-c", SWEEP, "sweep", self._cgroup]
        while subprocess.run(sweep, capture_output=True, check=False).returncode and time.monotonic() < deadline:
            time.sleep(_LOOK_S)
        for name in ("upper", "work", "root"):
            shutil.rmtree(self.folder / name, ignore_errors=True)

    @property
    def _cgroup(self) -> str:
        return f"appliance-test-{os.getpid()}"

    @property
    def _first(self) -> int:
        """The process that is number 1 in there, once systemd is what it runs; else 0."""
        number = self._process.pid
        children = Path(f"/proc/{number}/task/{number}/children").read_text("utf-8").split()
        return next((int(child) for child in children if _name(child) == "systemd"), 0)


def _name(process: str) -> str:
    try:
        return Path(f"/proc/{process}/comm").read_text("utf-8").strip()
    except OSError:
        return ""
