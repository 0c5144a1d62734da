"""`appliance data`: the rights of a person: what is kept of them, a copy of it, and erasing it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar
from zoneinfo import ZoneInfo

import typer
from rich.console import Console
from rich.table import Table

from appliance.audit.admin import record_admin
from appliance.audit.opening import open_trail
from appliance.cli.moments import beginning, ending
from appliance.cli.opened import with_database
from appliance.cli.options import AsJson, ConfigFile
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.models import Config
from appliance.errors import UsageError
from appliance.ops.compliance.handout import Cover, make_folder, write_handout
from appliance.ops.compliance.language import Language, Words
from appliance.retention.dossier import collect
from appliance.retention.errors import BlockedError
from appliance.retention.reach import Extent
from appliance.retention.report import moment
from appliance.retention.rights import Eraser, Erasure, plan_erasure
from appliance.retention.search import Found, Request, Search
from appliance.retention.sounds import read_sounds
from appliance.retention.subjects import Reader
from appliance.storage.backup import backups
from appliance.storage.db import Database
from appliance.storage.lock import daemon_runs
from appliance.storage.restore import put_aside

app = typer.Typer(no_args_is_help=True, help="The rights of a person: find, hand out and erase what is kept of them.")

T = TypeVar("T")
PIPE_WIDTH = 160
"""Columns of a table that goes to a file or another program."""
REMAINS = 1

Person = Annotated[
    str | None,
    typer.Option("--subject", metavar="WHO", help="Sessions that speak of somebody: phone:+1902…, email:…, name:…, …"),
]
SessionId = Annotated[str | None, typer.Option("--session", metavar="ID", help="This session.")]
From = Annotated[str | None, typer.Option("--from", metavar="DATE", help="Sessions of this day or moment, and later.")]
To = Annotated[str | None, typer.Option("--to", metavar="DATE", help="Sessions up to this day or moment.")]


@app.command(
    epilog='Examples: appliance data find --subject phone:+19025550142 · appliance data find --subject "Karen Doyle" '
    "--from 2026-03-01 --to 2026-03-31 --json"
)
def find(
    subject: Person = None,
    session: SessionId = None,
    begin: From = None,
    end: To = None,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Find the sessions for which all that is given holds, and say how much is kept of each."""
    config = load(file)
    request = _request(config, subject, session, (begin, end))
    found = with_database(config, lambda database: _find(config, database, request))
    if as_json:
        shown = {"sessions": _described(found.sessions), "possible": _described(found.possible)}
        print(json.dumps(shown | {"subject": found.digest}, indent=2))
        return
    if not found.sessions:
        print("nothing is kept of that")
    _show(found.sessions)
    if found.possible:
        print("These may be another person's: they have only a part of the name or number. Look before you act on one:")
        _show(found.possible)


@app.command(
    epilog="Examples: appliance data export --subject email:a@example.org --out /root/request-17 · "
    "appliance data export --session 3f2a9c81d0b4 --out copy"
)
def export(
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="A new or empty folder.")],
    subject: Person = None,
    session: SessionId = None,
    begin: From = None,
    end: To = None,
    language: Annotated[Language, typer.Option("--language", help="Of the page: English, or Portuguese.")] = (
        Language.ENGLISH
    ),
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Write what is kept of a person: a page to read, JSON, and recordings as FLAC. It is not encrypted any more."""
    config = load(file)
    request = _request(config, subject, session, (begin, end))
    written = with_database(config, lambda database: _export(config, database, request, out, Words(language)))
    if as_json:
        print(json.dumps({"folder": str(out), "files": written}, indent=2))
        return
    print(f"{len(written)} files are in {out}; anybody who has them can read them, so delete them when they are sent:")
    for name in written:
        print(f"  {name}")


@app.command(
    epilog="Examples: appliance data erase --subject phone:+19025550142 --dry-run · "
    "appliance data erase --session 3f2a9c81d0b4 --yes"
)
def erase(
    *,
    subject: Person = None,
    session: SessionId = None,
    begin: From = None,
    end: To = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be erased.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    partly: Annotated[
        bool, typer.Option("--partly", help="Leave sessions that are under a hold or going on; exit status 12.")
    ] = False,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Erase whole sessions for good: words, recordings, messages, also such that still wait to be sent.

    Receipts of consent stay without the person's words, and the audit trail stays verifiable without them.
    """
    config = load(file)
    request = _request(config, subject, session, (begin, end))
    plan = with_database(config, lambda database: _planned(config, database, request, partly=partly))
    if not dry_run and not yes:
        _ask(plan)
    what = "would be erased" if dry_run else "were erased"
    result = plan
    if not dry_run:
        result = with_database(config, lambda database: _erased(config, database, request, partly=partly))
    _report(config, result, what, as_json=as_json)
    if not dry_run and not result.clean:
        print("Another program was reading, so the log could not be emptied: run this again.", file=sys.stderr)
        raise typer.Exit(REMAINS)
    if result.held or result.live:
        raise typer.Exit(BlockedError.exit_status)


