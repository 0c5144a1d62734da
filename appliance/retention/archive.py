"""Keeps what may be kept of conversations: nothing before the person was told or asked, nothing after a refusal."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from appliance.clock import Clock
from appliance.config.consent import ConsentMode
from appliance.events import (
    AnyEvent,
    ConsentDecided,
    PlayoutStarted,
    SessionEnded,
    SpeechStarted,
    TextDelta,
    ToolFinished,
    ToolRefused,
    ToolStarted,
    TurnCommitted,
)
from appliance.retention.recordings import Recordings
from appliance.retention.redacting import Raw, Redaction, Redactor
from appliance.retention.shelf import Shelf
from appliance.retention.writer import Job, Writer
from appliance.storage.records import Consent, Metrics, Session, ToolCall, Turn

MOST_HELD = 400
"""Records in memory while a question about consent is open; it is asked at the beginning and ends with the session."""
MOST_EVENTS = 500
MOST_SESSIONS = 4
"""There is one conversation at a time; more are left over only if the end of one was lost."""

Measure = Callable[[int, Sequence[AnyEvent]], Mapping[str, float]]
"""Makes figures of the events of a turn."""


class Standing(StrEnum):
    """What may be kept of a session."""

    FIGURES = "figures"
    """Mode `none`: figures alone."""
    UNTOLD = "untold"
    """Mode `notice`, before the notice: nothing."""
    ASKED = "asked"
    """Mode `ask`, before the answer: in memory."""
    KEPT = "kept"
    CLOSED = "closed"
    """After a refusal or withdrawal: nothing."""


_BEGINNING = {
    ConsentMode.NONE: Standing.FIGURES,
    ConsentMode.NOTICE: Standing.UNTOLD,
    ConsentMode.ASK: Standing.ASKED,
}
_AFTER = {
    "notified": Standing.KEPT,
    "given": Standing.KEPT,
    "refused": Standing.CLOSED,
    "withdrawn": Standing.CLOSED,
}


@dataclass(slots=True, kw_only=True)
class _Session:
    id: str
    standing: Standing
    redaction: Redaction
    decision: str = ""
    held: deque[Raw] = field(default_factory=lambda: deque(maxlen=MOST_HELD))
    events: deque[AnyEvent] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS))
    calls: dict[str, ToolStarted] = field(default_factory=dict)
    started_at: float = 0.0
    erased: bool = False
    """Whether all was erased and nothing was kept since."""

    def row(self, ended_at: float | None = None) -> Session:
        return Session(session_id=self.id, started_at=self.started_at, ended_at=ended_at, consent=self.decision)


class Archive:
    """Observes the events. Everything is written by one task, after the code that published them has gone on."""

    def __init__(
        self,
        shelf: Shelf,
        writer: Writer,
        clock: Clock,
        mode: ConsentMode,
        redactor: Callable[[], Redactor],
        measure: Measure,
        recordings: Recordings | None = None,
    ) -> None:
        self._shelf = shelf
        self._writer = writer
        self._clock = clock
        self.mode = mode
        """Holds for sessions that begin from now on."""
        self._redactor = redactor
        self._measure = measure
        self._recordings = recordings
        self._sessions: dict[str, _Session] = {}

    def __call__(self, event: AnyEvent) -> None:
        """Take note of an event."""
        session = self._session(event.session_id)
        if not isinstance(event, TextDelta) or event.first:
            session.events.append(event)
        if isinstance(event, SpeechStarted | PlayoutStarted | ConsentDecided | TurnCommitted):
            session.started_at = session.started_at or self._now()
        match event:
            case ConsentDecided():
                self._decide(session, event)
            case ToolStarted():
                session.calls[event.tool] = event
            case ToolFinished() | ToolRefused():
                self._offer(session, self._call(session, event))
            case TurnCommitted():
                self._commit(session, event)
            case SessionEnded():
                self._end(session)

    def may_keep(self, session_id: str) -> bool:
        """Tell whether the words of a session may be on disk; whoever keeps something of it asks before each write."""
        return self._session(session_id).standing is Standing.KEPT

    async def resume(self, session_id: str) -> None:
        """Go on with a session that a crash has cut off as it was decided last. Raises StorageError."""
        session = self._session(session_id)
        decision = await self._shelf.last_decision(session_id)
        if decision in _AFTER and self.mode is not ConsentMode.NONE:
            session.standing, session.decision = _AFTER[decision], decision
        if session.standing is Standing.KEPT and self._recordings is not None:
            self._recordings.begin(session_id)

    async def forget(self, session_id: str) -> bool:
        """Delete at once what a session has stored and keep no more of it; tell whether all of it is gone.

        What could not be deleted, because the disk is full, is tried again until it is.
        """
        tried: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        session = self._session(session_id)
        self._close(session)
        self._put(session, partial(self._erase, session, tried), may_be_lost=False)
        return await tried

    async def flush(self) -> None:
        """Wait until everything is on disk; call it before the database is closed."""
        await self._writer.flush()

    def _session(self, session_id: str) -> _Session:
        if session_id not in self._sessions:
            self._sessions[session_id] = _Session(
                id=session_id, standing=_BEGINNING[self.mode], redaction=Redaction(self._redactor)
            )
            for old in list(self._sessions)[:-MOST_SESSIONS]:
                del self._sessions[old]
        return self._sessions[session_id]

    def _decide(self, session: _Session, event: ConsentDecided) -> None:
        before, redaction = session.standing, session.redaction
        session.decision = event.decision
        after = _AFTER[event.decision]
        if after is Standing.CLOSED:
            self._close(session)
            if before is Standing.KEPT or (before is not after and event.decision == "withdrawn"):
                self._put(session, partial(self._erase, session, None), may_be_lost=False)
        elif self.mode is not ConsentMode.NONE:
            session.standing, session.erased = after, False
            if self._recordings is not None:
                self._recordings.begin(session.id)
        receipt = _receipt(event, self._now())
        self._put(session, partial(self._shelf.put_receipt, receipt, redaction), may_be_lost=False)
        while session.standing is Standing.KEPT and session.held:
            self._offer(session, session.held.popleft())

    def _close(self, session: _Session) -> None:
        session.standing = Standing.CLOSED
        session.held.clear()
        session.calls.clear()
        session.redaction = Redaction(self._redactor)
        self._writer.discard(session.id)
        if self._recordings is not None:
            self._recordings.discard(session.id)

    def _commit(self, session: _Session, event: TurnCommitted) -> None:
        at = self._now()
        turn = Turn(
            session_id=session.id,
            turn_id=event.turn_id,
            at=at,
            user_text=event.user_text,
            heard_text=event.heard_text,
            interrupted=event.interrupted,
        )
        self._offer(session, Raw(record=turn))
        figures = self._measure(event.turn_id, [each for each in session.events if each.turn_id == event.turn_id])
        session.events.clear()
        if figures:
            metrics = Metrics(session_id=session.id, turn_id=event.turn_id, at=at, record=figures)
            self._offer(session, Raw(record=metrics))

    def _call(self, session: _Session, event: ToolFinished | ToolRefused) -> Raw:
        begun = session.calls.pop(event.tool, None) if isinstance(event, ToolFinished) else None
        call = ToolCall(
            session_id=session.id,
            turn_id=event.turn_id,
            at=self._now(),
            tool=event.tool,
            arguments=dict(begun.arguments) if begun else {},
            evidence=dict(begun.evidence) if begun else {},
            outcome=_outcome(event),
        )
        result = event.result if isinstance(event, ToolFinished) else {}
        return Raw(record=call, names_from=(call.arguments, result))

    def _offer(self, session: _Session, raw: Raw) -> None:
        """Write a record if that is allowed, or hold it until it is."""
        figures = session.standing is Standing.FIGURES and isinstance(raw.record, Metrics)
        if session.standing is Standing.KEPT or figures:
            row = None if figures else session.row()
            self._put(session, partial(self._shelf.put, row, session.redaction, raw), may_be_lost=True)
        elif session.standing is Standing.ASKED:
            session.held.append(raw)

    def _end(self, session: _Session) -> None:
        if session.standing is Standing.KEPT:
            if self._recordings is not None:
                self._recordings.end(session.id)
            self._put(session, partial(self._shelf.end, session.row(ended_at=self._now())), may_be_lost=True)
        del self._sessions[session.id]

    async def _erase(self, session: _Session, tried: asyncio.Future[bool] | None) -> None:
        """Erase a session; tell who waits how the first attempt went, and let the writer repeat one that failed."""
        complete = session.erased
        try:
            if not session.erased:
                complete = (await self._shelf.erase(session.id)).complete
                session.erased = complete
        finally:
            if tried is not None and not tried.done():
                tried.set_result(complete)

    def _put(self, session: _Session, work: Callable[[], Awaitable[None]], *, may_be_lost: bool) -> None:
        self._writer.put(Job(session_id=session.id, work=work, may_be_lost=may_be_lost))

    def _now(self) -> float:
        return self._clock.local_time("UTC").timestamp()


def _receipt(event: ConsentDecided, at: float) -> Consent:
    return Consent(
        session_id=event.session_id,
        at=at,
        decision=event.decision,
        mode=event.mode,
        how=event.how,
        policy_version=event.policy_version,
        wording=event.wording,
        heard=event.heard,
    )


def _outcome(event: ToolFinished | ToolRefused) -> str:
    if isinstance(event, ToolRefused):
        return f"refused {event.reason}"
    if not event.ok:
        return f"failed {event.error_code}".strip()
    return "empty" if event.empty else "succeeded"
