"""Reads recordings of voices, which are sealed where the database is encrypted."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path

from appliance.config.storage import StorageConfig
from appliance.storage.errors import StorageError, explaining
from appliance.storage.opening import database_key
from appliance.storage.records import Recording
from appliance.storage.sealed import Sealer

log = logging.getLogger(__name__)


def read_sounds(storage: StorageConfig, recordings: Sequence[Recording]) -> dict[str, bytes | None]:
    """Return each recording as FLAC by the name of its file; None for one that is missing, changed or unreadable.

    Raises KeyFaultError when the key is missing or another one's.
    """
    key = database_key(storage) if recordings else None
    sealer = None if key is None else Sealer(key.recordings)
    return {each.file: _flac(storage.recordings / each.file, each, sealer) for each in recordings}


def _flac(path: Path, recording: Recording, sealer: Sealer | None) -> bytes | None:
    try:
        with explaining(path):
            data = path.read_bytes()
        flac = data if sealer is None else sealer.open(data, path.name)
    except StorageError as error:
        log.warning("%s", error)
        return None
    if hashlib.sha256(flac).hexdigest() != recording.sha256:
        log.warning("%s: this is another recording than the one that was made", path)
        return None
    return flac
