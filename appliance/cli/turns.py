"""`appliance turns`: where the milliseconds of the recent turns went."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from appliance.cli.captions import waterfall
from appliance.cli.options import AsJson, ConfigFile
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.ops.daemon import Daemon, NotRunningError
from appliance.ops.turns import KEPT, milestones_of

EXAMPLES = "Examples: appliance turns · appliance turns --last 20 · appliance turns --follow · appliance turns --json"

POLL_S = 1.0


def turns(
    last: Annotated[int, typer.Option("--last", min=1, max=KEPT, metavar="N", help="How many turns.")] = 5,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with each new turn, until Ctrl-C.")] = False,
    config_file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the last turns: what became of each, and its waterfall. Words only where log.transcripts is on.

    With --json a line per turn.
    """
    daemon = Daemon.configured(load(config_file).monitoring)
    console = Console(highlight=False)
    show = _print_json if as_json else lambda turn: _show(console, turn)
    told = daemon.get("/turns", last=last)
    for turn in told["turns"]:
        show(turn)
    if follow:
        asyncio.run(_follow(daemon, told, show))
    elif not told["turns"] and not as_json:
        print("no turn yet since the appliance was started")


async def _follow(daemon: Daemon, told: Mapping[str, Any], show: Callable[[Mapping[str, Any]], None]) -> None:
    """Show what is new, second by second; the appliance may be restarted meanwhile."""
    clock = SystemClock()
    started_at, seen = told["started_at"], _newest(told, 0)
    while True:
        await clock.sleep(POLL_S)
        try:
            told = await asyncio.to_thread(daemon.get, "/turns", after=seen)
            if told["started_at"] != started_at:
                started_at, seen = told["started_at"], 0
                told = await asyncio.to_thread(daemon.get, "/turns", after=seen)
        except NotRunningError:
            continue
        for turn in told["turns"]:
            show(turn)
        seen = _newest(told, seen)


def _newest(told: Mapping[str, Any], seen: int) -> int:
    return max((turn["n"] for turn in told["turns"]), default=seen)


def _print_json(turn: Mapping[str, Any]) -> None:
    print(json.dumps(turn, ensure_ascii=False), flush=True)


def _show(console: Console, turn: Mapping[str, Any]) -> None:
    at = datetime.fromisoformat(turn["at"]).astimezone()
    colour = {"answered": "green", "failed": "red"}.get(turn["outcome"], "yellow")
    console.print(f"[bold]{turn['n']}[/]  {at:%H:%M:%S}  [{colour}]{escape(turn['outcome'])}[/]")
    for who, words in (("person", turn["user"]["text"]), ("answer", turn["assistant"]["heard"])):
        if words:
            console.print(f"     {who}: {escape(words)}")
    for call in turn["tools"]:
        console.print(f"     {escape(call['tool'])}: {escape(call['outcome'])}")
    for error in turn["errors"]:
        console.print(f"     [red]{escape(error)}[/]")
    for line in waterfall(milestones_of(dict(turn))):
        console.print(f"[dim]     {line}[/dim]", soft_wrap=True)
