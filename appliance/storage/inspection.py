"""What there is to say about the database, its key and its backups, for whoever looks after the appliance."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from appliance.config.storage import StorageConfig
from appliance.storage.backup import backups
from appliance.storage.copying import LOG, checked, is_plain, leftovers
from appliance.storage.db import connect
from appliance.storage.errors import StorageError, explaining
from appliance.storage.key import Key
from appliance.storage.lock import daemon_runs
from appliance.storage.opening import database_key, pending_key
from appliance.storage.restore import put_aside

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """The state of the database. `problems` hinder or endanger; `advice` says what could be better. Sizes in bytes."""

    database: Path
    exists: bool
    encrypted: bool
    cipher: str
    key_source: str
    key_name: str
    size: int
    log_size: int
    rows: Mapping[str, int]
    daemon_runs: bool
    last_backup: Path | None
    problems: tuple[str, ...]
    advice: tuple[str, ...]


def inspect(storage: StorageConfig, environ: Mapping[str, str] = os.environ) -> Inspection:
    """Read the whole database and look at what is around it; it may be in use. Nothing is made or changed.

    Raises:
        StorageError: The folder cannot be read.
    """
    database, problems, rows = storage.database, list[str](), dict[str, int]()
    key: Key | None = None
    with explaining(database):
        exists = database.exists()
        encrypted = exists and not is_plain(database)
        try:
            key = database_key(storage, environ)
            rows = dict(checked(database, None if key is None else key.database).rows) if exists else {}
        except StorageError as error:
            problems.append(f"{error}. {error.remedy}")
        problems += _exposed(database)
        kept = backups(storage.backups)
        return Inspection(
            database=database,
            exists=exists,
            encrypted=encrypted,
            cipher=_cipher(database) if encrypted else "",
            key_source="" if key is None else key.source,
            key_name="" if key is None else key.name,
            size=_size(database),
            log_size=_size(database.with_name(database.name + LOG)),
            rows=rows,
            daemon_runs=daemon_runs(database),
            last_backup=kept[0] if kept else None,
            problems=tuple(problems),
            advice=tuple(_advice(storage, key, encrypted=encrypted, exists=exists, backed_up=bool(kept))),
        )


def _advice(storage: StorageConfig, key: Key | None, *, encrypted: bool, exists: bool, backed_up: bool) -> list[str]:
    advice = []
    if exists and not encrypted:
        advice.append("The database is not encrypted: `appliance storage new-key`, then `appliance storage encrypt`.")
    beside = key is not None and storage.key_path.parent == storage.directory and str(storage.key_path) in key.source
    if beside:
        advice.append(
            "The key lies beside the database: whoever takes the disk has both. A credential of systemd, sealed with "
            "the TPM, keeps them apart (docs/backup.md)."
        )
    if left := leftovers(storage.database):
        advice.append(f"A replacement was cut off; the next start overwrites {', '.join(file.name for file in left)}.")
    if pending_key(storage).exists():
        advice.append("A change of keys was cut off; finish it with `appliance storage rekey`.")
    if aside := put_aside(storage):
        advice.append(f"Databases kept aside hold what should have been deleted: {', '.join(f.name for f in aside)}.")
    if exists and not backed_up:
        advice.append("There is no backup: `appliance backup`.")
    return advice


def _exposed(database: Path) -> list[str]:
    exposed = [file for file in database.parent.glob(f"{database.name}*") if file.stat().st_mode & _OTHERS]
    return [f"Others may read {file}: chmod 600 {file}" for file in exposed]


def _cipher(database: Path) -> str:
    with closing(connect(database)) as connection:
        return f"SQLCipher {connection.execute('PRAGMA cipher_version').fetchone()[0]}, AES-256, HMAC-SHA512"


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
