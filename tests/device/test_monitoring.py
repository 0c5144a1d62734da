"""A running daemon is asked how it is, before it is ready, while it answers, and when its microphone is gone."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from appliance.ops.loopback import HOST
from appliance.ops.visitor import VISIT
from tests.device.daemon import ANSWER_S, READY_S, wait_until
from tests.device.pulse import MOUTH, SPEAKER, PulseServer
from tests.device.test_run import spoken


class Asked:
    """`appliance run` on the private sound server, on a monitoring port of its own."""

    def __init__(self, pulse: PulseServer, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            port = probe.getsockname()[1]
        self._environment = pulse.full_environment() | {
            "APPLIANCE__PERSONA__GREETING": "",
            "APPLIANCE__CONSENT__MODE": "none",
            "APPLIANCE__STORAGE__DIRECTORY": str(folder / "state"),
            "APPLIANCE__MONITORING__HTTP_PORT": str(port),
        }
        self._client = httpx.Client(base_url=f"http://{HOST}:{port}", trust_env=False, timeout=5.0)
        self._log = (folder / "log").open("w+")
        command = [sys.executable, "-m", "appliance", "run"]
        self._process = subprocess.Popen(command, env=self._environment, stdout=self._log, stderr=self._log)

    @property
    def log(self) -> str:
        return Path(self._log.name).read_text(encoding="utf-8")

    def get(self, path: str) -> httpx.Response | None:
        """Ask it; None while it does not answer yet."""
        assert self._process.poll() is None, self.log
        try:
            return self._client.get(path)
        except httpx.ConnectError:
            return None

    def until(self, path: str, fits: Callable[[httpx.Response], bool], within_s: float) -> None:
        """Ask again until the answer fits."""

        def fitting() -> bool:
            answer = self.get(path)
            return answer is not None and fits(answer)

        wait_until(fitting, within_s, lambda: f"{getattr(self.get(path), 'text', 'no answer')}\n{self.log}")

    def series(self) -> dict[str, float]:
        """Return the metrics, `name{label=value}` to value."""
        answer = self.get("/metrics")
        assert answer is not None
        return {
            sample.name + "".join(f"{{{key}={value}}}" for key, value in sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
        }

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the appliance beside it."""
        command = [sys.executable, "-m", "appliance", *arguments]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False, timeout=60)

    def stop(self) -> int:
        """Stop it as systemd does and return the exit status."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(20)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        self._client.close()
        self._log.close()


@pytest.fixture
def asked(pulse: PulseServer, tmp_path: Path) -> Iterator[Asked]:
    asked = Asked(pulse, tmp_path)
    try:
        yield asked
    finally:
        asked.close()


@pytest.mark.device
@pytest.mark.models
def test_a_daemon_tells_how_it_is_from_start_to_stop(pulse: PulseServer, asked: Asked) -> None:
    asked.until("/healthz", lambda answer: answer.status_code == 200, READY_S)
    starting = asked.get("/readyz")
    assert starting is not None
    assert starting.status_code == 503
    assert asked.command("status").returncode == 1
    asked.until("/readyz", lambda answer: answer.status_code == 200, READY_S)

    pulse.speak(spoken(VISIT, "saturday")).wait()
    asked.until("/turns", lambda answer: bool(answer.json()["turns"]), ANSWER_S)
    series = asked.series()
    assert series["appliance_turns_total{outcome=answered}"] == 1
    for stage in ("end_of_turn", "transcript", "first_audio"):
        assert series[f"appliance_turn_stage_seconds_count{{stage={stage}}}"] == 1
    assert series["appliance_transcripts_total{result=understood}"] == 1
    assert series["appliance_ready"] == 1
    assert series["appliance_frames_total"] > 100
    assert series["appliance_knowledge_passages"] > 10
    assert series["process_resident_memory_bytes"] > 2**30

    status = asked.command("status", "--json")
    assert status.returncode == 0, status.stdout
    assert json.loads(status.stdout)["models"]["llm"]["id"]
    shown = asked.command("turns")
    assert "first sound" in shown.stdout
    assert "aturday" not in shown.stdout + asked.log

    pulse.unplug(MOUTH)
    pulse.unplug(SPEAKER)
    asked.until("/readyz", lambda answer: "is failed: The device is lost" in answer.text, 20.0)
    lost = asked.command("status")
    assert lost.returncode == 1
    assert "people cannot be served" in lost.stdout
    pulse.plug_in(MOUTH)
    pulse.plug_in(SPEAKER)
    asked.until("/readyz", lambda answer: answer.status_code == 200, 20.0)
    series = asked.series()
    losses = [series[f"appliance_audio_device_losses_total{{direction={way}}}"] for way in ("capture", "playout")]
    assert sum(losses) >= 1

    assert asked.stop() == 0
    gone = asked.command("status")
    assert gone.returncode == 14
    assert "is not running" in gone.stderr
    assert "Traceback" not in asked.log
