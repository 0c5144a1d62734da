"""`appliance audit`: what was done, whether anybody has changed the record of it, and its keys."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from appliance.audit import ledger
from appliance.audit.admin import record_admin
from appliance.audit.chain import MICROSECONDS, Checkpoint, Record
from appliance.audit.errors import AuditError
from appliance.audit.export import export as export_trail
from appliance.audit.export import read_checkpoints, record_fields
from appliance.audit.keys import find_signer, key_id, read_public_keys
from appliance.audit.opening import change_key, renew_key_file
from appliance.audit.verify import Verdict, verify_database
from appliance.cli.options import AsJson, ConfigFile
from appliance.clock import SystemClock
from appliance.config.audit import AuditConfig
from appliance.config.load import load
from appliance.config.storage import StorageConfig
from appliance.errors import UsageError
from appliance.storage.db import Database
from appliance.storage.opening import open_database

app = typer.Typer(no_args_is_help=True, help="What was done, and whether anybody has changed the record of it.")
keys = typer.Typer(no_args_is_help=True, help="The key that signs the audit trail.")
app.add_typer(keys, name="key")

T = TypeVar("T")
TAMPERED = 1

Directory = Annotated[
    Path | None,
    typer.Option("--state", metavar="DIR", help="The folder with the database; else storage.directory as configured."),
]
PublicKey = Annotated[
    Path | None,
    typer.Option("--public-key", metavar="FILE", help="Public keys that you have kept; else the key of this machine."),
]
Known = Annotated[
    Path | None,
    typer.Option("--known", metavar="FILE", help="An earlier export: what it proves must be there still."),
]
WithDetails = Annotated[
    bool, typer.Option("--details", help="Also what people have said, where it was kept. Mind who will read it.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where the trail is."""

    storage: StorageConfig
    config: AuditConfig

    @property
    def key_file(self) -> Path:
        return self.config.key_path(self.storage.directory)


def _place(directory: Path | None, file: Path | None) -> _Place:
    if directory is not None:
        return _Place(storage=StorageConfig(directory=directory), config=AuditConfig())
    config = load(file)
    return _Place(storage=config.storage, config=config.audit)


