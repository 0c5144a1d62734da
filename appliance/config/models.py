"""The configuration as frozen models: every field has a unit in its name where it has one, a default and a description.

`config.yaml` documents each of them; tests/unit/test_config_documented.py fails when one is missing.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from appliance.config.rules import broken_rule, folder_or_address, without_tilde, zone_that_exists

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
Milliseconds = Annotated[int, Field(ge=0, le=60_000)]
Threads = Annotated[int, Field(ge=0, le=256)]


class Section(BaseModel):
    """A part of the configuration: unknown keys are errors, values never change."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class Profile(StrEnum):
    """A set of models that fit a kind of machine."""

    AUTO = "auto"
    CPU = "cpu"
    GPU_8GB = "gpu-8gb"
    GPU_24GB = "gpu-24gb"


class Device(StrEnum):
    """Where the models run."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class TurnMode(StrEnum):
    """How the end of a turn is found."""

    SEMANTIC = "semantic"
    VAD = "vad"


class Eagerness(StrEnum):
    """How soon the assistant takes the floor."""

    LOW = "low"
    AUTO = "auto"
    HIGH = "high"


class LogLevel(StrEnum):
    """The least important message that is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class SiteConfig(Section):
    """Where the appliance stands."""

    name: str = Field(default="the front desk", min_length=1)
    """What the place is called, as the assistant says it."""
    timezone: Annotated[str, AfterValidator(zone_that_exists)] = "UTC"
    """IANA time zone, such as Europe/Berlin; used when the person asks about time or date."""
    facts: tuple[str, ...] = ()
    """What the assistant may tell about the place, one fact a line. It knows nothing else about it."""


class Example(Section):
    """A turn that shows the model how to answer."""

    user: str
    """What a person says."""
    assistant: str
    """What the assistant answers."""


class PersonaConfig(Section):
    """Who is speaking."""

    name: str = Field(default="Joe", min_length=1)
    """What the assistant calls itself."""
    greeting: str = "Hello. How can I help you?"
    """Said when a session begins; empty for silence."""
    instructions: str = "Be friendly, brief and concrete."
    """How the assistant should behave, in plain words."""
    examples: tuple[Example, ...] = ()
    """A few short turns in the style you want. They work better than instructions."""


class PhrasesConfig(Section):
    """Fixed sentences; they are synthesised at start and need no model."""

    not_understood: tuple[str, ...] = Field(
        default=(
            "Sorry, I didn't catch that. Could you say it again?",
            "I still didn't get that. Please say it in a few short words.",
        ),
        min_length=1,
    )
    """Said when nothing could be made of the speech: the first time, the second time."""
    offer_human: str = (
        "I'm sorry, I still can't understand you. Please ask one of my colleagues, they will be glad to help."
    )
    """Said when it failed once more than there are phrases above."""
    engine_error: str = "Sorry, something went wrong on my side. Please say that again."
    """Said when an engine failed; the next turn works."""
    still_there: str = "Are you still there?"
    """Said once after a long silence; empty for none."""
    nothing_to_repeat: str = "I haven't said anything yet."
    """Said when somebody asks to repeat and there is nothing to repeat."""
    goodbye: str = "Goodbye."
    """Said when the session ends."""


class AudioConfig(Section):
    """Sound devices."""

    input_device: str | int | None = None
    """Microphone by name, part of its name or number (`appliance devices`); null for the default."""
    output_device: str | int | None = None
    """Loudspeaker by name, part of its name or number; null for the default."""
    echo_cancellation: bool = True
    """Remove the assistant's own voice from the microphone. Turn off only with headphones."""
    noise_suppression: bool = True
    """Reduce steady noise such as fans."""
    high_pass_filter: bool = True
    """Remove rumble below the voice."""
    auto_gain: bool = False
    """Level the microphone automatically; off, because it makes echo cancellation worse."""


