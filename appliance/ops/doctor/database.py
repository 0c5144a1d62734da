"""The database: whole, encrypted, its key in a safe place, and backed up."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from appliance.errors import ApplianceError
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding
from appliance.storage.db import Connection, connect
from appliance.storage.driver import Error
from appliance.storage.inspection import Inspection, inspect
from appliance.storage.key import CREDENTIAL, FOLDER_VARIABLE, KEY_VARIABLE
from appliance.storage.opening import database_key

NAME = "database"
BACKUP_DAYS = 2.0
"""The timer makes one every night."""
DAY_S = 86_400.0
_COMMAND = re.compile(r"`[^`]+`")


@contextmanager
def reading(context: Context) -> Iterator[Connection | None]:
    """Yield the database to read from, None where there is none or it cannot be opened; nothing is made or changed.

    Raises driver.Error where what is read is damaged.
    """
    storage = context.config.storage
    try:
        key = database_key(storage, context.environ) if storage.database.exists() else None
        opened = connect(storage.database, None if key is None else key.database) if storage.database.exists() else None
    except (ApplianceError, OSError, Error):
        opened = None
    if opened is None:
        yield None
        return
    with closing(opened) as connection:
        connection.execute("PRAGMA query_only = ON")
        connection.execute("SELECT count(*) FROM sqlite_master")
        yield connection


async def check(context: Context) -> list[Finding]:
    """Read the whole database, and look at what is around it."""
    owner = _other_owner_of_key(context)
    if owner is not None:
        what = f"{context.config.storage.key_path} belongs to user number {owner}, and root reads no key of others."
        return [Finding.warn(NAME, what, f"Look as that user: sudo -u '#{owner}' appliance doctor --only data")]
    found = await asyncio.to_thread(inspect, context.config.storage, context.environ)
    if not found.exists and not found.problems:
        return [Finding.ok(NAME, f"There is no database yet in {found.database.parent}; the daemon makes it.")]
    wrong = [_problem(problem) for problem in found.problems]
    better = [Finding.warn(NAME, what, _todo(what)) for what in found.advice]
    return [*(wrong or [_whole(found)]), *better, *_backup(found, context.clock.local_time("UTC"))]


def _other_owner_of_key(context: Context) -> int | None:
    """Return the user of the service, where its key is a file of its own and root looks; giving it away would be wrong.

    None when there is no such file, or the key comes from elsewhere.
    """
    folder, file = context.environ.get(FOLDER_VARIABLE), context.config.storage.key_path
    given = KEY_VARIABLE in context.environ or (folder and (Path(folder) / CREDENTIAL).exists())
    if os.geteuid() or given or not file.exists():
        return None
    return file.stat().st_uid or None


def _problem(problem: str) -> Finding:
    what, _, remedy = problem.partition(". ")
    return Finding.fail(NAME, what, remedy or "See docs/backup.md.")


def _todo(advice: str) -> str:
    """Return the commands that an advice names."""
    return ", then ".join(_COMMAND.findall(advice)) or "See docs/backup.md."


def _whole(found: Inspection) -> Finding:
    how = f"encrypted ({found.cipher}), its key {found.key_name} from {found.key_source}"
    rows = sum(found.rows.values())
    return Finding.ok(NAME, f"{found.database} is whole, {how if found.encrypted else 'not encrypted'}; {rows} rows.")


def _backup(found: Inspection, now: datetime) -> list[Finding]:
    if found.last_backup is None:
        return []
    with suppress(OSError):
        made = datetime.fromtimestamp(found.last_backup.stat().st_mtime, UTC)
        days = (now - made).total_seconds() / DAY_S
        if days > BACKUP_DAYS:
            what = f"The newest backup is {days:.0f} days old: {found.last_backup}."
            remedy = "`appliance backup` makes one; `systemctl status appliance-backup.timer` says why none was made."
            return [Finding.warn(NAME, what, remedy)]
        return [Finding.ok(NAME, f"The newest backup is {days * 24:.0f} hours old: {found.last_backup}.")]
    return []
