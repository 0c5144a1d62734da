"""The file of a backup: a tar with the database, the configuration, the recordings, and at its end a manifest.

All is encrypted as it is in the appliance: database and recordings as they lie there, the configuration sealed. The
manifest says how many rows each table has, and the SHA-256 of every file; with a key, an HMAC of it proves that nobody
has changed it. Nothing in it is about people.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from pydantic import TypeAdapter, ValidationError

from appliance.storage.copying import Contents
from appliance.storage.errors import DatabaseDamagedError, StorageError, WrongKeyError, explaining
from appliance.storage.files import CHUNK, PRIVATE
from appliance.storage.key import Key

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "appliance.db"
CONFIGURATION = "config.yaml"
RECORDINGS = "recordings/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup has: when (ISO 8601, UTC), with which key (its name, empty for none), and each file's SHA-256."""

    format: int
    made_at: str
    key_name: str
    contents: Contents
    sha256: dict[str, str]


class Writer:
    """Writes an archive, file by file, and the manifest when all are in it."""

    def __init__(self, target: IO[bytes]) -> None:
        self._archive = tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT)  # noqa: SIM115 - see `close`
        self._sha256: dict[str, str] = {}

    def add_file(self, name: str, source: Path) -> None:
        """Add a file, however large, that nobody changes meanwhile. Raises OSError."""
        with source.open("rb") as stream:
            self._sha256[name] = hashlib.file_digest(stream, "sha256").hexdigest()
            stream.seek(0)
            self._archive.addfile(_member(name, source.stat().st_size), stream)

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add a small file. Raises OSError."""
        self._sha256[name] = hashlib.sha256(content).hexdigest()
        self._archive.addfile(_member(name, len(content)), io.BytesIO(content))

    def close(self, made_at: str, contents: Contents, key: Key | None) -> Manifest:
        """Add the manifest and end the archive. Raises OSError."""
        manifest = Manifest(
            format=FORMAT,
            made_at=made_at,
            key_name="" if key is None else key.name,
            contents=contents,
            sha256=dict(self._sha256),
        )
        described = asdict(manifest)
        raw = json.dumps({"manifest": described, "hmac_sha256": _mac(described, key)}, indent=1).encode()
        self.add_bytes(MANIFEST, raw)
        self._archive.close()
        return manifest


def read(file: Path, keys: Mapping[str, Key], folder: Path | None = None) -> tuple[Manifest, Key | None]:
    """Read a whole archive, into `folder` if that is given; return its manifest and its key, one of `keys` by name.

    Raises:
        DatabaseDamagedError: It is no backup, or it was cut or changed.
        WrongKeyError: It was made with a key that is not among these.
        StorageError: A newer program has made it; it cannot be read, or `folder` not be written.
    """
    found: dict[str, str] = {}
    raw = b""
    try:
        with explaining(file), file.open("rb") as stream, tarfile.open(fileobj=stream, mode="r:") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() else None
                if content is None or not _expected(member.name):
                    raise damaged(file, f"{member.name!r} does not belong into it")
                if member.name == MANIFEST:
                    raw = content.read()
                else:
                    found[member.name] = _taken(content, None if folder is None else folder / member.name)
    except (tarfile.TarError, EOFError) as error:
        raise damaged(file, f"it was cut or changed ({error})") from error
    manifest, key = _manifest(raw, file, keys)
    if found != manifest.sha256 or DATABASE not in found:
        raise damaged(file, "its files are not those of its manifest")
    return manifest, key


def damaged(file: Path, why: str) -> DatabaseDamagedError:
    """Return the error for a backup that is not as it was written."""
    return DatabaseDamagedError(f"{file}: this backup is damaged: {why}", remedy="Take another backup.")


def _expected(name: str) -> bool:
    """Return whether this is a name that `Writer` writes: nothing is ever put outside the folder."""
    recording = name.removeprefix(RECORDINGS)
    return name in {DATABASE, CONFIGURATION, MANIFEST} or (
        recording != name and "/" not in recording and recording not in {"", ".", ".."}
    )


def _taken(content: IO[bytes], target: Path | None) -> str:
    digest = hashlib.sha256()
    if target is None:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
        return digest.hexdigest()
    target.parent.mkdir(mode=0o700, exist_ok=True)
    target.touch(PRIVATE, exist_ok=False)
    with target.open("wb") as stream:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            stream.write(chunk)
    return digest.hexdigest()


def _manifest(raw: bytes, file: Path, keys: Mapping[str, Key]) -> tuple[Manifest, Key | None]:
    try:
        both = json.loads(raw)
        described, mac = both["manifest"], str(both["hmac_sha256"])
        manifest = TypeAdapter(Manifest).validate_python(described)
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        raise damaged(file, "its manifest cannot be read") from error
    if manifest.format != FORMAT:
        raise StorageError(
            f"{file}: this backup has format {manifest.format}, this program knows {FORMAT}",
            remedy="Install the version of the appliance that made it, or a newer one.",
        )
    key = keys.get(manifest.key_name)
    if manifest.key_name and key is None:
        raise WrongKeyError(
            f"{file}: this backup was made with the key {manifest.key_name}, which is not at hand",
            remedy="Name the file of that key: `appliance restore --key-file FILE`.",
        )
    if not hmac.compare_digest(mac, _mac(described, key)):
        raise damaged(file, "its manifest was changed")
    return manifest, key


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _mac(described: Mapping[str, Any], key: Key | None) -> str:
    """Without a key it is only a checksum."""
    canonical = json.dumps(described, sort_keys=True, separators=(",", ":")).encode()
    return hmac.new(b"" if key is None else key.backups, canonical, hashlib.sha256).hexdigest()
