"""The composition root: builds everything from the configuration, starts and stops it in order."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from appliance.assistant.building import build_assistant
from appliance.assistant.responder import Assistant
from appliance.audio.card import SoundCard
from appliance.audio.deafness import DeafnessWatch
from appliance.audio.echo import echo_filter
from appliance.audio.microphone import StreamMicrophone
from appliance.audio.playout import Playout
from appliance.bus import Bus
from appliance.clock import Clock
from appliance.config.models import AttentionMode, Config, Device
from appliance.dialogue.earcons import Earcons
from appliance.dialogue.gate import Gate
from appliance.dialogue.journal import Journal
from appliance.dialogue.phrases import PhraseBook, fixed_phrases, openings
from appliance.dialogue.session import Engines, Session
from appliance.engines.device import Accelerators, ThreadPlan, detect, plan_threads, usable_cores
from appliance.engines.ports import VoiceDetector
from appliance.errors import EngineError
from appliance.events import AudioRestarted, AudioXrun, DeviceFound, DeviceLost
from appliance.handover.channels import build_channels
from appliance.handover.delivery import Delivery, Patience
from appliance.models.catalogue import Role, load_catalogue
from appliance.models.profiles import resolve
from appliance.models.verify import locate
from appliance.ops.buttons import buttons
from appliance.ops.keeper import Keeper
from appliance.ops.logbook import Logbook
from appliance.storage.conversations import Conversations
from appliance.storage.db import Database
from appliance.storage.errors import StorageError
from appliance.storage.receipts import Receipts
from appliance.tools.secrets import secret

if TYPE_CHECKING:
    from appliance.engines.llama import LlamaLanguageModel
    from appliance.engines.piper import PiperSynthesiser
    from appliance.engines.sentences import MiniLmEncoder
    from appliance.engines.smart_turn import SmartTurnDetector
    from appliance.engines.wakeword import MicroWakeWordDetector
    from appliance.engines.whisper import WhisperTranscriber

log = logging.getLogger(__name__)

ALL_LAYERS = -1
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the engines run on."""

    accelerators: Accelerators
    threads: ThreadPlan

    @classmethod
    def probe(cls, config: Config) -> Machine:
        """Look at the processors and graphics cards of this machine. Raises EngineError for `cuda` without any."""
        accelerators = Accelerators() if config.device is Device.CPU else detect()
        if config.device is Device.CUDA and not accelerators.llama_usable:
            raise EngineError(
                "the configuration insists on a GPU (device: cuda), and there is none that llama.cpp can use",
                remedy="mend the driver and run scripts/setup again, or set device: auto in config.yaml",
            )
        return cls(accelerators=accelerators, threads=plan_threads(usable_cores(), config))


class EngineRoom:
    """Loads engines one by one, so that a command loads only those it needs, and closes what it has loaded.

    Raises ModelError when a file is missing, EngineError when one cannot be used.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._machine = Machine.probe(config)
        self._models = resolve(config, load_catalogue())
        self._closing = ExitStack()

    def close(self) -> None:
        """End the engines' threads and free their memory."""
        self._closing.close()

    def transcriber(self) -> WhisperTranscriber:
        """Load speech recognition."""
        from appliance.engines.whisper import build_transcriber

        folder = self._entry(Role.STT)
        threads = self._machine.threads.stt
        engine = build_transcriber(
            self._config, folder, threads=threads, cuda=self._machine.accelerators.whisper_usable
        )
        self._closing.callback(engine.close)
        return engine

    def language_model(self) -> LlamaLanguageModel:
        """Load the language model."""
        from appliance.engines.llama import LlamaLanguageModel

        threads = self._machine.threads
        engine = LlamaLanguageModel(
            self._entry(Role.LLM),
            self._config.llm,
            decode_threads=threads.llm_decode,
            prefill_threads=threads.llm_prefill,
            gpu_layers=ALL_LAYERS if self._machine.accelerators.llama_usable else 0,
        )
        self._closing.callback(engine.close)
        return engine

    def voice(self, output_rate: int) -> PiperSynthesiser:
        """Load the voice; it will speak at `output_rate` Hz."""
        from appliance.engines.piper import PiperSynthesiser

        engine = PiperSynthesiser(
            self._entry(Role.TTS), self._config.tts, output_rate=output_rate, threads=self._machine.threads.tts
        )
        self._closing.callback(engine.close)
        return engine

    def voice_detector(self) -> VoiceDetector:
        """Load voice activity detection."""
        from appliance.engines.foreground import ForegroundDetector
        from appliance.engines.silero import SileroDetector

        return ForegroundDetector(SileroDetector(self._entry(Role.VAD)))

    def wake_word_detector(self) -> MicroWakeWordDetector | None:
        """Load the wake word, if it needs one."""
        from appliance.engines.wakeword import MicroWakeWordDetector

        attention = self._config.attention
        if attention.mode is not AttentionMode.WAKE_WORD:
            return None
        return MicroWakeWordDetector(attention.wake_word.value, attention.wake_word_model)

    def turn_detector(self) -> SmartTurnDetector:
        """Load the semantic end-of-turn detector."""
        from appliance.engines.smart_turn import SmartTurnDetector

        engine = SmartTurnDetector(self._entry(Role.TURN))
        self._closing.callback(engine.close)
        return engine

    def encoder(self) -> MiniLmEncoder:
        """Load the sentence embeddings."""
        from appliance.engines.sentences import MiniLmEncoder

        engine = MiniLmEncoder(self._entry(Role.EMBED))
        self._closing.callback(engine.close)
        return engine

    def _entry(self, role: Role) -> Path:
        model = self._models[role]
        files = locate(model, self._config.models.directory)
        return files[model.entry] if model.entry in files else next(iter(files.values())).parent