@app.command(epilog="Examples: appliance audit verify --public-key public.key · appliance audit verify --json")
def verify(
    public_key: PublicKey = None,
    known: Known = None,
    directory: Directory = None,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Verify the whole trail; exit status 1 if it was tampered with. It can be done while the daemon runs."""
    place = _place(directory, file)
    seen = [] if known is None else read_checkpoints(known)
    verdict = _with_database(place, lambda database: _verified(place, database, public_key, seen))
    if as_json:
        print(json.dumps(asdict(verdict) | {"intact": verdict.intact}, indent=2))
    else:
        _tell(verdict)
    if not verdict.intact:
        raise typer.Exit(TAMPERED)


@app.command(
    epilog="Examples: appliance audit show --last 20 · appliance audit show --kind tool --session 3f2a9c --json"
)
def show(
    session: Annotated[str | None, typer.Option("--session", metavar="ID", help="Only of this session.")] = None,
    kind: Annotated[str | None, typer.Option("--kind", help="Only of this kind, such as tool or consent.")] = None,
    last: Annotated[int, typer.Option("--last", min=1, help="So many records at most, the latest.")] = 50,
    *,
    details: WithDetails = False,
    directory: Directory = None,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Show the latest records, in their order."""

    async def work(database: Database) -> list[Record]:
        return await database.read(lambda connection: ledger.latest(connection, last, session, kind))

    for record in _with_database(_place(directory, file), work):
        fields = record_fields(record, details=details)
        if as_json:
            print(json.dumps(fields | {"time": _time(record.at)}, ensure_ascii=False))
        else:
            print(f"{record.seq:>6} {_time(record.at)} {record.session_id or '-':12} {record.kind:17} {record.body}")
            for name, detail in fields.get("details", {}).items():
                print(f"       {name}: {detail['value']!r}")


@app.command(epilog="Examples: appliance audit export trail.jsonl · appliance audit export trail.jsonl --details")
def export(
    target: Annotated[Path, typer.Argument(metavar="FILE", help="A new file; only its owner can read it.")],
    *,
    details: WithDetails = False,
    directory: Directory = None,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Write the whole trail as JSON Lines, for scripts/verify-audit and for whoever wants to read it."""
    place = _place(directory, file)

    async def work(database: Database) -> int:
        await record_admin(place.config, database, SystemClock(), "export", {"details": details, "of": "audit"})
        with os.fdopen(_created(target), "w", encoding="utf-8") as out:
            return await export_trail(database, out, details=details)

    count = _with_database(place, work)
    print(json.dumps({"records": count, "file": str(target)}) if as_json else f"{count} records in {target}")


@keys.command("show", epilog="Example: appliance audit key show > public.key")
def show_key(directory: Directory = None, file: ConfigFile = None, as_json: AsJson = False) -> None:
    """Print the public key that verifies the trail, in hex. Let somebody else keep it."""
    place = _place(directory, file)
    signer = find_signer(place.key_file)
    in_force = _with_database(place, lambda database: database.read(ledger.key_in_force))
    public = in_force if signer is None else signer.public
    if public is None:
        raise AuditError("the audit trail has no key yet", remedy="The daemon makes one at its first start.")
    origin = "the database, since the private key cannot be read here" if signer is None else signer.origin
    in_use = public == in_force
    if as_json:
        print(json.dumps({"key": public.hex(), "key_id": key_id(public), "origin": origin, "in_force": in_use}))
        return
    print(public.hex())
    print(f"key {key_id(public)} from {origin}{'' if in_use else '; it is NOT in force'}", file=sys.stderr)


@keys.command("new", epilog="Examples: appliance audit key new · appliance audit key new /root/audit_key.new")
def new_key(
    target: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Where to write it; else it replaces the key file.")
    ] = None,
    *,
    lost: Annotated[
        bool, typer.Option("--lost", help="The old key is lost, so that it cannot sign the new one.")
    ] = False,
    directory: Directory = None,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Make a new key and put it into force, signed by the old one. Restart the daemon afterwards."""
    place, clock = _place(directory, file), SystemClock()
    current = None if lost else find_signer(place.key_file)
    if not lost and current is None:
        raise AuditError(
            "the key in force cannot be read here, so it cannot sign the new one",
            remedy="Run this where the key is, or say --lost and hand the new public key to your auditor.",
        )
    if target is None and current is not None and current.origin != str(place.key_file):
        raise UsageError(
            f"the key comes from {current.origin}, which this cannot replace",
            remedy="Name a file for the new key, and put it in the place of the old one yourself.",
        )
    signer = _with_database(
        place,
        lambda database: (
            renew_key_file(database, clock, place.key_file, lost=lost)
            if target is None
            else change_key(database, clock, current, target)
        ),
    )
    if as_json:
        print(json.dumps({"key": signer.public.hex(), "key_id": signer.key_id, "file": signer.origin}))
        return
    print(signer.public.hex())
    print(f"key {signer.key_id} is in force; restart the daemon, and keep this public key too", file=sys.stderr)


def _with_database(place: _Place, work: Callable[[Database], Awaitable[T]]) -> T:
    """Do something with the database. There is none before the daemon has run, and looking does not make it."""
    path = place.storage.database
    if not path.exists():
        raise UsageError(f"{path}: there is no audit trail yet", remedy="The daemon makes it when it starts.")

    async def opened() -> T:
        database = await open_database(place.storage)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(opened())


async def _verified(place: _Place, database: Database, public_key: Path | None, known: Sequence[Checkpoint]) -> Verdict:
    own = find_signer(place.key_file) if public_key is None else None
    trusted = {} if own is None else {own.key_id: own.public}
    if public_key is not None:
        trusted = read_public_keys(public_key)
    tail = 2 * place.config.checkpoint_every_records
    return await verify_database(database, trusted, known=known, longest_tail=tail)


def _tell(verdict: Verdict) -> None:
    console = Console(markup=False, highlight=False, soft_wrap=True)
    for finding in verdict.findings:
        where = (
            f"record {finding.first}" if finding.first == finding.last else f"records {finding.first}-{finding.last}"
        )
        console.print(f"{where}: {finding.what} [{finding.fault}]", style="red")
    print(f"{verdict.records} records, {verdict.first} to {verdict.last}, {verdict.checkpoints} checkpoints")
    print(f"signed up to record {verdict.signed_upto}, {verdict.unsigned} after it not yet")
    if verdict.key_from_trail:
        print("the key was taken from the trail itself: name one that you have kept with --public-key")
    console.print("intact" if verdict.intact else "TAMPERED WITH", style="green" if verdict.intact else "bold red")


def _created(target: Path) -> int:
    try:
        return os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise UsageError(
            f"{target}: {error.strerror}", remedy="Name a file that does not exist, in a folder that may be written."
        ) from error


def _time(micros: int) -> str:
    return datetime.fromtimestamp(micros / MICROSECONDS, UTC).isoformat(timespec="milliseconds")