class VadConfig(Section):
    """Voice activity detection (Silero)."""

    threshold: Probability = 0.5
    """Probability above which a 32 ms frame counts as speech."""
    threshold_off: Probability = Field(default=0.35, validate_default=True)
    """Probability below which it counts as silence again (hysteresis); not above the threshold."""
    min_speech_duration_ms: Milliseconds = 96
    """Speech shorter than this is a click, not a word."""
    prefix_padding_ms: Milliseconds = 500
    """Sound kept from before the detected start, so that no first syllable is lost."""
    silence_duration_ms: Milliseconds = 800
    """Silence that ends a turn when the end is uncertain."""

    @field_validator("threshold_off")
    @classmethod
    def _not_above_threshold(cls, threshold_off: float, info: ValidationInfo) -> float:
        threshold = info.data.get("threshold")
        if threshold is not None and threshold_off > threshold:
            message = f"vad.threshold_off ({threshold_off:g}) must not be above vad.threshold ({threshold:g})"
            raise broken_rule(message, "threshold_off", "threshold")
        return threshold_off


class BargeInConfig(Section):
    """Interrupting the assistant."""

    enabled: bool = True
    """Whether people may cut in."""
    min_speech_duration_ms: Milliseconds = 300
    """Speech needed before an interruption is considered."""
    max_undecided_ms: Milliseconds = 900
    """Speech that interrupts whatever it says."""
    backchannels: tuple[str, ...] = (
        "mm-hm",
        "mhm",
        "mm",
        "uh-huh",
        "aha",
        "yeah",
        "yes",
        "yep",
        "okay",
        "ok",
        "right",
        "sure",
        "i see",
        "great",
        "good",
        "thanks",
        "thank you",
        "hm",
        "hmm",
        "oh",
        "ah",
    )
    """What a listener says without wanting the floor; it does not interrupt."""


class TurnConfig(Section):
    """When the assistant takes the floor."""

    mode: TurnMode = TurnMode.SEMANTIC
    """`semantic` listens to how the person ends, `vad` only counts silence."""
    eagerness: Eagerness = Eagerness.AUTO
    """`low` waits longer, `high` answers sooner and cuts people off more often."""
    clear_end_ms: Milliseconds = 220
    """Silence that ends a turn when the end is clear."""
    max_silence_ms: Milliseconds = 2000
    """Silence that ends a turn in any case, also in the middle of a phone number."""
    max_turn_ms: Annotated[int, Field(ge=1000, le=300_000)] = 60_000
    """A turn longer than this is answered as it is."""
    speculation: bool = True
    """Prepare the answer during the first silence, before the end is decided."""
    max_speculations: Annotated[int, Field(ge=0, le=20)] = 3
    """How often a turn may be prepared in vain."""
    barge_in: BargeInConfig = BargeInConfig()
    """Interrupting the assistant."""


class SessionConfig(Section):
    """A conversation with one person."""

    still_there_after_s: Annotated[float, Field(ge=1, le=3600)] = 15.0
    """Silence after which the assistant asks once whether anybody is there."""
    end_after_s: Annotated[float, Field(ge=1, le=3600, validate_default=True)] = 30.0
    """Silence after which the session ends and its memory is cleared."""
    goodbye_words: tuple[str, ...] = (
        "goodbye",
        "good bye",
        "bye",
        "bye bye",
        "that is all",
        "that's all",
        "that'll be all",
    )
    """What a person says to end the session."""

    @field_validator("end_after_s")
    @classmethod
    def _after_the_question(cls, end_after_s: float, info: ValidationInfo) -> float:
        asked = info.data.get("still_there_after_s")
        if asked is not None and end_after_s <= asked:
            message = f"session.end_after_s ({end_after_s:g}) must be above session.still_there_after_s ({asked:g})"
            raise broken_rule(message, "end_after_s", "still_there_after_s")
        return end_after_s


class SttConfig(Section):
    """Speech recognition (faster-whisper)."""

    model: str | None = None
    """Model name from `appliance models list`; null takes the profile's."""
    threads: Threads = 0
    """CPU threads; 0 chooses."""
    beam_size: Annotated[int, Field(ge=1, le=10)] = 1
    """1 is fastest; larger is a little more accurate."""
    vocabulary: tuple[str, ...] = ()
    """Names and terms of your place that the recogniser should know."""
    partials: bool = True
    """Transcribe while the person still speaks."""
    no_speech_threshold: Probability = 0.6
    """Reject a transcript when the model thinks that this likely there is no speech in it."""
    min_average_logprob: Annotated[float, Field(ge=-10, le=0)] = -1.0
    """Reject a transcript whose words are this improbable on average."""
    max_compression_ratio: Annotated[float, Field(ge=1, le=10)] = 2.4
    """Reject a transcript that repeats itself this much."""


