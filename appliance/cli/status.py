"""`appliance status`: what is wrong, at a glance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape

from appliance.cli.options import AsJson, ConfigFile
from appliance.config.load import load
from appliance.ops.daemon import Daemon
from appliance.ops.health import State

EXAMPLES = "Examples: appliance status · appliance status --json · watch -n 5 appliance status"

SOMETHING_IS_WRONG = 1
_STYLES = {State.OK: "green", State.DEGRADED: "yellow", State.STARTING: "cyan", State.FAILED: "bold red"}


def status(config_file: ConfigFile = None, as_json: AsJson = False) -> None:
    """Tell how the running appliance is. Exit status: 0 all is well, 1 something is not, 14 it is not running."""
    told = Daemon.configured(load(config_file).monitoring).get("/status")
    if as_json:
        print(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        _show(Console(highlight=False, soft_wrap=True), told)
    if told["state"] != State.OK:
        raise typer.Exit(SOMETHING_IS_WRONG)


def _show(console: Console, told: Mapping[str, Any]) -> None:
    doing = f", {told['step']}" if told["step"] else f", {told['conversation']}"
    ready = "people can be served" if told["ready"] else "people cannot be served"
    console.print(f"{_state(told['state'])}  {ready}{escape(doing)}; appliance {told['version']}")
    console.print(f"running since {told['started_at'][:19]} UTC")
    console.print()
    for part in told["parts"]:
        since = f"since {part['since'][:19]}"
        console.print(f"  {_state(part['state'], 8)}  {part['part']:<11}  {since}  {escape(part['detail'])}")
    console.print()
    _show_turns(console, told["turns"])


def _show_turns(console: Console, turns: Mapping[str, Any]) -> None:
    counts = [f"{count} {outcome}" for outcome, count in turns["outcomes"].items() if count]
    console.print(f"  turns: {turns['total']}" + (f" ({', '.join(counts)})" if counts else ""))
    figures = turns["first_audio_ms"]
    if figures["n"]:
        median, tail = figures["p50"], figures["p95"]
        console.print(f"  first sound after {median} ms (median), {tail} ms (95 %), of the last {figures['n']} answers")


def _state(state: str, width: int = 0) -> str:
    return f"[{_STYLES[State(state)]}]{state:<{width}}[/]"
