"""`appliance doctor` as a person runs it, and what is in a support bundle."""

from __future__ import annotations

import json
import stat
import tarfile
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner, Result

from appliance.cli.doctor import doctor
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.models import Config
from appliance.config.schema import config_schema
from appliance.errors import UsageError
from appliance.ops.doctor.bundle import bundle, contents
from appliance.ops.doctor.context import Context, prepare
from appliance.ops.doctor.finding import Finding, State
from appliance.ops.doctor.registry import CHECKS
from appliance.ops.doctor.runner import Check, Group, choose, examine
from appliance.ops.doctor.systemd import BOOTED
from appliance.ops.doctor.told import TECHNICAL
from tests.unit.doctor_fakes import context_of, program

app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
app.command()(doctor)
QUICK = ("--only", "config", "--only", "disk", "--only", "settings")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"consent": {"mode": "notice"}}))
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, arguments)


def test_all_is_well(file: Path) -> None:
    result = run(*QUICK, "--strict", "--config", str(file))
    assert result.exit_code == 0, result.output
    assert f"{file} is valid." in result.stdout
    assert "0 failed, 0 to look after, 5 fine." in result.stdout
    assert "\x1b" not in result.stdout


def test_warnings_count_only_when_they_shall(file: Path) -> None:
    file.write_text("log: {transcripts: true}\nconsent: {mode: ask}\n")
    assert run(*QUICK, "--config", str(file)).exit_code == 0
    result = run(*QUICK, "--strict", "--config", str(file))
    assert result.exit_code == 1
    assert result.stdout.count("Set it to false outside of tests.") == 1
    (todo,) = result.stdout.splitlines()[-1:]
    assert todo == "     → Set it to false outside of tests."


def test_everything_that_is_to_be_done_is_listed_once_and_what_failed_comes_first(file: Path) -> None:
    file.write_text(
        "log: {transcripts: true}\nvad: {threshold: 7, min_speech_duration_ms: x}\nbarge_in: {}\nconsent: {mode: ask}\n"
    )
    told = run(*QUICK, "--config", str(file)).stdout.partition("What to do, the most urgent first\n")
    first, remedy, *others = told[2].splitlines()
    assert first == f"  1. config: {file}:2:18: vad.threshold: expected a number from 0 to 1, got 7 (and 2 more)"
    assert remedy.startswith("     → Correct it, then `appliance config check`.")
    assert [line[:5] for line in others] == ["  2. ", "     "]
    assert told[2].count("config check") == 1
    assert "→" not in told[0]


def test_a_failure_is_told_in_json_too(file: Path) -> None:
    file.write_text("vad: {threshold: 7}\n")
    result = run(*QUICK, "--json", "--config", str(file))
    told = json.loads(result.stdout)
    assert (result.exit_code, told["healthy"], told["totals"]["fail"]) == (1, False, 1)
    (config,) = [check for check in told["checks"] if check["check"] == "config"]
    assert config["findings"][0]["state"] == "fail"
    assert config["findings"][0]["remedy"]


def test_the_checks_are_listed_and_chosen() -> None:
    listed = json.loads(run("--list", "--json").stdout)
    assert [check["check"] for check in listed] == [check.name for check in CHECKS]
    assert len({check.name for check in CHECKS}) == len(CHECKS) >= 20
    assert {check["check"] for check in listed if check["slow"]} == {"hashes", "llama", "levels"}
    assert not any(check.slow for check in choose(CHECKS, quick=True))
    assert [check.group for check in choose(CHECKS, ["sound"])] == [Group.SOUND] * 3


@pytest.mark.parametrize(
    "arguments",
    [["--only", "diks"], ["x.tar.gz"], ["--dry-run"], ["--out", "x"], ["--egress", "--support-bundle"]],
)
def test_what_makes_no_sense_is_refused(arguments: list[str]) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, UsageError)
    assert result.exception.remedy


