"""`appliance status` and `appliance turns`, beside an appliance that answers on a real port."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from appliance.bus import Bus
from appliance.cli.status import status
from appliance.cli.turns import turns
from appliance.clock import SystemClock
from appliance.config.models import Config, LogConfig
from appliance.errors import ApplianceError, UsageError
from appliance.events import AnyEvent
from appliance.ops.daemon import NotRunningError
from appliance.ops.health import NEEDED, Part, State
from appliance.ops.loopback import HOST
from appliance.ops.status import Monitor
from appliance.ops.web import serving
from tests.unit.monitoring_fakes import ANSWER, QUESTION, Script, publish

app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
app.command()(status)
app.command()(turns)


class Appliance:
    """The part of a daemon that answers, on an event loop in a thread of its own."""

    def __init__(self, *, transcripts: bool = False) -> None:
        self.port = 0
        self._transcripts = transcripts
        self._start()

    def _start(self) -> None:
        self._runner = asyncio.Runner()
        self._loop = self._runner.get_loop()
        self._up = threading.Event()
        self._stop = asyncio.Event()
        self.monitor = Monitor(Config(log=LogConfig(transcripts=self._transcripts)), SystemClock())
        self._bus = Bus()
        self.monitor.attach(self._bus)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._up.wait(10)

    def restart(self) -> None:
        """End it and begin anew on the same port."""
        self.close()
        self._start()

    def call(self, work: Callable[..., object], *arguments: object) -> None:
        """Do something on the event loop, and wait until it is done."""
        done = threading.Event()
        self._loop.call_soon_threadsafe(lambda: (work(*arguments), self._loop.call_soon(done.set)))
        assert done.wait(10)

    def see(self, *events: AnyEvent) -> None:
        self.call(publish, self._bus, *events)

    def well(self) -> None:
        for part in NEEDED:
            self.call(self.monitor.health.report, part, State.OK, "It works.")

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._runner.close()

    def _run(self) -> None:
        self._runner.run(self._serve())

    async def _serve(self) -> None:
        async with serving(self.monitor, self.port) as self.port:
            self._up.set()
            await self._stop.wait()


@pytest.fixture
def appliance() -> Iterator[Appliance]:
    appliance = Appliance()
    yield appliance
    appliance.close()


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Result]:
    def run(port: int | None, *arguments: str) -> Result:
        return CliRunner().invoke(app, [*arguments, "--config", str(config_for(port, tmp_path))])

    return run


def config_for(port: int | None, folder: Path) -> Path:
    file = folder / "config.yaml"
    file.write_text(f"monitoring:\n  http_port: {'null' if port is None else port}\n", encoding="utf-8")
    return file


def test_all_is_well(appliance: Appliance, run: Callable[..., Result]) -> None:
    appliance.well()
    appliance.see(*Script().answered())
    done = run(appliance.port, "status")
    assert done.exit_code == 0
    assert done.output.startswith("ok  people can be served, starting; appliance ")
    assert "turns: 1 (1 answered)" in done.output
    assert "first sound after 750 ms (median)" in done.output


def test_what_is_wrong_is_said_with_its_reason(appliance: Appliance, run: Callable[..., Result]) -> None:
    appliance.well()
    appliance.call(appliance.monitor.health.report, Part.OUTBOX, State.DEGRADED, "2 [handovers] were given up.")
    degraded = run(appliance.port, "status")
    assert degraded.exit_code == 1
    assert "degraded  people can be served" in degraded.output
    assert "2 [handovers] were given up." in degraded.output
    appliance.call(appliance.monitor.health.report, Part.MICROPHONE, State.FAILED, "The device is lost.")
    failed = run(appliance.port, "status", "--json")
    assert failed.exit_code == 1
    told = json.loads(failed.stdout)
    assert (told["state"], told["ready"]) == ("failed", False)


def test_while_it_starts_it_says_what_it_does(appliance: Appliance, run: Callable[..., Result]) -> None:
    appliance.call(appliance.monitor.step, "loading the models")
    done = run(appliance.port, "status")
    assert done.exit_code == 1
    assert done.output.startswith("starting  people cannot be served, loading the models;")


@pytest.mark.parametrize("command", ["status", "turns"])
def test_that_it_is_not_running_is_said_plainly(run: Callable[..., Result], command: str) -> None:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    error = run(port, command).exception
    assert isinstance(error, NotRunningError)
    assert error.exit_status == 14
    assert "is not running" in str(error)


def test_without_a_port_it_cannot_be_asked(run: Callable[..., Result]) -> None:
    assert isinstance(run(None, "status").exception, UsageError)


def test_another_program_and_a_missing_token_are_told_apart(
    run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server((HOST, 0)) as other:
        threading.Thread(target=lambda: _say(other, b"SSH-2.0-OpenSSH\r\n")).start()
        error = run(other.getsockname()[1], "status").exception
    assert isinstance(error, ApplianceError)
    assert "is not this appliance" in str(error)
    monkeypatch.setenv("APPLIANCE_SECRET_MONITORING_TOKEN", "secret")
    guarded = Appliance()
    try:
        guarded.well()
        assert run(guarded.port, "status").exit_code == 0
        monkeypatch.delenv("APPLIANCE_SECRET_MONITORING_TOKEN")
        refused = run(guarded.port, "status").exception
        assert isinstance(refused, ApplianceError)
        assert "wants a token" in str(refused)
    finally:
        guarded.close()


def _say(server: socket.socket, words: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(words)


def test_turns_are_shown_with_their_waterfall_and_without_words(
    appliance: Appliance, run: Callable[..., Result]
) -> None:
    assert "no turn yet" in run(appliance.port, "turns").output
    appliance.see(*Script().answered(), *Script(turn_id=2).asked(rejected="silence"), *Script(turn_id=3).answered(30))
    done = run(appliance.port, "turns", "--last", "2")
    assert done.exit_code == 0
    assert "unanswered" in done.output
    assert "first sound" in done.output
    assert "750 ms" in done.output
    assert "Ada" not in done.output
    assert done.output.count("answered\n") == 2
    lines = run(appliance.port, "turns", "--json").stdout.splitlines()
    assert [json.loads(line)["outcome"] for line in lines] == ["answered", "unanswered", "answered"]


def test_words_are_shown_where_they_may_be_logged(run: Callable[..., Result]) -> None:
    appliance = Appliance(transcripts=True)
    try:
        appliance.see(*Script().answered())
        shown = run(appliance.port, "turns").output
        assert f"person: {QUESTION}" in shown
        assert f"answer: {ANSWER}" in shown
    finally:
        appliance.close()


def test_following_goes_on_over_a_restart_until_ctrl_c(appliance: Appliance, tmp_path: Path) -> None:
    appliance.see(*Script().answered())
    command = ["turns", "--follow", "--json", "--config", str(config_for(appliance.port, tmp_path))]
    with subprocess.Popen(
        [sys.executable, "-m", "appliance", *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            assert json.loads(process.stdout.readline())["n"] == 1
            appliance.see(*Script(turn_id=2).answered(20.0))
            assert json.loads(process.stdout.readline())["n"] == 2
            appliance.restart()
            appliance.see(*Script("s2").answered())
            assert json.loads(process.stdout.readline())["session"] == "s2"
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
            assert process.stderr.read() == ""
        finally:
            process.kill()
