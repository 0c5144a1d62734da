"""The conversation: who has the floor, what is said next, and when it is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.audio.ports import Frame, Loudspeaker
from appliance.clock import Clock
from appliance.config.models import Config
from appliance.dialogue.contest import Contest, Ears, Stream
from appliance.dialogue.controls import Controls
from appliance.dialogue.disclosure import Disclosure, Forget, nothing_kept
from appliance.dialogue.ending import Ending
from appliance.dialogue.floor import open_floor
from appliance.dialogue.journal import Journal
from appliance.dialogue.listener import Listener
from appliance.dialogue.phrases import PhraseBook
from appliance.dialogue.reflexes import Reflexes
from appliance.dialogue.reprompts import Reprompts
from appliance.dialogue.responding import Responder
from appliance.dialogue.speculation import Speculation
from appliance.dialogue.turn import Mouth
from appliance.dialogue.utterance import UserTurn
from appliance.engines.ports import LanguageModel, Message, Synthesiser, Transcriber, Transcript, TurnDetector
from appliance.events import BargeIn as BargeInEvent
from appliance.events import PartialTranscript, SpeechEnded, SpeechStarted, Transcribed

SHORTEST_MISUNDERSTANDING_S = 0.35
"""A rejected noise shorter than this is a knock, not somebody who wants to be asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """What the conversation works with."""

    transcriber: Transcriber
    turn_detector: TurnDetector
    model: LanguageModel
    voice: Synthesiser


