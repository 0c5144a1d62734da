"""Every exit status stands in the documentation, and means one thing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from appliance.cli import main, reload, status
from appliance.errors import ApplianceError, ConfigError
from appliance.ops.daemon import NotRunningError

DOCUMENT = Path(__file__).parents[2] / "docs/operating.md"
app = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
app.command()(reload.reload)
app.command()(status.status)


def errors(kind: type[ApplianceError] = ApplianceError) -> Iterator[type[ApplianceError]]:
    yield kind
    for below in kind.__subclasses__():
        yield from errors(below)


def test_the_documentation_lists_all_of_them() -> None:
    assert main.app.registered_commands  # which has imported whatever can fail
    part = DOCUMENT.read_text(encoding="utf-8").partition("### Exit statuses")[2].partition("\n### ")[0]
    listed = {int(number) for number in re.findall(r"^\| (\d+) \|", part, re.MULTILINE)}
    assert listed == {error.exit_status for error in errors()} | {130}


@pytest.mark.parametrize("command", ["reload", "status"])
def test_a_wrong_configuration_and_an_appliance_that_does_not_run_are_told_apart(tmp_path: Path, command: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("vad: {threshold: 7}\n", encoding="utf-8")
    wrong = CliRunner().invoke(app, [command, "--config", str(file)]).exception
    file.write_text("monitoring: {http_port: 1}\n", encoding="utf-8")
    stopped = CliRunner().invoke(app, [command, "--config", str(file)]).exception
    assert isinstance(wrong, ConfigError)
    assert isinstance(stopped, NotRunningError)
    assert (wrong.exit_status, stopped.exit_status) == (3, 14)
