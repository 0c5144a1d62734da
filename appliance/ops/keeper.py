"""Keeps the running conversation on disk, so that a crash does not lose it, and removes it when it ends."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from appliance.assistant.agenda import Agenda
from appliance.assistant.responder import Assistant
from appliance.clock import Clock
from appliance.dialogue.journal import Journal
from appliance.dialogue.session import Session
from appliance.engines.ports import Message, Role
from appliance.events import AnyEvent, StateChanged, TurnCommitted
from appliance.storage.conversations import Conversations
from appliance.storage.errors import StorageError

log = logging.getLogger(__name__)


class Live(Protocol):
    """The conversation as it is configured at the moment."""

    @property
    def session(self) -> Session:
        """Who talks."""

    @property
    def assistant(self) -> Assistant:
        """Who acts."""


class Keeper:
    """Observes the turns; each is saved soon after it has ended."""

    def __init__(self, live: Live, conversations: Conversations, journal: Journal) -> None:
        self._live = live
        self._conversations = conversations
        self._journal = journal
        self._clearing: set[asyncio.Task[None]] = set()

    async def resume(self, within_s: float, clock: Clock) -> bool:
        """Go on with a conversation that was cut off at most `within_s` ago; tell whether there was one."""
        try:
            found = await self._conversations.load_unfinished(within_s, clock.local_time("UTC"))
            if found is None:
                return False
            turns = [Message(Role(role), text) for role, text in found.state["turns"]]
            agenda = Agenda.from_json(found.state["agenda"])
        except (StorageError, KeyError, TypeError, ValueError) as error:
            log.warning("the conversation that was cut off cannot be continued: %r", error)
            return False
        self._live.assistant.restore(agenda)
        self._live.session.restore(turns)
        self._journal.session_id, self._journal.turn_id = found.session_id, len(turns)
        log.warning("going on with a conversation that was cut off")
        return True

    def __call__(self, event: AnyEvent) -> None:
        """Save after each turn that may be kept; delete at the end."""
        match event:
            case TurnCommitted() if self._live.session.may_be_kept:
                turns = [[message.role.value, message.text] for message in self._live.session.turns]
                agenda = self._live.assistant.agenda.as_json()
                self._conversations.save(event.session_id, {"agenda": agenda, "turns": turns})
            case StateChanged(state="ended"):
                task = asyncio.ensure_future(self._clear(event.session_id))
                self._clearing.add(task)
                task.add_done_callback(self._clearing.discard)

    async def finish(self) -> None:
        """Wait until what has ended is deleted."""
        await asyncio.gather(*self._clearing)

    async def _clear(self, session_id: str) -> None:
        try:
            await self._conversations.clear(session_id)
        except StorageError as error:
            log.warning("the conversation that has ended could not be deleted: %s", error)
