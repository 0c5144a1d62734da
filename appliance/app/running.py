"""The composition root: builds everything from the configuration, starts and stops it in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from appliance.app.assisting import grounded
from appliance.app.conversation import LiveConversation
from appliance.app.engines import EngineRoom
from appliance.app.keeping import Keeping, keeping
from appliance.app.reporting import DeviceReporter
from appliance.app.watching import watching
from appliance.assistant.responder import Assistant
from appliance.audio.card import SoundCard
from appliance.audio.deafness import DeafnessWatch
from appliance.audio.echo import echo_filter
from appliance.audio.microphone import StreamMicrophone
from appliance.audio.playout import Playout
from appliance.bus import Bus
from appliance.clock import Clock
from appliance.config.models import Config
from appliance.dialogue.earcons import Earcons
from appliance.dialogue.gate import Gate
from appliance.dialogue.journal import Journal
from appliance.dialogue.session import Engines, Session
from appliance.engines.worker import EngineThread
from appliance.ops.buttons import buttons
from appliance.ops.keeper import Keeper
from appliance.ops.logbook import Logbook
from appliance.ops.rounds import Parts
from appliance.ops.status import Monitor
from appliance.ops.watched_engines import watched
from appliance.storage.db import Database

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appliance:
    """A running appliance."""

    conversation: LiveConversation
    kept: Keeping
    gate: Gate
    journal: Journal
    playout: Playout
    bus: Bus
    engines: Engines
    microphone: StreamMicrophone
    workers: tuple[EngineThread, ...]
    database: Database
    logbook: Logbook
    monitor: Monitor

    async def reconfigure(self, config: Config) -> None:
        """Take over another configuration between two turns. Raises ApplianceError, and then nothing has changed."""
        await self.conversation.reconfigure(config)
        self.kept.archive.mode = config.consent.mode
        self.logbook.transcripts = config.log.transcripts
        self.monitor.reconfigured(config)

    @property
    def session(self) -> Session:
        """Who talks, as it is configured at the moment."""
        return self.conversation.session

    @property
    def assistant(self) -> Assistant:
        """Who acts, as it is configured at the moment."""
        return self.conversation.assistant


@asynccontextmanager
async def running(
    config: Config,
    card: SoundCard,
    clock: Clock,
    bus: Bus,
    *,
    greet: bool = True,
    resume: bool = False,
    monitor: Monitor | None = None,
    on_step: Callable[[str], None] = log.info,
) -> AsyncIterator[Appliance]:
    """Load the engines, open the sound card and converse until the block is left.

    With `resume` a conversation that a crash has cut off is continued, and this one is kept so that it can be.
    `on_step` is told what is being done, for a person who waits. Raises ApplianceError when something is missing.
    """
    async with AsyncExitStack() as stack:
        on_step("loading the models")
        room = await asyncio.to_thread(EngineRoom, config)
        stack.callback(room.close)
        playout = Playout(card, clock)
        monitor = monitor or Monitor(config, clock)
        engines, watches = watched(await _loaded(room, playout), monitor.health, clock)
        detector = await asyncio.to_thread(room.voice_detector)
        wake_word = await asyncio.to_thread(room.wake_word_detector)
        logbook = Logbook(transcripts=config.log.transcripts)
        bus.subscribe(logbook)
        journal = Journal(bus, clock)
        ground = await stack.enter_async_context(grounded(config, room, engines.model, clock, journal))
        kept = await stack.enter_async_context(keeping(config, ground, bus))
        on_step("preparing the fixed phrases")
        conversation = LiveConversation(engines, playout, ground, kept.archive.forget, kept.recordings)
        await conversation.open(config)
        stack.push_async_callback(conversation.close)
        earcons = Earcons(playout) if config.attention.earcons else None
        if earcons is not None:
            bus.subscribe(earcons)
        gate = Gate(config.attention, conversation, journal, wake_word, earcons)
        deafness = DeafnessWatch(config.audio.deaf_after_s)
        reporter = DeviceReporter(journal)
        echo = echo_filter(config.audio, card.playout_rate)
        microphone = StreamMicrophone(card, playout, detector, echo, clock, reporter, deafness)
        on_step("reading the prompt")
        if resume:
            keeper = Keeper(conversation, ground.conversations, journal)
            if await keeper.resume(config.storage.resume_within_s, clock):
                await kept.archive.resume(journal.session_id)
                greet = False
            stack.push_async_callback(keeper.finish)
            if config.storage.resume_within_s > 0:
                bus.subscribe(keeper)
        await conversation.session.start(greet=greet)
        microphone.start(gate.on_frame)
        try:
            parts = Parts(
                models=room.models,
                database=ground.database,
                knowledge=lambda: conversation.assistant.knowledge,
                frames=lambda: microphone.frames - microphone.backlog,
                engines=watches,
                bus=bus,
                fallen=lambda: room.fallen,
            )
            await stack.enter_async_context(watching(monitor, parts, config.monitoring, clock, engines.model))
            async with buttons(config.attention, gate):
                yield Appliance(
                    conversation=conversation,
                    kept=kept,
                    gate=gate,
                    journal=journal,
                    playout=playout,
                    bus=bus,
                    engines=engines,
                    microphone=microphone,
                    workers=room.workers,
                    database=ground.database,
                    logbook=logbook,
                    monitor=monitor,
                )
        finally:
            microphone.stop()
            if not (resume and conversation.session.may_be_kept):  # else it may be continued at the next start
                conversation.session.stop()


async def _loaded(room: EngineRoom, playout: Playout) -> Engines:
    """Load what every conversation needs. Raises ModelError, EngineError."""
    return Engines(
        transcriber=await asyncio.to_thread(room.transcriber),
        turn_detector=await asyncio.to_thread(room.turn_detector),
        model=await asyncio.to_thread(room.language_model),
        voice=await asyncio.to_thread(room.voice, playout.sample_rate),
    )
