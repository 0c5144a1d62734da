"""Settings of speech recognition, the language model and the voice."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from appliance.config.section import Probability, Section, Threads


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
