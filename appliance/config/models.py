"""The configuration as frozen models: every field has a unit in its name where it has one, a default and a description.

`config.yaml` documents each of them; tests/unit/test_config_documented.py fails when one is missing.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from appliance.config.audit import AuditConfig
from appliance.config.compliance import ComplianceConfig
from appliance.config.consent import ConsentConfig
from appliance.config.dialogue import (
    AttentionConfig,
    AttentionMode,
    BargeInConfig,
    Eagerness,
    SessionConfig,
    TurnConfig,
    TurnMode,
    VadConfig,
    WakeWord,
)
from appliance.config.endpoints import only_listed
from appliance.config.engines import LlmConfig, SttConfig, TtsConfig
from appliance.config.handover import HandoverConfig
from appliance.config.knowledge import KnowledgeConfig
from appliance.config.monitoring import MonitoringConfig
from appliance.config.network import NetworkConfig
from appliance.config.redaction import RedactionConfig
from appliance.config.retention import RetentionConfig
from appliance.config.rules import broken_rule, folder_or_address, without_tilde, zone_that_exists
from appliance.config.section import Section
from appliance.config.storage import StorageConfig
from appliance.config.tools import Forms, Tools

__all__ = [
    "AttentionConfig",
    "AttentionMode",
    "AudioConfig",
    "BargeInConfig",
    "Config",
    "Device",
    "Eagerness",
    "Example",
    "LlmConfig",
    "LogConfig",
    "LogLevel",
    "ModelsConfig",
    "PersonaConfig",
    "PhrasesConfig",
    "Profile",
    "SessionConfig",
    "SiteConfig",
    "SttConfig",
    "TtsConfig",
    "TurnConfig",
    "TurnMode",
    "VadConfig",
    "WakeWord",
]


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
    role: str = Field(default="visitor", min_length=1)
    """Who speaks here, such as visitor or staff; tools can be limited to roles."""
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
    noise_suppression: bool = False
    """Reduce steady noise such as fans; off, because Whisper understands people better without."""
    high_pass_filter: bool = True
    """Remove rumble below the voice."""
    auto_gain: bool = False
    """Level the microphone automatically; off, because it makes echo cancellation worse."""
    deaf_after_s: Annotated[float, Field(ge=0, le=3600)] = 30.0
    """Seconds of sound like speech without detected speech, after which the audio path is restarted; 0 never."""


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
    attention: AttentionConfig = AttentionConfig()
    """Whether what is heard is meant for the assistant."""
    stt: SttConfig = SttConfig()
    """Speech recognition."""
    llm: LlmConfig = LlmConfig()
    """Language model."""
    tts: TtsConfig = TtsConfig()
    """Voice."""
    models: ModelsConfig = ModelsConfig()
    """Where models come from and where they are kept."""
    knowledge: KnowledgeConfig = KnowledgeConfig()
    """What it knows about its site."""
    handover: HandoverConfig = Field(default=HandoverConfig(), validate_default=True)
    """When and how people take over."""
    consent: ConsentConfig = ConsentConfig()
    """What people are told and asked about what is kept."""
    retention: RetentionConfig = RetentionConfig()
    """What is kept, and for how long."""
    redaction: RedactionConfig = RedactionConfig()
    """Personal data that is replaced before anything is written."""
    storage: StorageConfig = StorageConfig()
    """What has to survive a restart."""
    audit: AuditConfig = AuditConfig()
    """The trail of what was done."""
    network: NetworkConfig = NetworkConfig()
    """What may be reached over the network."""
    monitoring: MonitoringConfig = MonitoringConfig()
    """Health, metrics and traces."""
    compliance: ComplianceConfig = ComplianceConfig()
    """What stands in the record of processing."""
    tools: Tools = ()
    """What it can do beside talking."""
    forms: Forms = ()
    """Forms that are filled in by talking."""
    log: LogConfig = LogConfig()
    """Log messages."""

    @model_validator(mode="after")
    def _names_only_hosts_that_are_listed(self) -> Self:
        return only_listed(self, self.network)

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
