"""`appliance retention`: what is kept and for how long, deleting what is too old, and legal holds."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from appliance.audit.admin import operator, record_admin
from appliance.audit.observer import AuditObserver
from appliance.audit.opening import open_trail
from appliance.cli.moments import beginning, ending
from appliance.cli.opened import with_database
from appliance.cli.options import AsJson, ConfigFile
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.models import Config
from appliance.config.redaction import Kind
from appliance.config.retention import DataClass
from appliance.errors import UsageError
from appliance.redaction.redactor import Redactor
from appliance.retention.holds import Hold, Holds, Scope
from appliance.retention.inventory import take_stock
from appliance.retention.purge import Beside, Purger
from appliance.retention.report import PurgeReport, moment
from appliance.storage.db import Database
from appliance.storage.records import subject_digest, subject_key

app = typer.Typer(no_args_is_help=True, help="What is kept and for how long; deleting what is too old; legal holds.")
hold = typer.Typer(no_args_is_help=True, help="Legal holds: what they cover is neither purged nor erased.")
app.add_typer(hold, name="hold")

T = TypeVar("T")
PIPE_WIDTH = 160
"""Columns of a table that goes to a file or another program."""
REMAINS = 1


@app.command(epilog="Examples: appliance retention show · appliance retention show --json")
def show(file: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show for each class of what is kept whether and for how many days, how much there is, and since when."""
    config = load(file)
    stock = with_database(config, take_stock)
    classes = {
        kind.value: {
            "keep": config.retention.of(kind).keep,
            "days": config.retention.of(kind).days,
            "records": stock[kind].count,
            "oldest": moment(stock[kind].oldest),
            "held": stock[kind].held,
        }
        for kind in DataClass
    }
    if as_json:
        print(json.dumps(classes, indent=2))
        return
    table = Table("class", "kept", "days", "records", "oldest", "under hold")
    for kind, row in classes.items():
        kept = "yes" if row["keep"] else "no"
        table.add_row(kind, kept, f"{row['days']:g}", str(row["records"]), str(row["oldest"] or "–"), str(row["held"]))
    _print(table)


