"""One reply, from the model's tokens to what was heard of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from appliance.audio.ports import Loudspeaker
from appliance.clock import Clock
from appliance.dialogue.clauses import ClauseSplitter
from appliance.dialogue.phrases import PhraseBook
from appliance.dialogue.spoken import heard_text
from appliance.engines.ports import Speech, Synthesiser
from appliance.events import ClauseReady, ClauseSynthesised, TextDelta

Emit = Callable[..., None]
"""Publishes an event: `emit(TextDelta, text="…", first=True)`; the session adds the fields that all events carry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mouth:
    """How a reply becomes sound."""

    voice: Synthesiser
    loudspeaker: Loudspeaker
    phrases: PhraseBook
    """What can be said without the voice."""
    clock: Clock


@dataclass(frozen=True, slots=True)
class Piece:
    """A clause that was given to the loudspeaker."""

    speech: Speech
    number: int


class Reply:
    """A reply that is being written, spoken and heard, all at once.

    Until `commit` it is speculative: text and sound are prepared and nobody hears them. `start` begins the work;
    `cancel` ends it at any point without a trace but for what was heard.
    """

    def __init__(self, mouth: Mouth, emit: Emit) -> None:
        self._voice = mouth.voice
        self._loudspeaker = mouth.loudspeaker
        self._clock = mouth.clock
        self._emit = emit
        self._committed = asyncio.Event()
        self._pieces: list[Piece] = []
        self._task: asyncio.Task[None] | None = None
        self.text = ""
        """All that was written so far."""

    def start(self, deltas: AsyncIterator[str]) -> None:
        """Speak what the model writes."""
        self._task = asyncio.ensure_future(self._speak(deltas))

    def start_phrase(self, speeches: list[Speech]) -> None:
        """Speak sound that is ready: a fixed phrase, or something repeated."""
        self._task = asyncio.ensure_future(self._play(speeches))

    def commit(self) -> None:
        """Let it be heard."""
        self._committed.set()

    @property
    def committed(self) -> bool:
        """Whether it may be heard."""
        return self._committed.is_set()

    @property
    def speeches(self) -> list[Speech]:
        """What was given to the loudspeaker."""
        return [piece.speech for piece in self._pieces]

    @property
    def audible(self) -> bool:
        """Whether any of it has been heard."""
        return self.samples_heard > 0

    @property
    def samples_heard(self) -> int:
        """Samples heard, at the loudspeaker's rate."""
        return sum(self._loudspeaker.played(piece.number).samples for piece in self._pieces)

    @property
    def finished(self) -> bool:
        """Whether all of it was written and heard (or it failed: see `error`)."""
        if self._task is None or not self._task.done():
            return False
        return not self._pieces or self._loudspeaker.played(self._pieces[-1].number).finished

    @property
    def error(self) -> BaseException | None:
        """What went wrong, once the work is done."""
        if self._task is None or not self._task.done() or self._task.cancelled():
            return None
        return self._task.exception()

    def heard(self) -> str:
        """Return the words that were heard so far."""
        return heard_text([(p.speech, self._loudspeaker.played(p.number).samples) for p in self._pieces])

    def cancel(self) -> asyncio.Task[None] | None:
        """Stop writing and synthesising, and return the task that ends; what the loudspeaker has stays there."""
        if self._task is not None:
            self._task.cancel()
        return self._task

    async def _speak(self, deltas: AsyncIterator[str]) -> None:
        clauses: asyncio.Queue[str | None] = asyncio.Queue()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write(deltas, clauses))
            group.create_task(self._synthesise(clauses))

    async def _write(self, deltas: AsyncIterator[str], clauses: asyncio.Queue[str | None]) -> None:
        splitter = ClauseSplitter()
        async with aclosing(deltas) as pieces:  # type: ignore[type-var]
            async for delta in pieces:
                self._emit(TextDelta, text=delta, first=not self.text)
                self.text += delta
                for clause in splitter.push(delta):
                    clauses.put_nowait(clause)
        for clause in splitter.finish():
            clauses.put_nowait(clause)
        clauses.put_nowait(None)

    async def _synthesise(self, clauses: asyncio.Queue[str | None]) -> None:
        first = True
        while (clause := await clauses.get()) is not None:
            self._emit(ClauseReady, text=clause, first=first)
            first = False
            began = self._clock.now()
            speech = await self._voice.synthesise(clause)
            self._emit(
                ClauseSynthesised,
                text=clause,
                audio_s=len(speech.pcm) / speech.sample_rate,
                synthesis_s=self._clock.now() - began,
            )
            await self._enqueue(speech)

    async def _play(self, speeches: list[Speech]) -> None:
        for speech in speeches:
            self.text = f"{self.text} {speech.text}".strip()
            await self._enqueue(speech)

    async def _enqueue(self, speech: Speech) -> None:
        await self._committed.wait()
        if len(speech.pcm):
            self._pieces.append(Piece(speech, self._loudspeaker.enqueue(speech.pcm)))
