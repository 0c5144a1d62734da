"""What administrators do by command, as records of the audit trail."""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from typing import Any

from appliance.audit.observer import AuditObserver
from appliance.audit.opening import open_trail
from appliance.clock import Clock
from appliance.config.audit import AuditConfig
from appliance.storage.db import Database


def operator(environ: Mapping[str, str] = os.environ) -> str:
    """Return the name of the user who gave the command, also behind sudo."""
    try:
        return environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # in a container, users need not have names
        return f"uid {os.getuid()}"


async def record_admin(
    config: AuditConfig,
    database: Database,
    clock: Clock,
    kind: str,
    body: Mapping[str, Any],
    who: str | None = None,
) -> None:
    """Record an action of an administrator, such as `export` or `purge`; it is on disk when this returns.

    The command need not be able to read the key: the daemon signs later. Raises AuditError, StorageError.
    """
    if not config.enabled:
        return
    trail = await open_trail(config, database, clock)
    try:
        AuditObserver(trail).admin(kind, operator() if who is None else who, body)
        await trail.flush()
    finally:
        await trail.close()
