"""What the engines run on, and loading them."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from appliance.config.models import AttentionMode, Config, Device
from appliance.engines.device import Accelerators, ThreadPlan, detect, plan_threads, usable_cores
from appliance.engines.ports import VoiceDetector
from appliance.engines.worker import EngineThread
from appliance.errors import EngineError
from appliance.models.catalogue import Role, load_catalogue
from appliance.models.profiles import resolve
from appliance.models.verify import locate

if TYPE_CHECKING:
    from appliance.engines.llama import LlamaLanguageModel
    from appliance.engines.piper import PiperSynthesiser
    from appliance.engines.sentences import MiniLmEncoder
    from appliance.engines.smart_turn import SmartTurnDetector
    from appliance.engines.wakeword import MicroWakeWordDetector
    from appliance.engines.whisper import WhisperTranscriber

ALL_LAYERS = -1


class Threaded(Protocol):
    """An engine with a thread of its own."""

    @property
    def worker(self) -> EngineThread:
        """The thread."""

    def close(self) -> None:
        """End the thread and free the memory."""


E = TypeVar("E", bound=Threaded)


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
        self._workers: list[EngineThread] = []

    @property
    def workers(self) -> tuple[EngineThread, ...]:
        """The threads of the engines that are loaded."""
        return tuple(self._workers)

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
        return self._kept(engine)

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
        return self._kept(engine)

    def voice(self, output_rate: int) -> PiperSynthesiser:
        """Load the voice; it will speak at `output_rate` Hz."""
        from appliance.engines.piper import PiperSynthesiser

        engine = PiperSynthesiser(
            self._entry(Role.TTS), self._config.tts, output_rate=output_rate, threads=self._machine.threads.tts
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

    def encoder(self) -> MiniLmEncoder:
        """Load the sentence embeddings."""
        from appliance.engines.sentences import MiniLmEncoder

        engine = MiniLmEncoder(self._entry(Role.EMBED))
        return self._kept(engine)

    def _kept(self, engine: E) -> E:
        """Close the engine with the room, and have its thread watched."""
        self._closing.callback(engine.close)
        self._workers.append(engine.worker)
        return engine

    def _entry(self, role: Role) -> Path:
        model = self._models[role]
        files = locate(model, self._config.models.directory)
        return files[model.entry] if model.entry in files else next(iter(files.values())).parent
