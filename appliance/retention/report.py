"""What a purge deletes or has deleted, per class, in a form that can be proven later."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from appliance.config.retention import DataClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """One class. Times are seconds since 1970, None where nothing was deleted."""

    count: int = 0
    oldest: float | None = None
    newest: float | None = None
    held: int = 0
    """Records that were due and that a legal hold has kept."""
    digest: str = ""
    """SHA-256 in hex over one line per record: table, tab, id, line feed, in the order of tables and ids. Whoever has
    a backup can tell with it which records these were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeReport:
    """A purge: `begun` is the plan, `done` what became of it."""

    stage: str
    at: float
    classes: Mapping[DataClass, Purged] = field(default_factory=dict)
    trail_records: int = 0
    """Records at the beginning of the audit trail, which are proven by the trail itself."""
    trail_details: int = 0
    """Words of conversations beside the audit trail."""
    redated: int = 0
    """Records from the future, which were given the time of the purge."""
    clean: bool = False
    """Whether the database was rewritten and its log emptied, so that nothing readable is left."""

    @property
    def count(self) -> int:
        """All records together."""
        return sum(purged.count for purged in self.classes.values())

    def as_json(self) -> dict[str, Any]:
        """Return the report without floating point numbers, as the audit trail wants it."""
        return {
            "stage": self.stage,
            "at": moment(self.at),
            "classes": {
                kind.value: {
                    "count": purged.count,
                    "oldest": moment(purged.oldest),
                    "newest": moment(purged.newest),
                    "held": purged.held,
                    "sha256": purged.digest,
                }
                for kind, purged in self.classes.items()
            },
            "trail_records": self.trail_records,
            "trail_details": self.trail_details,
            "redated": self.redated,
            "clean": self.clean,
        }


def summarised(rows: Iterable[tuple[str, int, float]], held: int) -> Purged:
    """Return the figures of one class from its rows: table, id, time."""
    ordered = sorted(rows)
    lines = "".join(f"{table}\t{row_id}\n" for table, row_id, _ in ordered)
    times = [at for _, _, at in ordered]
    return Purged(
        count=len(ordered),
        oldest=min(times, default=None),
        newest=max(times, default=None),
        held=held,
        digest=hashlib.sha256(lines.encode()).hexdigest() if ordered else "",
    )


def moment(at: float | None) -> str | None:
    """Return a time as ISO 8601 in UTC."""
    return None if at is None else datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")
