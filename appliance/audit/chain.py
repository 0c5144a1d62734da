"""Records, commitments and checkpoints of the audit trail, and the bytes that are hashed and signed.

`docs/audit.md` describes the format for those who verify without this program.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

FORMAT = 1
GENESIS = bytes(32)
"""Stands for the hash before the first record."""
SALT_BYTES = 16
CHECKPOINT_PREFIX = b"appliance audit checkpoint 1\n"
"""In front of what is signed, so that a signature of the key means nothing elsewhere."""
MICROSECONDS = 1_000_000

KEY_KIND = "audit.key"
"""A key is in force from here on: `key` (hex), `key_id`, `previous` (the key that signs this record, or null)."""
ERASED_KIND = "audit.erased"
"""Details were erased: `seqs` is a list of `[first, last]`."""
PRUNED_KIND = "audit.pruned"
"""Records up to `upto`, whose hash is `hash`, were deleted; `key` (hex) was in force there."""
LOST_KIND = "audit.lost"
"""`count` records could not be written."""
NEW_KEY_KIND = "audit.key-used"
"""The new key signs this, so that it covers everything before it from the beginning."""
KEPT = "$details"
"""In a body: the commitments to details that were kept, by name, in hex."""
HASHED = "$hashed"
"""In a body: the commitments to details that were never kept."""
RESERVED = "$"
"""No other name in a body begins with it."""


class NotCanonicalError(ValueError):
    """A value has no canonical form: a float, a number beyond 53 bits, a name that is not text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A value that is kept outside the chain, with the salt of its commitment."""

    salt: bytes
    value: str

    @property
    def commitment(self) -> str:
        """What stands in the chain for it: SHA-256 of salt and value, in hex."""
        return hashlib.sha256(self.salt + self.value.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One link; `at` is microseconds since 1970, `body` canonical JSON."""

    seq: int
    at: int
    kind: str
    session_id: str
    body: str
    hash: bytes
    details: Mapping[str, Detail] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A signature over everything up to a record; `at` is microseconds since 1970."""

    seq: int
    at: int
    hash: bytes
    key_id: str
    signature: bytes

    @property
    def message(self) -> bytes:
        """The bytes that are signed."""
        signed = {"at": self.at, "hash": self.hash.hex(), "key_id": self.key_id, "seq": self.seq}
        return CHECKPOINT_PREFIX + canonical(signed).encode()


def canonical(value: object) -> str:
    """Return the one way to write a JSON value: names sorted by code point, no spaces, no escapes but the needed ones.

    A subset of RFC 8785: there are no floats, whose shortest form is hard to agree on. Half surrogates, which are no
    characters, become question marks.

    Raises:
        NotCanonicalError: The value holds something else than text, whole numbers, true, false, null, lists, objects.
    """
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))


def _plain(value: object) -> object:
    match value:
        case None | bool():
            return value
        case str():
            return clean(value)
        case int() if abs(value) < 1 << 53:
            return value
        case Mapping() if all(isinstance(name, str) for name in value):
            return {clean(name): _plain(item) for name, item in value.items()}
        case Sequence() if not isinstance(value, bytes | bytearray | memoryview):
            return [_plain(item) for item in value]
        case _:
            raise NotCanonicalError(f"a {type(value).__name__} has no place in the audit trail: {value!r:.40}")


def clean(text: str) -> str:
    """Return text that can be written as UTF-8."""
    return text.encode("utf-8", "replace").decode()


def record_hash(previous: bytes, record: Record) -> bytes:
    """Return SHA-256 over the hash of the record before and the canonical form of this one.

    Raises ValueError when the body is not canonical JSON, for example because a name stands in it twice.
    """
    try:
        body = json.loads(record.body)
    except RecursionError as error:
        raise NotCanonicalError("the body is nested too deeply") from error
    if canonical(body) != record.body:
        raise NotCanonicalError("the body is not canonical JSON")
    fields = {
        "at": record.at,
        "body": body,
        "kind": record.kind,
        "seq": record.seq,
        "session_id": record.session_id,
    }
    return hashlib.sha256(previous + canonical(fields).encode()).digest()


def committed(
    body: Mapping[str, Any], details: Mapping[str, str], *, keep: bool
) -> tuple[dict[str, Any], dict[str, Detail]]:
    """Return a body with a commitment for each detail, and the details to be kept.

    A detail that is not kept loses its salt, so that nobody can find its value by trying.
    """
    salted = {
        clean(name): Detail(salt=secrets.token_bytes(SALT_BYTES), value=clean(value)) for name, value in details.items()
    }
    full = dict(body)
    if salted:
        full[KEPT if keep else HASHED] = {name: detail.commitment for name, detail in salted.items()}
    return full, salted if keep else {}


def ranges(numbers: Sequence[int]) -> list[list[int]]:
    """Return sorted numbers as `[first, last]` of those that follow each other."""
    found: list[list[int]] = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found
