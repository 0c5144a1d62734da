"""Finds what is wrong with an audit trail, and where. It reads the records once, in order."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from appliance.audit import ledger
from appliance.audit.chain import (
    ERASED_KIND,
    GENESIS,
    KEPT,
    KEY_KIND,
    PRUNED_KIND,
    Checkpoint,
    Record,
    record_hash,
)
from appliance.audit.signatures import Keys, Signatures
from appliance.storage.db import Database

MOST_FINDINGS = 1000
"""More are not told; the first ones say where to look."""


class Fault(StrEnum):
    """What can be wrong; `docs/audit.md` says what each means."""

    ALTERED = "altered"
    MISSING = "missing"
    ORDER = "order"
    TRUNCATED = "truncated"
    HEAD = "head"
    REWRITTEN = "rewritten"
    SIGNATURE = "signature"
    UNKNOWN_KEY = "unknown-key"
    RETIRED_KEY = "retired-key"
    UNSIGNED = "unsigned"
    DETAIL = "detail"
    DETAIL_GONE = "detail-gone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is wrong within the records `first` to `last`."""

    first: int
    last: int
    fault: Fault
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came of a verification; `unsigned` records after `signed_upto` rest on no signature yet."""

    findings: tuple[Finding, ...]
    records: int
    first: int
    last: int
    signed_upto: int
    unsigned: int
    checkpoints: int
    key_ids: tuple[str, ...]
    key_from_trail: bool
    """Nobody has named a key, so that it was taken from the trail itself: a forger could have put his own there."""

    @property
    def intact(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings


class Verifier:
    """Takes the records in the order in which they are kept, and says at the end what is wrong.

    Args:
        checkpoints: All of the trail.
        trusted: Public keys by their ids, from a source other than the trail; without any its first key is believed.
        known: Checkpoints that were seen earlier and have to be there still.
        longest_tail: So many records at the end may be unsigned.
    """

    def __init__(
        self,
        checkpoints: Sequence[Checkpoint],
        trusted: Mapping[str, bytes],
        *,
        known: Sequence[Checkpoint] = (),
        longest_tail: int = 200,
    ) -> None:
        self._checkpoints = checkpoints
        self._known = known
        self._trusted = dict(trusted)
        self._longest_tail = longest_tail
        self._signed = {checkpoint.seq: checkpoint.hash for checkpoint in checkpoints}
        self._wanted = set(self._signed) | {checkpoint.seq for checkpoint in known}
        self._hashes: dict[int, bytes] = {}
        self._findings: list[Finding] = []
        self._first = self._last = self._records = 0
        self._previous: bytes | None = GENESIS
        self._computed: bytes | None = None
        """The hash that the last record should have, where it has another."""
        self._keys = Keys()
        self._pruned: dict[int, tuple[int, str]] = {}
        self._erased: list[tuple[int, int, int]] = []
        self._gone = array("q")

    def check(self, record: Record) -> None:
        """Look at the next record."""
        if not self._records:
            self._begin(record.seq)
        elif record.seq <= self._last:
            self._find(record.seq, record.seq, Fault.ORDER, "the record stands behind one with a higher number")
            return
        elif record.seq > self._last + 1:
            self._skip(record.seq)
        self._records += 1
        self._last = record.seq
        fits = self._link(record)
        if record.seq in self._wanted and (fits or self._signed.get(record.seq) == record.hash):
            self._hashes[record.seq] = record.hash
        if fits:
            self._read(record)

    def finish(self) -> Verdict:
        """Return what was found, in the order of the records."""
        signatures = Signatures(self._checkpoints, self._hashes, self._keys, self._trusted)
        signed = signatures.signed_upto
        self._check_checkpoints(signatures)
        self._check_known()
        self._check_beginning(signed)
        self._check_end(signed, expected=bool(self._trusted or self._checkpoints or self._keys.introduced))
        self._check_gone()
        return Verdict(
            findings=tuple(sorted(self._findings, key=lambda finding: (finding.first, finding.last))),
            records=self._records,
            first=self._first,
            last=self._last,
            signed_upto=signed,
            unsigned=max(self._last - max(signed, self._first - 1), 0),
            checkpoints=len(self._checkpoints),
            key_ids=tuple(signatures.keys),
            key_from_trail=not self._trusted,
        )

    def _find(self, first: int, last: int, fault: Fault, what: str) -> None:
        if len(self._findings) < MOST_FINDINGS:
            self._findings.append(Finding(first=first, last=last, fault=fault, what=what))

    def _begin(self, seq: int) -> None:
        self._first = seq
        if seq != 1:
            self._previous = self._signed.get(seq - 1)
            if self._previous is not None:
                self._hashes[seq - 1] = self._previous

    def _skip(self, seq: int) -> None:
        first, last = self._last + 1, seq - 1
        self._find(first, last, Fault.MISSING, "the records are missing")
        self._previous, self._computed = self._signed.get(last), None

    def _link(self, record: Record) -> bool:
        """Tell whether a record fits its hash; where that of the record before was altered, blame that one."""
        if self._previous is None:
            self._previous = record.hash  # what came before is gone, which was said already
            return True
        expected = _hash(self._previous, record)
        if expected != record.hash and self._computed is not None and _hash(self._computed, record) == record.hash:
            expected = record.hash
        self._previous = record.hash
        self._computed = None if expected == record.hash else expected
        if self._computed is not None or expected is None:
            self._find(record.seq, record.seq, Fault.ALTERED, "the record does not fit its hash")
            return False
        return True

    def _read(self, record: Record) -> None:
        """Take what a record says about the trail itself, and hold its details against their commitments."""
        try:
            body = json.loads(record.body)
            self._read_own(record, body)
            kept = dict(body.get(KEPT, {}))
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError):
            self._find(record.seq, record.seq, Fault.ALTERED, f"the record of kind {record.kind} has no valid content")
            return
        for name, detail in record.details.items():
            if kept.get(name) != detail.commitment:
                self._find(record.seq, record.seq, Fault.DETAIL, f"the detail {name} does not fit its commitment")
        if kept.keys() - record.details.keys():
            self._gone.append(record.seq)

    def _read_own(self, record: Record, body: Any) -> None:  # noqa: ANN401 - JSON
        if record.kind == KEY_KIND:
            previous = None if body["previous"] is None else bytes.fromhex(body["previous"])
            self._keys.introduce(record.seq, bytes.fromhex(body["key"]), previous)
        elif record.kind == PRUNED_KIND:
            self._pruned[body["upto"]] = (record.seq, body["hash"])
            self._keys.presume(bytes.fromhex(body["key"]))
        elif record.kind == ERASED_KIND:
            self._erased += [(int(first), int(last), record.seq) for first, last in body["seqs"]]

    def _check_checkpoints(self, signatures: Signatures) -> None:
        """Of each fault the first is told; the others follow from it."""
        sound, told = self._first - 1, set[Fault]()
        for checkpoint in self._checkpoints:
            fault, what = self._judge(checkpoint, signatures)
            if fault is None:
                sound = max(sound, checkpoint.seq)
            elif fault not in told:
                told.add(fault)
                self._find(min(sound + 1, checkpoint.seq), checkpoint.seq, fault, what)

    def _judge(self, checkpoint: Checkpoint, signatures: Signatures) -> tuple[Fault | None, str]:
        if checkpoint.key_id not in signatures.keys:
            return (
                Fault.UNKNOWN_KEY,
                f"checkpoint {checkpoint.seq} is signed by {checkpoint.key_id}, which nobody knows",
            )
        if not signatures.is_valid(checkpoint):
            return Fault.SIGNATURE, f"checkpoint {checkpoint.seq} was altered or forged"
        if not self._keys.in_force(checkpoint):
            return Fault.RETIRED_KEY, f"checkpoint {checkpoint.seq} is signed by a key that was not in force"
        found = self._hashes.get(checkpoint.seq)
        if found is not None and found != checkpoint.hash:
            return Fault.REWRITTEN, f"the records up to {checkpoint.seq} are not those that were signed"
        return None, ""

    def _check_known(self) -> None:
        sound = self._first - 1
        for checkpoint in self._known:
            found = self._hashes.get(checkpoint.seq)
            if found is not None and found != checkpoint.hash:
                what = f"the records up to {checkpoint.seq} are not those that were seen earlier"
                self._find(min(sound + 1, checkpoint.seq), checkpoint.seq, Fault.REWRITTEN, what)
                return
            sound = max(sound, checkpoint.seq)

    def _check_beginning(self, signed: int) -> None:
        if self._first <= 1:
            return
        seq, digest = self._pruned.get(self._first - 1, (0, ""))
        before = self._hashes.get(self._first - 1, b"")
        if not 0 < seq <= signed or digest != before.hex():
            what = "the beginning is missing, and no signed record says that it was pruned"
            self._find(1, self._first - 1, Fault.HEAD, what)

    def _check_end(self, signed: int, *, expected: bool) -> None:
        proven = max((checkpoint.seq for checkpoint in (*self._checkpoints, *self._known)), default=0)
        if proven > self._last:
            self._find(self._last + 1, proven, Fault.TRUNCATED, "the end was cut off; a checkpoint proves it")
        unsigned = self._last - max(signed, self._first - 1)
        allowed = self._longest_tail if signed and proven <= self._last else 0
        if expected and unsigned > allowed:
            what = f"{unsigned} records are unsigned, more than there may be"
            self._find(self._last - unsigned + 1, self._last, Fault.UNSIGNED, what)

    def _check_gone(self) -> None:
        """A detail may be gone when a later record says that it was erased."""
        erased = set[int]()
        for first, last, at in self._erased:
            erased.update(range(max(first, self._first), min(last, at - 1, self._last) + 1))
        for seq in self._gone:
            if seq not in erased:
                self._find(seq, seq, Fault.DETAIL_GONE, "details are gone, and no record says that they were erased")


def verify_records(verifier: Verifier, records: Iterable[Record]) -> Verdict:
    """Check records in memory."""
    for record in records:
        verifier.check(record)
    return verifier.finish()


async def verify_database(
    database: Database,
    trusted: Mapping[str, bytes],
    *,
    known: Sequence[Checkpoint] = (),
    longest_tail: int = 200,
) -> Verdict:
    """Check the trail of a database, page by page, so that whoever writes goes on. Raises StorageError."""
    checkpoints = await database.read(ledger.checkpoints)
    verifier = Verifier(checkpoints, trusted, known=known, longest_tail=longest_tail)
    after = 0
    while records := await database.read(partial(ledger.page, after=after)):
        for record in records:
            verifier.check(record)
        after = records[-1].seq
    return verifier.finish()


def _hash(previous: bytes, record: Record) -> bytes | None:
    try:
        return record_hash(previous, record)
    except ValueError:
        return None
