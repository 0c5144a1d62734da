"""The Ed25519 keys that sign checkpoints: reading, making and naming them. Private parts are shown to nobody."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from appliance.audit.chain import Checkpoint
from appliance.audit.errors import AuditError

CREDENTIAL = "audit_key"
FOLDER_VARIABLE = "CREDENTIALS_DIRECTORY"
"""Set by systemd for a service with LoadCredential= (systemd.exec(5))."""
VARIABLE = "APPLIANCE_SECRET_AUDIT_KEY"
KEY_BYTES = 32
"""Of the seed and of the public part (RFC 8032)."""
_OTHERS = 0o077
_PEM = "-----BEGIN"


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key, and where it came from."""

    private: Ed25519PrivateKey = field(repr=False)
    origin: str

    @property
    def public(self) -> bytes:
        """The 32 bytes that verify what it signs."""
        return self.private.public_key().public_bytes_raw()

    @property
    def key_id(self) -> str:
        """The short name of the key."""
        return key_id(self.public)

    def sign(self, seq: int, at: int, record_hash: bytes) -> Checkpoint:
        """Return a checkpoint over everything up to record `seq`; `at` is microseconds since 1970."""
        unsigned = Checkpoint(seq=seq, at=at, hash=record_hash, key_id=self.key_id, signature=b"")
        signature = self.private.sign(unsigned.message)
        return Checkpoint(seq=seq, at=at, hash=record_hash, key_id=self.key_id, signature=signature)


def key_id(public: bytes) -> str:
    """Return the short name of a public key: the first 8 bytes of its SHA-256, in hex."""
    return hashlib.sha256(public).hexdigest()[:16]


def is_signed_by(checkpoint: Checkpoint, public: bytes) -> bool:
    """Tell whether the signature of a checkpoint is that of a key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(checkpoint.signature, checkpoint.message)
    except (InvalidSignature, ValueError):
        return False
    return True


def find_signer(key_file: Path, environ: Mapping[str, str] = os.environ) -> Signer | None:
    """Return the key of the credential, else of the environment, else of the file; None when there is none of them.

    Raises AuditError when one is there and cannot be used.
    """
    folder = environ.get(FOLDER_VARIABLE)
    if folder and (credential := Path(folder) / CREDENTIAL).exists():
        return parse_signer(_read(credential), f"the credential {CREDENTIAL}")
    if value := environ.get(VARIABLE):
        return parse_signer(value, f"the variable {VARIABLE}")
    return None if not key_file.exists() else read_key_file(key_file)


def read_key_file(path: Path) -> Signer:
    """Return the key in a file that only its owner can read. Raises AuditError."""
    text = _read(path)
    if path.stat().st_mode & _OTHERS:
        raise AuditError(
            f"{path}: other users can read the key of the audit trail",
            remedy=f"chmod 600 {path}; if somebody may have read it, make a new one: appliance audit key new",
        )
    return parse_signer(text, str(path))


def make_key_file(path: Path) -> Signer:
    """Make a key in a new file with mode 0600. Raises AuditError, also when the file exists."""
    signer = Signer(Ed25519PrivateKey.generate(), str(path))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(signer.private.private_bytes_raw().hex() + "\n")
            file.flush()
            os.fsync(handle)
    except OSError as error:
        raise AuditError(
            f"{path}: the key cannot be written: {error.strerror}",
            remedy="Choose a file that does not exist, in a folder that may be written.",
        ) from error
    return signer


def parse_signer(text: str, origin: str) -> Signer:
    """Return a private key given as PEM, or as 32 bytes in hex or base64. Raises AuditError, which does not show it."""
    try:
        if text.lstrip().startswith(_PEM):
            private = _ed25519_private(text.strip().encode())
        else:
            private = Ed25519PrivateKey.from_private_bytes(_raw(text))
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise AuditError(
            f"{origin} is no Ed25519 key",
            remedy="It has 32 bytes in hex or base64, or is a PEM file without a password: openssl rand -hex 32",
        ) from None
    return Signer(private, origin)


def read_public_keys(path: Path) -> dict[str, bytes]:
    """Return the public keys of a file by their ids: one a line in hex or base64, or PEM. Raises AuditError."""
    text = _read(path)
    try:
        if _PEM in text:
            ends = [_PEM + part for part in text.split(_PEM)[1:]]
            keys = [_ed25519_pem(part.strip().encode()) for part in ends]
        else:
            lines = (line.split("#")[0].strip() for line in text.splitlines())
            keys = [_raw(line) for line in lines if line]
    except (ValueError, TypeError, UnsupportedAlgorithm):
        keys = []
    if not keys:
        raise AuditError(
            f"{path}: no Ed25519 public key is in it", remedy="Write it with: appliance audit key show > FILE"
        )
    return {key_id(key): key for key in keys}


def _ed25519_private(pem: bytes) -> Ed25519PrivateKey:
    private = load_pem_private_key(pem, password=None)
    if not isinstance(private, Ed25519PrivateKey):
        raise TypeError(type(private).__name__)
    return private


def _ed25519_pem(pem: bytes) -> bytes:
    public = load_pem_public_key(pem)
    if not isinstance(public, Ed25519PublicKey):
        raise TypeError(type(public).__name__)
    return public.public_bytes_raw()


def _raw(text: str) -> bytes:
    """Return 32 bytes given in hex or base64; raises ValueError."""
    text = text.strip()
    try:
        raw = bytes.fromhex(text) if len(text) == 2 * KEY_BYTES else base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if len(raw) != KEY_BYTES:
        raise ValueError("not 32 bytes")
    return raw


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise AuditError(f"{path}: {reason}", remedy="Check the name, the owner and the permissions.") from None