class DeviceReporter:
    """Publishes what happens to the sound devices."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._restarts = 0

    def lost(self, direction: str, detail: str) -> None:
        """A device went away."""
        log.warning("audio %s lost: %s; trying to open it again every second", direction, detail)
        self._journal.emit(DeviceLost, direction=direction, detail=detail)

    def found(self, direction: str) -> None:
        """It is back."""
        log.warning("audio %s is back", direction)
        self._journal.emit(DeviceFound, direction=direction)

    def xrun(self, direction: str, count: int) -> None:
        """Samples were lost."""
        self._journal.emit(AudioXrun, direction=direction, count=count)

    def restarted(self, reason: str) -> None:
        """The audio path had gone deaf and starts anew."""
        self._restarts += 1
        log.warning("the audio path is restarted (%s), for the %d. time since the start", reason, self._restarts)
        self._journal.emit(AudioRestarted, reason=reason, count=self._restarts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appliance:
    """A running appliance."""

    session: Session
    assistant: Assistant
    gate: Gate
    journal: Journal
    playout: Playout
    bus: Bus
    engines: Engines


@asynccontextmanager
async def beside(*works: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Run the works until the block is left; one that ends with an error is logged."""
    tasks = [asyncio.ensure_future(_reported(work)) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _reported(work: Coroutine[object, object, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("a part of the appliance has stopped working")


async def _expire(receipts: Receipts, max_age_days: float, clock: Clock) -> None:
    """Forget old receipts, every day."""
    while True:
        try:
            await receipts.expire(max_age_days * DAY_S)
        except StorageError as error:
            log.warning("old receipts could not be deleted: %s", error)
        await clock.sleep(DAY_S)


@asynccontextmanager
async def assisting(
    config: Config, room: EngineRoom, model: LlamaLanguageModel, clock: Clock, journal: Journal
) -> AsyncIterator[tuple[Assistant, Conversations]]:
    """Open the database, deliver what has to leave, and yield the assistant that acts. Raises ApplianceError."""
    encoder = await asyncio.to_thread(room.encoder)
    database = await Database.open(config.storage.database)
    conversations = Conversations(database, clock)
    try:
        assistant = await build_assistant(
            config, config.storage.directory.parent, model, encoder, database, clock, journal
        )
        patience = Patience(
            max_age_days=config.storage.outbox_max_age_days, keep_keys_days=config.storage.receipts_max_age_days
        )
        channels = build_channels(config.handover, secret)
        delivery = Delivery(assistant.outbox, channels, clock, Random(), patience)  # noqa: S311 - it spreads attempts
        expiry = _expire(Receipts(database, clock), config.storage.receipts_max_age_days, clock)
        async with beside(delivery.run(), assistant.knowledge.watch(clock), expiry):
            try:
                yield assistant, conversations
            finally:
                await conversations.flush()
    finally:
        await database.close()


@asynccontextmanager
async def running(
    config: Config,
    card: SoundCard,
    clock: Clock,
    bus: Bus,
    *,
    greet: bool = True,
    resume: bool = False,
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
        engines = Engines(
            transcriber=await asyncio.to_thread(room.transcriber),
            turn_detector=await asyncio.to_thread(room.turn_detector),
            model=(model := await asyncio.to_thread(room.language_model)),
            voice=await asyncio.to_thread(room.voice, playout.sample_rate),
        )
        detector = await asyncio.to_thread(room.voice_detector)
        wake_word = await asyncio.to_thread(room.wake_word_detector)
        on_step("preparing the fixed phrases")
        phrases = PhraseBook()
        await phrases.prepare(engines.voice, fixed_phrases(config))
        for clause in openings(config):
            await engines.voice.synthesise(clause)
        bus.subscribe(Logbook(transcripts=config.log.transcripts))
        journal = Journal(bus, clock)
        assistant, conversations = await stack.enter_async_context(assisting(config, room, model, clock, journal))
        session = Session(config, engines, playout, clock, journal, phrases, assistant)
        earcons = Earcons(playout) if config.attention.earcons else None
        if earcons is not None:
            bus.subscribe(earcons)
        gate = Gate(config.attention, session, journal, wake_word, earcons)
        deafness = DeafnessWatch(config.audio.deaf_after_s)
        reporter = DeviceReporter(journal)
        echo = echo_filter(config.audio, card.playout_rate)
        microphone = StreamMicrophone(card, playout, detector, echo, clock, reporter, deafness)
        on_step("reading the prompt")
        if resume:
            keeper = Keeper(session, assistant, conversations, journal)
            greet = not await keeper.resume(config.storage.resume_within_s, clock) and greet
            stack.push_async_callback(keeper.finish)
            if config.storage.resume_within_s > 0:
                bus.subscribe(keeper)
        await session.start(greet=greet)
        microphone.start(gate.on_frame)
        try:
            async with buttons(config.attention, gate):
                yield Appliance(
                    session=session,
                    assistant=assistant,
                    gate=gate,
                    journal=journal,
                    playout=playout,
                    bus=bus,
                    engines=engines,
                )
        finally:
            microphone.stop()
            await session.close()