class Session:
    """One conversation after another, driven by the frames of the microphone.

    `start` before the first frame; `on_frame` with every frame; `close` at the end.
    """

    def __init__(
        self,
        config: Config,
        engines: Engines,
        loudspeaker: Loudspeaker,
        clock: Clock,
        journal: Journal,
        phrases: PhraseBook,
        responder: Responder,
        forget: Forget = nothing_kept,
    ) -> None:
        mouth = Mouth(voice=engines.voice, loudspeaker=loudspeaker, phrases=phrases, clock=clock)
        floor = open_floor(config, engines.model, mouth, journal, responder)
        self._greeting = config.persona.greeting
        self._floor = floor
        self._speaker = floor.speaker
        self._journal = journal
        self._clock = clock
        self._listener = Listener(config, engines.transcriber, engines.turn_detector, self, floor.tasks, clock)
        ears = Ears(
            transcriber=engines.transcriber,
            utterance=self._listener.utterance,
            voiced=lambda: self._listener.voiced,
            in_speech=lambda: self._listener.in_speech,
        )
        self._stream = Stream(clock)
        self._contest = Contest(floor, self._stream, ears)
        self._speculation = Speculation(floor, clock)
        self._disclosure = Disclosure(floor, forget)
        self._reprompts = Reprompts(floor, self._disclosure)
        self._ending = Ending(floor, self._disclosure, self._reprompts)
        self._reflexes = Reflexes(floor, Controls(loudspeaker, engines.voice), self._disclosure, self._ending)

    async def start(self, *, greet: bool) -> None:
        """Read the stable part of the prompt into the KV cache, say what has to be said first, and greet."""
        await self._floor.context.open()
        self._journal.enter("idle")
        self._disclosure.open(self._greeting if greet else "")

    def stop(self) -> None:
        """End the conversation, if there is one, because the appliance stops."""
        self._ending.stop()

    async def close(self) -> None:
        """Stop speaking and listening."""
        await self._floor.tasks.close()
        await self._speaker.close()

    @property
    def turns(self) -> Sequence[Message]:
        """What was said and heard so far in this conversation."""
        return self._floor.history.turns

    def restore(self, turns: Sequence[Message]) -> None:
        """Go on with a conversation in which this was said; before `start`."""
        self._floor.history.restore(turns)

    def take_over(self, other: Session) -> None:
        """Go on with the conversation of another session, while nobody speaks; instead of `start`."""
        self.restore(other.turns)
        self._disclosure.take_over(other._disclosure)
        self._reprompts.take_over(other._reprompts)
        self._floor.context.read("")

    @property
    def speaking(self) -> bool:
        """Whether the assistant is being heard."""
        return self._speaker.active and self._speaker.audible

    @property
    def idle(self) -> bool:
        """Whether nobody speaks and nothing is about to be said."""
        return not (self._listener.busy or self._speaker.active or self._speaker.preparing is not None)

    @property
    def may_be_kept(self) -> bool:
        """Whether the person knows of it, or has agreed to it, that this conversation is kept."""
        return self._disclosure.allows

    def decide_by_touch(self, *, agreed: bool) -> None:
        """Take a decision about what is kept that was made on a screen or with a button."""
        self._disclosure.touch(agreed=agreed)

    def on_frame(self, frame: Frame) -> None:
        """Take the next frame: everything that happens, happens from here."""
        self._stream.on_frame(frame)
        self._listener.partials_enabled = not self._speaker.active
        self._listener.on_frame(frame)
        self._contest.on_frame(frame)
        was_active = self._speaker.active
        self._speaker.follow()
        if was_active and not self._speaker.active:
            self._ending.reply_over()
            if not self._listener.busy:
                self._disclosure.inform()
        self._ending.on_frame(frame, idle=self.idle, person_speaks=self._listener.busy)

    def yield_floor(self) -> None:
        """Fall silent: somebody has pressed the button to speak."""
        if self._speaker.active:
            self._journal.emit(BargeInEvent, speech_started_t=self._clock.now())
            self.break_off()

    def break_off(self) -> None:
        """Fall silent in the middle of a sentence; what was heard of it counts."""
        if self._speaker.active:
            self._speaker.interrupt()
            self._ending.reply_over()

    def start_over(self) -> None:
        """Fall silent and forget what is being said: somebody calls the assistant by its name."""
        self.yield_floor()
        self._speaker.drop()
        self._listener.discard(keep=False)
        self._journal.enter("idle")

    def end_turn(self) -> None:
        """Answer at once: the button was released."""
        self._listener.end_turn()

    # What the listener reports.

    def speech_started(self, start: int) -> None:
        """The person speaks."""
        if not self._speaker.active:
            self._journal.turn_id += 1
            self._journal.enter("listening")
            self._speculation.turn_began()
        elif not self._speaker.audible:
            # The person goes on before the answer has begun: wait for their words. If there are none, it was a noise.
            self._speaker.hold()
        self._journal.emit(SpeechStarted, t=self._stream.time_of(start))

    def understood_so_far(self, text: str, stable: str) -> None:
        """Read the words ahead of the end of the turn."""
        self._journal.emit(PartialTranscript, text=text, stable=stable)
        self._speculation.read(text)

    def paused(self, transcript: Transcript) -> None:
        """Prepare the reply, in case this was the end."""
        if self._contest.open:
            self._contest.on_words(transcript, self._stream.position)
        elif not (self._speaker.active or transcript.rejected or self._reflexes.apply_to(transcript.text)):
            self._speculation.prepare(transcript.text)

    def resumed(self) -> None:
        """Drop what was prepared."""
        self._speaker.drop()

    def turn_ended(self, turn: UserTurn) -> None:
        """Answer."""
        transcript = turn.transcript
        self._speculation.turn_over()
        empty = transcript.rejected is not None or not transcript.text
        if self._speaker.active:
            if empty or (self._speaker.audible and not self._wants_floor(transcript.text)):
                self._contest.go_on(transcript)
                return
            self._contest.take_floor()
        self._publish(turn)
        self._ending.taken_up(transcript.text)
        if not empty:
            self._reprompts.reset()
            self._answer(transcript.text)
            return
        self._speaker.drop()
        if turn.voiced_s >= SHORTEST_MISUNDERSTANDING_S:
            self._reprompts.not_understood()

    def assistance_failed(self, error: Exception) -> None:
        """Note it; the conversation goes on without a partial transcript or a semantic end."""
        self._journal.report(error)

    def recognition_failed(self, error: Exception) -> None:
        """Say so; the next turn works."""
        self._journal.report(error)
        self._speaker.say(self._floor.config.phrases.engine_error)

    def _wants_floor(self, text: str) -> bool:
        awaited = self._floor.responder.awaits_answer or self._disclosure.awaits_answer
        return self._contest.wants_floor(text, awaited=awaited)

    def _publish(self, turn: UserTurn) -> None:
        last_voiced_t = self._stream.time_of(turn.last_voiced)
        self._journal.emit(SpeechEnded, reason=turn.reason, last_voiced_t=last_voiced_t, t=turn.decided_t)
        self._journal.emit(
            Transcribed,
            text=turn.transcript.text,
            confidence=turn.transcript.confidence,
            rejected=turn.transcript.rejected,
            t=turn.transcribed_t,
        )

    def _answer(self, text: str) -> None:
        if self._reflexes.answer(text):
            return
        self._speculation.answer(text)
        if self._listener.in_speech:  # the person already goes on
            self._speaker.hold()
