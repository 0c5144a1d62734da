"""`appliance outbox`: what waits to be handed over, what was, and what could not be. Works while the daemon runs."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from appliance.cli.options import AsJson, ConfigFile
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.storage import StorageConfig
from appliance.errors import UsageError
from appliance.storage.opening import open_database
from appliance.storage.outbox import Entry, Outbox, State

app = typer.Typer(no_args_is_help=True, help="What waits to be handed over, what was, and what could not be.")

Work = Callable[[Outbox], Coroutine[Any, Any, list[Entry]]]

PIPE_WIDTH = 200
"""Columns of a table that goes to a file or another program."""
BY_HAND = "dropped by hand"

Directory = Annotated[
    Path | None,
    typer.Option("--state", metavar="DIR", help="The folder with the database; else storage.directory as configured."),
]
Ids = Annotated[list[int] | None, typer.Argument(metavar="ID", help="Entries, by their number.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


@app.command("list", epilog="Examples: appliance outbox list · appliance outbox list --only failed --json")
def list_entries(
    only: Annotated[State | None, typer.Option("--only", help="Only entries in this state.")] = None,
    directory: Directory = None,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List the entries without their content, in the order in which they came."""
    entries = _in_outbox(
        directory, file, lambda outbox: outbox.entries(State if only is None else [only]), needed=False
    )
    if as_json:
        print(json.dumps([_as_json(entry) for entry in entries], indent=2))
        return
    table = Table("id", "time", "kind", "channel", "state", "attempts", "error")
    for entry in entries:
        when, attempts = _time(entry.created_at), str(entry.attempts)
        table.add_row(str(entry.id), when, entry.kind, entry.channel, entry.state, attempts, entry.error)
    out = Console()
    Console(width=None if out.is_terminal else PIPE_WIDTH, markup=False).print(table)


@app.command(epilog="Example: appliance outbox show 17")
def show(
    entry_id: Annotated[int, typer.Argument(metavar="ID", help="An entry, by its number.")],
    directory: Directory = None,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show one entry with its content: what a person has said may be in it. Delivered entries have none."""
    (entry,) = _in_outbox(directory, file, lambda outbox: _found(outbox, [entry_id]), needed=True)
    content = None if entry.payload is None else json.loads(entry.payload)
    if as_json:
        print(json.dumps(_as_json(entry) | {"payload": content}, indent=2, ensure_ascii=False))
        return
    for name, value in _as_json(entry).items():
        print(f"{name}: {value}")
    print("content:", "deleted" if content is None else json.dumps(content, indent=2))


@app.command(epilog="Examples: appliance outbox retry 17 · appliance outbox retry --all")
def retry(
    ids: Ids = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All that failed.")] = False,
    dry_run: DryRun = False,
    directory: Directory = None,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Let the daemon send entries again that failed, or at once what waits; with the same key."""
    if bool(ids) == every:
        raise UsageError(
            "name entries or say --all", remedy="`appliance outbox list --only failed` shows which failed."
        )

    async def work(outbox: Outbox) -> list[Entry]:
        entries = await outbox.entries([State.FAILED]) if every else await _found(outbox, ids or [])
        return entries if dry_run else [entry for entry in entries if await outbox.retry(entry)]

    entries = _in_outbox(directory, file, work, needed=not every)
    _report(entries, "would be sent again" if dry_run else "will be sent again", as_json)


@app.command(epilog="Examples: appliance outbox drop 17 · appliance outbox drop 17 18 --yes")
def drop(
    ids: Annotated[list[int], typer.Argument(metavar="ID", help="Entries, by their number.")],
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    dry_run: DryRun = False,
    directory: Directory = None,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Give entries up for good and delete their content."""
    if not (yes or dry_run):
        _ask(ids)

    async def work(outbox: Outbox) -> list[Entry]:
        entries = await _found(outbox, ids)
        if dry_run:
            return entries
        dropped = [entry for entry in entries if await outbox.drop(entry, BY_HAND)]
        await outbox.wipe()
        return dropped

    entries = _in_outbox(directory, file, work, needed=True)
    _report(entries, "would be dropped" if dry_run else "dropped", as_json)


def _ask(ids: Sequence[int]) -> None:
    if not sys.stdin.isatty():
        raise UsageError("nobody is there to be asked", remedy="Say --yes to drop without a question.")
    typer.confirm(f"Drop {len(ids)} entries for good? Nobody will be told what is in them.", abort=True, err=True)


def _in_outbox(directory: Path | None, file: Path | None, work: Work, *, needed: bool) -> list[Entry]:
    """Do something with the outbox. There is none before the daemon has run, and looking does not make it."""
    storage = StorageConfig(directory=directory) if directory is not None else load(file).storage
    path = storage.database
    if not path.exists():
        if needed:
            raise UsageError(f"{path}: there is no outbox yet", remedy="The daemon makes it when it starts.")
        return []

    async def opened() -> list[Entry]:
        database = await open_database(storage)
        try:
            return await work(Outbox(database, SystemClock()))
        finally:
            await database.close()

    return asyncio.run(opened())


async def _found(outbox: Outbox, ids: Sequence[int]) -> list[Entry]:
    found = {entry_id: await outbox.find(entry_id) for entry_id in ids}
    missing = [str(entry_id) for entry_id, entry in found.items() if entry is None]
    if missing:
        raise UsageError(
            f"there is no entry {', '.join(missing)} in the outbox", remedy="`appliance outbox list` shows all."
        )
    return [entry for entry in found.values() if entry is not None]


def _report(entries: Sequence[Entry], what: str, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"done": what, "ids": [entry.id for entry in entries]}, indent=2))
        return
    for entry in entries:
        print(f"{entry.id} {what} ({entry.kind} for {entry.channel})")
    if not entries:
        print(f"nothing {what}")


def _as_json(entry: Entry) -> dict[str, Any]:
    described = asdict(entry)
    del described["payload"]
    times = {name: _time(described[name]) for name in ("created_at", "changed_at", "next_attempt_at")}
    return described | {"state": entry.state.value} | times


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
