"""What takes seconds to compute at each start and is always the same, kept in files: a prompt read, phrases said.

Nothing of a conversation is in it: the prompt is that of the configuration, and so are the phrases. The files may be
deleted at any time. One that is damaged, or that cannot be written, is computed anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import logging
import os
import tempfile
from pathlib import Path

from appliance import __version__

log = logging.getLogger(__name__)

ENDING = ".kept"
MOST_BYTES = 256 * 2**20
"""A prompt of 600 tokens takes 17 MiB, a phrase a quarter of one; the files that were used last are kept."""
_DIGEST = hashlib.sha256().digest_size


class Kept:
    """Files in a folder that is made when there is something to keep, if the folder above it is there."""

    def __init__(self, folder: Path, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes

    def get(self, key: str) -> bytes | None:
        """Return what was kept under a key; None when there is nothing, or it is not what was written."""
        path = self._path(key)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        data = content[_DIGEST:]
        if hashlib.sha256(data).digest() != content[:_DIGEST]:
            log.warning("%s is damaged and is made anew", path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return data

    def put(self, key: str, data: bytes) -> None:
        """Keep something, or try to: a disk that is full hinders nobody."""
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            self._write(self._path(key), hashlib.sha256(data).digest() + data)
            self._tidy()
        except OSError as error:
            log.info("nothing is kept in %s: %s", self._folder, error.strerror)

    def _path(self, key: str) -> Path:
        return self._folder / f"{hashlib.sha256(key.encode()).hexdigest()}{ENDING}"

    def _write(self, path: Path, content: bytes) -> None:
        handle, name = tempfile.mkstemp(suffix=ENDING, dir=self._folder)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def _tidy(self) -> None:
        """Delete the files that were used longest ago while all of them are too much."""
        files = sorted((path.stat().st_mtime, path.stat().st_size, path) for path in self._folder.glob(f"*{ENDING}"))
        total = sum(size for _, size, _ in files)
        for _, size, path in files:
            if total <= self._most_bytes:
                return
            path.unlink(missing_ok=True)
            total -= size


def key_of(kind: str, model: Path, **settings: object) -> str:
    """Return a key that changes with the model, the program and the settings."""
    status = model.stat()
    of_model = {"model": model.name, "size": status.st_size, "mtime_ns": status.st_mtime_ns}
    return json.dumps({"kind": kind, "version": __version__, **of_model, **settings}, sort_keys=True, default=str)
