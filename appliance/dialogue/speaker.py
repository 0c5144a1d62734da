"""The assistant's side of the conversation: at most one reply at a time, and what was heard of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from appliance.audio.ports import Loudspeaker
from appliance.clock import Clock
from appliance.dialogue.history import History
from appliance.dialogue.journal import Journal
from appliance.dialogue.phrases import PhraseBook
from appliance.dialogue.responding import Responder, Response
from appliance.dialogue.tasks import TaskSet
from appliance.dialogue.turn import Reply
from appliance.engines.ports import LanguageModel, Speech, Synthesiser
from appliance.errors import ApplianceError, EngineError
from appliance.events import EngineFailed, PlayoutEnded, PlayoutStarted, TurnCommitted, TurnDropped, TurnStarted

Told = Callable[[str], None]
"""Is called with the words that were heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a reply answers."""

    text: str
    """What the person said, empty when nothing was understood."""
    prompt: str
    """What the model reads as their words, and what the history keeps; empty for what the model need not know."""


class Speaker:
    """Prepares replies, lets them be heard, stops them, and writes down what was heard."""

    def __init__(
        self,
        model: LanguageModel,
        responder: Responder,
        voice: Synthesiser,
        loudspeaker: Loudspeaker,
        clock: Clock,
        journal: Journal,
        phrases: PhraseBook,
        history: History,
        error_phrase: str,
    ) -> None:
        self._model = model
        self._responder = responder
        self._response: Response | None = None
        self._voice = voice
        self._loudspeaker = loudspeaker
        self._clock = clock
        self._journal = journal
        self._phrases = phrases
        self.history = history
        self._error_phrase = error_phrase
        self._tasks = TaskSet()
        self._reply: Reply | None = None
        self._asked = Asked(text="", prompt="")
        self._phrase = False
        self._told: Told | None = None
        self._announced = False
        self._cpu_began = 0.0
        self._last: Sequence[Speech] = ()
        self._reading: asyncio.Task[None] | None = None
        self._next_words: str | None = None
        self.held = False

    @property
    def active(self) -> bool:
        """Whether a reply may be heard now or soon."""
        return self._reply is not None and self._reply.committed

    @property
    def preparing(self) -> str | None:
        """What the speculative reply answers, or None when there is none."""
        return self._asked.text if self._reply is not None and not self._reply.committed else None

    @property
    def audible(self) -> bool:
        """Whether some of the present reply has been heard."""
        return self._reply is not None and self._reply.audible

    @property
    def last(self) -> Sequence[Speech]:
        """The sound of the last reply that was heard."""
        return self._last

    def read_ahead(self, words: str) -> None:
        """Let the model read what is known so far: the history, and the person's first `words`.

        A reading under way is not cut short, because nearly all of it will be needed; the latest `words` come next.
        """
        self._next_words = words
        if self._reading is None or self._reading.done():
            self._reading = self._tasks.spawn(self._read(), self.report)

    def prepare(self, asked: Asked) -> None:
        """Begin an answer; nobody hears it before `commit`, and nothing is done for it."""
        self._next_words = None
        reply = self._begin(asked, speculative=True)
        self._response = self._responder.respond(asked.text, self.history.asking(asked.prompt))
        reply.start(self._response.pieces())

    def commit(self) -> None:
        """Let the prepared reply be heard, and act."""
        if self._reply is not None:
            self._reply.commit()
        if self._response is not None:
            self._response.commit()
        self._journal.enter("thinking")

    def say(self, *phrases: str, asked: Asked | None = None, told: Told | None = None) -> None:
        """Say fixed phrases, those that are not empty."""
        sounds = [self._phrases.sound(phrase) for phrase in phrases if phrase]
        if sounds:
            self.play(sounds, asked or Asked(text="", prompt=""), told)

    def play(self, speeches: Sequence[Speech], asked: Asked, told: Told | None = None) -> None:
        """Say what has been synthesised before; `told` learns how much of it was heard."""
        reply = self._begin(asked, speculative=False)
        self._phrase = True
        self._told = told
        reply.start_phrase(list(speeches))
        reply.commit()

    def drop(self) -> None:
        """Throw the speculative reply away: the person went on."""
        if self.preparing is None:
            return
        self._cancel()
        self._journal.emit(TurnDropped, cpu_s=self._clock.cpu_seconds() - self._cpu_began)
        self._journal.epoch += 1

    def hold(self) -> None:
        """Fall silent, for now."""
        self.held = True
        self._loudspeaker.hold()

    def release(self) -> None:
        """Go on where `hold` stopped."""
        self.held = False
        self._loudspeaker.release()

    def interrupt(self) -> None:
        """Fall silent for good: the person has the floor. What was heard is remembered."""
        if self._reply is None:
            return
        self._loudspeaker.drop()
        self.held = False
        self._journal.epoch += 1
        self._finish(self._reply, interrupted=True)

    def follow(self) -> None:
        """Take note of how far the reply has got; called with every frame."""
        reply = self._reply
        if reply is None or not reply.committed:
            return
        if not self._announced and reply.audible:
            self._announced = True
            since_s = reply.samples_heard / self._loudspeaker.sample_rate
            self._journal.emit(PlayoutStarted, t=self._clock.now() - since_s)
            self._journal.enter("speaking")
        if reply.error is not None:
            self._fail(reply, reply.error)
        elif reply.finished and not self.held:
            if not self._phrase and not reply.text.strip():
                self._fail(reply, EngineError("the language model returned an empty reply"))
            else:
                self._finish(reply, interrupted=False)

    def report(self, error: BaseException) -> None:
        """Publish an engine's failure."""
        cause = error.exceptions[0] if isinstance(error, BaseExceptionGroup) else error
        code = cause.code if isinstance(cause, ApplianceError) else "internal"
        self._journal.emit(EngineFailed, engine=type(cause).__name__, code=code, detail=str(cause))

    async def close(self) -> None:
        """Stop everything."""
        self._cancel()
        await self._tasks.close()

    def _begin(self, asked: Asked, *, speculative: bool) -> Reply:
        if self.preparing is not None:
            self.drop()
        elif self._reply is not None:
            self.interrupt()
        self._asked = asked
        self._phrase = self._announced = False
        self._told = None
        self._cpu_began = self._clock.cpu_seconds()
        self._reply = Reply(self._voice, self._loudspeaker, self._clock, self._journal.emit)
        self._journal.emit(TurnStarted, speculative=speculative)
        return self._reply

    def _fail(self, reply: Reply, error: BaseException) -> None:
        self.report(error)
        asked, failed_phrase = self._asked, self._phrase
        self.history.commit(asked.prompt, reply.heard())
        self._cancel()
        if not failed_phrase:
            self.say(self._error_phrase, asked=Asked(text=asked.text, prompt=""))

    def _finish(self, reply: Reply, *, interrupted: bool) -> None:
        heard = reply.heard()
        if reply.audible:
            self._last = reply.speeches
            self._journal.emit(PlayoutEnded, samples_played=reply.samples_heard, cut=interrupted)
        if self._response is not None:
            self._response.ended(heard, interrupted=interrupted)
        if self._told is not None:
            self._told(heard)
        self.history.commit(self._asked.prompt, heard if self._asked.prompt else "")
        self._journal.emit(
            TurnCommitted,
            user_text=self._asked.text,
            assistant_text=reply.text.strip(),
            heard_text=heard,
            interrupted=interrupted,
        )
        self._cancel()

    async def _read(self) -> None:
        while (words := self._next_words) is not None:
            self._next_words = None
            await self._model.prefill(self.history.asking(words))

    def _cancel(self) -> None:
        if self._reply is not None:
            self._tasks.adopt(self._reply.cancel())
            self._reply = None
            self._response = None
