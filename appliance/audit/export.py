"""The audit trail as JSON Lines: a line for the file, then records and checkpoints in their order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import IO, Any

from appliance.audit import ledger
from appliance.audit.chain import FORMAT, Checkpoint, Record
from appliance.audit.errors import AuditError
from appliance.storage.db import Database


async def export(database: Database, file: IO[str], *, details: bool) -> int:
    """Write the whole trail to a file that is open for writing; return the number of records. Raises StorageError."""
    checkpoints = await database.read(ledger.checkpoints)
    count, after = 0, 0
    file.write(_line({"format": FORMAT, "details": details}))
    pending = list(reversed(checkpoints))
    while records := await database.read(partial(ledger.page, after=after)):
        file.writelines(lines(records, pending, details=details))
        count, after = count + len(records), records[-1].seq
    file.writelines(_line({"checkpoint": checkpoint_fields(checkpoint)}) for checkpoint in reversed(pending))
    return count


def lines(records: Iterable[Record], pending: list[Checkpoint], *, details: bool) -> Iterator[str]:
    """Yield the lines of records, and of each checkpoint of `pending` (the first at its end) behind its record."""
    for record in records:
        while pending and pending[-1].seq < record.seq:
            yield _line({"checkpoint": checkpoint_fields(pending.pop())})
        yield _line({"record": record_fields(record, details=details)})


def record_fields(record: Record, *, details: bool) -> dict[str, Any]:
    """Return a record as JSON; its body as text where it is none."""
    fields: dict[str, Any] = {
        "seq": record.seq,
        "at": record.at,
        "kind": record.kind,
        "session_id": record.session_id,
        "body": _body(record.body),
        "hash": record.hash.hex(),
    }
    if details and record.details:
        shown = {name: {"salt": one.salt.hex(), "value": one.value} for name, one in record.details.items()}
        fields["details"] = shown
    return fields


def checkpoint_fields(checkpoint: Checkpoint) -> dict[str, Any]:
    """Return a checkpoint as JSON."""
    return {
        "seq": checkpoint.seq,
        "at": checkpoint.at,
        "hash": checkpoint.hash.hex(),
        "key_id": checkpoint.key_id,
        "signature": checkpoint.signature.hex(),
    }


def read_checkpoints(path: Path) -> Sequence[Checkpoint]:
    """Return the checkpoints of an earlier export, which have to be in the trail still. Raises AuditError."""
    try:
        with path.open(encoding="utf-8") as file:
            found = [_checkpoint(json.loads(line)["checkpoint"]) for line in file if line.startswith('{"checkpoint"')]
    except OSError as error:
        raise AuditError(f"{path}: {error.strerror}", remedy="Name a file of: appliance audit export") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise AuditError(
            f"{path}: this is no export of an audit trail", remedy="Write one: appliance audit export"
        ) from error
    if not found:
        raise AuditError(f"{path}: no checkpoint is in it", remedy="Name a file of: appliance audit export")
    return found


def _checkpoint(fields: dict[str, Any]) -> Checkpoint:
    return Checkpoint(
        seq=int(fields["seq"]),
        at=int(fields["at"]),
        hash=bytes.fromhex(fields["hash"]),
        key_id=str(fields["key_id"]),
        signature=bytes.fromhex(fields["signature"]),
    )


def _body(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")) + "\n"