@app.command(
    epilog="Examples: appliance retention purge --dry-run · appliance retention purge --yes --json",
)
def purge(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    force: Annotated[bool, typer.Option("--force", help="The clock is right, although it seems wrong.")] = False,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Delete what is older than its class allows. The daemon does the same each day; both may run at once."""
    config = load(file)
    if dry_run:
        plan, doubt = with_database(config, lambda database: _planned(config, database))
        _report(plan, "would be deleted", as_json=as_json)
        if doubt:
            print(f"It would need --force: {doubt}.", file=sys.stderr)
        return
    if not yes:
        plan, _ = with_database(config, lambda database: _planned(config, database))
        _ask(plan)
    report = with_database(config, lambda database: _purged(config, database, force=force))
    _report(report, "deleted", as_json=as_json)
    if not report.clean:
        print("Another program was reading, so the log could not be emptied: run this again.", file=sys.stderr)
        raise typer.Exit(REMAINS)


@hold.command(
    epilog='Examples: appliance retention hold place --session 3f2a9c81d0b4 --reason "claim 2026/114" · '
    'appliance retention hold place --subject phone:+19025550142 --from 2026-03-01 --until 2026-03-31 --reason "…"'
)
def place(
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; whoever looks at the holds will read it.")],
    kind: Annotated[DataClass | None, typer.Option("--class", help="Only records of this class.")] = None,
    session: Annotated[str | None, typer.Option("--session", metavar="ID", help="Only of this session.")] = None,
    subject: Annotated[
        str | None, typer.Option("--subject", metavar="KIND:VALUE", help="Only sessions that speak of this person.")
    ] = None,
    begin: Annotated[
        str | None, typer.Option("--from", metavar="DATE", help="Only from this day or moment on.")
    ] = None,
    end: Annotated[str | None, typer.Option("--until", metavar="DATE", help="Only up to this moment.")] = None,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Place a hold. It covers what fits all that is given, also what comes later."""
    config = load(file)
    zone = ZoneInfo(config.site.timezone)
    window = beginning(begin, zone), ending(end, zone)

    async def work(database: Database) -> tuple[Hold, dict[DataClass, int]]:
        scope = Scope(kind=kind, session_id=session, from_at=window[0], until_at=window[1])
        if subject is not None:
            scope = await _of_person(config, database, scope, subject)
        holds = Holds(database, SystemClock())
        placed = await holds.place(scope, reason, operator())
        await _tell(config, database, "placed", placed)
        return placed, await holds.covered(placed)

    placed, covered = with_database(config, work)
    counts = {covers.value: count for covers, count in covered.items() if count}
    if as_json:
        print(json.dumps(_described(placed) | {"covers": counts}, indent=2))
        return
    words = ", ".join(f"{count} of {name}" for name, count in counts.items()) or "nothing that is there now"
    print(f"hold {placed.id} is in force; it covers {words}")


@hold.command(epilog="Example: appliance retention hold release 3")
def release(
    number: Annotated[int, typer.Argument(metavar="ID", help="A hold, by its number.")], file: ConfigFile = None
) -> None:
    """Release a hold. What is too old by then is deleted at the next purge."""
    config = load(file)

    async def work(database: Database) -> Hold | None:
        released = await Holds(database, SystemClock()).release(number)
        if released is not None:
            await _tell(config, database, "released", released)
        return released

    if with_database(config, work) is None:
        raise UsageError(
            f"there is no hold {number} in force", remedy="`appliance retention hold list` shows those that are."
        )
    print(f"hold {number} is released")


@hold.command("list", epilog="Examples: appliance retention hold list · appliance retention hold list --all --json")
def list_holds(
    *,
    every: Annotated[bool, typer.Option("--all", help="Also those that were released.")] = False,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """List the holds that are in force."""
    holds = with_database(load(file), lambda database: Holds(database, SystemClock()).list(released=every))
    rows = [_described(each) for each in holds]
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    table = Table("id", "class", "session", "person", "from", "until", "reason", "placed by", "placed", "released")
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    _print(table)


async def _planned(config: Config, database: Database) -> tuple[PurgeReport, str]:
    purger = Purger(database, config.storage.recordings, config.retention, SystemClock())
    return await purger.plan(), await purger.peek()


async def _purged(config: Config, database: Database, *, force: bool) -> PurgeReport:
    clock = SystemClock()
    folder = config.storage.recordings
    if not config.audit.enabled:
        return await Purger(database, folder, config.retention, clock).purge(force=force)
    trail = await open_trail(config.audit, database, clock)

    async def announce(report: PurgeReport) -> None:
        AuditObserver(trail).admin("purge", operator(), report.as_json())
        await trail.flush()

    try:
        beside = Beside(announce=announce, trail=trail)
        return await Purger(database, folder, config.retention, clock, beside).purge(force=force)
    finally:
        await trail.close()


async def _of_person(config: Config, database: Database, scope: Scope, subject: str) -> Scope:
    """Return the scope for a person, who is found as the redaction would find them."""
    name, separator, value = subject.replace(":", "=", 1).partition("=")
    if not separator or name not in set(Kind):
        raise UsageError(
            f"{subject!r} names nobody", remedy=f"Write KIND:VALUE, where KIND is one of {', '.join(Kind)}."
        )
    redactor = Redactor(config.redaction)
    redactor.learn(Kind(name), value)
    if not redactor.found():
        raise UsageError(
            f"nobody can be found by {subject!r}",
            remedy=f"Write the value in full; and {name} has to be switched on in the section redaction.",
        )
    key = await database.write(subject_key)
    digest = subject_digest(key, redactor.found()[0].normalised)
    return Scope(**asdict(scope) | {"subject_kind": name, "subject_digest": digest})


async def _tell(config: Config, database: Database, action: str, which: Hold) -> None:
    """Tell the audit trail; the reason may name people and stays out of it."""
    body = {"action": action, "hold": which.id, "class": which.scope.kind and which.scope.kind.value}
    await record_admin(config.audit, database, SystemClock(), "hold", body)


def _ask(plan: PurgeReport) -> None:
    if not sys.stdin.isatty():
        raise UsageError("nobody is there to be asked", remedy="Say --yes to delete without a question.")
    typer.confirm(f"Delete {plan.count} records for good?", abort=True, err=True)


def _report(report: PurgeReport, what: str, *, as_json: bool) -> None:
    described = report.as_json()
    if as_json:
        print(json.dumps(described, indent=2))
        return
    table = Table("class", what, "oldest", "newest", "kept by a hold", "sha256")
    for kind, row in described["classes"].items():
        shown = (row["oldest"] or "–", row["newest"] or "–", str(row["held"]), row["sha256"][:12])
        table.add_row(kind, str(row["count"]), *shown)
    _print(table)


def _described(which: Hold) -> dict[str, Any]:
    scope = which.scope
    person = f"{scope.subject_kind} {scope.subject_digest.hex()[:12]}" if scope.subject_digest else None
    return {
        "id": which.id,
        "class": scope.kind and scope.kind.value,
        "session": scope.session_id,
        "subject": person,
        "from": moment(scope.from_at),
        "until": moment(scope.until_at),
        "reason": which.reason,
        "placed_by": which.placed_by,
        "placed_at": moment(which.placed_at),
        "released_at": moment(which.released_at),
    }


def _print(table: Table) -> None:
    out = Console()
    Console(width=None if out.is_terminal else PIPE_WIDTH, markup=False).print(table)
