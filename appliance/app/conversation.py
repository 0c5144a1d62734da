"""The conversation as it is configured. Between two turns it can be configured anew: nothing said is forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import numpy as np

from appliance.app.assisting import Ground, assistant_of, delivering
from appliance.assistant.responder import Assistant
from appliance.audio.playout import Playout
from appliance.audio.ports import Frame, Samples
from appliance.config.models import Config
from appliance.dialogue.phrases import PhraseBook, fixed_phrases, openings
from appliance.dialogue.session import Engines, Session
from appliance.handover.channels import build_channels
from appliance.retention.recordings import Pcm, Recordings
from appliance.tools.secrets import secret

POLL_S = 0.02
_FULL_SCALE = 32_767


class LiveConversation:
    """Implements what the gate needs of a conversation, with the session and the assistant of the moment."""

    def __init__(
        self,
        engines: Engines,
        playout: Playout,
        ground: Ground,
        forget: Callable[[str], Awaitable[bool]],
        recordings: Recordings | None = None,
    ) -> None:
        self._engines = engines
        self._playout = playout
        self._ground = ground
        self._forget = forget
        self._recordings = recordings
        self._phrases = PhraseBook()
        self._delivering = AsyncExitStack()
        self.session: Session
        self.assistant: Assistant

    async def open(self, config: Config) -> None:
        """Prepare the first configuration; `session.start` begins to talk. Raises ApplianceError."""
        self.assistant = await assistant_of(config, self._ground)
        await self._prepare_phrases(config)
        self.session = self._session_of(config, self.assistant)
        await self._delivering.enter_async_context(delivering(config, self.assistant, self._ground))

    async def reconfigure(self, config: Config) -> None:
        """Take over another configuration as soon as nobody speaks; until then the old one serves.

        Raises ApplianceError, and then nothing has changed.
        """
        build_channels(config.handover, secret)  # what cannot be built is found before anything changes
        assistant = await assistant_of(config, self._ground)
        await self._prepare_phrases(config)
        while not self.session.idle:
            await self._ground.clock.sleep(POLL_S)
        assistant.restore(self.assistant.agenda)
        assistant.unanswered, assistant.on_agenda = self.assistant.unanswered, self.assistant.on_agenda
        session = self._session_of(config, assistant)
        session.take_over(self.session)
        old, self.session, self.assistant = self.session, session, assistant
        await old.close()
        await self._delivering.aclose()
        await self._delivering.enter_async_context(delivering(config, assistant, self._ground))

    async def close(self) -> None:
        """End the conversation and what is done beside it."""
        await self.session.close()
        await self._delivering.aclose()

    # What the gate needs.

    @property
    def idle(self) -> bool:
        """Whether nobody speaks and nothing is about to be said."""
        return self.session.idle

    def on_frame(self, frame: Frame) -> None:
        """Take the next frame, as far as it is meant for the assistant."""
        if self._recordings is not None:
            self._recordings.add(self._ground.journal.session_id, _pcm16(frame.pcm))
        self.session.on_frame(frame)

    def yield_floor(self) -> None:
        """Fall silent: somebody wants to speak."""
        self.session.yield_floor()

    def start_over(self) -> None:
        """Fall silent and forget what is being said: somebody calls the assistant by its name."""
        self.session.start_over()

    def end_turn(self) -> None:
        """Answer: the person has finished."""
        self.session.end_turn()

    async def _prepare_phrases(self, config: Config) -> None:
        await self._phrases.prepare(self._engines.voice, fixed_phrases(config))
        for clause in openings(config):
            await self._engines.voice.synthesise(clause)

    def _session_of(self, config: Config, assistant: Assistant) -> Session:
        ground = self._ground
        return Session(
            config,
            self._engines,
            self._playout,
            ground.clock,
            ground.journal,
            self._phrases,
            assistant,
            self._forget,
        )


def _pcm16(pcm: Samples) -> Pcm:
    return (np.clip(pcm, -1.0, 1.0) * _FULL_SCALE).astype(np.int16)
