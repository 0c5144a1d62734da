"""Engines whose work is watched: how often each fails, and whether it still answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager

from appliance.audio.ports import Samples
from appliance.clock import Clock
from appliance.dialogue.session import Engines
from appliance.engines.ports import LanguageModel, Message, Speech, Synthesiser, Transcriber, Transcript, TurnDetector
from appliance.ops.health import Finding, Health, Part, State

FAILED_AFTER = 3
"""So many failures in a row are no accident."""
HUNG_AFTER_S = 30.0
"""The slowest work known is reading a whole prompt anew on two cores: 8 s. A reply is awaited piece by piece."""


class EngineWatch:
    """What is known of one engine."""

    def __init__(self, part: Part, health: Health, clock: Clock) -> None:
        self.part = part
        self._health = health
        self._clock = clock
        self._running: dict[object, float] = {}
        self._failures = 0

    @contextmanager
    def job(self) -> Iterator[None]:
        """Surround a piece of work; one that is cancelled says nothing of the engine."""
        key = object()
        self._running[key] = self._clock.now()
        try:
            yield
        except (asyncio.CancelledError, GeneratorExit, StopAsyncIteration):
            raise
        except Exception as error:
            self._failed(error)
            raise
        else:
            self._failures = 0
            self._health.report(self.part, State.OK, "It works.")
        finally:
            del self._running[key]

    @property
    def busy_s(self) -> float:
        """For how long the oldest piece of work has been under way; 0 without any."""
        return self._clock.now() - min(self._running.values()) if self._running else 0.0

    async def look(self) -> Finding | None:
        """Tell of an engine that does not answer."""
        if self.busy_s < HUNG_AFTER_S:
            return None
        return Finding(state=State.FAILED, detail=f"It has not answered for {self.busy_s:.0f} s.")

    def _failed(self, error: Exception) -> None:
        self._failures += 1
        state = State.FAILED if self._failures >= FAILED_AFTER else State.DEGRADED
        self._health.report(self.part, state, f"It failed {self._failures} times in a row: {type(error).__name__}.")


class WatchedTranscriber:
    """A `Transcriber` that is watched."""

    def __init__(self, inner: Transcriber, watch: EngineWatch) -> None:
        self._inner = inner
        self._watch = watch

    async def transcribe(self, pcm: Samples, *, final: bool = True) -> Transcript:
        """Transcribe one utterance so far."""
        with self._watch.job():
            return await self._inner.transcribe(pcm, final=final)


class WatchedTurnDetector:
    """A `TurnDetector` that is watched."""

    def __init__(self, inner: TurnDetector, watch: EngineWatch) -> None:
        self._inner = inner
        self._watch = watch

    async def finished(self, pcm: Samples) -> float:
        """Return the probability that the person has finished."""
        with self._watch.job():
            return await self._inner.finished(pcm)


class WatchedVoice:
    """A `Synthesiser` that is watched."""

    def __init__(self, inner: Synthesiser, watch: EngineWatch) -> None:
        self._inner = inner
        self._watch = watch

    async def synthesise(self, text: str) -> Speech:
        """Speak one clause."""
        with self._watch.job():
            return await self._inner.synthesise(text)

    @property
    def speed(self) -> float:
        """The present rate of speech."""
        return self._inner.speed

    def set_speed(self, speed: float) -> None:
        """Speak what follows at `speed` times the normal rate."""
        self._inner.set_speed(speed)


class WatchedModel:
    """A `LanguageModel` that is watched: each piece of a reply is awaited anew."""

    def __init__(self, inner: LanguageModel, watch: EngineWatch) -> None:
        self._inner = inner
        self._watch = watch

    async def prefill(self, messages: Sequence[Message]) -> None:
        """Read the messages ahead of time."""
        with self._watch.job():
            await self._inner.prefill(messages)

    async def reply(self, messages: Sequence[Message]) -> AsyncIterator[str]:
        """Stream the assistant's next message."""
        pieces = self._inner.reply(messages)
        try:
            while True:
                with self._watch.job():
                    piece = await anext(pieces, None)
                if piece is None:
                    return
                yield piece
        finally:
            close = getattr(pieces, "aclose", None)
            if close is not None:
                await close()

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return how many tokens of context the messages take."""
        return self._inner.count_tokens(messages)

    @property
    def context_tokens(self) -> int:
        """The size of the context window."""
        return self._inner.context_tokens


def watched(engines: Engines, health: Health, clock: Clock) -> tuple[Engines, list[EngineWatch]]:
    """Return the engines with a watch over each, and the watches."""
    stt, turn, llm, tts = (EngineWatch(part, health, clock) for part in (Part.STT, Part.TURN, Part.LLM, Part.TTS))
    over = Engines(
        transcriber=WatchedTranscriber(engines.transcriber, stt),
        turn_detector=WatchedTurnDetector(engines.turn_detector, turn),
        model=WatchedModel(engines.model, llm),
        voice=WatchedVoice(engines.voice, tts),
    )
    return over, [stt, turn, llm, tts]
