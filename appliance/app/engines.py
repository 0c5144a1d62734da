"""What the engines run on, and loading them."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from appliance.assistant.small_talk import VECTORS
from appliance.config.models import AttentionMode, Config, Device, Profile
from appliance.dialogue.phrases import fixed_phrases, openings
from appliance.engines.device import Accelerators, ThreadPlan, detect, plan_threads, usable_cores
from appliance.engines.kept import Kept
from appliance.engines.ports import VoiceDetector
from appliance.engines.renewal import GRAPHICS_CARD, PROCESSOR, Way, ways
from appliance.engines.worker import EngineThread
from appliance.errors import EngineError, ModelError
from appliance.models.catalogue import Model, Role, load_catalogue
from appliance.models.profiles import resolve
from appliance.models.verify import locate
from appliance.prompt.preamble import preamble

if TYPE_CHECKING:
    from appliance.engines.llama import LlamaLanguageModel
    from appliance.engines.piper import PiperSynthesiser
    from appliance.engines.sentences import MiniLmEncoder
    from appliance.engines.smart_turn import SmartTurnDetector
    from appliance.engines.wakeword import MicroWakeWordDetector
    from appliance.engines.whisper import WhisperTranscriber

log = logging.getLogger(__name__)

ALL_LAYERS = -1
KEPT = "kept"


class Threaded(Protocol):
    """An engine with a thread of its own."""

    @property
    def worker(self) -> EngineThread:
        """The thread."""

    def close(self) -> None:
        """End the thread and free the memory."""


class OnCard(Protocol):
    """An engine that may compute on the graphics card."""

    @property
    def fallen(self) -> str:
        """Why it does not although it should; empty otherwise."""


E = TypeVar("E", bound=Threaded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the engines run on."""

    accelerators: Accelerators
    threads: ThreadPlan
    fallen: str = ""
    """Why the graphics card is not used although it should be; empty otherwise."""

    @classmethod
    def probe(cls, config: Config) -> Machine:
        """Look at the processors and graphics cards of this machine. Raises EngineError for `cuda` without any.

        A driver that does not answer is no reason to be silent, unless the configuration insists on the card.
        """
        try:
            accelerators, fallen = Accelerators() if config.device is Device.CPU else detect(), ""
        except EngineError as error:
            if config.device is Device.CUDA:
                raise
            accelerators, fallen = Accelerators(), f"the engines compute on {PROCESSOR}: {error}"
            log.error("%s", fallen, extra={"error_code": error.code})  # noqa: TRY400 - no mistake in the program
        if config.device is Device.CUDA and not accelerators.llama_usable:
            raise EngineError(
                "the configuration insists on a GPU (device: cuda), and there is none that llama.cpp can use",
                remedy="mend the driver and run scripts/setup again, or set device: auto in config.yaml",
            )
        return cls(accelerators=accelerators, threads=plan_threads(usable_cores(), config), fallen=fallen)


def cache_folder(config: Config, environ: Mapping[str, str] = os.environ) -> Path:
    """Return where to keep what would be computed anew at every start: systemd's folder for it, or one of the state."""
    given = environ.get("CACHE_DIRECTORY", "").split(":")[0]
    return Path(given) / KEPT if given else config.storage.directory / KEPT


class EngineRoom:
    """Loads engines one by one, so that a command loads only those it needs, and closes what it has loaded.

    Raises ModelError when a file is missing, EngineError when one cannot be used.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._machine = Machine.probe(config)
        self._models = resolve(config, load_catalogue())
        self._kept_files = Kept(cache_folder(config))
        self._closing = ExitStack()
        self._workers: list[EngineThread] = []
        self._on_card: list[OnCard] = []

    @property
    def workers(self) -> tuple[EngineThread, ...]:
        """The threads of the engines that are loaded."""
        return tuple(self._workers)

    @property
    def fallen(self) -> tuple[str, ...]:
        """Which engines do not compute on the graphics card although they should, and why, in words."""
        reasons = (self._machine.fallen, *(engine.fallen for engine in self._on_card))
        return tuple(reason for reason in reasons if reason)

    @property
    def models(self) -> dict[Role, Model]:
        """What the configuration and this machine have chosen."""
        return self._models

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
        self._on_card.append(engine)
        return self._kept(engine)

    def language_model(self) -> LlamaLanguageModel:
        """Load the language model."""
        from appliance.engines.llama import LlamaLanguageModel, Stable
        from appliance.engines.llama_context import LlamaContext

        threads, settings = self._machine.threads, self._config.llm

        def build(path: Path, gpu_layers: int) -> LlamaContext:
            return LlamaContext(
                path,
                context_tokens=settings.context_tokens,
                decode_threads=threads.llm_decode,
                prefill_threads=threads.llm_prefill,
                gpu_layers=gpu_layers,
            )

        path = self._entry(Role.LLM)
        card = Way(where=GRAPHICS_CARD, build=lambda: build(path, ALL_LAYERS))
        processor = Way(where=PROCESSOR, build=lambda: build(self._entry_without_card(Role.LLM), 0))
        usable = self._machine.accelerators.llama_usable
        stable = Stable(head=preamble(self._config), kept=self._kept_files)
        engine = LlamaLanguageModel(ways(card if usable else None, processor, self._config.device), settings, stable)
        self._on_card.append(engine)
        return self._kept(engine)

    def voice(self, output_rate: int) -> PiperSynthesiser:
        """Load the voice; it will speak at `output_rate` Hz."""
        from appliance.engines.piper import Fixed, PiperSynthesiser

        fixed = Fixed(phrases={*fixed_phrases(self._config), *openings(self._config)} - {""}, kept=self._kept_files)
        engine = PiperSynthesiser(
            self._entry(Role.TTS),
            self._config.tts,
            output_rate=output_rate,
            threads=self._machine.threads.tts,
            fixed=fixed,
        )
        return self._kept(engine)

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
        return self._kept(engine)

    def encoder(self, known: Path | None = VECTORS) -> MiniLmEncoder:
        """Load the sentence embeddings. `known` has vectors that need not be computed."""
        from appliance.engines.sentences import MiniLmEncoder

        engine = MiniLmEncoder(self._entry(Role.EMBED), self._kept_files, known)
        return self._kept(engine)

    def _kept(self, engine: E) -> E:
        """Close the engine with the room, and have its thread watched."""
        self._closing.callback(engine.close)
        self._workers.append(engine.worker)
        return engine

    def _entry_without_card(self, role: Role) -> Path:
        """Return the model that the profile `cpu` has, if it was fetched: the present one may be slow there."""
        if self._machine.accelerators.llama_usable and self._config.models.profile is Profile.AUTO:
            on_cpu = resolve(self._config.model_copy(update={"device": Device.CPU}), load_catalogue())
            with suppress(ModelError):
                return self._located(on_cpu[role])
        return self._entry(role)

    def _entry(self, role: Role) -> Path:
        return self._located(self._models[role])

    def _located(self, model: Model) -> Path:
        files = locate(model, self._config.models.directory)
        return files[model.entry] if model.entry in files else next(iter(files.values())).parent
