"""What the doctor says of configurations, secrets, permissions, ports and units that are as wrong as can be."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
import yaml

from appliance.clock import SystemClock
from appliance.config.load import load_with_places
from appliance.ops.doctor import config, knowledge, network, permissions, ports, privacy, secrets, systemd, tools
from appliance.ops.doctor.context import Context, prepare
from appliance.ops.doctor.finding import State
from tests.unit.doctor_fakes import context_of, machine_file, only, program, states

BROKEN = """\
persona: {name: 5, greting: hi}
audio: {echo_cancelation: true, auto_gain: maybe}
site: {timezone: Mars/Base, name: ""}
vad: {threshold: 7}
llm: {threads: -1}
monitoring: {http_port: 700000}
network: {allow: ["http://x"]}
storage: {directory: elsewhere, encryption: strong}
log: {level: loud, transcripts: true}
"""
PLANTED = "tok-6f1d2c"


async def prepared(folder: Path, text: str) -> Context:
    file = folder / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return await prepare(file, SystemClock(), environ={"PATH": os.environ["PATH"]})


async def test_every_mistake_is_told_with_its_place_and_what_is_sound_is_kept(tmp_path: Path) -> None:
    context = await prepared(tmp_path, BROKEN)
    found = await config.check(context)
    assert states(found) == [State.FAIL] * 12
    assert f"{tmp_path}/config.yaml:4:18: vad.threshold" in found[6].what
    assert context.config.storage.directory == tmp_path / "elsewhere"
    assert context.config.log.transcripts
    assert context.config.vad.threshold < 1


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "\0", "site: &a [*a]"])
async def test_what_is_no_configuration_leaves_the_defaults(tmp_path: Path, text: str) -> None:
    context = await prepared(tmp_path, text)
    assert State.FAIL in states(await config.check(context))
    assert context.config.models.directory == tmp_path / "models"


async def test_a_file_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    context = await prepare(tmp_path / "none.yaml", SystemClock(), environ={})
    assert "there is no such file" in only(await config.check(context), State.FAIL).what


async def test_settings_that_weaken_something_are_named(tmp_path: Path) -> None:
    sections = {
        "log": {"transcripts": True},
        "redaction": {"enabled": False},
        "audio": {"echo_cancellation": False},
        "storage": {"encryption": "off"},
        "audit": {"enabled": False},
        "network": {"allow": ["10.0.0.1"], "allow_private": True},
        "retention": {"audio": {"keep": True}},
        "handover": {"channels": [{"kind": "webhook", "name": "desk", "url": "http://10.0.0.1/x", "insecure": True}]},
    }
    found = await privacy.check(context_of(tmp_path, sections))
    named = " ".join(finding.what for finding in found)
    wanted = (
        "log.transcripts",
        "redaction.enabled",
        "echo_cancellation",
        "storage.encryption",
        "audit.enabled",
        "allow_private",
        "retention.audio.keep",
        "The channel desk",
        "consent.mode",
    )
    assert [name for name in wanted if name not in named] == []
    assert set(states(found)) == {State.WARN}
    safe = {"consent": {"mode": "notice"}}
    assert states(await privacy.check(context_of(tmp_path, safe))) == [State.OK]


def with_secrets() -> dict[str, object]:
    header = {"Authorization": "Bearer {{ secrets.desk_token }}"}
    return {
        "handover": {
            "channels": [
                {"kind": "webhook", "name": "desk", "url": "http://127.0.0.1/x", "headers": header},
                {
                    "kind": "email",
                    "name": "mail",
                    "host": "127.0.0.1",
                    "username": "u",
                    "password_secret": "mail_password",
                    "sender": "a@example.org",
                    "recipients": ["b@example.org"],
                },
            ]
        }
    }


async def test_missing_secrets_are_named_and_none_is_shown(tmp_path: Path) -> None:
    environ = {"APPLIANCE_SECRET_DESK_TOKEN": PLANTED}
    found = await secrets.check(context_of(tmp_path, with_secrets(), environ=environ))
    missing = only(found, State.FAIL)
    assert "mail_password is missing" in missing.what
    assert missing.what.startswith("handover.channels[2].password_secret")
    credentials = tmp_path / "credentials"
    credentials.mkdir()
    (credentials / "mail_password").write_text(f"{PLANTED}\n")
    environ["CREDENTIALS_DIRECTORY"] = str(credentials)
    found = await secrets.check(context_of(tmp_path, with_secrets(), environ=environ))
    assert "desk_token, mail_password" in only(found, State.OK).what
    assert PLANTED not in str(found)


async def test_the_secrets_of_the_service_are_known_to_whoever_may_read_them(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(with_secrets()))
    for name in ("desk_token", "mail_password"):
        machine_file(tmp_path, f"etc/appliance/credentials/{name}", PLANTED)
    for root, state in ((tmp_path / "root", State.OK), (tmp_path, State.FAIL)):
        context = await prepare(file, SystemClock(), environ={}, root=root)
        assert set(states(await secrets.check(context))) == {state}


async def test_what_others_can_read_or_change_is_told_with_the_command_that_mends_it(tmp_path: Path) -> None:
    file, state = tmp_path / "config.yaml", tmp_path / "state"
    state.mkdir(mode=0o700)
    for path in (
        file,
        state / "database.key",
        state / "audit.key",
        machine_file(tmp_path, "etc/appliance/credentials/a", ""),
    ):
        path.write_text("x")
        path.chmod(0o600)
    (tmp_path / "root/etc/appliance/credentials").chmod(0o700)
    assert states(await permissions.check(context_of(tmp_path, file=file))) == [State.OK]
    for path, mode in (
        (file, 0o646),
        (state / "database.key", 0o604),
        (state / "audit.key", 0o640),
        (state, 0o750),
        (tmp_path / "root/etc/appliance/credentials/a", 0o644),
    ):
        path.chmod(mode)
    found = await permissions.check(context_of(tmp_path, file=file))
    assert set(states(found)) == {State.FAIL}
    assert [finding.remedy.split(";")[0].removesuffix(f"{tmp_path}") for finding in found] == [
        f"chmod o-w {file}",
        f"chmod 700 {state}",
        f"chmod 600 {state / 'database.key'}",
        f"chmod 600 {state / 'audit.key'}",
        f"chmod 600 {tmp_path / 'root/etc/appliance/credentials/a'}",
    ]


async def test_tools_are_checked_and_with_online_their_hosts_are_tried(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        tool = {
            "name": "t",
            "description": "d",
            "use_when": "u",
            "examples": ["a", "b", "c"],
            "say": {"success": "It is {{ unknown }}."},
            "http": {"url": f"http://localhost:{port}/", "result": {"known": "known"}},
        }
        context = context_of(tmp_path, {"tools": [tool]}, online=True)
        found = await tools.check(context)
        assert "`unknown` is unknown here" in only(found, State.FAIL).what
        assert only(found, State.OK).what == f"localhost:{port} can be reached."
    unreachable = only(await tools.check(context), State.WARN)
    assert unreachable.what == f"localhost:{port} cannot be reached: Connection refused."
    assert unreachable.remedy == tools.HERE


async def test_knowledge_that_is_not_there_fails_and_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "knowledge"
    context = context_of(tmp_path, {"knowledge": {"directory": folder}})
    assert "does not exist" in only(await knowledge.check(context), State.FAIL).what
    folder.mkdir()
    (folder / "a.md").write_text("# Hours\n\nWe open at nine.\n")
    assert states(await knowledge.check(context)) == [State.OK]
    (folder / "b.md").write_bytes(b"\xff\xfe\x00")
    assert "not UTF-8" in only(await knowledge.check(context), State.WARN).what


async def test_a_port_that_another_program_has_is_told_with_its_name(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        context = context_of(tmp_path, {"monitoring": {"http_port": port}})
        assert f"process {os.getpid()}" in only(await ports.check(context), State.FAIL).what
    assert states(await ports.check(context)) == [State.OK]


async def test_one_port_for_two_things_fails(tmp_path: Path) -> None:
    sections = {"monitoring": {"http_port": 8765}, "attention": {"http_port": 8765}}
    assert "both 8765" in only(await ports.check(context_of(tmp_path, sections)), State.FAIL).what


async def test_hosts_and_the_unit_are_compared_with_network_allow(tmp_path: Path) -> None:
    context = context_of(tmp_path, {"network": {"allow": ["10.1.0.0/16"]}})
    assert "10.1.0.0/16, which nothing uses" in only(await network.check(context), State.WARN).what
    machine_file(tmp_path, "etc/systemd/system/appliance.service", "[Service]\n")
    machine_file(tmp_path, network.DROP_IN, "[Service]\nIPAddressAllow=localhost\nIPAddressAllow=10.9.9.9/32\n")
    told = [finding.what for finding in await network.check(context)]
    assert told[-1] == "The unit's network.conf is not up to date: it lacks 10.1.0.0/16; it still has 10.9.9.9/32."
    machine_file(tmp_path, network.DROP_IN, "[Service]\nIPAddressAllow=localhost\nIPAddressAllow=10.1.0.0/16\n")
    assert len(await network.check(context)) == 1


async def test_units_are_told_as_systemctl_has_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "systemd does not run here" in only(await systemd.check(context_of(tmp_path)), State.OK).what
    (tmp_path / "root" / systemd.BOOTED).mkdir(parents=True)
    answer = (
        'case $2 in appliance.service) printf "LoadState=loaded\\nActiveState=failed\\nUnitFileState=disabled\\n'
        'Result=watchdog\\nNRestarts=7\\nWatchdogUSec=0\\nNeedDaemonReload=yes\\nDropInPaths=/a/gpu.conf\\n";;'
        ' *purge*) printf "LoadState=loaded\\nActiveState=active\\n";; *) echo LoadState=not-found;; esac'
    )
    program(tmp_path, monkeypatch, "systemctl", answer)
    found = await systemd.check(context_of(tmp_path))
    assert "failed (watchdog)" in only(found, State.FAIL).what
    warnings = [finding for finding in found if finding.state is State.WARN]
    assert [finding.remedy.split(",")[0] for finding in warnings] == [
        "systemctl enable appliance",
        "systemctl daemon-reload",
        "Take WatchdogSec= out of your drop-ins.",
        "journalctl -u appliance says why.",
        "systemctl enable --now appliance-backup.timer",
    ]
    assert only(found, State.OK).what == "Its drop-ins: gpu.conf."


async def test_the_example_of_the_checkout_is_read(tmp_path: Path) -> None:
    file = Path(__file__).parents[2] / "config.yaml"
    context = context_of(tmp_path, file=file)
    assert only(await config.check(context), State.OK).what == f"{file} is valid."
    assert load_with_places(file, {}).config.site.name