class LlmConfig(Section):
    """Language model (llama.cpp)."""

    model: str | None = None
    """Model name from `appliance models list`; null takes the profile's."""
    threads: Threads = 0
    """CPU threads while it writes; 0 chooses."""
    context_tokens: Annotated[int, Field(ge=512, le=131_072)] = 4096
    """How much of the conversation it can see. Memory grows with it."""
    max_reply_tokens: Annotated[int, Field(ge=8, le=2048)] = 100
    """A spoken answer is short; the reply is ended at the last sentence within this."""
    temperature: Annotated[float, Field(ge=0, le=2)] = 0.0
    """0 always takes the most likely word: the same question gets the same answer."""


class TtsConfig(Section):
    """Voice (Piper)."""

    voice: str | None = None
    """Voice from `appliance models list`; null takes the profile's."""
    threads: Threads = 0
    """CPU threads; 0 chooses."""
    speed: Annotated[float, Field(ge=0.5, le=2.0)] = 1.0
    """1.2 is a fifth faster."""
    lexicon: dict[str, str] = Field(default_factory=dict)
    """How to say a word: written form to what should be read instead."""


class ModelsConfig(Section):
    """Where models come from and where they are kept."""

    profile: Profile = Profile.AUTO
    """Which set of models; `auto` chooses by the video memory there is."""
    directory: Annotated[Path, AfterValidator(without_tilde)] = Path("models")
    """Where the weights are kept; a relative path starts at the folder of config.yaml."""
    mirror: Annotated[str | None, AfterValidator(folder_or_address)] = None
    """A folder or http(s) address on your site to take models from, laid out as `<model>/<file>`."""
    offline: bool = False
    """Never look for models on the Internet."""


class LogConfig(Section):
    """Log messages; they go to the standard error stream, which systemd keeps."""

    level: LogLevel = LogLevel.INFO
    """The least important message that is logged."""
    transcripts: bool = False
    """Also log what people say. Off, because logs are kept longer than anybody remembers."""


class Config(Section):
    """The whole configuration."""

    device: Device = Device.AUTO
    """Where the models run: `auto` takes a GPU when there is one that works."""
    site: SiteConfig = SiteConfig()
    """Where the appliance stands."""
    persona: PersonaConfig = PersonaConfig()
    """Who is speaking."""
    phrases: PhrasesConfig = PhrasesConfig()
    """Fixed sentences."""
    audio: AudioConfig = AudioConfig()
    """Sound devices."""
    vad: VadConfig = VadConfig()
    """Voice activity detection."""
    turn: TurnConfig = Field(default=TurnConfig(), validate_default=True)
    """When the assistant takes the floor."""
    session: SessionConfig = SessionConfig()
    """A conversation with one person."""
    stt: SttConfig = SttConfig()
    """Speech recognition."""
    llm: LlmConfig = LlmConfig()
    """Language model."""
    tts: TtsConfig = TtsConfig()
    """Voice."""
    models: ModelsConfig = ModelsConfig()
    """Where models come from and where they are kept."""
    log: LogConfig = LogConfig()
    """Log messages."""

    @field_validator("turn")
    @classmethod
    def _silences_in_order(cls, turn: TurnConfig, info: ValidationInfo) -> TurnConfig:
        vad = info.data.get("vad")
        if vad is None:
            return turn
        uncertain = f"vad.silence_duration_ms ({vad.silence_duration_ms})"
        if turn.clear_end_ms > vad.silence_duration_ms:
            message = f"turn.clear_end_ms ({turn.clear_end_ms}) must not be above {uncertain}"
            raise broken_rule(message, "turn.clear_end_ms", "vad.silence_duration_ms")
        if vad.silence_duration_ms > turn.max_silence_ms:
            message = f"turn.max_silence_ms ({turn.max_silence_ms}) must not be below {uncertain}"
            raise broken_rule(message, "turn.max_silence_ms", "vad.silence_duration_ms")
        return turn
