"""What the person says in one turn: the sound so far, what was found out about it, and the turn it becomes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import numpy as np

from appliance.audio.ports import LISTENING_RATE, Frame, Samples
from appliance.dialogue.partials import PartialCadence, StablePrefix
from appliance.engines.ports import Transcript


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTurn:
    """What the person said in one turn."""

    transcript: Transcript
    reason: str
    """Why it ended: `semantic`, `silence`, `cap`, `release`."""
    voiced_s: float
    """Length from the first to the last voiced sample."""
    last_voiced: int
    """Stream position just after the last voiced sample."""
    decided_t: float
    """When the end was decided, in seconds of the clock."""
    transcribed_t: float
    """When the transcript was there, in seconds of the clock; often before the end was decided."""


@dataclass(slots=True)
class Utterance:
    """The turn under way, or one that waits for its transcript."""

    frames: list[Frame]
    stable: StablePrefix = field(default_factory=StablePrefix)
    cadence: PartialCadence = field(default_factory=PartialCadence)
    early: asyncio.Task[None] | None = None
    """A pass that was begun while the person spoke, or in the first frame of silence."""
    early_until: int = 0
    """How far the last early pass heard."""
    understood: Transcript | None = None
    """What it understood, once it is done."""
    understood_t: float = 0.0
    awaited: bool = False
    """The person is quiet, and the early pass under way has heard all they said."""
    final: asyncio.Task[None] | None = None
    transcript: Transcript | None = None
    transcribed_t: float = 0.0
    reason: str | None = None
    decided_t: float = 0.0
    first_voiced: int = 0
    last_voiced: int = 0

    @property
    def end(self) -> int:
        """Position just after the last sample."""
        return self.frames[-1].end

    def sound(self, until: int | None = None) -> Samples:
        """Return the samples up to stream position `until`, 16 kHz."""
        pcm = np.concatenate([frame.pcm for frame in self.frames])
        return pcm if until is None else pcm[: max(until - self.frames[0].start, 0)]

    def drop_passes(self) -> None:
        """Cancel the transcriptions in flight."""
        for task in (self.early, self.final):
            if task is not None:
                task.cancel()
        self.early = self.final = None
        self.awaited = False

    def turn(self) -> UserTurn | None:
        """Return the turn, once its end is decided and its words are known."""
        if self.reason is None or self.transcript is None:
            return None
        return UserTurn(
            transcript=self.transcript,
            reason=self.reason,
            voiced_s=(self.last_voiced - self.first_voiced) / LISTENING_RATE,
            last_voiced=self.last_voiced,
            decided_t=self.decided_t,
            transcribed_t=self.transcribed_t,
        )
