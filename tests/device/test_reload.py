"""A running daemon takes over a changed configuration, and leaves a wrong one alone."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.audio.resample import resample
from appliance.config.load import load
from appliance.ops.visitor import VISIT, say
from tests.device.daemon import ANSWER_S, Daemon
from tests.device.pulse import RATE, PulseServer

RELOADED = "the configuration was reloaded: {}"
NOT_RELOADED = "the configuration was not reloaded"


class Site:
    """A configuration file with a daemon that reads it."""

    def __init__(self, pulse: PulseServer, folder: Path) -> None:
        self.config = folder / "config.yaml"
        shutil.copy("config.yaml", self.config)
        self.port = _free_port()
        self._settings = {
            "APPLIANCE_CONFIG": str(self.config),
            "APPLIANCE__MODELS__DIRECTORY": str(load().models.directory.absolute()),
            "APPLIANCE__MONITORING__HTTP_PORT": str(self.port),
            "APPLIANCE__STORAGE__DIRECTORY": str(folder / "state"),
        }
        self._environment = pulse.full_environment() | self._settings
        self.daemon = Daemon(pulse, folder / "state", **self._settings)

    def change(self, old: str, new: str) -> None:
        text = self.config.read_text(encoding="utf-8")
        assert old in text
        self.config.write_text(text.replace(old, new), encoding="utf-8")

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "appliance", *words],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture
def site(pulse: PulseServer, tmp_path: Path) -> Iterator[Site]:
    running = Site(pulse, tmp_path)
    try:
        running.daemon.listens()
        yield running
    finally:
        running.daemon.kill()


@pytest.mark.device
@pytest.mark.models
def test_a_changed_configuration_is_taken_over_without_a_restart(pulse: PulseServer, site: Site) -> None:
    site.change("On Saturday we are open from nine to one.", "On Saturday we are open from ten to two.")
    done = site.command("reload", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["applied"] == ["site.facts"]

    question = next(turn for turn in VISIT if turn.name == "saturday")
    pulse.speak(resample(say(question), 16_000, RATE)).wait()
    site.daemon.says("first sound", ANSWER_S)
    answer = site.daemon.output.rpartition("Joe")[2]
    assert "ten" in answer or "10" in answer, site.daemon.output

    site.change("  goodbye: Goodbye, and take care.", "  godbye: Goodbye, and take care.")
    site.daemon.hang_up()
    site.daemon.says(NOT_RELOADED, ANSWER_S)
    refused = site.command("reload")
    assert refused.returncode == 3
    assert "config.yaml:" in refused.stderr

    site.change("  godbye:", "  goodbye:")
    site.change("Goodbye, and take care.", "Goodbye, and come back.")
    site.daemon.hang_up()
    site.daemon.says(RELOADED.format("phrases.goodbye"), ANSWER_S)

    with urllib.request.urlopen(f"http://127.0.0.1:{site.port}/notice", timeout=10) as answer:
        shown = json.load(answer)
    assert (shown["mode"], shown["kept"]) == ("notice", True)
    assert shown["wording"].startswith("I keep notes")

    trail = site.command("audit", "show", "--json")
    reloads = [line for line in trail.stdout.splitlines() if "admin.reload" in line]
    assert len(reloads) == 3, trail.stdout + trail.stderr
    assert site.command("status").returncode in (0, 1)
    assert site.daemon.interrupt() == 0
