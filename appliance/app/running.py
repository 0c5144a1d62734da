"""The composition root: builds everything from the configuration, starts and stops it in order."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from appliance.app.assisting import Ground, grounded
from appliance.app.conversation import LiveConversation
from appliance.app.keeping import Keeping, keeping
from appliance.app.loading import Loaded, loaded
from appliance.app.reporting import DeviceReporter
from appliance.app.watching import watching
from appliance.assistant.doubts import tell_of_doubts
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
from appliance.engines.ports import VoiceDetector, WakeWordDetector
from appliance.engines.worker import EngineThread
from appliance.ops.buttons import buttons
from appliance.ops.keeper import Keeper
from appliance.ops.logbook import Logbook
from appliance.ops.rounds import Parts
from appliance.ops.status import Monitor
from appliance.storage.conversations import Conversations
from appliance.storage.db import Database
from appliance.storage.errors import StorageError
from appliance.storage.receipts import Receipts

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
    monitor = monitor or Monitor(config, clock)
    playout, journal = Playout(card, clock), Journal(bus, clock)
    async with AsyncExitStack() as stack:
        on_step("loading the models")
        models = await stack.enter_async_context(loaded(config, playout.sample_rate, monitor.health, clock))
        logbook = Logbook(transcripts=config.log.transcripts)
        bus.subscribe(logbook)
        ground = await stack.enter_async_context(grounded(config, models.room, models.engines.model, clock, journal))
        kept = await stack.enter_async_context(keeping(config, ground, bus))
        on_step("preparing the fixed phrases")
        conversation = await stack.enter_async_context(_conversing(config, models.engines, playout, ground, kept))
        appliance = Appliance(
            conversation=conversation,
            kept=kept,
            gate=_gate(config, conversation, models.wake_word, playout, journal, bus),
            journal=journal,
            playout=playout,
            bus=bus,
            engines=models.engines,
            microphone=_microphone(config, card, playout, models.voice_detector, journal, clock),
            workers=models.room.workers,
            database=ground.database,
            logbook=logbook,
            monitor=monitor,
        )
        on_step("reading the prompt")
        if resume and await stack.enter_async_context(_resuming(config, appliance, ground.conversations, clock)):
            greet = False
        await appliance.session.start(greet=greet)
        async with _listening(appliance, resumable=resume):
            parts = _parts(appliance, models)
            await stack.enter_async_context(watching(monitor, parts, config.monitoring, clock, models.engines.model))
            async with buttons(config.attention, appliance.gate):
                yield appliance


@asynccontextmanager
async def _conversing(
    config: Config, engines: Engines, playout: Playout, ground: Ground, kept: Keeping
) -> AsyncIterator[LiveConversation]:
    """Prepare the conversation; `session.start` begins it. Raises ApplianceError."""
    conversation = LiveConversation(engines, playout, ground, kept.archive.forget, kept.recordings)
    await conversation.open(config)
    try:
        yield conversation
    finally:
        await conversation.close()


@asynccontextmanager
async def _resuming(
    config: Config, appliance: Appliance, conversations: Conversations, clock: Clock
) -> AsyncIterator[bool]:
    """Continue a conversation that was cut off, and save this one turn by turn; yield whether there was one."""
    await _tell_of_doubts(config, appliance, clock)
    within_s = config.storage.resume_within_s
    keeper = Keeper(appliance.conversation, conversations, appliance.journal)
    resumed = await keeper.resume(within_s, clock)
    if resumed:
        await appliance.kept.archive.resume(appliance.journal.session_id)
    if within_s > 0:
        appliance.bus.subscribe(keeper)
    try:
        yield resumed
    finally:
        await keeper.finish()


async def _tell_of_doubts(config: Config, appliance: Appliance, clock: Clock) -> None:
    """Let people check what the end of another process has cut off; a disk that is full does not stop the start."""
    receipts, outbox = Receipts(appliance.database, clock), appliance.assistant.outbox
    try:
        await tell_of_doubts(receipts, outbox, config.handover.chosen(), appliance.journal, clock)
    except StorageError as error:
        log.warning("what is in doubt could not be handed over: %s", error)


@asynccontextmanager
async def _listening(appliance: Appliance, *, resumable: bool) -> AsyncIterator[None]:
    """Hear people and answer them until the block is left; what is `resumable` may go on at the next start."""
    appliance.microphone.start(appliance.gate.on_frame)
    try:
        yield
    finally:
        appliance.microphone.stop()
        appliance.session.break_off()
        if not (resumable and appliance.session.may_be_kept):
            appliance.session.stop()


def _gate(
    config: Config,
    conversation: LiveConversation,
    wake_word: WakeWordDetector | None,
    playout: Playout,
    journal: Journal,
    bus: Bus,
) -> Gate:
    earcons = Earcons(playout) if config.attention.earcons else None
    if earcons is not None:
        bus.subscribe(earcons)
    return Gate(config.attention, conversation, journal, wake_word, earcons)


def _microphone(
    config: Config, card: SoundCard, playout: Playout, detector: VoiceDetector, journal: Journal, clock: Clock
) -> StreamMicrophone:
    deafness = DeafnessWatch(config.audio.deaf_after_s)
    echo = echo_filter(config.audio, card.playout_rate)
    return StreamMicrophone(card, playout, detector, echo, clock, DeviceReporter(journal), deafness)


def _parts(appliance: Appliance, models: Loaded) -> Parts:
    """Return what has to be watched."""
    return Parts(
        models=models.room.models,
        database=appliance.database,
        knowledge=lambda: appliance.assistant.knowledge,
        frames=lambda: appliance.microphone.frames - appliance.microphone.backlog,
        engines=models.watches,
        bus=appliance.bus,
        fallen=lambda: models.room.fallen,
    )
