"""How the assistant listens and when it speaks, as configured."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationInfo, field_validator

from appliance.config.rules import broken_rule
from appliance.config.section import Milliseconds, Probability, Section


class TurnMode(StrEnum):
    """How the end of a turn is found."""

    SEMANTIC = "semantic"
    VAD = "vad"


class Eagerness(StrEnum):
    """How soon the assistant takes the floor."""

    LOW = "low"
    AUTO = "auto"
    HIGH = "high"


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
    min_speech_duration_ms: Milliseconds = 192
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
    clear_end_ms: Milliseconds = 260
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


class AttentionMode(StrEnum):
    """When the assistant listens."""

    ALWAYS = "always"
    WAKE_WORD = "wake_word"
    PUSH_TO_TALK = "push_to_talk"
    SCREEN = "screen"


class WakeWord(StrEnum):
    """The wake words that come with the appliance."""

    OKAY_NABU = "okay_nabu"
    HEY_JARVIS = "hey_jarvis"
    HEY_MYCROFT = "hey_mycroft"
    ALEXA = "alexa"


class AttentionConfig(Section):
    """Whether what is heard is meant for the assistant."""

    mode: AttentionMode = AttentionMode.ALWAYS
    """`always` listens to everybody, `wake_word` after its name, `push_to_talk` and `screen` while a button is held."""
    wake_word: WakeWord = WakeWord.OKAY_NABU
    """What people say to wake it."""
    wake_word_model: Path | None = None
    """A wake word of your own: the .json file of a microWakeWord model; null for the one above."""
    listen_for_s: Annotated[float, Field(ge=1, le=600)] = 8.0
    """Seconds it goes on listening after the wake word and after each reply, so that nobody needs to say it again."""
    earcons: bool = False
    """Short tones: it listens now; it is still thinking."""
    http_port: Annotated[int | None, Field(ge=1, le=65_535, validate_default=True)] = None
    """Port on this machine that takes `POST /talk` and `POST /release` as a button; null for none."""
    gpio_chip: Path = Path("/dev/gpiochip0")
    """Where a button is connected."""
    gpio_line: Annotated[int | None, Field(ge=0, le=1023)] = None
    """The line of that chip with the button; null for no button."""
    gpio_active_low: bool = True
    """Whether the button connects the line to ground; false when it connects it to the supply."""

    @property
    def by_hand(self) -> bool:
        """Whether a button says who is meant and when the person has finished."""
        return self.mode in {AttentionMode.PUSH_TO_TALK, AttentionMode.SCREEN}

    @field_validator("http_port")
    @classmethod
    def _screen_needs_a_port(cls, http_port: int | None, info: ValidationInfo) -> int | None:
        if http_port is None and info.data.get("mode") is AttentionMode.SCREEN:
            message = "attention.mode is screen, which needs attention.http_port; choose a free port such as 8765"
            raise broken_rule(message, "http_port", "mode")
        return http_port
