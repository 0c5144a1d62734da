"""What is kept of conversations and for how long, as configured."""

from __future__ import annotations

from datetime import time
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from appliance.config.rules import TIME_OF_DAY
from appliance.config.section import Section

Days = Annotated[float, Field(gt=0, le=36_500)]


class DataClass(StrEnum):
    """What is kept, by the rules that hold for it; also the names of the sections of `retention`."""

    AUDIO = "audio"
    TRANSCRIPT = "transcript"
    TOOL_ARGUMENTS = "tool_arguments"
    OUTBOX_PAYLOAD = "outbox_payload"
    METRICS = "metrics"
    AUDIT = "audit"


class AudioRetention(Section):
    """What the microphone has heard."""

    keep: bool = False
    """Record people's voices, encrypted, once they were told or have agreed (consent.mode). Off: nothing is recorded,
    and recordings that exist are deleted at the next purge."""
    days: Days = 7.0
    """A recording is deleted when it is older."""


class TranscriptRetention(Section):
    """What people said and what they heard in answer, in words, without what redaction replaces."""

    keep: bool = True
    """Keep the words of conversations, once people were told or have agreed."""
    days: Days = 30.0
    """The words of a turn are deleted when they are older."""


class ToolArgumentsRetention(Section):
    """What tools were called with, the words it was found in, and how it ended."""

    keep: bool = True
    """Keep the calls of tools, once people were told or have agreed."""
    days: Days = 30.0
    """A call is deleted when it is older."""


class OutboxPayloadRetention(Section):
    """What was to be passed on to people and could not be. What was delivered is deleted at once in any case."""

    keep: bool = True
    """Keep what a channel has refused, so that it can be sent again by hand. Off: it is deleted at the next purge.
    What still waits to be sent is never deleted by a purge."""
    days: Days = 14.0
    """The content of a message is deleted so long after it was set aside."""


class MetricsRetention(Section):
    """How many milliseconds each stage of a turn took; no words, no names, no numbers that people said."""

    keep: bool = True
    """Keep the figures. Without consent they are kept too, unless somebody has refused or withdrawn it."""
    days: Days = 90.0
    """The figures of a turn are deleted when they are older."""


class AuditRetention(Section):
    """The proof of what was done: the audit trail, and the receipts of consent."""

    keep: bool = True
    """Keep the proof. Off: what there is of it is deleted at the next purge."""
    days: Days = 730.0
    """A record of the proof is deleted when it is older."""


Kept = (
    AudioRetention
    | TranscriptRetention
    | ToolArgumentsRetention
    | OutboxPayloadRetention
    | MetricsRetention
    | AuditRetention
)


class RetentionConfig(Section):
    """What is kept, and for how long. A legal hold (`appliance retention hold`) goes before all of it."""

    audio: AudioRetention = AudioRetention()
    """Recordings of voices."""
    transcript: TranscriptRetention = TranscriptRetention()
    """Words."""
    tool_arguments: ToolArgumentsRetention = ToolArgumentsRetention()
    """Calls of tools."""
    outbox_payload: OutboxPayloadRetention = OutboxPayloadRetention()
    """Messages to people that could not be delivered."""
    metrics: MetricsRetention = MetricsRetention()
    """Figures."""
    audit: AuditRetention = AuditRetention()
    """Proof."""
    purge_at: Annotated[str, Field(pattern=TIME_OF_DAY)] = "03:30"
    """When what is too old is deleted each day, in the time of site.timezone. Missed, it is done at the next start."""
    clock_gap_days: Annotated[float, Field(ge=1, le=365)] = 14.0
    """When the clock says that more days have passed since the appliance was last seen, or that records come from the
    future, the clock may be wrong: for three days nothing is deleted, and the log says so."""

    def of(self, kind: DataClass) -> Kept:
        """Return the rules for a class."""
        rules: Kept = getattr(self, kind.value)
        return rules

    @property
    def purge_time(self) -> time:
        """`purge_at` as a time of day."""
        return time.fromisoformat(self.purge_at)
