"""The doctor beside a daemon that answers on a real port, and without any sound."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import yaml

from appliance.bus import Bus
from appliance.clock import SystemClock
from appliance.config.models import Config, LogConfig
from appliance.ops.doctor import config, daemon, devices, levels, ports, sound_server
from appliance.ops.doctor.bundle import contents
from appliance.ops.doctor.context import Context, prepare
from appliance.ops.doctor.finding import Finding, State
from appliance.ops.doctor.programs import answer_of
from appliance.ops.doctor.systemd import BOOTED
from appliance.ops.health import NEEDED, Part
from appliance.ops.health import State as Health
from appliance.ops.status import Monitor
from appliance.ops.web import serving
from appliance.storage.lock import InstanceLock
from tests.unit.doctor_fakes import context_of, machine_file, only, program, states
from tests.unit.monitoring_fakes import ANSWER, QUESTION, Script, publish

EXAMPLES = Path(__file__).parents[2] / "systemd/examples"


@asynccontextmanager
async def answering(folder: Path, *, transcripts: bool = False) -> AsyncIterator[tuple[Monitor, Path]]:
    """A daemon, as far as the doctor can ask it, and the file of its configuration."""
    monitor = Monitor(Config(log=LogConfig(transcripts=transcripts)), SystemClock())
    for part in NEEDED:
        monitor.health.report(part, Health.OK, "It works.")
    async with serving(monitor, 0) as port:
        file = folder / "config.yaml"
        file.write_text(yaml.safe_dump({"monitoring": {"http_port": port}}))
        yield monitor, file


async def beside(file: Path) -> Context:
    return await prepare(file, SystemClock(), environ={"PATH": os.environ["PATH"]})


async def test_a_running_daemon_is_asked_and_its_devices_are_not_touched(tmp_path: Path) -> None:
    async with answering(tmp_path) as (monitor, file):
        context = await beside(file)
        assert context.running
        assert only(await devices.check(context), State.OK).what == "The appliance runs and has its devices open."
        assert await levels.check(context) == []
        assert "the appliance has port" in only(await ports.check(context), State.OK).what
        assert "It runs since" in only(await daemon.check(context), State.OK).what
        monitor.health.report(Part.MICROPHONE, Health.FAILED, "The device is lost: unplugged.")
        monitor.health.report(Part.DISK, Health.DEGRADED, "Only 3 MiB are free.")
        context = await beside(file)
        assert "microphone: The device is lost" in only(await devices.check(context), State.FAIL).what
        assert "disk is degraded: Only 3 MiB" in only(await daemon.check(context), State.WARN).what


async def test_a_configuration_other_than_the_one_in_use_is_told(tmp_path: Path) -> None:
    async with answering(tmp_path) as (_, file):
        assert "runs with another configuration" in only(await config.check(await beside(file)), State.WARN).what


async def test_turns_in_a_bundle_have_times_and_no_words(tmp_path: Path) -> None:
    async with answering(tmp_path, transcripts=True) as (monitor, file):
        bus = Bus()
        monitor.attach(bus)
        publish(bus, *Script().answered())
        await asyncio.sleep(0)
        assert monitor.turns.after(0)[0]["user"]["text"] == QUESTION
        members = await contents(await beside(file), ())
    (turn,) = json.loads(members["turns.json"])
    assert turn["ms"]["first_audio"] == 750
    assert "appliance_turns_total" in members["metrics.txt"]
    assert json.loads(members["status.json"])["turns"]["total"] == 1
    for words in (QUESTION, ANSWER, "Ada"):
        assert [name for name, text in members.items() if words in text] == []


async def test_what_answers_and_is_no_appliance_is_not_taken_for_one(tmp_path: Path) -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        file = tmp_path / "config.yaml"
        file.write_text(yaml.safe_dump({"monitoring": {"http_port": server.sockets[0].getsockname()[1]}}))
        context = await beside(file)
        assert not context.running
        assert "another program" in only(await ports.check(context), State.FAIL).what


async def test_a_daemon_without_a_port_is_known_by_its_lock(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump({"monitoring": {"http_port": None}}))
    with InstanceLock(tmp_path / "state/appliance.db"):
        context = await beside(file)
        assert context.running
        assert "cannot be asked" in only(await devices.check(context), State.OK).what
        assert "cannot be asked" in only(await daemon.check(context), State.WARN).what
    assert "does not run" in only(await daemon.check(await beside(file)), State.OK).what


def without_server(folder: Path) -> dict[str, str]:
    """Return an environment in which no sound server is found."""
    return {"PATH": os.environ["PATH"], "XDG_RUNTIME_DIR": str(folder)}


async def test_no_sound_at_all_fails_with_a_remedy(tmp_path: Path) -> None:
    context = context_of(tmp_path, {"audio": {"input_device": "no such device"}}, environ=without_server(tmp_path))
    assert "neither a sound card nor a sound server" in only(await sound_server.check(context), State.FAIL).what
    assert "There is no microphone" in only(await devices.check(context), State.FAIL).what
    assert await levels.check(context) == []


async def test_a_sound_server_that_does_not_answer_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path, monkeypatch, "pactl", 'echo "Connection refused" >&2; exit 1')
    environ = {"PATH": os.environ["PATH"], "PULSE_SERVER": f"unix:{tmp_path}/native"}
    found = only(await sound_server.check(context_of(tmp_path, environ=environ)), State.FAIL)
    assert found.what == f"The sound server at unix:{tmp_path}/native does not answer: Connection refused."


SETUPS = ("unix:/run/pulse/native", "unix:/run/appliance-sound/native")
"""Where systemd/examples/audio-*.conf say that the sound server is."""


def unit_with(address: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let systemd have the unit of the service, with its environment as systemctl writes it."""
    example = next(file for file in EXAMPLES.glob("audio-*.conf") if address in file.read_text())
    assert f"Environment=PULSE_SERVER={address}" in example.read_text().splitlines()
    variables = f'PYTHONUNBUFFERED=1 XDG_RUNTIME_DIR=/run/appliance "NOTE=it is \\"loud\\"" PULSE_SERVER={address}'
    machine_file(folder, f"{BOOTED}/.keep", "")
    answer = "LoadState=loaded\nActiveState=active\nEnvironment=" + variables
    (folder / "unit").write_text(answer)
    program(folder, monkeypatch, "systemctl", f"[ $1 = show ] && [ $2 = appliance.service ] && cat {folder}/unit")


