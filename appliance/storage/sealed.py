"""Files sealed with AES-256-GCM (NIST SP 800-38D): unreadable without the key, and no bit of them can be changed.

The layout is `SEAL`, the version (one byte), the name of the key (8 bytes), the nonce (12 random bytes), the ciphertext
and its tag (16 bytes). The name of the file is authenticated too, so that one cannot be taken for another.
"""

from __future__ import annotations

import hashlib
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.storage.errors import DatabaseDamagedError, KeyFaultError
from appliance.storage.files import write_whole

MAGIC = b"SEAL"
VERSION = 1
NAME_BYTES = 8
NONCE_BYTES = 12
"""Random ones of 96 bits are safe for 2^32 files with one key (NIST SP 800-38D, 8.3)."""
HEADER_BYTES = len(MAGIC) + 1 + NAME_BYTES
TAG_BYTES = 16


class Sealer:
    """Seals and opens with one key of 32 bytes."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._header = MAGIC + bytes([VERSION]) + hashlib.sha256(b"appliance seal 1" + key).digest()[:NAME_BYTES]

    def seal(self, data: bytes, name: str) -> bytes:
        """Return `data` sealed under the name of its file."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return self._header + nonce + self._cipher.encrypt(nonce, data, self._header + name.encode())

    def open(self, data: bytes, name: str) -> bytes:
        """Return what was sealed under this name.

        Raises:
            KeyFaultError: It was sealed with another key.
            DatabaseDamagedError: It is not sealed, by a newer program, cut, changed, or another file's.
        """
        if not is_sealed(data) or len(data) < HEADER_BYTES + NONCE_BYTES + TAG_BYTES:
            raise DatabaseDamagedError(f"{name}: this was not sealed, or it was cut", remedy=_PUT_BACK)
        if data[len(MAGIC)] != VERSION:
            raise DatabaseDamagedError(
                f"{name}: this was sealed in a way that this program does not know (version {data[len(MAGIC)]})",
                remedy="Install the version of the appliance that wrote it, or a newer one.",
            )
        if not self.fits(data):
            raise KeyFaultError(f"{name}: this was sealed with another key", remedy="Give the key that was used then.")
        nonce, sealed = data[HEADER_BYTES : HEADER_BYTES + NONCE_BYTES], data[HEADER_BYTES + NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, sealed, self._header + name.encode())
        except InvalidTag:
            raise DatabaseDamagedError(f"{name}: this was changed since it was sealed", remedy=_PUT_BACK) from None

    def fits(self, data: bytes) -> bool:
        """Return whether something sealed was sealed with this key, as far as its header says."""
        return data.startswith(self._header)


_PUT_BACK = "Put a backup back: `appliance restore`."


def is_sealed(data: bytes) -> bool:
    """Return whether this is something sealed, with whichever key."""
    return data.startswith(MAGIC)


def reseal_folder(folder: Path, old: Sealer | None, new: Sealer) -> int:
    """Seal every file in a folder with the new key; return how many were changed.

    Each is replaced whole and those that have the new key are left, so that what was cut off can be done again. With no
    old key, files that are not sealed are. The name that is authenticated is the file's.

    Raises:
        KeyFaultError, DatabaseDamagedError: One of them cannot be opened; those before it have the new key.
        OSError: One of them cannot be read or written.
    """
    changed = 0
    for file in sorted(folder.iterdir()) if folder.is_dir() else ():
        data = file.read_bytes() if file.is_file() else None
        if data is None or new.fits(data):
            continue
        plain = data if old is None and not is_sealed(data) else (old or new).open(data, file.name)
        write_whole(file, new.seal(plain, file.name))
        changed += 1
    return changed
