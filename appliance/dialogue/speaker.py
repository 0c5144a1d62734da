"""The assistant's side of the conversation: at most one reply at a time, and what was heard of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from appliance.dialogue.context import Context
from appliance.dialogue.history import History
from appliance.dialogue.journal import Journal
from appliance.dialogue.responding import Responder, Response
from appliance.dialogue.tasks import TaskSet
from appliance.dialogue.turn import Mouth, Reply
from appliance.engines.ports import Speech
from appliance.errors import EngineError
from appliance.events import PlayoutEnded, PlayoutStarted, TurnCommitted, TurnDropped, TurnStarted

Told = Callable[[str], None]
"""Is called with the words that were heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a reply answers."""

    text: str
    """What the person said, empty when nothing was understood."""
    prompt: str
    """What the model reads as their words, and what the history keeps; empty for what the model need not know."""


@dataclass(slots=True, kw_only=True)
class _Saying:
    """The reply of the moment and what belongs to it."""

    reply: Reply
    asked: Asked
    cpu_began: float
    """Processor time of the process when it began, in seconds."""
    response: Response | None = None
    """What writes it; None for a fixed phrase."""
    told: Told | None = None
    announced: bool = False
    """Whether its first sound was published."""


class Speaker:
    """Prepares replies, lets them be heard, stops them, and writes down what was heard."""

    def __init__(
        self,
        mouth: Mouth,
        responder: Responder,
        history: History,
        context: Context,
        journal: Journal,
        error_phrase: str,
    ) -> None:
        self._mouth = mouth
        self._loudspeaker = mouth.loudspeaker
        self._clock = mouth.clock
        self._responder = responder
        self._history = history
        self._context = context
        self._journal = journal
        self._error_phrase = error_phrase
        self._tasks = TaskSet()
        self._saying: _Saying | None = None
        self._last: Sequence[Speech] = ()
        self.held = False

    @property
    def active(self) -> bool:
        """Whether a reply may be heard now or soon."""
        return self._saying is not None and self._saying.reply.committed

    @property
    def preparing(self) -> str | None:
        """What the speculative reply answers, or None when there is none."""
        return self._saying.asked.text if self._saying is not None and not self._saying.reply.committed else None

    @property
    def audible(self) -> bool:
        """Whether some of the present reply has been heard."""
        return self._saying is not None and self._saying.reply.audible

    @property
    def last(self) -> Sequence[Speech]:
        """The sound of the last reply that was heard."""
        return self._last

    def prepare(self, asked: Asked) -> None:
        """Begin an answer; nobody hears it before `commit`, and nothing is done for it."""
        self._context.leave()
        saying = self._begin(asked, speculative=True)
        saying.response = self._responder.respond(asked.text, self._context.asking(asked.prompt))
        saying.reply.start(saying.response.pieces())

    def commit(self) -> None:
        """Let the prepared reply be heard, and act."""
        if self._saying is not None:
            self._saying.reply.commit()
            if self._saying.response is not None:
                self._saying.response.commit()
        self._journal.enter("thinking")

    def say(self, *phrases: str, asked: Asked | None = None, told: Told | None = None) -> None:
        """Say fixed phrases, those that are not empty."""
        sounds = [self._mouth.phrases.sound(phrase) for phrase in phrases if phrase]
        if sounds:
            self.play(sounds, asked or Asked(text="", prompt=""), told)

    def play(self, speeches: Sequence[Speech], asked: Asked, told: Told | None = None) -> None:
        """Say what has been synthesised before; `told` learns how much of it was heard."""
        saying = self._begin(asked, speculative=False)
        saying.told = told
        saying.reply.start_phrase(list(speeches))
        saying.reply.commit()

    def drop(self) -> None:
        """Throw the speculative reply away: the person went on."""
        if self._saying is None or self._saying.reply.committed:
            return
        began = self._saying.cpu_began
        self._cancel()
        self._journal.emit(TurnDropped, cpu_s=self._clock.cpu_seconds() - began)
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
        if self._saying is None:
            return
        self._loudspeaker.drop()
        self.held = False
        self._journal.epoch += 1
        self._finish(self._saying, interrupted=True)

    def follow(self) -> None:
        """Take note of how far the reply has got; called with every frame."""
        saying = self._saying
        if saying is None or not saying.reply.committed:
            return
        reply = saying.reply
        if not saying.announced and reply.audible:
            saying.announced = True
            since_s = reply.samples_heard / self._loudspeaker.sample_rate
            self._journal.emit(PlayoutStarted, t=self._clock.now() - since_s)
            self._journal.enter("speaking")
        if reply.error is not None:
            self._fail(saying, reply.error)
        elif reply.finished and not self.held:
            if saying.response is not None and not reply.text.strip():
                self._fail(saying, EngineError("the language model returned an empty reply"))
            else:
                self._finish(saying, interrupted=False)

    async def close(self) -> None:
        """Stop everything."""
        self._cancel()
        await self._tasks.close()

    def _begin(self, asked: Asked, *, speculative: bool) -> _Saying:
        if self.preparing is not None:
            self.drop()
        else:
            self.interrupt()
        reply = Reply(self._mouth, self._journal.emit)
        self._saying = _Saying(reply=reply, asked=asked, cpu_began=self._clock.cpu_seconds())
        self._journal.emit(TurnStarted, speculative=speculative)
        return self._saying

    def _fail(self, saying: _Saying, error: BaseException) -> None:
        self._journal.report(error)
        self._history.commit(saying.asked.prompt, saying.reply.heard())
        self._cancel()
        if saying.response is not None:  # else a phrase has failed, and the next would too
            self.say(self._error_phrase, asked=Asked(text=saying.asked.text, prompt=""))

    def _finish(self, saying: _Saying, *, interrupted: bool) -> None:
        reply, asked = saying.reply, saying.asked
        heard = reply.heard()
        if reply.audible:
            self._last = reply.speeches
            self._journal.emit(PlayoutEnded, samples_played=reply.samples_heard, cut=interrupted)
        if saying.response is not None:
            saying.response.ended(heard, interrupted=interrupted)
        if saying.told is not None:
            saying.told(heard)
        self._history.commit(asked.prompt, heard if asked.prompt else "")
        self._journal.emit(
            TurnCommitted,
            user_text=asked.text,
            assistant_text=reply.text.strip(),
            heard_text=heard,
            interrupted=interrupted,
        )
        self._cancel()

    def _cancel(self) -> None:
        if self._saying is not None:
            self._tasks.adopt(self._saying.reply.cancel())
            self._saying = None