@pytest.mark.parametrize("address", SETUPS)
async def test_the_sound_server_of_the_service_is_found_in_its_unit(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit_with(address, tmp_path, monkeypatch)
    program(tmp_path, monkeypatch, "pactl", 'echo "Access denied" >&2; exit 1')  # as root is told
    async with answering(tmp_path) as (monitor, file):

        async def found() -> Finding:
            context = await prepare(file, SystemClock(), environ=without_server(tmp_path), root=tmp_path / "root")
            (one,) = await sound_server.check(context)
            return one

        assert await found() == Finding.ok("sound-server", f"The service uses the sound server at {address}.")
        monitor.health.report(Part.LOUDSPEAKER, Health.STARTING, "It is opened.")
        assert (await found()).state is State.WARN
        monitor.health.report(Part.MICROPHONE, Health.FAILED, "There is no microphone.")
        failed = await found()
    assert failed.state is State.FAIL
    assert f"at {address}, and gets no sound" in failed.what
    stopped = await found()
    assert (stopped.state, "when the service runs" in stopped.what) == (State.WARN, True)


async def test_a_program_that_hangs_is_left_after_its_time() -> None:
    assert await answer_of(["sleep", "30"], timeout_s=0.05) is None
    assert await answer_of(["/nonexistent"]) is None


async def test_cards_without_a_server_are_used_directly(tmp_path: Path) -> None:
    machine_file(tmp_path, "proc/asound/cards", " 0 [Device ]: USB-Audio - USB Audio Device\n")
    (found,) = await sound_server.check(context_of(tmp_path, environ=without_server(tmp_path)))
    assert "(ALSA)" in found.what or "runs for somebody else" in found.what


async def test_a_child_that_dies_is_a_failure_and_not_the_end(tmp_path: Path) -> None:
    environ = without_server(tmp_path) | {"PYTHONHOME": str(tmp_path)}
    found = only(await devices.check(context_of(tmp_path, environ=environ)), State.FAIL)
    assert found.what.startswith("The sound library fails: ")


async def test_a_port_of_the_daemon_on_which_nothing_listens_is_told(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    context = context_of(tmp_path, {"monitoring": {"http_port": port}}, running=True)
    assert "does not listen" in only(await ports.check(context), State.WARN).what
    assert states(await ports.check(context_of(tmp_path, {"monitoring": {"http_port": port}}))) == [State.OK]
