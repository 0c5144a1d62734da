"""From no key to one, and from one key to the next: database, recordings, and the file of the key."""

from __future__ import annotations

from pathlib import Path

from appliance.config.storage import StorageConfig
from appliance.storage.copying import Contents, erase_leftovers, is_plain, opens, replace
from appliance.storage.errors import StorageError, WrongKeyError, explaining
from appliance.storage.files import sync_folder
from appliance.storage.key import Key, make_key_file, read_key_file
from appliance.storage.lock import replacing
from appliance.storage.opening import pending_key
from appliance.storage.sealed import Sealer, reseal_folder


def encrypt(storage: StorageConfig, key: Key) -> Contents | None:
    """Encrypt a database and recordings that were not; None when the database was encrypted already.

    What was readable is overwritten. What was cut off can be done again.

    Raises:
        StorageError: Somebody has the database open, there is none, the disk is full.
        WrongKeyError: It is encrypted already, with another key.
    """
    database = storage.database
    if not database.exists():
        raise StorageError(f"{database}: there is no database yet", remedy="A new one is encrypted from the beginning.")
    with replacing(database), explaining(database):
        erase_leftovers(database)
        contents = replace(database, None, key.database) if is_plain(database) else None
        _refuse_other(database, key)
        reseal_folder(storage.recordings, None, Sealer(key.recordings))
    return contents


def rekey(storage: StorageConfig, old: Key, new: Key) -> bool:
    """Go over from one key to another; return whether the database had the old one until now.

    At every moment the database opens with one of the two, and recordings not yet done with the old one. What was cut
    off is finished by doing it again.

    Raises:
        StorageError: Somebody has the database open, the disk is full.
        WrongKeyError: The database has neither key.
    """
    database = storage.database
    with replacing(database), explaining(database):
        erase_leftovers(database)
        if had_old := not opens(database, new.database):
            _refuse_other(database, old)
            replace(database, old.database, new.database)
        reseal_folder(storage.recordings, Sealer(old.recordings), Sealer(new.recordings))
    return had_old


def rekey_file(storage: StorageConfig) -> tuple[Key, Path]:
    """Go over to a new key in the file of the key; return it, and where the old one is kept for the old backups.

    Until all is done the new key is in a file beside the old one, so that one of the two opens the database.

    Raises:
        StorageError: See `rekey`, and what is wrong with the file of the key.
    """
    file, pending = storage.key_path, pending_key(storage)
    old = read_key_file(file)
    new = read_key_file(pending) if pending.exists() else make_key_file(pending)
    rekey(storage, old, new)
    kept = file.with_name(f"{file.name}.{old.name}")
    with explaining(file):
        if not kept.exists():
            kept.hardlink_to(file)
        pending.replace(file)
        sync_folder(file.parent)
    return read_key_file(file), kept


def _refuse_other(database: Path, key: Key) -> None:
    if not opens(database, key.database):
        raise WrongKeyError(
            f"{database}: {key.source} is not the key of this database, or the database is damaged at its beginning",
            remedy="Give the key that it was encrypted with.",
        )
