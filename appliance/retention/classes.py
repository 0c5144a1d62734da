"""Which rows belong to which class of what is kept. Purge, holds and erasure all work along this table."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.config.retention import DataClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of one class. `session`, `at` and `where` are SQL on the alias `t`; `at` is what its age counts from."""

    kind: DataClass
    name: str
    session: str = "t.session_id"
    at: str = "at"
    where: str = "true"
    emptied: str = ""
    """SET clause that takes the content out of a row that has to stay; else the row is deleted."""

    def removal(self, condition: str) -> str:
        """Return the statement that removes the rows for which `condition` holds and returns their ids and times."""
        action = f"UPDATE {self.name} AS t SET {self.emptied}"  # noqa: S608 - our own names, here and below
        if not self.emptied:
            action = f"DELETE FROM {self.name} AS t"  # noqa: S608
        return f"{action} WHERE ({self.where}) AND ({condition}) RETURNING id, {self.at}"


_SESSION_OF_MESSAGE = "CASE WHEN json_valid(t.payload) THEN json_extract(t.payload, '$.transcript_ref.session_id') END"

TABLES = (
    Table(kind=DataClass.AUDIO, name="recordings"),
    Table(kind=DataClass.TRANSCRIPT, name="turns"),
    Table(kind=DataClass.TOOL_ARGUMENTS, name="tool_calls"),
    Table(
        kind=DataClass.OUTBOX_PAYLOAD,
        name="outbox",
        session=_SESSION_OF_MESSAGE,
        at="changed_at",
        where="t.state = 'failed' AND t.payload IS NOT NULL",
        emptied="state = 'dropped', payload = NULL, error = 'set aside for too long; deleted by the purge'",
    ),
    Table(kind=DataClass.METRICS, name="turn_metrics"),
    Table(kind=DataClass.AUDIT, name="consents"),
)
"""The audit trail is not among them: its records are a chain, and only the trail knows how to shorten it."""

TRAIL = Table(kind=DataClass.AUDIT, name="audit")
WORDS_IN_TRAIL = Table(kind=DataClass.TRANSCRIPT, name="audit", where="t.session_id <> ''")
"""The details of its records that come from conversations, which are kept beside the chain."""

OF_A_SESSION = tuple(table for table in TABLES if table.name in {"recordings", "turns", "tool_calls", "turn_metrics"})
"""What goes when a person withdraws. Receipts of consent stay: they prove that it was withdrawn."""