def test_a_check_without_its_option_is_told_how_to_name_it() -> None:
    error = run("sound").exception
    assert isinstance(error, UsageError)
    assert error.remedy == "Write --only sound."


async def test_a_check_that_breaks_is_a_failure_and_the_next_one_runs(tmp_path: Path) -> None:
    async def broken(_: Context) -> list[Finding]:
        raise RuntimeError("not thought of")

    async def fine(_: Context) -> list[Finding]:
        return [Finding.ok("fine", "It works.")]

    checks = [Check(name=look.__name__, group=Group.DATA, about="", look=look) for look in (broken, fine)]
    found = [each async for each in examine(checks, context_of(tmp_path))]
    assert [finding.state for each in found for finding in each.findings] == [State.FAIL, State.OK]
    assert "RuntimeError: not thought of" in found[0].findings[0].what


PLANTED = {
    "secret": "s3cr3t-token-91",
    "literal header": "Bearer literal-77",
    "query": "key-in-query-55",
    "argument": "password-in-argv-33",
    "phone": "902 555 0147",
    "name": "Miller",
    "card": "4111 1111 1111 1111",
    "words": "my dog has eaten the remote control",
    "address": "anna.miller@example.com",
}
JOURNAL = f"""\
2026-03-02T10:00:00 box appliance[1]: turn 3: understood '{PLANTED["words"]}', confidence 0.91
2026-03-02T10:00:01 box appliance[1]: turn 3: answered '{PLANTED["words"]}'
2026-03-02T10:00:02 box appliance[1]: the tool failed: my name is Anna {PLANTED["name"]}, card {PLANTED["card"]}
2026-03-02T10:00:03 box appliance[1]: refused {PLANTED["secret"]} for {PLANTED["address"]}, phone {PLANTED["phone"]}
2026-03-02T10:00:04 box appliance[1]: health: disk is ok again
2026-03-02T10:00:05 box appliance[1]: there is no room for Karen Doyle and Lindqvist
"""
NAMED = "Karen Doyle"
SECTIONS = {
    "site": {
        "name": f"Practice of {NAMED}",
        "facts": [f"Ask Anna {PLANTED['name']}, whose phone number is {PLANTED['phone']}."],
    },
    "persona": {"greeting": f"Welcome to {NAMED}.", "examples": [{"user": f"Is {NAMED} in?", "assistant": NAMED}]},
    "stt": {"vocabulary": [NAMED, "Lindqvist", "MRI"]},
    "tts": {"lexicon": {NAMED: "Kären"}},
    "knowledge": {"synonyms": {NAMED: ["Karen"], "doctor": [NAMED]}},
    "compliance": {"contact": NAMED},
    "tools": [
        {
            "name": "find_doctor",
            "description": f"Finds {NAMED}.",
            "use_when": f"Somebody wants {NAMED}.",
            "examples": [f"Where is {NAMED}?", "Is she in?", "Which room?"],
            "counter_examples": [f"Who is {NAMED}?"],
            "parameters": {
                "who": {"enum": [NAMED], "synonyms": {NAMED: ["Karen"]}, "default": "Kate Doyle", "ask": f"{NAMED}?"},
                "what": {"values": [NAMED]},
            },
            "say": {"success": f"{NAMED} is in room {{{{ room }}}}."},
            "sql": {"database": "a.db", "query": "SELECT room FROM rooms WHERE x LIKE '%' AND doctor = 'Karen Doyle'"},
        }
    ],
    "forms": [{"name": "f", "description": "d", "examples": [NAMED], "fields": {"to": {"enum": [NAMED]}}}],
    "handover": {
        "channels": [
            {
                "kind": "webhook",
                "name": "desk",
                "url": f"http://127.0.0.1/x?api_key={PLANTED['query']}&desk=1",
                "headers": {"Authorization": PLANTED["literal header"], "X": "{{ secrets.desk }}"},
            },
            {"kind": "command", "name": "door", "argv": ["/bin/true", PLANTED["argument"]]},
        ]
    },
}


