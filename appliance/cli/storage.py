"""`appliance storage`: the database, its encryption and its key."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from appliance.cli.options import AsJson, ConfigFile
from appliance.config.load import load
from appliance.errors import UsageError
from appliance.storage.errors import KeyFaultError, StorageError
from appliance.storage.inspection import Inspection, inspect
from appliance.storage.key import find_key, make_key_file, new_key, read_key_file
from appliance.storage.rotation import encrypt, rekey, rekey_file

app = typer.Typer(no_args_is_help=True, help="The database: is it sound, is it encrypted, with which key.")

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]


@app.command(epilog="Examples: appliance storage check · appliance storage check --json")
def check(file: ConfigFile = None, as_json: AsJson = False) -> None:
    """Read the whole database and say what is wrong; also while the daemon runs. Exit status 8 if something is."""
    found = inspect(load(file).storage)
    if as_json:
        print(json.dumps(asdict(found), indent=2, default=str))
    else:
        _show(found)
    if found.problems:
        raise typer.Exit(StorageError.exit_status)


@app.command("encrypt", epilog="Examples: appliance storage encrypt --dry-run · appliance storage encrypt")
def encrypt_command(dry_run: DryRun = False, file: ConfigFile = None) -> None:
    """Encrypt a database that is not yet; the readable file is overwritten. The daemon has to be stopped."""
    storage = load(file).storage
    key = find_key(storage.key_path)
    if key is None:
        raise KeyFaultError(
            "there is no key to encrypt with",
            remedy=f"Make one: `appliance storage new-key --out {storage.key_path}`; keep a copy in a safe place.",
        )
    if dry_run:
        print(f"would encrypt {storage.database} with the key {key.name} from {key.source}")
        return
    done = encrypt(storage, key)
    print(f"{storage.database} {'was encrypted already' if done is None else 'is encrypted'}; key {key.name}")
    print(f"The key comes from {key.source}. Without it nobody can read the database: keep a copy in a safe place.")


@app.command("rekey", epilog="Examples: appliance storage rekey · appliance storage rekey --new-key next.key")
def rekey_command(
    new_key_file: Annotated[
        Path | None,
        typer.Option("--new-key", metavar="FILE", help="The new key; needed unless the key is in a file."),
    ] = None,
    dry_run: DryRun = False,
    file: ConfigFile = None,
) -> None:
    """Go over to a new key, or finish doing so. The daemon has to be stopped."""
    storage = load(file).storage
    old = find_key(storage.key_path)
    if old is None:
        raise KeyFaultError("there is no key to change", remedy="`appliance storage check` says what there is.")
    in_file = str(storage.key_path) in old.source
    if new_key_file is None and not in_file:
        raise UsageError(
            f"the key comes from {old.source}, which only you can change",
            remedy="Make one with `appliance storage new-key --out FILE`, and name it: --new-key FILE.",
        )
    if dry_run:
        print(f"would go over from the key {old.name} ({old.source}) to {new_key_file or 'a new one'}")
        return
    if new_key_file is None:
        new, kept = rekey_file(storage)
        print(f"{storage.database} has the key {new.name} now, which is in {storage.key_path}.")
        print(f"The old one is in {kept}: the backups made so far need it. Delete it with the last of them.")
        return
    new = read_key_file(new_key_file)
    changed = rekey(storage, old, new)
    print(f"{storage.database} {'has' if changed else 'had already'} the key {new.name}.")
    print(f"Now put it where the appliance looks for it, instead of {old.source}; keep the old one for old backups.")


@app.command(
    "new-key", epilog="Examples: appliance storage new-key --out /root/database.key · appliance storage new-key"
)
def new_key_command(
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="A new file, readable by you only; else stdout.")
    ] = None,
) -> None:
    """Make a key: 32 random bytes as 64 hexadecimal digits. Nothing is encrypted with it yet."""
    if out is None:
        print(new_key().raw.hex())
        return
    key = make_key_file(out)
    print(f"the key {key.name} is in {out}; keep a copy in a safe place", file=sys.stderr)


def _show(found: Inspection) -> None:
    if not found.exists:
        print(f"{found.database}: there is no database yet")
    else:
        print(f"database: {found.database} ({found.size / 1024:.0f} KiB, log {found.log_size / 1024:.0f} KiB)")
        print(f"encrypted: {found.cipher if found.encrypted else 'no'}")
    if found.rows:
        print(f"rows: {sum(found.rows.values())} in {len(found.rows)} tables")
    print(f"key: {f'{found.key_name} from {found.key_source}' if found.key_name else 'none'}")
    print(f"daemon: {'runs' if found.daemon_runs else 'does not run'}")
    print(f"last backup: {found.last_backup or 'none'}")
    for problem in found.problems:
        print(f"problem: {problem}")
    for advice in found.advice:
        print(f"advice: {advice}")
    if found.exists and not found.problems:
        print("sound: every page and every index was read")
