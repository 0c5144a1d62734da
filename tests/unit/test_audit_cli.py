"""The commands of `appliance audit`, beside a daemon that has the trail open."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from appliance.audit.errors import AuditError
from appliance.audit.opening import open_trail
from appliance.cli.audit import app
from appliance.config.audit import AuditConfig
from appliance.config.storage import StorageConfig
from appliance.errors import ApplianceError, UsageError
from appliance.storage.opening import open_database
from tests.unit.audit_fakes import SCRIPT
from tests.unit.storage_fakes import HandClock


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """The folder of an encrypted database with a trail of two sessions."""

    async def fill() -> None:
        database = await open_database(StorageConfig(directory=tmp_path / "state"), {})
        trail = await open_trail(AuditConfig(), database, HandClock(), environ={}, may_make_key=True)
        for number in range(6):
            trail.record("turn", f"s{number % 2}", {"n": number}, {"user": f"words {number}"})
        trail.record("tool.called", "s1", {"tool": "book"})
        await trail.close()
        await database.close()

    asyncio.run(fill())
    return tmp_path / "state"


def run(state: Path, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments), "--state", str(state)])


def answer(state: Path, *arguments: str | Path) -> Any:
    return json.loads(run(state, *arguments, "--json").stdout)


def error_of(result: Result) -> ApplianceError:
    assert isinstance(result.exception, ApplianceError)
    assert result.exception.remedy
    return result.exception


def tamper(state: Path, statement: str) -> None:
    async def work() -> None:
        database = await open_database(StorageConfig(directory=state), {})
        await database.write(lambda connection: connection.execute(statement))
        await database.close()

    asyncio.run(work())


@pytest.mark.parametrize("command", [("verify",), ("show",), ("export",), ("key", "show"), ("key", "new")])
def test_help_has_an_example(command: tuple[str, ...]) -> None:
    assert f"appliance audit {' '.join(command)}" in CliRunner().invoke(app, [*command, "--help"]).stdout


def test_an_intact_trail(state: Path) -> None:
    result = run(state, "verify")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "intact")
    verdict = answer(state, "verify")
    assert (verdict["intact"], verdict["findings"], verdict["key_from_trail"]) == (True, [], False)


def test_a_trail_that_was_tampered_with(state: Path) -> None:
    tamper(state, "UPDATE audit SET body = replace(body, '\"n\":3', '\"n\":4') WHERE seq = 5")
    result = run(state, "verify")
    assert result.exit_code == 1
    assert "record 5: the record does not fit its hash" in result.stdout
    assert answer(state, "verify")["findings"][0]["fault"] == "altered"


def test_a_key_that_was_kept_elsewhere(state: Path, tmp_path: Path) -> None:
    public = tmp_path / "public.key"
    public.write_text(run(state, "key", "show").stdout)
    assert run(state, "verify", "--public-key", public).exit_code == 0
    public.write_text("00" * 32)
    assert run(state, "verify", "--public-key", public).exit_code == 1
    public.write_text("nonsense")
    assert isinstance(error_of(run(state, "verify", "--public-key", public)), AuditError)
    assert error_of(run(state, "verify", "--public-key", tmp_path / "none")).exit_status not in {0, 1}


def test_show_hides_words_unless_it_is_told_to(state: Path) -> None:
    shown = run(state, "show").stdout
    assert "tool.called" in shown
    assert "words 3" not in shown
    assert "user: 'words 3'" in run(state, "show", "--details").stdout
    assert [json.loads(line)["seq"] for line in run(state, "show", "--last", "2", "--json").stdout.splitlines()] == [
        7,
        8,
    ]
    of_session = run(state, "show", "--session", "s1", "--kind", "turn", "--json").stdout.splitlines()
    assert [json.loads(line)["body"]["n"] for line in of_session] == [1, 3, 5]
    assert len(run(state, "show", "--kind", "tool").stdout.splitlines()) == 1
    assert run(state, "show", "--kind", "too").stdout == ""


def test_an_export_verifies_without_the_appliance(state: Path, tmp_path: Path) -> None:
    public, trail = tmp_path / "public.key", tmp_path / "trail.jsonl"
    public.write_text(run(state, "key", "show").stdout)
    assert answer(state, "export", trail)["records"] == 9  # the export itself is recorded
    assert trail.stat().st_mode & 0o777 == 0o600
    assert "words 3" not in trail.read_text()
    assert subprocess.run([sys.executable, "-I", SCRIPT, trail, public], check=False).returncode == 0
    assert run(state, "verify", "--known", trail).exit_code == 0
    trail.write_text(trail.read_text().replace('"n":3', '"n":4'))
    assert subprocess.run([sys.executable, "-I", SCRIPT, trail, public], check=False).returncode == 1
    assert isinstance(error_of(run(state, "export", trail)), UsageError)


def test_an_earlier_export_shows_that_the_end_was_cut_off(state: Path, tmp_path: Path) -> None:
    run(state, "export", tmp_path / "trail.jsonl")
    tamper(state, "DELETE FROM audit WHERE seq > 2")
    tamper(state, "DELETE FROM audit_checkpoints WHERE seq > 2")
    tamper(state, "DELETE FROM audit_details WHERE seq > 2")
    result = run(state, "verify", "--known", tmp_path / "trail.jsonl")
    assert (result.exit_code, "the end was cut off" in result.stdout) == (1, True)


def test_a_new_key_takes_the_place_of_the_old_one(state: Path) -> None:
    before = answer(state, "key", "show")
    made = answer(state, "key", "new")
    after = answer(state, "key", "show")
    assert made["key"] == after["key"] != before["key"]
    assert after["in_force"]
    assert run(state, "verify").exit_code == 0
    assert (state / "audit.key").stat().st_mode & 0o777 == 0o600


def test_a_new_key_for_a_credential_is_written_where_it_is_told(
    state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPLIANCE_SECRET_AUDIT_KEY", (state / "audit.key").read_text().strip())
    assert "cannot replace" in str(error_of(run(state, "key", "new")))
    made = answer(state, "key", "new", tmp_path / "new.key")
    assert not answer(state, "key", "show")["in_force"]
    monkeypatch.setenv("APPLIANCE_SECRET_AUDIT_KEY", (tmp_path / "new.key").read_text().strip())
    assert answer(state, "key", "show") | {"origin": ""} == {
        "key": made["key"],
        "key_id": made["key_id"],
        "origin": "",
        "in_force": True,
    }


def test_without_the_old_key_one_has_to_say_that_it_is_lost(state: Path) -> None:
    (state / "audit.key").unlink()
    assert "cannot be read here" in str(error_of(run(state, "key", "new")))
    assert "not yet" in run(state, "verify").stdout
    assert run(state, "key", "new", "--lost").exit_code == 0
    assert (state / "audit.key").exists()


@pytest.mark.parametrize("command", [("verify",), ("show",), ("export", "/nowhere/trail.jsonl"), ("key", "show")])
def test_looking_makes_no_database(tmp_path: Path, command: tuple[str, ...]) -> None:
    assert isinstance(error_of(run(tmp_path, *command)), UsageError)
    assert list(tmp_path.iterdir()) == []
