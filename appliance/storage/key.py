"""The key of everything that is kept: 32 random bytes, from which one for each use is derived.

It comes, in this order, from a credential of systemd (`$CREDENTIALS_DIRECTORY/database_key`; one that was sealed with
the TPM arrives there unsealed, see systemd-creds(1)), from the environment, or from a file.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from appliance.storage.errors import KeyFaultError, explaining
from appliance.storage.files import write_whole

CREDENTIAL = "database_key"
FOLDER_VARIABLE = "CREDENTIALS_DIRECTORY"
"""Set by systemd for a service with LoadCredential= (systemd.exec(5))."""
KEY_VARIABLE = "APPLIANCE_SECRET_DATABASE_KEY"

BYTES = 32
"""What AES-256 takes."""
MAX_FILE = 4096
FEWEST_DIFFERENT = 8
"""32 random bytes have about 30 different values; fewer than 8 is somebody's `00000000…`."""

_HEX = re.compile(rb"[0-9A-Fa-f]+")
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key and where it came from, in words. Its bytes are in no representation of it."""

    raw: bytes = field(repr=False)
    source: str

    def derived(self, purpose: str) -> bytes:
        """Return the 32 bytes for one purpose (HKDF-SHA256, RFC 5869); other purposes cannot be told from them."""
        return HKDF(algorithm=SHA256(), length=BYTES, salt=None, info=f"appliance {purpose} 1".encode()).derive(
            self.raw
        )

    @property
    def database(self) -> bytes:
        """The key of the database."""
        return self.derived("database")

    @property
    def recordings(self) -> bytes:
        """The key of the recordings."""
        return self.derived("recordings")

    @property
    def backups(self) -> bytes:
        """The key of what a backup has beside the database."""
        return self.derived("backups")

    @property
    def name(self) -> str:
        """Sixteen hexadecimal digits that tell one key from another and say nothing about it."""
        return self.derived("name")[:8].hex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """The key in use (None when nothing is encrypted), and others, with which older backups may have been made."""

    present: Key | None
    others: tuple[Key, ...] = ()

    @property
    def by_name(self) -> dict[str, Key]:
        """All of them by their names."""
        return {key.name: key for key in (self.present, *self.others) if key is not None}


def find_key(file: Path, environ: Mapping[str, str] = os.environ) -> Key | None:
    """Return the key from the credential, the environment or `file`; None when it is in none of them.

    Raises:
        KeyFaultError: There is one, and it cannot be read, is no key, or others can read it; or this user may not even
            look whether there is one.
    """
    folder = environ.get(FOLDER_VARIABLE)
    if folder and _is_there(credential := Path(folder) / CREDENTIAL):
        return parse_key(_read(credential), f"the credential {CREDENTIAL}")
    if written := environ.get(KEY_VARIABLE):
        return parse_key(written.encode(), f"the environment variable {KEY_VARIABLE}")
    return read_key_file(file) if _is_there(file) else None


def read_key_file(file: Path) -> Key:
    """Return the key in a file that nobody else may read.

    Raises:
        KeyFaultError: It is missing, belongs to somebody else, is readable by others, or is no key.
    """
    return parse_key(_read(file, private=True), f"the file {file}")


def new_key(source: str = "made just now") -> Key:
    """Return a new random key."""
    return Key(raw=secrets.token_bytes(BYTES), source=source)


def make_key_file(file: Path, key: Key | None = None) -> Key:
    """Write a key, a new one if none is given, into a new file of mode 0600, whole or not at all; return it.

    Raises:
        KeyFaultError: The file is there already; its key may be the only way to what is encrypted with it.
        StorageError: It cannot be written.
    """
    key = new_key() if key is None else key
    with explaining(file):
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            write_whole(file, f"{key.raw.hex()}\n".encode(), replace=False)
        except FileExistsError:
            raise KeyFaultError(
                f"{file}: there is a file already, and what it holds may be the only key to what is encrypted",
                remedy="Name another file, or move this one to a safe place.",
            ) from None
    return Key(raw=key.raw, source=f"the file {file}")


def parse_key(written: bytes, source: str) -> Key:
    """Return the key that is written as 64 hexadecimal digits, as Base64, or as 32 bytes. Raises KeyFaultError."""
    raw = _decoded(written)
    if raw is None or len(raw) != BYTES:
        raise KeyFaultError(
            f"{source} is not a key of {BYTES} bytes",
            remedy=f"It has {2 * BYTES} hexadecimal digits, 44 characters of Base64, or {BYTES} bytes; "
            "`appliance storage new-key` makes one.",
        )
    if len(set(raw)) < FEWEST_DIFFERENT:
        raise KeyFaultError(
            f"{source} is not random, so that anybody could guess it", remedy="`appliance storage new-key` makes one."
        )
    return Key(raw=raw, source=source)


def _decoded(written: bytes) -> bytes | None:
    stripped = written.strip()
    if len(written) == BYTES and not (written.isascii() and written.decode().isprintable()):
        return written  # 32 visible characters are half a key in hexadecimal, or somebody's password
    if _HEX.fullmatch(stripped):
        return bytes.fromhex(stripped.decode()) if len(stripped) == 2 * BYTES else None
    try:
        return base64.b64decode(stripped, validate=True)
    except binascii.Error:
        return None


def _is_there(file: Path) -> bool:
    """Tell whether there is a file. Where nobody may look there may be one, which is not the same as none."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise _unreadable(file, error) from error
    return True


def _read(file: Path, *, private: bool = False) -> bytes:
    try:
        with file.open("rb") as stream:
            if private:
                _refuse_public(file, os.fstat(stream.fileno()))
            return stream.read(MAX_FILE)
    except OSError as error:
        raise _unreadable(file, error) from error


def _unreadable(file: Path, error: OSError) -> KeyFaultError:
    remedy = "Check that the file is there and belongs to the user who runs the appliance."
    if isinstance(error, PermissionError):
        remedy = (
            "It, or its folder, is another user's. Give the command with sudo, or as the user who runs the appliance: "
            "sudo -u appliance …"
        )
    return KeyFaultError(f"{file}: the key cannot be read: {error.strerror}", remedy=remedy)


def _refuse_public(file: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise KeyFaultError(f"{file}: the key is not in an ordinary file", remedy="Name a file with the key.")
    owners = {os.geteuid(), 0}
    if os.geteuid() == 0:  # root looks after the service of another user, to whom folder and key belong
        owners.add(file.parent.stat().st_uid)
    if found.st_uid not in owners:
        raise KeyFaultError(
            f"{file}: the key belongs to another user (number {found.st_uid}), who could change or read it",
            remedy=f"chown {os.geteuid()} {file}, as root.",
        )
    if found.st_mode & _OTHERS:
        raise KeyFaultError(
            f"{file}: others than its owner may read the key (mode {stat.S_IMODE(found.st_mode):04o})",
            remedy=f"chmod 600 {file}, and if others have been here, make a new key: `appliance storage rekey`.",
        )
