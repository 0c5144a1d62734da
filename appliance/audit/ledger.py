"""What the audit trail does to the tables, inside transactions of the database. Times are microseconds since 1970."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from appliance.audit.chain import (
    ERASED_KIND,
    GENESIS,
    KEY_KIND,
    MICROSECONDS,
    NEW_KEY_KIND,
    PRUNED_KIND,
    Checkpoint,
    Detail,
    Record,
    canonical,
    ranges,
    record_hash,
)
from appliance.audit.errors import AuditError
from appliance.audit.keys import Signer
from appliance.storage.db import Connection

PAGE = 500
"""Records that are read or erased in one transaction, so that the database is soon free again."""
PRUNED_AT_ONCE = 2000
_KEY_IN_FORCE = "audit_key"
"""In `settings`: the public key that signs at present. It saves a search; verification never believes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A record that has no place in the chain yet."""

    at: int
    kind: str
    session_id: str
    body: str
    details: Mapping[str, Detail] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """Details to be erased: those of a session, or those of certain records."""

    at: int
    reason: str
    session_id: str = ""
    seqs: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """The last link."""

    seq: int
    hash: bytes


def append(connection: Connection, work: Iterable[Entry | Erasure]) -> int:
    """Append records, and erase what is to be erased between them; return how many details were erased."""
    head = current_head(connection)
    erased = 0
    for item in work:
        if isinstance(item, Entry):
            head = _insert(connection, head, item)
            continue
        seqs, count = _erase(connection, item)
        if seqs:
            erased += count
            body = {"count": count, "reason": item.reason, "seqs": ranges(seqs)}
            head = _insert(connection, head, entry(item.at, ERASED_KIND, body, session_id=item.session_id))
    return erased


def entry(at: int, kind: str, body: Mapping[str, Any], *, session_id: str = "") -> Entry:
    """Return a record without details."""
    return Entry(at=at, kind=kind, session_id=session_id, body=canonical(body))


def current_head(connection: Connection) -> Head:
    """Return the last link; where the end was cut off, the checkpoint that proves it, so that the gap stays visible."""
    row = connection.execute("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    signed = connection.execute("SELECT seq, hash FROM audit_checkpoints ORDER BY seq DESC LIMIT 1").fetchone()
    found = [Head(seq, bytes(digest)) for seq, digest in filter(None, (row, signed))]
    return max(found, key=lambda head: head.seq, default=Head(0, GENESIS))


def unsigned(connection: Connection) -> int:
    """Return how many records no checkpoint covers."""
    return current_head(connection).seq - _signed_upto(connection)


def sign(connection: Connection, signer: Signer, at: int) -> Checkpoint | None:
    """Sign the trail as it is, unless it is signed already, another key is in force, or a foreign key was smuggled in.

    A signature over a record that names a key makes that key believed.
    """
    if key_in_force(connection) != signer.public or _names_another_key(connection, signer):
        return None
    return _sign(connection, signer, at)


def _sign(connection: Connection, signer: Signer, at: int) -> Checkpoint | None:
    head = current_head(connection)
    if head.seq == _signed_upto(connection):
        return None
    checkpoint = signer.sign(head.seq, at, head.hash)
    connection.execute(
        "INSERT INTO audit_checkpoints (seq, at, hash, key_id, signature) VALUES (?, ?, ?, ?, ?)",
        (head.seq, at / MICROSECONDS, head.hash, checkpoint.key_id, checkpoint.signature),
    )
    return checkpoint


def _names_another_key(connection: Connection, signer: Signer) -> bool:
    rows = connection.execute("SELECT body FROM audit WHERE seq > ? AND kind = ?", (_signed_upto(connection), KEY_KIND))
    return any(json.loads(body).get("key") != signer.public.hex() for (body,) in rows)


def _signed_upto(connection: Connection) -> int:
    row = connection.execute("SELECT max(seq) FROM audit_checkpoints").fetchone()
    return row[0] or 0


def key_in_force(connection: Connection) -> bytes | None:
    """Return the public key that signs at present, None while there is none."""
    row = connection.execute("SELECT value FROM settings WHERE name = ?", (_KEY_IN_FORCE,)).fetchone()
    return None if row is None else bytes(row[0])


def introduce(connection: Connection, signer: Signer, at: int, *, endorsed_by: Signer | None) -> None:
    """Put a key into force and let it sign; the one before signs the record of it, if it is there, and nothing after.

    Raises AuditError when the one that shall endorse it is not in force.
    """
    previous = key_in_force(connection)
    if endorsed_by is not None and (previous != endorsed_by.public or _names_another_key(connection, endorsed_by)):
        raise AuditError(
            f"{endorsed_by.origin} is not the key in force",
            remedy="Verify the audit trail; what it says about its keys has just changed.",
        )
    body = {"key": signer.public.hex(), "key_id": signer.key_id, "previous": previous and previous.hex()}
    append(connection, [entry(at, KEY_KIND, body)])
    if endorsed_by is not None:
        _sign(connection, endorsed_by, at)
    connection.execute(
        "INSERT INTO settings (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (_KEY_IN_FORCE, signer.public),
    )
    if previous is not None:
        append(connection, [entry(at, NEW_KEY_KIND, {"key_id": signer.key_id})])
        _sign(connection, signer, at)


def prune(connection: Connection, *, public: bytes, before: int, now: int) -> int:
    """Delete records from the beginning up to a checkpoint, as many as one transaction may take; return how many.

    Only what is older than `before` goes, or what a wrong clock has dated into the future. The key in force, whose
    public part is `public`, has to sign afterwards.
    """
    (first,) = connection.execute("SELECT min(seq) FROM audit").fetchone()
    anchor = None if first is None else _anchor(connection, first, before, now)
    if anchor is None or key_in_force(connection) != public:
        return 0
    body = {
        "before": before,
        "first": first,
        "hash": anchor.hash.hex(),
        "key": public.hex(),
        "upto": anchor.seq,
    }
    append(connection, [entry(now, PRUNED_KIND, body)])
    connection.execute("DELETE FROM audit_details WHERE seq <= ?", (anchor.seq,))
    connection.execute("DELETE FROM audit_checkpoints WHERE seq < ?", (anchor.seq,))
    return connection.execute("DELETE FROM audit WHERE seq <= ?", (anchor.seq,)).rowcount


def _anchor(connection: Connection, first: int, before: int, now: int) -> Head | None:
    """Return the last checkpoint before which everything may go."""
    keep = connection.execute(
        "SELECT min(seq) FROM (SELECT seq, at FROM audit ORDER BY seq LIMIT ?) WHERE at BETWEEN ? AND ?",
        (PRUNED_AT_ONCE, before / MICROSECONDS, now / MICROSECONDS),
    ).fetchone()[0]
    end = first + PRUNED_AT_ONCE if keep is None else keep
    row = connection.execute(
        "SELECT c.seq, c.hash FROM audit_checkpoints c JOIN audit a ON a.seq = c.seq AND a.hash = c.hash"
        " WHERE c.seq < ? ORDER BY c.seq DESC LIMIT 1",
        (end,),
    ).fetchone()
    return None if row is None else Head(row[0], bytes(row[1]))


def checkpoints(connection: Connection) -> list[Checkpoint]:
    """Return all checkpoints in order."""
    rows = connection.execute("SELECT seq, at, hash, key_id, signature FROM audit_checkpoints ORDER BY seq")
    return [
        Checkpoint(seq=seq, at=_micros(at), hash=bytes(digest), key_id=key, signature=bytes(signature))
        for seq, at, digest, key, signature in rows
    ]


def page(connection: Connection, after: int, limit: int = PAGE) -> list[Record]:
    """Return the records that follow `after`, with their details. Text that is not UTF-8 any more is read too."""
    rows = connection.execute(
        "SELECT seq, at, CAST(kind AS BLOB), CAST(session_id AS BLOB), CAST(body AS BLOB), hash FROM audit"
        " WHERE seq > ? ORDER BY seq LIMIT ?",
        (after, limit),
    ).fetchall()
    details: dict[int, dict[str, Detail]] = {}
    found = connection.execute(
        "SELECT seq, CAST(name AS BLOB), salt, CAST(value AS BLOB) FROM audit_details WHERE seq > ? AND seq <= ?",
        (after, rows[-1][0] if rows else after),
    )
    for seq, name, salt, value in found:
        details.setdefault(seq, {})[_text(name)] = Detail(salt=bytes(salt), value=_text(value))
    return [
        Record(
            seq=seq,
            at=_micros(at),
            kind=_text(kind),
            session_id=_text(session_id),
            body=_text(body),
            hash=bytes(digest),
            details=details.get(seq, {}),
        )
        for seq, at, kind, session_id, body, digest in rows
    ]


def _text(raw: bytes) -> str:
    return bytes(raw).decode("utf-8", "backslashreplace")


def latest(connection: Connection, last: int, session_id: str | None, kind: str | None) -> list[Record]:
    """Return the last records, of a session or of a kind (`tool` means all that begin with `tool.`), in their order."""
    seqs = connection.execute(
        "SELECT seq FROM audit WHERE session_id = coalesce(?1, session_id)"
        " AND (?2 IS NULL OR kind = ?2 OR substr(kind, 1, length(?2) + 1) = ?2 || '.') ORDER BY seq DESC LIMIT ?3",
        (session_id, kind, last),
    ).fetchall()
    return [record for (seq,) in reversed(seqs) for record in page(connection, seq - 1, limit=1)]


def old_details(connection: Connection, after: int, before: int) -> tuple[list[int], int | None]:
    """Look at a page of details after record `after`; return the records older than `before`, and where to go on."""
    rows = connection.execute(
        "SELECT DISTINCT d.seq, a.at FROM audit_details d LEFT JOIN audit a ON a.seq = d.seq"
        " WHERE d.seq > ? ORDER BY d.seq LIMIT ?",
        (after, PAGE),
    ).fetchall()
    old = [seq for seq, at in rows if at is None or _micros(at) < before]
    return old, rows[-1][0] if len(rows) == PAGE else None


def _micros(seconds: float) -> int:
    return round(seconds * MICROSECONDS)


def _insert(connection: Connection, head: Head, new: Entry) -> Head:
    record = Record(seq=head.seq + 1, at=new.at, kind=new.kind, session_id=new.session_id, body=new.body, hash=b"")
    digest = record_hash(head.hash, record)
    connection.execute(
        "INSERT INTO audit (seq, at, kind, session_id, body, hash) VALUES (?, ?, ?, ?, ?, ?)",
        (record.seq, new.at / MICROSECONDS, new.kind, new.session_id, new.body, digest),
    )
    connection.executemany(
        "INSERT INTO audit_details (seq, name, salt, value) VALUES (?, ?, ?, ?)",
        [(record.seq, name, detail.salt, detail.value) for name, detail in new.details.items()],
    )
    return Head(record.seq, digest)


def _erase(connection: Connection, erasure: Erasure) -> tuple[list[int], int]:
    """Delete details; return the records they belonged to and how many they were."""
    if erasure.session_id:
        condition, values = "(SELECT seq FROM audit WHERE session_id = ?)", [erasure.session_id]
    else:
        condition, values = "(SELECT value FROM json_each(?))", [json.dumps(list(erasure.seqs))]
    rows = connection.execute(f"SELECT seq FROM audit_details WHERE seq IN {condition} ORDER BY seq", values).fetchall()  # noqa: S608
    connection.execute(f"DELETE FROM audit_details WHERE seq IN {condition}", values)  # noqa: S608 - two constants
    return sorted({seq for (seq,) in rows}), len(rows)
