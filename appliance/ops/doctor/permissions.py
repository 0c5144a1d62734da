"""Who may read and change what: configuration, secrets, keys, and the folder of what is kept."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from appliance.ops.doctor.context import CREDENTIALS, Context
from appliance.ops.doctor.finding import AS_ROOT, Finding

NAME = "permissions"
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WORLD_WRITES = stat.S_IWOTH


async def check(context: Context) -> list[Finding]:
    """Look at the owners and modes."""
    found = await asyncio.to_thread(lambda: list(_all(context)))
    return found or [Finding.ok(NAME, "Nobody else can change the configuration, or read keys, secrets and records.")]


def _all(context: Context) -> Iterator[Finding]:
    storage, file = context.config.storage, context.file
    if file is not None:
        yield from _changeable(file)
        yield from _changeable(file.absolute().parent)
    yield from _changeable(context.config.models.directory)
    yield from _state(storage.directory)
    yield from _private(storage.key_path)
    yield from _private(context.config.audit.key_path(storage.directory))
    for place in CREDENTIALS[:1]:
        folder = context.root / place
        yield from _private(folder, "700")
        for name in _names(folder):
            yield from _private(folder / name)


def _changeable(path: Path) -> Iterator[Finding]:
    status = _status(path)
    if status is not None and status.st_mode & _WORLD_WRITES and not status.st_mode & stat.S_ISVTX:
        yield Finding.fail(NAME, f"Everybody can change {path} (mode {_mode(status)}).", f"chmod o-w {path}")


def _private(path: Path, mode: str = "600") -> Iterator[Finding]:
    status = _status(path)
    if status is not None and status.st_mode & _OTHERS:
        remedy = f"chmod {mode} {path}; if others have been on this machine, replace the secret."
        yield Finding.fail(NAME, f"Others than its owner can read {path} (mode {_mode(status)}).", remedy)


def _state(folder: Path) -> Iterator[Finding]:
    status = _status(folder)
    if status is None:
        return
    if status.st_mode & _OTHERS:
        yield Finding.fail(
            NAME, f"Others than its owner can look into {folder} (mode {_mode(status)}).", f"chmod 700 {folder}"
        )
    if not os.geteuid() and status.st_uid:  # root looks at the folder of the service
        strangers = [name for name in _names(folder) if (_owner(folder / name)) not in {None, status.st_uid}]
        if strangers:
            what = f"{', '.join(strangers[:5])} in {folder} belong to another user than the folder."
            yield Finding.fail(NAME, what, f"chown -R --reference={folder} {folder}")
    elif not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        what = f"{folder} may not be used by this user (number {os.geteuid()}); it belongs to number {status.st_uid}."
        yield Finding.fail(NAME, what, AS_ROOT)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _owner(path: Path) -> int | None:
    status = _status(path)
    return None if status is None else status.st_uid


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))  # noqa: PTH208 - names are what is wanted
    except OSError:
        return []


def _mode(status: os.stat_result) -> str:
    return f"{stat.S_IMODE(status.st_mode):04o}"
