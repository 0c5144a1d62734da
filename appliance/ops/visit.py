"""A visitor played from recordings: each file is a turn of the person, in real time, on a virtual sound card."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from appliance.audio.filecard import FileCard
from appliance.audio.files import read_audio
from appliance.audio.levels import voiced_span
from appliance.audio.ports import LISTENING_RATE, Samples
from appliance.clock import Clock
from appliance.dialogue.journal import Journal
from appliance.dialogue.session import Session
from appliance.errors import AudioFileError
from appliance.events import SpeechEnded, TurnCommitted
from appliance.ops.records import TurnLog, TurnRecord, summarise

PAUSE_S = 0.5
"""The visitor waits this long after a reply."""
PATIENCE_S = 15.0
"""A turn that is not answered in this time stays without an answer."""
POLL_S = 0.01
SETTLED_S = 0.3
STOP_WINDOW_S = 5
CLAUSE_GAP_S = 0.4
SILENCE = 10 ** (-60 / 20)
"""-60 dBFS: below it the output counts as silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A turn of the visitor."""

    file: str
    pcm: Samples
    """16 kHz."""
    first_voiced: int
    last_voiced: int

    @classmethod
    def load(cls, path: Path) -> Recording:
        """Read a file of any rate and format. Raises AudioFileError."""
        pcm = read_audio(path)
        if not len(pcm):
            raise AudioFileError(f"{path} is empty", remedy="record something and try again")
        first, last = voiced_span(pcm, LISTENING_RATE) or (0, len(pcm) - 1)
        return cls(file=str(path), pcm=pcm, first_voiced=first, last_voiced=last)


@dataclass(slots=True, kw_only=True)
class _Said:
    """Where a recording lies on the card's timeline, in samples of the card."""

    recording: Recording
    first_turn: int
    first_voiced: int
    last_voiced: int


class Visit:
    """Plays the recordings and records what came of them."""

    def __init__(
        self,
        session: Session,
        journal: Journal,
        card: FileCard,
        clock: Clock,
        log: TurnLog,
        *,
        barge_in_after_s: float | None = None,
    ) -> None:
        self._session = session
        self._journal = journal
        self._card = card
        self._clock = clock
        self._log = log
        self._barge_in_after_s = barge_in_after_s

    async def turns(self, recordings: Sequence[Recording]) -> AsyncIterator[TurnRecord]:
        """Yield the record of each recording, in order, as soon as its reply is over."""
        await self._quiet()
        previous: _Said | None = None
        for number, recording in enumerate(recordings, 1):
            said = self._say(recording)
            if previous is not None:  # it was interrupted by this one, or it went on to its end beneath it
                await self._over(previous, said)
                yield self._record(number - 1, previous, said)
            previous = None
            await self._reach(said.last_voiced)
            interrupts = self._barge_in_after_s is not None and number < len(recordings)
            if interrupts and await self._reply_audible(said):
                await self._clock.sleep(self._barge_in_after_s or 0.0)
                previous = said
            else:
                await self._answered(said)
                yield self._record(number, said, None)
                await self._clock.sleep(PAUSE_S)

    def forget(self) -> None:
        """Free what the card has recorded so far; for runs whose memory is measured."""
        self._card.forget_before(self._card.position)

    def _say(self, recording: Recording) -> _Said:
        start = self._card.speak(recording.pcm, LISTENING_RATE)
        scale = self._card.capture_rate / LISTENING_RATE
        return _Said(
            recording=recording,
            first_turn=self._journal.turns + 1,
            first_voiced=start + round(recording.first_voiced * scale),
            last_voiced=start + round(recording.last_voiced * scale),
        )

    async def _reach(self, position: int) -> None:
        while self._card.position < position:
            await self._clock.sleep(POLL_S)

    async def _quiet(self) -> None:
        while not self._session.idle:
            await self._clock.sleep(POLL_S)

    async def _answered(self, said: _Said) -> None:
        """Wait until the reply is over, or until nobody would wait any longer."""
        deadline = self._clock.now() + PATIENCE_S
        idle_since: float | None = None
        while self._clock.now() < deadline or self._session.speaking:
            await self._clock.sleep(POLL_S)
            if not self._session.idle:
                idle_since = None
                continue
            idle_since = idle_since or self._clock.now()
            if self._clock.now() - idle_since >= SETTLED_S and self._record(0, said, None).answered:
                return

    async def _over(self, previous: _Said, interrupter: _Said) -> None:
        """Wait until the reply to `previous` has been cut, or has gone on to its end."""
        deadline = self._clock.now() + PATIENCE_S
        while self._clock.now() < deadline:
            events = self._log.of(range(previous.first_turn, interrupter.first_turn))
            if any(isinstance(event, TurnCommitted) and event.heard_text for event in events):
                return
            await self._clock.sleep(POLL_S)

    async def _reply_audible(self, said: _Said) -> bool:
        deadline = self._clock.now() + PATIENCE_S
        while self._clock.now() < deadline:
            if self._session.speaking and self._journal.turns >= said.first_turn:
                return True
            await self._clock.sleep(POLL_S)
        return False

    def _record(self, number: int, said: _Said, interrupter: _Said | None) -> TurnRecord:
        last_turn = interrupter.first_turn - 1 if interrupter else self._journal.turns
        events = self._log.of(range(said.first_turn, last_turn + 1))
        record = summarise(number, events, self._card.time_of(said.last_voiced))
        ends = [event.t for event in events if isinstance(event, SpeechEnded)]
        if ends and record.answered:
            record.ms.first_audio = self._first_sound_ms(said, self._card.position_at(ends[-1]))
        if interrupter is not None:
            record.ms.barge_in_stop = self._stop_ms(interrupter)
        return record

    def _first_sound_ms(self, said: _Said, after: int) -> float | None:
        loud = np.flatnonzero(np.abs(self._card.output(after)) > SILENCE)
        if not len(loud):
            return None
        return (after + int(loud[0]) - said.last_voiced) / self._card.playout_rate * 1000

    def _stop_ms(self, interrupter: _Said) -> float:
        """Return when the reply fell silent: the last loud sample before a gap that no pause between clauses has."""
        start = interrupter.first_voiced
        window = self._card.output(start, start + STOP_WINDOW_S * self._card.playout_rate)
        loud = np.flatnonzero(np.abs(window) > SILENCE)
        if not len(loud):
            return 0.0
        gaps = np.flatnonzero(np.diff(loud) > CLAUSE_GAP_S * self._card.playout_rate)
        last = loud[gaps[0]] if len(gaps) else loud[-1]
        return float(last) / self._card.playout_rate * 1000
