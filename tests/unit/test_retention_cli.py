"""The commands of `appliance retention`, on an encrypted database and beside a daemon that has it open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from appliance.cli.retention import app
from appliance.config.storage import StorageConfig
from appliance.errors import ApplianceError, UsageError
from appliance.retention.clockwatch import DAY_S
from appliance.retention.errors import DoubtfulClockError
from appliance.storage.db import Connection, Database
from appliance.storage.opening import open_database
from appliance.storage.records import Turn, add, subject_digest, subject_key
from tests.unit.retention_fakes import rows


class Daemon:
    """Holds the database open, as the daemon does."""

    def __init__(self, directory: Path) -> None:
        self.config = directory / "config.yaml"
        self.config.write_text("site: {timezone: Europe/Berlin}\nstorage: {directory: state}\n", encoding="utf-8")
        self.runner = asyncio.Runner()
        self.database: Database = self.runner.run(open_database(StorageConfig(directory=directory / "state")))

    def turns(self) -> list[str]:
        return [row[4] for row in self.runner.run(rows(self.database, "turns"))]

    def audited(self) -> list[dict[str, Any]]:
        read = self.runner.run(rows(self.database, "audit"))
        return [json.loads(row[4]) for row in read if str(row[2]).startswith("admin.")]

    def close(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()


@pytest.fixture
def daemon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    """A daemon with an old turn of a person and a young one."""
    monkeypatch.delenv("APPLIANCE_CONFIG", raising=False)
    daemon = Daemon(tmp_path)
    now = datetime.now(UTC).timestamp()

    def fill(connection: Connection) -> None:
        for name, age in (("old", 40), ("young", 1)):
            at = now - age * DAY_S
            turn = Turn(session_id=name, turn_id=1, at=at, user_text=name, heard_text="", interrupted=False)
            add(connection, turn)
        digest = subject_digest(subject_key(connection), "+4930901820")
        connection.execute("INSERT INTO subjects VALUES ('old', 'phone', ?)", (digest,))

    daemon.runner.run(daemon.database.write(fill))
    yield daemon
    daemon.close()


def run(daemon: Daemon, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--config", str(daemon.config)])


def answer(daemon: Daemon, *arguments: str) -> Any:
    result = run(daemon, *arguments, "--json")
    assert result.exit_code == 0, result
    return json.loads(result.stdout)


def error_of(result: Result) -> ApplianceError:
    assert isinstance(result.exception, ApplianceError), result
    assert result.exception.remedy
    return result.exception


@pytest.mark.parametrize("command", [("show",), ("purge",), ("hold", "place"), ("hold", "release"), ("hold", "list")])
def test_help_has_an_example(command: tuple[str, ...]) -> None:
    assert f"appliance retention {' '.join(command)}" in CliRunner().invoke(app, [*command, "--help"]).stdout


def test_show_tells_what_is_kept_and_how_much_there_is(daemon: Daemon) -> None:
    shown = answer(daemon, "show")
    assert shown["audio"] == {"keep": False, "days": 7.0, "records": 0, "oldest": None, "held": 0}
    assert (shown["transcript"]["records"], shown["transcript"]["days"]) == (2, 30.0)
    assert "tool_arguments" in run(daemon, "show").stdout


def test_a_dry_run_deletes_nothing(daemon: Daemon) -> None:
    assert answer(daemon, "purge", "--dry-run")["classes"]["transcript"]["count"] == 1
    assert daemon.turns() == ["old", "young"]


def test_a_purge_beside_the_daemon_is_reported_and_audited(daemon: Daemon) -> None:
    report = answer(daemon, "purge", "--yes")
    assert report["classes"]["transcript"]["count"] == 1
    assert report["clean"]
    assert daemon.turns() == ["young"]
    assert [body["stage"] for body in daemon.audited()] == ["begun", "done"]
    assert daemon.audited()[1]["classes"] == report["classes"]


def test_a_purge_is_not_made_without_a_question(daemon: Daemon) -> None:
    assert isinstance(error_of(run(daemon, "purge")), UsageError)
    assert daemon.turns() == ["old", "young"]


def test_a_doubtful_clock_needs_force(daemon: Daemon) -> None:
    def age(connection: Connection) -> None:
        connection.execute("UPDATE turns SET at = at - ?", (90 * DAY_S,))

    daemon.runner.run(daemon.database.write(age))
    assert "--force" in run(daemon, "purge", "--dry-run").stderr
    assert isinstance(error_of(run(daemon, "purge", "--yes")), DoubtfulClockError)
    assert daemon.turns() == ["old", "young"]
    assert run(daemon, "purge", "--yes", "--force").exit_code == 0
    assert daemon.turns() == []


def test_a_hold_on_a_person_stops_the_purge_until_it_is_released(daemon: Daemon) -> None:
    placed = answer(daemon, "hold", "place", "--subject", "phone=+49 30 901820", "--reason", "claim 7")
    assert placed["covers"] == {"transcript": 1}
    assert answer(daemon, "purge", "--yes")["classes"]["transcript"] == {
        "count": 0,
        "oldest": None,
        "newest": None,
        "held": 1,
        "sha256": "",
    }
    assert [each["reason"] for each in answer(daemon, "hold", "list")] == ["claim 7"]
    assert run(daemon, "hold", "release", "1").stdout == "hold 1 is released\n"
    assert answer(daemon, "hold", "list") == []
    assert [each["id"] for each in answer(daemon, "hold", "list", "--all")] == [1]
    assert isinstance(error_of(run(daemon, "hold", "release", "1")), UsageError)
    answer(daemon, "purge", "--yes")
    assert daemon.turns() == ["young"]
    assert [body["action"] for body in daemon.audited() if "action" in body] == ["placed", "released"]


def test_a_day_is_a_day_of_the_site(daemon: Daemon) -> None:
    placed = answer(
        daemon, "hold", "place", "--from", "2026-03-01", "--until", "2026-03-01", "--reason", "an accident at the desk"
    )
    assert (placed["from"], placed["until"]) == ("2026-02-28T23:00:00+00:00", "2026-03-01T22:59:59+00:00")
    shown = run(daemon, "hold", "list").stdout
    assert "an accident" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("--reason", "why"),
        ("--reason", "why", "--subject", "Ada Byron"),
        ("--reason", "why", "--subject", "shoe=42"),
        ("--reason", "why", "--subject", "phone=none"),
        ("--reason", "why", "--from", "yesterday"),
        ("--reason", "", "--session", "s1"),
    ],
)
def test_a_hold_that_cannot_be_meant_is_refused(daemon: Daemon, arguments: tuple[str, ...]) -> None:
    assert isinstance(error_of(run(daemon, "hold", "place", *arguments)), UsageError)
    assert answer(daemon, "hold", "list") == []


def test_looking_makes_no_database(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("storage: {directory: state}\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["show", "--config", str(config)])
    assert isinstance(error_of(result), UsageError)
    assert list(tmp_path.iterdir()) == [config]