def _request(
    config: Config, subject: str | None, session: str | None, window: tuple[str | None, str | None]
) -> Request:
    zone = ZoneInfo(config.site.timezone)
    return Request(
        subject=None if subject is None else Reader(config.redaction).subject(subject),
        session_id=session,
        from_at=beginning(window[0], zone),
        until_at=ending(window[1], zone),
    )


async def _find(config: Config, database: Database, request: Request) -> Found:
    now = SystemClock().local_time("UTC").timestamp()
    search = Search(database, Reader(config.redaction))
    return await search.find(request, now, daemon=daemon_runs(config.storage.database))


async def _export(config: Config, database: Database, request: Request, out: Path, words: Words) -> list[str]:
    found = await _find(config, database, request)
    if not found.sessions:
        raise UsageError("nothing is kept of that, so there is nothing to write", remedy=_LOOK)
    make_folder(out)
    sessions = [each.session_id for each in found.sessions]
    dossier = await collect(database, sessions)
    body = {"of": "person", "subject": found.digest, "sessions": sessions, "recordings": len(dossier.recordings)}
    await record_admin(config.audit, database, SystemClock(), "export", body)
    sounds = await asyncio.to_thread(read_sounds, config.storage, dossier.recordings)
    cover = Cover(
        site=config.site.name,
        controller=config.compliance.controller,
        contact=config.compliance.contact,
        made_at=SystemClock().local_time("UTC").isoformat(timespec="seconds"),
        timezone=config.site.timezone,
    )
    return await asyncio.to_thread(write_handout, out, cover, dossier, sounds, words)


_LOOK = "`appliance data find` shows what there is, also sessions that only may be meant."


async def _planned(config: Config, database: Database, request: Request, *, partly: bool) -> Erasure:
    return await plan_erasure(database, await _find(config, database, request), partly=partly)


async def _erased(config: Config, database: Database, request: Request, *, partly: bool) -> Erasure:
    found = await _find(config, database, request)
    announce = partial(record_admin, config.audit, database, SystemClock(), "erasure")
    trail = await open_trail(config.audit, database, SystemClock())
    try:
        return await Eraser(database, config.storage.recordings, trail, announce).erase(found, partly=partly)
    finally:
        await trail.close()


def _ask(plan: Erasure) -> None:
    if not sys.stdin.isatty():
        raise UsageError("nobody is there to be asked", remedy="Say --yes to erase without a question.")
    if plan.undelivered:
        print(f"Messages that have reached nobody yet, and never will: {plan.undelivered}", file=sys.stderr)
    typer.confirm(f"Erase for good what is kept of {', '.join(plan.sessions) or 'no session'}?", abort=True, err=True)


def _report(config: Config, result: Erasure, what: str, *, as_json: bool) -> None:
    older = [str(path) for path in backups(config.storage.backups)] if result.sessions else []
    aside = [str(path) for path in put_aside(config.storage)] if result.sessions else []
    if as_json:
        print(json.dumps(result.as_json() | {"backups": older, "put_aside": aside}, indent=2))
        return
    print(f"sessions that {what}: {len(result.sessions)}")
    for name, count in result.deleted.items():
        if count:
            print(f"  {_NAMES[name]}: {count}")
    if result.undelivered:
        print(f"messages that had reached nobody, and never will: {result.undelivered}")
    if result.recipients:
        print(f"Others were delivered by {', '.join(result.recipients)}: tell who has them that they are to be deleted")
    if older:
        print(f"backups in {config.storage.backups} that may have it still: {len(older)}; erase again after a restore")
    if aside:
        print(f"databases that were put aside and may have it still, delete them: {', '.join(aside)}")
    for why, sessions in (("under a hold", result.held), ("going on", result.live)):
        if sessions:
            print(f"left, because {why}: {', '.join(sessions)}", file=sys.stderr)


_NAMES = {
    "recordings": "recordings",
    "turns": "turns",
    "tool_calls": "calls of tools",
    "turn_metrics": "figures of turns",
    "outbox": "messages to people",
    "receipts": "results of changes",
    "conversations": "conversations that were to be continued",
    "sessions": "entries of sessions",
    "consents": "receipts of consent",
    "audit": "records of the audit trail",
    "subjects": "digests of people",
    "audit_details": "words beside the audit trail",
    "answers": "words in receipts of consent",
}


def _described(extents: Sequence[Extent]) -> list[dict[str, Any]]:
    return [
        {
            "session": each.session_id,
            "first": moment(each.first_at),
            "last": moment(each.last_at),
            "records": each.counts,
            "consent": list(each.decisions),
            "holds": [{"id": hold.id, "reason": hold.reason} for hold in each.holds],
            "going_on": each.live,
        }
        for each in extents
    ]


def _show(extents: Sequence[Extent]) -> None:
    if not extents:
        return
    table = Table("session", "first", "last", "records", "consent", "holds")
    for each in extents:
        records = ", ".join(f"{_NAMES[name]} {count}" for name, count in each.counts.items() if count)
        holds = ", ".join(f"{hold.id} ({hold.reason})" for hold in each.holds)
        times = str(moment(each.first_at)), "going on" if each.live else str(moment(each.last_at))
        table.add_row(each.session_id, *times, records, ", ".join(each.decisions), holds)
    out = Console()
    Console(width=None if out.is_terminal else PIPE_WIDTH, markup=False).print(table)
