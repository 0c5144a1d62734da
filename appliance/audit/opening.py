"""Opens the audit trail as configured, and puts its keys into force."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from appliance.audit import ledger
from appliance.audit.chain import MICROSECONDS
from appliance.audit.errors import AuditError
from appliance.audit.keys import Signer, find_signer, key_id, make_key_file, read_key_file
from appliance.audit.trail import AuditTrail, Cadence
from appliance.clock import Clock
from appliance.config.audit import AuditConfig
from appliance.storage.db import Database

log = logging.getLogger(__name__)


async def open_trail(
    config: AuditConfig,
    database: Database,
    clock: Clock,
    *,
    redact: Callable[[str], str] | None = None,
    environ: Mapping[str, str] = os.environ,
    may_make_key: bool = False,
) -> AuditTrail:
    """Return the trail of a database; the caller closes it before the database.

    A process that cannot read the key, such as a command beside the daemon, writes without signing. The daemon says
    `may_make_key`, so that a new trail gets a key. Raises AuditError for a key that cannot be used, StorageError.
    """
    in_force = await database.read(ledger.key_in_force)
    key_file = config.key_path(database.path.parent)
    _finish_renewal(key_file, in_force)
    signer = find_signer(key_file, environ)
    if signer is None and in_force is None and may_make_key:
        signer = make_key_file(key_file)
        log.warning("made the key of the audit trail, %s; a credential audit_key would be safer", key_file)
    if in_force is not None and (signer is None or signer.public != in_force):
        have = "no key" if signer is None else f"the key {signer.key_id} of {signer.origin}"
        level = logging.WARNING if may_make_key else logging.DEBUG
        log.log(level, "the audit trail is signed by the key %s; here is %s: signing nothing", key_id(in_force), have)
        signer = None
    cadence = Cadence(
        checkpoint_every_records=config.checkpoint_every_records, checkpoint_every_s=config.checkpoint_every_s
    )
    return AuditTrail(database, clock, redact, signer, cadence)


def _finish_renewal(key_file: Path, in_force: bytes | None) -> None:
    """Put the new key in the place of the old one, where `renew_key_file` was cut off before it could."""
    renewed = _renewed(key_file)
    if in_force is not None and renewed.exists() and read_key_file(renewed).public == in_force:
        renewed.replace(key_file)


def _renewed(key_file: Path) -> Path:
    return key_file.with_name(f"{key_file.name}.new")


async def renew_key_file(database: Database, clock: Clock, key_file: Path, *, lost: bool) -> Signer:
    """Put a new key into force that takes the place of the one in `key_file`. Raises AuditError, StorageError."""
    current = None if lost else read_key_file(key_file)
    signer = await change_key(database, clock, current, _renewed(key_file))
    _finish_renewal(key_file, signer.public)
    return signer


async def change_key(database: Database, clock: Clock, current: Signer | None, new_file: Path) -> Signer:
    """Make a key in a new file and put it into force; `current` signs the record of it, None where it is lost.

    The file is there before the trail names its key. A daemon that runs signs nothing more until it has the new one.
    Raises AuditError, StorageError.
    """
    in_force = await database.read(ledger.key_in_force)
    if in_force is None:
        raise AuditError(
            "the audit trail has no key yet that could be changed",
            remedy="The daemon makes one at its first start, or give it the credential audit_key.",
        )
    if current is not None and current.public != in_force:
        raise AuditError(
            f"{current.origin} is not the key in force, {key_id(in_force)}",
            remedy="Name the key that signs the audit trail now; if it is lost, say --lost.",
        )
    signer = make_key_file(new_file)
    now = round(clock.local_time("UTC").timestamp() * MICROSECONDS)
    await database.write(partial(ledger.introduce, signer=signer, at=now, endorsed_by=current))
    return signer
