"""Engines and a loudspeaker that implement the protocols in virtual time.

Speech is encoded in the samples: each word of the script is a stretch of one constant value, so that the fake
recogniser hears exactly what is in the buffer it is given, and nothing else.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence

import numpy as np

from appliance.audio.ports import FRAME_SAMPLES, LISTENING_RATE, Played, Samples
from appliance.clock import Clock
from appliance.engines.ports import Message, Role, Speech, Transcript
from appliance.errors import EngineError

WORD_S = 0.256
SPEAKER_RATE = 1000
NOISE = 0.5
"""A sample value that sounds like speech to the VAD and means nothing."""


class Lexicon:
    """Numbers the words of the script."""

    def __init__(self) -> None:
        self._values: dict[float, str] = {}
        self._next = itertools.count(1)

    def sound(self, text: str) -> Samples:
        """Return the samples of a spoken text at 16 kHz; `…` is half a second of silence, `#` a noise, `*` a click."""
        parts = [self._word(word) for word in text.split()]
        return np.concatenate(parts).astype(np.float32)

    def words(self, pcm: Samples) -> list[str]:
        runs = [value for value, _ in itertools.groupby(np.round(pcm, 4).tolist())]
        return [self._values[value] for value in runs if value in self._values]

    def _word(self, word: str) -> Samples:
        size = int(WORD_S * LISTENING_RATE)
        if word == "…":
            return np.zeros(2 * size, np.float32)
        if word == "*":
            return np.full(FRAME_SAMPLES, NOISE, np.float32)
        if word == "#":
            return np.full(2 * size, NOISE, np.float32)
        value = float(np.round(np.float32(next(self._next) / 10_000), 4))
        self._values[value] = word
        return np.full(size, value, np.float32)


class FakeTranscriber:
    def __init__(self, clock: Clock, lexicon: Lexicon) -> None:
        self._clock = clock
        self._lexicon = lexicon
        self.delay_s = 0.1
        self.failing = False

    async def transcribe(self, pcm: Samples, *, final: bool = True) -> Transcript:
        await self._clock.sleep(self.delay_s if final else self.delay_s / 2)
        if self.failing:
            raise EngineError("the recogniser broke")
        text = " ".join(self._lexicon.words(pcm))
        return Transcript(text=text, confidence=0.9 if text else 0.0, rejected=None if text else "no-speech")


class FakeTurnDetector:
    """Takes an utterance for unfinished while its last word is one of `unfinished`."""

    def __init__(self, clock: Clock, lexicon: Lexicon) -> None:
        self._clock = clock
        self._lexicon = lexicon
        self.unfinished = {"and", "um"}

    async def finished(self, pcm: Samples) -> float:
        await self._clock.sleep(0.05)
        words = self._lexicon.words(pcm)
        return 0.1 if words and words[-1] in self.unfinished else 0.95


class FakeWakeWordDetector:
    """Its name is Computer."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._lexicon = lexicon
        self._saying = False

    def heard(self, frame: Samples) -> bool:
        before, self._saying = self._saying, "Computer" in self._lexicon.words(frame)
        return before and not self._saying


class FakeModel:
    """Answers from a script; counts what it was asked to read."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.answers: dict[str, str] = {}
        self.default = "We open at eight. The pharmacy is next door."
        self.prompts: list[list[Message]] = []
        self.prefills: list[list[Message]] = []
        self.stopped = 0
        self.fail_next = False
        self.context_tokens = 4096
        self.token_s = 0.05

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.text.split()) + 4 for message in messages)

    def _check_room(self, messages: Sequence[Message]) -> None:
        if self.count_tokens(messages) >= self.context_tokens:
            raise EngineError("the prompt does not fit into the context")

    async def prefill(self, messages: Sequence[Message]) -> None:
        self._check_room(messages)
        self.prefills.append(list(messages))
        await self._clock.sleep(0.1)

    async def reply(self, messages: Sequence[Message]) -> AsyncIterator[str]:
        self._check_room(messages)
        self.prompts.append(list(messages))
        assert messages[-1].role is Role.USER
        asked = messages[-1].text.rpartition("] ")[2]
        try:
            await self._clock.sleep(0.2)
            if self.fail_next:
                self.fail_next = False
                raise EngineError("out of memory")
            for word in self.answers.get(asked, self.default).split(" "):
                await self._clock.sleep(self.token_s)
                yield f"{word} "
        except (GeneratorExit, asyncio.CancelledError):
            self.stopped += 1
            raise


class FakeVoice:
    """Speaks a word in 0.25 s, at 1 kHz."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._speed = 1.0
        self.said: list[str] = []

    @property
    def speed(self) -> float:
        return self._speed

    def set_speed(self, speed: float) -> None:
        self._speed = speed

    async def synthesise(self, text: str) -> Speech:
        await self._clock.sleep(0.08)
        self.said.append(text)
        per_word = int(0.25 * SPEAKER_RATE / self._speed)
        count = len(text.split())
        ends = tuple(per_word * (index + 1) for index in range(count))
        return Speech(
            text=text, pcm=np.full(per_word * count, 0.1, np.float32), sample_rate=SPEAKER_RATE, word_ends=ends
        )


class FakeLoudspeaker:
    """Plays in virtual time and keeps the ledger."""

    sample_rate = SPEAKER_RATE

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pieces: list[int] = []
        self._heard: list[int] = []
        self._queue: list[int] = []
        self._held = False
        self._at = clock.now()
        self.sounds: list[Samples] = []
        self.gain_db = 0.0
        self.audible_until = 0.0

    def enqueue(self, pcm: Samples) -> int:
        self._advance()
        self._pieces.append(len(pcm))
        self.sounds.append(pcm)
        self._heard.append(0)
        self._queue.append(len(self._pieces) - 1)
        return len(self._pieces)

    def played(self, piece: int) -> Played:
        self._advance()
        return Played(piece=piece, samples=self._heard[piece - 1], total=self._pieces[piece - 1])

    def hold(self) -> None:
        self._advance()
        self._held = True

    def release(self) -> None:
        self._advance()
        self._held = False

    def drop(self) -> None:
        self._advance()
        self._queue.clear()
        self._held = False

    @property
    def held(self) -> bool:
        return self._held

    def set_gain(self, gain_db: float) -> None:
        self.gain_db = gain_db

    def _advance(self) -> None:
        now = self._clock.now()
        budget = round((now - self._at) * SPEAKER_RATE)
        self._at += budget / SPEAKER_RATE
        while budget > 0 and self._queue and not self._held:
            piece = self._queue[0]
            step = min(budget, self._pieces[piece] - self._heard[piece])
            self._heard[piece] += step
            budget -= step
            self.audible_until = self._at
            if self._heard[piece] >= self._pieces[piece]:
                self._queue.pop(0)
