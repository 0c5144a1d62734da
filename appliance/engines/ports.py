"""What the conversation knows of its engines.

The methods are coroutines; an adapter runs the real work on its own `EngineThread`. Cancelling the awaiting task
stops the work: a language model between two tokens, the others at the end of the call that is under way.
Every method may raise `EngineError`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from appliance.audio.ports import Samples


class VoiceDetector(Protocol):
    """Voice activity detection on a stream of frames; called on the capture thread."""

    def probability(self, frame: Samples) -> float:
        """Return the probability of speech in one frame, shape (512,), 16 kHz."""

    def reset(self) -> None:
        """Forget the stream so far."""


class WakeWordDetector(Protocol):
    """Listens for its name in a stream of frames; called on the event loop, a call takes well under 1 ms."""

    def heard(self, frame: Samples) -> bool:
        """Take the next frame, shape (512,), 16 kHz; True when the wake word was completed in it."""


class TurnDetector(Protocol):
    """Semantic end of turn from the sound of the voice."""

    async def finished(self, pcm: Samples) -> float:
        """Return the probability that the person has finished; `pcm` is 16 kHz, its last 8 s count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A recognised word."""

    text: str
    start_s: float
    end_s: float
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """What was understood of an utterance."""

    text: str
    """Empty when `rejected`."""
    confidence: float
    """0 to 1: exp of the average log-probability per token."""
    language: str = "en"
    rejected: str | None = None
    """Why this is noise and not words (`silence`, `no-speech`, `low-confidence`, `repetition`, `phantom`), or None."""
    raw_text: str = ""
    """What the model wrote before the guard looked at it."""


class Transcriber(Protocol):
    """Speech recognition."""

    async def transcribe(self, pcm: Samples, *, final: bool = True) -> Transcript:
        """Transcribe one utterance so far; `pcm` is 16 kHz. `final=False` may trade accuracy for speed."""


class Role(StrEnum):
    """Who said it."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the prompt."""

    role: Role
    text: str


class LanguageModel(Protocol):
    """A local language model that keeps what it has read in its KV cache."""

    async def prefill(self, messages: Sequence[Message]) -> None:
        """Read the messages ahead of time. The last one is left open: more of it may follow."""

    def reply(self, messages: Sequence[Message]) -> AsyncIterator[str]:
        """Stream the assistant's next message as pieces of text; close the iterator to stop it."""

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return how many tokens of context the messages take."""

    @property
    def context_tokens(self) -> int:
        """The size of the context window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A synthesised clause."""

    text: str
    """As written in the reply, before it was made speakable."""
    pcm: Samples
    """At `sample_rate`."""
    sample_rate: int
    word_ends: tuple[int, ...] = field(default=())
    """For each whitespace-separated word of `text`, the sample at which it has been said."""


class Synthesiser(Protocol):
    """Text to speech."""

    async def synthesise(self, text: str) -> Speech:
        """Speak one clause, at the loudspeaker's rate."""

    @property
    def speed(self) -> float:
        """The present rate of speech; 1 is normal."""

    def set_speed(self, speed: float) -> None:
        """Speak what follows at `speed` times the normal rate."""
