"""`appliance backup` and `appliance restore`."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from appliance.cli.options import AsJson, ConfigFile
from appliance.clock import SystemClock
from appliance.config.load import load_with_places
from appliance.config.storage import StorageConfig
from appliance.errors import UsageError
from appliance.storage.archive import Manifest
from appliance.storage.backup import back_up, backups
from appliance.storage.key import Keyring, read_key_file
from appliance.storage.opening import database_key, keyring
from appliance.storage.restore import configuration, restore, verify

BACKUP_EXAMPLES = "Examples: appliance backup · appliance backup --to /mnt/nas --keep 30 · appliance backup --list"
RESTORE_EXAMPLES = "Examples: appliance restore FILE --dry-run · appliance restore FILE --yes"


def backup(
    to: Annotated[
        Path | None, typer.Option("--to", metavar="DIR", help="The folder; else storage.backup_directory.")
    ] = None,
    keep: Annotated[
        int | None, typer.Option("--keep", min=1, metavar="N", help="Keep so many there; else storage.backup_keep.")
    ] = None,
    *,
    only_list: Annotated[bool, typer.Option("--list", help="Only list the backups that are there.")] = False,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Back up database, recordings and configuration, encrypted and read back; also while the daemon runs."""
    loaded = load_with_places(file)
    storage = loaded.config.storage
    folder = to or storage.backups
    if only_list:
        _list(backups(folder), as_json=as_json)
        return
    now = SystemClock().local_time("UTC")
    made = back_up(storage, database_key(storage), loaded.file, now, folder, keep or storage.backup_keep)
    if as_json:
        described = _described(made.manifest) | {"file": str(made.file), "bytes": made.size}
        print(json.dumps(described | {"deleted": [str(old) for old in made.deleted]}, indent=2))
        return
    print(f"{made.file} ({made.size / 1024:.0f} KiB): {_in_words(made.manifest)}")
    for old in made.deleted:
        print(f"deleted {old}")
    if not made.manifest.key_name:
        print("It is not encrypted, because the database is not: see `appliance storage check`.", file=sys.stderr)


def restore_command(
    backup_file: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    *,
    key_file: Annotated[
        Path | None, typer.Option("--key-file", metavar="FILE", help="The key with which this backup was made.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only verify the backup.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    config_out: Annotated[
        Path | None,
        typer.Option("--config-out", metavar="FILE", help="Only write the configuration of the backup to a new file."),
    ] = None,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Put a backup back, after it was verified. The daemon has to be stopped; what was there is kept aside."""
    storage = load_with_places(file).config.storage
    keys = _keys(storage, key_file)
    if config_out is not None:
        _write_configuration(configuration(backup_file, keys, storage), config_out)
        return
    manifest = verify(backup_file, storage, keys)
    if not as_json:
        print(f"{backup_file} is sound: {_in_words(manifest)}")
    aside = None
    if not dry_run:
        if not yes:
            _ask(storage, manifest)
        aside = restore(backup_file, storage, keys, SystemClock().local_time("UTC")).aside
    if as_json:
        state = {"restored": not dry_run, "aside": None if aside is None else str(aside)}
        print(json.dumps(_described(manifest) | state, indent=2))
    elif not dry_run:
        print(f"{storage.database} was restored.")
        if aside is not None:
            print(f"What was there is in {aside}. Delete it when nobody needs it: people's data is in it.")


def _keys(storage: StorageConfig, key_file: Path | None) -> Keyring:
    """Return the keys at hand, and the one that was named."""
    keys = keyring(storage)
    return keys if key_file is None else replace(keys, others=(*keys.others, read_key_file(key_file)))


def _ask(storage: StorageConfig, manifest: Manifest) -> None:
    if not sys.stdin.isatty():
        raise UsageError("nobody is there to be asked", remedy="Say --yes to restore without a question.")
    typer.confirm(f"Replace {storage.database} by its state of {manifest.made_at}?", abort=True, err=True)


def _write_configuration(content: bytes | None, target: Path) -> None:
    if content is None:
        raise UsageError("there is no configuration in this backup", remedy="Take another one.")
    try:
        with target.open("xb") as stream:
            stream.write(content)
    except OSError as error:
        raise UsageError(f"{target}: {error.strerror}", remedy="Name a new file in a folder that you own.") from error
    print(f"the configuration of the backup is in {target}")


def _list(files: list[Path], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps([{"file": str(file), "bytes": file.stat().st_size} for file in files], indent=2))
        return
    for file in files:
        print(f"{file}  {file.stat().st_size / 1024:.0f} KiB")
    if not files:
        print("there are no backups")


def _recordings(manifest: Manifest) -> int:
    return sum(name.startswith("recordings/") for name in manifest.sha256)


def _in_words(manifest: Manifest) -> str:
    key = f"key {manifest.key_name}" if manifest.key_name else "not encrypted"
    rows = sum(manifest.contents.rows.values())
    return f"state of {manifest.made_at}, {rows} rows, {_recordings(manifest)} recordings, {key}"


def _described(manifest: Manifest) -> dict[str, object]:
    return {
        "made_at": manifest.made_at,
        "key": manifest.key_name or None,
        "rows": dict(manifest.contents.rows),
        "recordings": _recordings(manifest),
    }
