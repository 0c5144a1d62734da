"""scripts/install where systemd runs: the whole service, as a machine has it, on virtual sound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.ops.virtual_sound import SINK
from tests.device.booted import Booted
from tests.device.installing import ROOT, Checkout, llama_build

SOUND = f"""
load-module module-native-protocol-unix auth-anonymous=1
load-module module-null-sink sink_name=speaker {SINK}
load-module module-null-sink sink_name=mouth {SINK}
set-default-sink speaker
set-default-source mouth.monitor
"""
SOUND_SERVER = """
[Service]
ExecStart=/usr/bin/pulseaudio --system -n -F /etc/sound.pa --disallow-exit --exit-idle-time=-1
"""
SEND = """
import socket

for host in ("127.0.0.1", "198.51.100.7"):
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind((host, 0))
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"", receiver.getsockname())
        print(host, "sent")
    except PermissionError:
        print(host, "refused")
"""
AWAIT_ANOTHER = """
before=$(systemctl show -P MainPID appliance)
restarts=$(systemctl show -P NRestarts appliance)
%s
for _ in {1..600}; do
    [[ $(systemctl show -P MainPID appliance) != "$before" && $(systemctl is-active appliance) == active ]] && break
    sleep 0.5
done
echo $(($(systemctl show -P NRestarts appliance) - restarts)) "$(systemctl is-active appliance)"
"""
"""The limit of the test is what ends it when a machine is slow."""


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Booted]:
    files = {
        "etc/sound.pa": SOUND,
        "usr/local/lib/systemd/system/pulseaudio.service": SOUND_SERVER,
        "etc/systemd/system/appliance.service.d/audio.conf": (
            ROOT / "systemd/examples/audio-pulseaudio.conf"
        ).read_text("utf-8"),
        "usr/local/lib/send.py": SEND,
    }
    for name, text in files.items():
        file = tmp_path / "upper" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    good, bad = Checkout.copy(tmp_path / "versions/good"), Checkout.copy(tmp_path / "versions/bad")
    good.become("1.0.0")
    bad.become("1.1.0")
    bad.replace("appliance/cli/run.py", "await stop.wait()", "await asyncio.sleep(2)\n            sys.exit(1)")
    booted = Booted(tmp_path)
    try:
        booted.start()
        yield booted
    finally:
        booted.end()


@pytest.mark.device
@pytest.mark.models
@pytest.mark.timeout(1800)
def test_a_service_lives_and_dies_under_systemd(machine: Booted) -> None:
    build = llama_build()
    assert machine.run("systemctl mask pulseaudio").returncode == 0
    result = machine.run(f"/srv/good/scripts/install --llama {build}")
    assert result.returncode == 6, result.stderr
    assert "there is no microphone" in result.stderr
    assert "version 1.0.0 is installed and is not well yet" in result.stderr
    plugged_in = machine.run(AWAIT_ANOTHER % "systemctl unmask pulseaudio")
    assert plugged_in.stdout.endswith(" active\n"), "it goes on trying"
    units = "appliance.service", "appliance-backup.timer", "appliance-purge.timer"
    assert machine.run(f"systemctl is-enabled {' '.join(units)}").stdout.split() == ["enabled"] * 3
    assert machine.run(f"systemctl is-active {' '.join(units)}").stdout.split() == ["active"] * 3
    assert machine.run("systemctl show -P StatusText appliance").stdout == "Listening\n"
    serves = "until appliance status --json | grep '\"ready\": true'; do sleep 0.5; done"
    assert machine.run(serves).returncode == 0
    again = machine.run(f"/srv/good/scripts/install --llama {build}")
    assert again.stderr == "install: version 1.0.0 is installed already; nothing was changed\n"

    jobs = machine.run("systemctl start appliance-purge appliance-backup && appliance backup --list")
    assert "/var/lib/appliance/backups/" in jobs.stdout, jobs.stderr

    unit = "/sys/fs/cgroup/system.slice/appliance.service/cgroup.procs"
    machine.run("ip address add 198.51.100.7/32 dev lo")
    assert machine.run("python3 /usr/local/lib/send.py").stdout == "127.0.0.1 sent\n198.51.100.7 sent\n"
    sent = machine.run(f"echo $$ >{unit} && python3 /usr/local/lib/send.py").stdout
    assert sent == "127.0.0.1 sent\n198.51.100.7 refused\n"

    killed = machine.run(AWAIT_ANOTHER % "kill -9 $before")
    assert killed.stdout == "1 active\n", killed.stderr

    bad = machine.run(f"/srv/bad/scripts/install --llama {build}")
    assert bad.returncode == 6, bad.stderr
    assert "version 1.1.0 did not become well, so version 1.0.0 is back" in bad.stderr
    assert machine.run("appliance --version; systemctl is-active appliance").stdout == "appliance 1.0.0\nactive\n"

    purged = machine.run("/opt/appliance/current/scripts/install --uninstall --purge --yes")
    assert purged.returncode == 0, purged.stderr
    assert machine.run("systemctl list-unit-files 'appliance*' --no-legend; id appliance").stdout == ""
    left = machine.run("find /etc /opt /usr/local /var/lib /var/cache /var/log -xdev -name '*appliance*'")
    assert left.stdout == ""
