"""The database as the configuration wants it: which key, and what if that does not fit."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from appliance.config.storage import Encryption, StorageConfig
from appliance.storage.copying import erase_leftovers, is_plain, opens
from appliance.storage.db import Database, connect
from appliance.storage.errors import KeyFaultError, WrongKeyError, explaining
from appliance.storage.files import PARTIAL
from appliance.storage.key import CREDENTIAL, Key, Keyring, find_key, make_key_file, read_key_file

log = logging.getLogger(__name__)

NEW_KEY = ".new"
"""Ending of the file with the key that a rotation is going over to."""


async def open_database(storage: StorageConfig, environ: Mapping[str, str] = os.environ) -> Database:
    """Open the database with the key that belongs to it, or make both when there is neither. The caller closes it.

    Raises:
        KeyFaultError: The key is missing, unusable or another than the file's, or the file is not encrypted and should
            be; the error says what to do. No file was made or changed.
        StorageError: See `Database.open`.
    """
    key = await asyncio.to_thread(database_key, storage, environ, make=True)
    path = storage.database
    database = await Database.open(path, connect=partial(connect, key=None if key is None else key.database))
    try:
        await asyncio.to_thread(erase_leftovers, path)
    except BaseException:
        await database.close()
        raise
    return database


def database_key(storage: StorageConfig, environ: Mapping[str, str] = os.environ, *, make: bool = False) -> Key | None:
    """Return the key that opens the database, None when that is not encrypted and need not be.

    With `make`, a key file is made when there is neither a database nor a key (`storage.encryption: auto`).

    Raises:
        KeyFaultError: See `open_database`.
    """
    path = storage.database
    with explaining(path):
        there = path.exists()
        empty = there and not path.stat().st_size
        plain = there and is_plain(path)
    wanted = storage.encryption is not Encryption.OFF
    key = find_key(storage.key_path, environ) if wanted else None
    if empty:  # opening it says that
        return key
    if key is not None:
        if plain:
            raise _plain_though_key(path, key)
        return _fitting(storage, key) if there else key
    if there and not plain:
        raise _encrypted_without_key(storage)
    return _without_key(storage, there=there, make=make) if wanted else None


def pending_key(storage: StorageConfig) -> Path:
    """Return the file in which a rotation keeps the new key until all is done."""
    return storage.key_path.with_name(storage.key_path.name + NEW_KEY)


def keyring(storage: StorageConfig, environ: Mapping[str, str] = os.environ) -> Keyring:
    """Return the key in use and those that changes of keys have left beside its file. Raises KeyFaultError."""
    file = storage.key_path
    left = sorted(file.parent.glob(f"{file.name}.*"))
    whole = [other for other in left if other.suffix != PARTIAL]
    return Keyring(present=find_key(file, environ), others=tuple(read_key_file(other) for other in whole))


def _without_key(storage: StorageConfig, *, there: bool, make: bool) -> Key | None:
    if storage.encryption is Encryption.REQUIRED or storage.key_file is not None:
        raise KeyFaultError(
            f"there is no key for the database: neither the credential {CREDENTIAL} nor the file {storage.key_path}",
            remedy=f"`appliance storage new-key --out {storage.key_path}` makes one; keep a copy in a safe place.",
        )
    if there or not make:
        return None
    with contextlib.suppress(KeyFaultError):  # another process was quicker
        make_key_file(storage.key_path)
        log.warning("a key for the database was made in %s; keep a copy in a safe place", storage.key_path)
    return read_key_file(storage.key_path)


def _fitting(storage: StorageConfig, key: Key) -> Key:
    """Return the key that opens the database: this one, or the one that a rotation was going over to."""
    path, pending = storage.database, pending_key(storage)
    if opens(path, key.database):
        return key
    if pending.exists() and opens(path, (new := read_key_file(pending)).database):
        log.warning("a change of keys was cut off; the database has the new key. Finish with `appliance storage rekey`")
        return new
    raise WrongKeyError(
        f"{path}: {key.source} is not the key of this database, or the database is damaged at its beginning",
        remedy="Give the key that it was encrypted with (`appliance storage check` tells keys apart by their names); "
        "if that is this one, put a backup back: `appliance restore`. Nothing was changed.",
    )


def _encrypted_without_key(storage: StorageConfig) -> WrongKeyError:
    if storage.encryption is Encryption.OFF:
        return WrongKeyError(
            f"{storage.database}: the database is encrypted (or damaged at its beginning), and storage.encryption is "
            "off",
            remedy="Set storage.encryption to auto or required, and give its key.",
        )
    return WrongKeyError(
        f"{storage.database}: the database is encrypted (or damaged at its beginning), and there is no key",
        remedy=f"Give the service the credential {CREDENTIAL}, or put the key into {storage.key_path}. "
        "Without its key it cannot be read by anybody.",
    )


def _plain_though_key(path: Path, key: Key) -> KeyFaultError:
    return KeyFaultError(
        f"{path}: there is a key ({key.source}), but the database is not encrypted",
        remedy="Stop the appliance and encrypt it: `appliance storage encrypt`. Or set storage.encryption to off.",
    )
