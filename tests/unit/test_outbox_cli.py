"""The commands of `appliance outbox`, beside a daemon that has the database open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from appliance.cli.outbox import app
from appliance.errors import ApplianceError, UsageError
from appliance.storage.db import Database
from appliance.storage.outbox import Outbox, State
from tests.unit.storage_fakes import HandClock, handover


class Daemon:
    """Holds the database open, as the daemon does."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.runner = asyncio.Runner()
        self.database = self.runner.run(Database.open(directory / "appliance.db"))
        self.outbox = Outbox(self.database, HandClock())

    def states(self) -> list[State]:
        return [entry.state for entry in self.runner.run(self.outbox.entries())]

    def close(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    """A daemon with three entries: one failed, one delivered, one that waits."""
    daemon = Daemon(tmp_path / "state")

    async def fill() -> None:
        outbox = daemon.outbox
        for number in range(3):
            await outbox.enqueue("escalation", "desk", handover(f"number {number}").as_dict(), f"key-{number}")
        for settle in (lambda entry: outbox.set_aside(entry, "the receiver answered 422"), outbox.deliver):
            entry = await outbox.claim("desk")
            assert entry is not None
            await settle(entry)

    daemon.runner.run(fill())
    yield daemon
    daemon.close()


def run(daemon: Daemon, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--state", str(daemon.directory)])


def answer(daemon: Daemon, *arguments: str) -> Any:
    return json.loads(run(daemon, *arguments, "--json").stdout)


def error_of(result: Result) -> ApplianceError:
    assert isinstance(result.exception, ApplianceError)
    assert result.exception.remedy
    return result.exception


@pytest.mark.parametrize("command", ["list", "show", "retry", "drop"])
def test_help_has_an_example(command: str) -> None:
    assert f"appliance outbox {command}" in CliRunner().invoke(app, [command, "--help"]).stdout


def test_list_shows_states_and_errors_and_no_content(daemon: Daemon) -> None:
    shown = run(daemon, "list").stdout
    for part in ("failed", "delivered", "waiting", "the receiver answered 422", "2026-03-02T10:05:00"):
        assert part in shown
    assert "Ada Byron" not in shown


def test_list_for_scripts(daemon: Daemon) -> None:
    entries = answer(daemon, "list")
    assert [(entry["id"], entry["state"]) for entry in entries] == [(1, "failed"), (2, "delivered"), (3, "waiting")]
    assert "payload" not in entries[0]
    assert [entry["id"] for entry in answer(daemon, "list", "--only", "failed")] == [1]


def test_show_has_the_content_unless_it_was_delivered(daemon: Daemon) -> None:
    assert answer(daemon, "show", "1")["payload"]["facts"]["name"]["value"] == "Ada Byron"
    assert answer(daemon, "show", "2")["payload"] is None
    assert "content: deleted" in run(daemon, "show", "2").stdout
    assert "Ada Byron" in run(daemon, "show", "1").stdout


def test_retry_lets_the_daemon_send_again(daemon: Daemon) -> None:
    assert "1 will be sent again" in run(daemon, "retry", "1").stdout
    assert daemon.states() == [State.WAITING, State.DELIVERED, State.WAITING]


def test_retry_all_takes_what_failed(daemon: Daemon) -> None:
    assert answer(daemon, "retry", "--all") == {"done": "will be sent again", "ids": [1]}
    assert run(daemon, "retry", "--all").stdout == "nothing will be sent again\n"


@pytest.mark.parametrize("arguments", [(), ("1", "--all")])
def test_retry_wants_entries_or_all(daemon: Daemon, arguments: tuple[str, ...]) -> None:
    assert isinstance(error_of(run(daemon, "retry", *arguments)), UsageError)


def test_what_was_delivered_is_not_touched(daemon: Daemon) -> None:
    assert answer(daemon, "retry", "2")["ids"] == []
    assert answer(daemon, "drop", "2", "--yes")["ids"] == []
    assert daemon.states()[1] is State.DELIVERED


def test_drop_deletes_the_content(daemon: Daemon) -> None:
    assert answer(daemon, "drop", "1", "3", "--yes") == {"done": "dropped", "ids": [1, 3]}
    assert daemon.states() == [State.DROPPED, State.DELIVERED, State.DROPPED]
    assert not any(b"Ada Byron" in file.read_bytes() for file in daemon.directory.iterdir())


def test_drop_asks_and_without_a_terminal_it_refuses(daemon: Daemon) -> None:
    assert "--yes" in error_of(run(daemon, "drop", "1")).remedy
    assert daemon.states()[0] is State.FAILED


@pytest.mark.parametrize("command", ["retry", "drop"])
def test_a_dry_run_changes_nothing(daemon: Daemon, command: str) -> None:
    before = daemon.states()
    assert "1 would be" in run(daemon, command, "1", "--dry-run").stdout
    assert daemon.states() == before


@pytest.mark.parametrize("arguments", [("show", "9"), ("retry", "9"), ("drop", "9", "--yes")])
def test_an_unknown_entry_is_said(daemon: Daemon, arguments: tuple[str, ...]) -> None:
    assert "there is no entry 9" in str(error_of(run(daemon, *arguments)))


def test_looking_makes_no_database(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["list", "--state", str(tmp_path), "--json"])
    assert json.loads(result.stdout) == []
    assert "no outbox yet" in str(error_of(CliRunner().invoke(app, ["show", "1", "--state", str(tmp_path)])))
    assert list(tmp_path.iterdir()) == []