async def test_no_secret_no_number_no_name_and_no_words_are_in_a_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, monkeypatch, "journalctl", f"cat {tmp_path}/journal")
    program(tmp_path, monkeypatch, "systemctl", "echo active")
    (tmp_path / "journal").write_text(JOURNAL)
    (tmp_path / "root" / BOOTED).mkdir(parents=True)
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(SECTIONS | {"redaction": {"enabled": False}, "log": {"transcripts": True}}))
    (tmp_path / "state").mkdir()
    (tmp_path / "state/database.key").write_text("0123456789abcdef" * 4)
    (tmp_path / "state/database.key").chmod(0o600)
    environ = {"PATH": str(tmp_path / "programs") + ":/usr/bin:/bin", "APPLIANCE_SECRET_DESK": PLANTED["secret"]}
    context = context_of(tmp_path, config=load(file, {}), file=file, environ=environ)
    members = await contents(context, choose(CHECKS, ["configuration", "systemd"]))
    target = tmp_path / "support.tar.gz"
    bundle(target, members, SystemClock())
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with tarfile.open(target) as archive:
        texts = {Path(m.name).name: archive.extractfile(m).read().decode() for m in archive.getmembers()}  # type: ignore[union-attr]
    assert set(texts) == {
        "READ-ME.txt",
        "doctor.json",
        "config.json",
        "versions.json",
        "machine.json",
        "journal.txt",
        "units.txt",
        "unit.txt",
    }
    for what, planted in {
        **PLANTED,
        "key": "0123456789abcdef",
        "given": "Karen",
        "family": "Doyle",
        "term": "Lindqvist",
    }.items():
        assert [name for name, text in texts.items() if planted in text] == [], what
    assert "health: disk is ok again" in texts["journal.txt"]
    assert "turn 3: understood (left out)" in texts["journal.txt"]
    assert "[PHONE_1]" in texts["journal.txt"]
    assert "[EMAIL_1]" in texts["journal.txt"]
    assert '"X": "{{ secrets.desk }}"' in texts["config.json"]
    assert "journal.txt" in texts["READ-ME.txt"]
    assert '"/bin/true"' in texts["config.json"]
    assert "WHERE x LIKE '%' AND doctor = '***'" in texts["config.json"]
    told = {setting["key"]: setting["value"] for setting in json.loads(texts["config.json"])}
    (tool,) = told["tools"]
    assert (tool["name"], tool["examples"], tool["say"]["success"]) == ("find_doctor", "*** (3)", "{{ room }}")
    assert told["consent.question"] == Config().consent.question
    assert told["site.timezone"] == "UTC"


def test_what_is_told_of_the_settings_are_settings() -> None:
    holders = [config_schema(), *config_schema()["$defs"].values()]
    assert {name for holder in holders for name in holder.get("properties", {})} >= TECHNICAL


async def test_a_secret_on_a_wrong_line_is_not_quoted_in_a_bundle(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text('llm: {threads: "literal-77"}\npassword: literal-88\n')
    context = await prepare(file, SystemClock(), environ={})
    members = await contents(context, choose(CHECKS, ["config"]))
    assert f"{file}:1:16: llm.threads is wrong" in members["doctor.json"]
    assert f"{file}:2:1: password is wrong" in members["config.json"]
    assert [name for name, text in members.items() if "literal" in text] == []


def test_a_bundle_is_listed_before_it_is_written_and_replaces_nothing(tmp_path: Path, file: Path) -> None:
    target = tmp_path / "support.tar.gz"
    result = run("--support-bundle", str(target), "--only", "config", "--dry-run", "--config", str(file))
    assert result.exit_code == 0, result.output
    assert "config.json" in result.stdout
    assert not target.exists()
    assert run("--support-bundle", str(target), "--only", "config", "--config", str(file)).exit_code == 0
    assert tarfile.is_tarfile(target)
    result = run("--support-bundle", str(target), "--only", "config", "--config", str(file))
    assert isinstance(result.exception, UsageError)
