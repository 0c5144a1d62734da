"""What somebody who can write the database, but has no key, may do to an audit trail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from appliance.audit.chain import GENESIS, Checkpoint, Record, canonical, record_hash
from appliance.audit.keys import Signer

FORGED_KEY = Signer(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), "the forger")
MOST_DELETED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A trail as it is read."""

    records: tuple[Record, ...]
    checkpoints: tuple[Checkpoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tampering:
    """A trail that was tampered with; the change begins within the records `first` to `last`.

    `needs_known` says that nobody can find it who has not kept a checkpoint: a trail that is put back to an earlier
    state is in itself intact.
    """

    evidence: Evidence
    first: int
    last: int
    needs_known: bool = False


def flip_record(whole: Evidence, random: Random) -> Tampering:
    """Change one bit or character of a record."""
    index = random.randrange(len(whole.records))
    record = whole.records[index]
    field = random.choice(("at", "kind", "session_id", "body", "hash"))
    return _replaced(whole, index, replace(record, **{field: _flipped(getattr(record, field), random)}))


def flip_detail(whole: Evidence, random: Random) -> Tampering:
    """Change the salt, the value or the name of a detail, or take it away without a record."""
    index = random.choice([index for index, record in enumerate(whole.records) if record.details])
    record = whole.records[index]
    name = random.choice(sorted(record.details))
    detail, details = record.details[name], {key: one for key, one in record.details.items() if key != name}
    match random.choice(("salt", "value", "name", "gone")):
        case "salt":
            details[name] = replace(detail, salt=_flipped(detail.salt, random))
        case "value":
            details[name] = replace(detail, value=_flipped(detail.value, random))
        case "name":
            details[_flipped(name, random)] = detail
    return _replaced(whole, index, replace(record, details=details))


def flip_checkpoint(whole: Evidence, random: Random) -> Tampering:
    """Change one bit or character of a checkpoint."""
    index = random.randrange(len(whole.checkpoints))
    checkpoint = whole.checkpoints[index]
    field = random.choice(("at", "hash", "key_id", "signature"))
    forged = replace(checkpoint, **{field: _flipped(getattr(checkpoint, field), random)})
    checkpoints = (*whole.checkpoints[:index], forged, *whole.checkpoints[index + 1 :])
    return Tampering(evidence=replace(whole, checkpoints=checkpoints), first=checkpoint.seq, last=checkpoint.seq)


def delete(whole: Evidence, random: Random) -> Tampering:
    """Take some records away, from the beginning or the middle; the others keep their numbers or move up."""
    start = random.randrange(len(whole.records) - MOST_DELETED - 1)
    count = random.randint(1, MOST_DELETED)
    rest = whole.records[start + count :]
    first = whole.records[start].seq
    if random.random() < 0.5:  # noqa: PLR2004 - half of them
        rest = tuple(replace(record, seq=record.seq - count) for record in rest)
    checkpoints = whole.checkpoints
    if random.random() < 0.5:  # noqa: PLR2004
        checkpoints = tuple(one for one in checkpoints if not first <= one.seq < first + count)
    evidence = Evidence(records=whole.records[:start] + rest, checkpoints=checkpoints)
    return Tampering(evidence=evidence, first=first, last=first)


def swap(whole: Evidence, random: Random) -> Tampering:
    """Exchange two records, with their hashes or without."""
    one, other = sorted(random.sample(range(len(whole.records)), 2))
    first, second = whole.records[one], whole.records[other]
    records = list(whole.records)
    records[one], records[other] = replace(second, seq=first.seq), replace(first, seq=second.seq)
    if random.random() < 0.5:  # noqa: PLR2004
        records[one], records[other] = (
            replace(records[one], hash=first.hash),
            replace(records[other], hash=second.hash),
        )
    return Tampering(evidence=replace(whole, records=tuple(records)), first=first.seq, last=first.seq)


def insert(whole: Evidence, random: Random) -> Tampering:
    """Put a record of one's own between two others, well chained to the one before."""
    index = random.randrange(1, len(whole.records))
    seq = whole.records[index].seq
    forged = replace(whole.records[index], body=canonical({"forged": True}), details={})
    forged = replace(forged, hash=record_hash(whole.records[index - 1].hash, forged))
    moved = tuple(replace(record, seq=record.seq + 1) for record in whole.records[index:])
    return Tampering(evidence=replace(whole, records=(*whole.records[:index], forged, *moved)), first=seq, last=seq + 1)


def truncate(whole: Evidence, random: Random) -> Tampering:
    """Cut the end off; the checkpoints stay, or go too."""
    keep = random.randrange(1, len(whole.records))
    first = whole.records[keep].seq
    checkpoints, gone = whole.checkpoints, random.random() < 0.5  # noqa: PLR2004
    if gone:
        checkpoints = tuple(one for one in checkpoints if one.seq < first)
    evidence = Evidence(records=whole.records[:keep], checkpoints=checkpoints)
    return Tampering(evidence=evidence, first=first, last=first, needs_known=gone)


def rechain(whole: Evidence, random: Random) -> Tampering:
    """Change, delete or insert a record and chain anew from there; forge the checkpoints, leave them, or drop them."""
    index = random.randrange(len(whole.records) - 1)
    record = whole.records[index]
    forged = replace(record, body=canonical({"forged": random.randrange(1000)}), details={})
    middle: tuple[Record, ...] = random.choice(((forged,), (), (forged, record)))
    hashes = _chained((*middle, *whole.records[index + 1 :]), record.seq, _before(whole, index))
    evidence = Evidence(records=whole.records[:index] + hashes, checkpoints=whole.checkpoints)
    how = random.choice(("left", "dropped", "forged", "forged key"))
    ends = {one.seq: one.hash for one in evidence.records}
    sound = tuple(one for one in whole.checkpoints if one.seq < record.seq)
    stale = [one for one in whole.checkpoints if one.seq >= record.seq and one.seq in ends]
    if how == "dropped":
        evidence = replace(evidence, checkpoints=sound)
    elif how == "forged":
        forgeries = [replace(FORGED_KEY.sign(one.seq, one.at, ends[one.seq]), key_id=one.key_id) for one in stale]
        evidence = replace(evidence, checkpoints=(*sound, *forgeries))
    elif how == "forged key":
        evidence = replace(
            evidence, checkpoints=(*sound, *(FORGED_KEY.sign(one.seq, one.at, ends[one.seq]) for one in stale))
        )
    gone = how == "dropped" or (how != "left" and not stale)
    return Tampering(evidence=evidence, first=record.seq, last=record.seq, needs_known=gone)


KINDS: dict[str, Callable[[Evidence, Random], Tampering]] = {
    "flip a record": flip_record,
    "flip a detail": flip_detail,
    "flip a checkpoint": flip_checkpoint,
    "delete": delete,
    "swap": swap,
    "insert": insert,
    "truncate": truncate,
    "chain anew": rechain,
}


def _before(whole: Evidence, index: int) -> bytes:
    return whole.records[index - 1].hash if index else GENESIS


def _chained(records: Sequence[Record], seq: int, previous: bytes) -> tuple[Record, ...]:
    chained: list[Record] = []
    for offset, record in enumerate(records):
        moved = replace(record, seq=seq + offset)
        previous = record_hash(previous, moved)
        chained.append(replace(moved, hash=previous))
    return tuple(chained)


def _replaced(whole: Evidence, index: int, record: Record) -> Tampering:
    records = (*whole.records[:index], record, *whole.records[index + 1 :])
    return Tampering(evidence=replace(whole, records=records), first=record.seq, last=record.seq)


def _flipped(value: Any, random: Random) -> Any:  # noqa: ANN401 - a number, bytes or text
    """Return a value with one bit or one character changed; an empty text gets a character."""
    if isinstance(value, int):
        return value ^ (1 << random.randrange(40))
    index = random.randrange(len(value) + isinstance(value, str))
    if isinstance(value, bytes):
        return value[:index] + bytes([value[index] ^ 1 << random.randrange(8)]) + value[index + 1 :]
    other = chr(random.randrange(32, 127))
    return value[:index] + other + value[index + 1 :] if value[index : index + 1] != other else value + other
