"""What `--help` says, of every command: in one style."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import typer

from appliance.cli.main import app


def commands(command: Any, name: str) -> Iterator[tuple[str, Any]]:
    yield name, command
    for below in getattr(command, "commands", {}).values():
        yield from commands(below, f"{name} {below.name}")


EVERY = list(commands(typer.main.get_command(app), "appliance"))


@pytest.mark.parametrize(("name", "command"), EVERY, ids=[name for name, _ in EVERY])
def test_examples_are_not_joined_by_what_a_shell_takes_for_a_pipe(name: str, command: Any) -> None:
    joined = " ".join((command.epilog or "").split())
    assert "| appliance" not in joined
    assert "| watch" not in joined
    examples = joined.partition(": ")[2].split(" · ")
    assert not joined.startswith("Example: ") or len(examples) == 1, name
    assert not joined.startswith("Examples: ") or len(examples) > 1, name
