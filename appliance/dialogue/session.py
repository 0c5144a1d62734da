"""The conversation: who has the floor, what is said next, and when it is over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from appliance.audio.ports import Frame, Loudspeaker
from appliance.clock import Clock
from appliance.config.models import AttentionMode, Config
from appliance.dialogue.commands import Command, is_backchannel, recognise, says
from appliance.dialogue.consent import Consent
from appliance.dialogue.contest import Contest, Ears, Stream
from appliance.dialogue.controls import Controls
from appliance.dialogue.history import History
from appliance.dialogue.journal import Journal
from appliance.dialogue.listener import Listener
from appliance.dialogue.phrases import PhraseBook
from appliance.dialogue.reading import ReadAhead
from appliance.dialogue.responding import Responder
from appliance.dialogue.silence import SilenceSignal, SilenceWatch
from appliance.dialogue.speaker import Asked, Speaker
from appliance.dialogue.tasks import TaskSet
from appliance.dialogue.turn import Mouth
from appliance.dialogue.utterance import UserTurn
from appliance.engines.ports import LanguageModel, Message, Synthesiser, Transcriber, Transcript, TurnDetector
from appliance.events import BargeIn as BargeInEvent
from appliance.events import PartialTranscript, SessionEnded, SpeechEnded, SpeechStarted, Transcribed
from appliance.prompt.preamble import moment, preamble

SHORTEST_MISUNDERSTANDING_S = 0.35
"""A rejected noise shorter than this is a knock, not somebody who wants to be asked again."""


Forget = Callable[[str], Awaitable[bool]]
"""Deletes what was kept of a session; tells whether all of it is gone."""


async def nothing_kept(session_id: str) -> bool:  # noqa: ARG001 - it is a `Forget`
    """Forget a conversation of which nothing is kept."""
    return True


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
        self._config = config
        self._responder = responder
        self._engines = engines
        self._clock = clock
        self._journal = journal
        self._tasks = TaskSet()
        self._history = History(preamble(config))
        self._reading = ReadAhead(engines.model, self._history, self._tasks, journal)
        mouth = Mouth(voice=engines.voice, loudspeaker=loudspeaker, phrases=phrases, clock=clock)
        self._speaker = Speaker(mouth, responder, self._history, self._reading, journal, config.phrases.engine_error)
        self._listener = Listener(config, engines.transcriber, engines.turn_detector, self, self._tasks, clock)
        ears = Ears(
            transcriber=engines.transcriber,
            utterance=self._listener.utterance,
            voiced=lambda: self._listener.voiced,
            in_speech=lambda: self._listener.in_speech,
        )
        self._stream = Stream(clock)
        self._contest = Contest(config, self._speaker, journal, self._stream, self._tasks, ears)
        self._consent = Consent(config.consent, journal)
        self._forget = forget
        self._welcome = ""
        self._silence = SilenceWatch(config.session)
        self._misunderstood = 0
        self._speculations = 0
        self._controls = Controls(loudspeaker, engines.voice)
        self._moment = ""
        self._ending = ""

    async def start(self, *, greet: bool) -> None:
        """Read the stable part of the prompt into the KV cache, say what has to be said first, and greet.

        A greeting that asks comes after the answer to the question about consent, so that a yes has one meaning.
        """
        await self._engines.model.prefill(self._history.asking(""))
        self._journal.enter("idle")
        greeting = self._config.persona.greeting if greet else ""
        if self._consent.asks:
            self._welcome, greeting = greeting, ""
        self._speaker.say(self._consent.wording, greeting, told=self._consent.told)

    def stop(self) -> None:
        """End the conversation, if there is one, because the appliance stops."""
        if self._journal.turn_id or self._consent.awaits_answer:
            self._consent.end()
            self._journal.emit(SessionEnded, reason="stopped")

    async def close(self) -> None:
        """Stop speaking and listening."""
        await self._tasks.close()
        await self._speaker.close()

    @property
    def turns(self) -> Sequence[Message]:
        """What was said and heard so far in this conversation."""
        return self._history.turns

    def restore(self, turns: Sequence[Message]) -> None:
        """Go on with a conversation in which this was said; before `start`."""
        self._history.restore(turns)

    def take_over(self, other: Session) -> None:
        """Go on with the conversation of another session, while nobody speaks; instead of `start`."""
        self.restore(other.turns)
        self._consent.take_over(other._consent)
        self._misunderstood, self._welcome = other._misunderstood, other._welcome
        self._reading.read("")

    @property
    def speaking(self) -> bool:
        """Whether the assistant is being heard."""
        return self._speaker.active and self._speaker.audible

    @property
    def idle(self) -> bool:
        """Whether nobody speaks and nothing is about to be said."""
        return not (self._listener.busy or self._speaker.active or self._speaker.preparing is not None)

    def on_frame(self, frame: Frame) -> None:
        """Take the next frame: everything that happens, happens from here."""
        self._stream.on_frame(frame)
        self._listener.partials_enabled = not self._speaker.active
        self._listener.on_frame(frame)
        self._contest.on_frame(frame)
        was_active = self._speaker.active
        self._speaker.follow()
        if was_active and not self._speaker.active:
            self._reply_over()
            self._inform()
        self._watch_silence(frame)

    def yield_floor(self) -> None:
        """Fall silent: somebody has pressed the button to speak."""
        if self._speaker.active:
            self._journal.emit(BargeInEvent, speech_started_t=self._clock.now())
            self._speaker.interrupt()
            self._reply_over()

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
            self._moment = moment(self._clock.local_time(self._config.site.timezone))
            if self._speaker.preparing is None:
                self._reading.read(self._prompt(""))
        elif not self._speaker.audible:
            # The person goes on before the answer has begun: wait for their words. If there are none, it was a noise.
            self._speaker.hold()
        self._journal.emit(SpeechStarted, t=self._stream.time_of(start))

    def understood_so_far(self, text: str, stable: str) -> None:
        """Read the words ahead of the end of the turn.

        Also those that may still change: the model has nothing else to do, and what was misheard costs only the words
        from there on. A word less to read when the answer is awaited is worth 20 ms on two cores.
        """
        self._journal.emit(PartialTranscript, text=text, stable=stable)
        if not self._speaker.active and self._speaker.preparing is None:
            self._reading.read(self._prompt(text))

    def paused(self, transcript: Transcript) -> None:
        """Prepare the reply, in case this was the end."""
        if self._contest.open:
            self._contest.on_words(transcript, self._stream.position)
            return
        if self._speaker.active or transcript.rejected or not self._needs_model(transcript.text):
            return
        if self._config.turn.speculation and self._speculations <= self._config.turn.max_speculations:
            self._speculations += 1
            self._speaker.prepare(self._asked(transcript.text))

    def resumed(self) -> None:
        """Drop what was prepared."""
        self._speaker.drop()

    def turn_ended(self, turn: UserTurn) -> None:
        """Answer."""
        transcript = turn.transcript
        self._speculations = 0
        empty = transcript.rejected is not None or not transcript.text
        if self._speaker.active:
            if empty or (self._speaker.audible and not self._wants_floor(transcript.text)):
                self._contest.go_on(transcript)
                return
            self._contest.take_floor()
        self._journal.emit(
            SpeechEnded, reason=turn.reason, last_voiced_t=self._stream.time_of(turn.last_voiced), t=turn.decided_t
        )
        self._journal.emit(
            Transcribed,
            text=transcript.text,
            confidence=transcript.confidence,
            rejected=transcript.rejected,
            t=turn.transcribed_t,
        )
        if empty:
            self._speaker.drop()
            self._not_understood(turn)
        else:
            self._misunderstood = 0
            self._answer(transcript.text)

    def assistance_failed(self, error: Exception) -> None:
        """Note it; the conversation goes on without a partial transcript or a semantic end."""
        self._journal.report(error)

    def recognition_failed(self, error: Exception) -> None:
        """Say so; the next turn works."""
        self._journal.report(error)
        self._speaker.say(self._config.phrases.engine_error)

    # Answering.

    def _answer(self, text: str) -> None:
        command = recognise(text)
        welcome, self._welcome = self._welcome, ""
        if (decided := self._consent.answer(text)) is not None:
            self._speaker.drop()
            self._journal.enter("idle")
            self._speaker.say(decided, welcome, asked=Asked(text=text, prompt=""))
        elif self._consent.is_withdrawal(text):
            self._speaker.drop()
            self._tasks.spawn(self._forget_all(text), self._journal.report)
        elif command is not None:
            self._speaker.drop()
            self._obey(command, text)
        elif says(text, self._config.session.goodbye_words):
            self._speaker.drop()
            self._end_session(text)
        else:
            if self._speaker.preparing != text:
                self._speaker.drop()
                self._speaker.prepare(self._asked(text))
            self._speaker.commit()
            if self._listener.in_speech:  # the person already goes on
                self._speaker.hold()

    def _asked(self, text: str) -> Asked:
        return Asked(text=text, prompt=self._prompt(text))

    def _prompt(self, text: str) -> str:
        """Return what the model reads as the person's words; the time stands before them."""
        return f"{self._moment} {text}"

    def _needs_model(self, text: str) -> bool:
        return not (
            recognise(text)
            or says(text, self._config.session.goodbye_words)
            or self._consent.is_answer(text)
            or self._consent.is_withdrawal(text)
        )

    def _obey(self, command: Command, text: str) -> None:
        asked = Asked(text=text, prompt="")
        if command in (Command.STOP, Command.WAIT):
            self._journal.enter("idle")
            return
        self._controls.adjust(command)
        if self._speaker.last:
            self._speaker.play(self._speaker.last, asked)
        else:
            self._speaker.say(self._config.phrases.nothing_to_repeat, asked=asked)

    # Consent.

    @property
    def may_be_kept(self) -> bool:
        """Whether the person knows of it, or has agreed to it, that this conversation is kept."""
        return self._consent.allows

    def decide_by_touch(self, *, agreed: bool) -> None:
        """Take a decision about what is kept that was made on a screen or with a button."""
        if self._consent.allows and not agreed:
            self._tasks.spawn(self._forget_all("", "touch"), self._journal.report)
        else:
            self._consent.touch(agreed=agreed)

    def _inform(self) -> None:
        """Tell or ask what has to be said about what is kept, unless the person was just asked something else."""
        turns = self._history.turns
        asked = self._responder.awaits_answer or (turns and turns[-1].text.rstrip().endswith("?"))
        if turns and not asked and not self._listener.busy:
            self._speaker.say(self._consent.wording, told=self._consent.told)

    async def _forget_all(self, text: str, how: str = "voice") -> None:
        """Forget the conversation so far, here and where it was kept, and say what became of it."""
        self._consent.withdraw(text, how)
        self._history.clear()
        await self._responder.end_session()
        phrases = self._config.consent
        gone = await self._forget(self._journal.session_id)
        said = phrases.withdrawn_phrase if gone else phrases.not_deleted_phrase
        self._speaker.say(said, asked=Asked(text=text, prompt=""))

    def _not_understood(self, turn: UserTurn) -> None:
        if turn.voiced_s < SHORTEST_MISUNDERSTANDING_S:
            return
        phrases = self._config.phrases.not_understood
        asked = self._consent.awaits_answer
        self._consent.ask_again()
        if asked and self._consent.wording:
            self._speaker.say(self._consent.wording, told=self._consent.told)
        elif self._misunderstood < len(phrases):
            self._speaker.say(phrases[self._misunderstood])
        elif self._misunderstood == len(phrases):
            self._give_up()
        # After the human was offered the assistant stays silent: it may be listening to a television.
        self._misunderstood += 1

    def _give_up(self) -> None:
        """Let people take over where they can be reached, else ask the person to go to them."""
        if self._config.handover.chosen() is None:
            self._speaker.say(self._config.phrases.offer_human)
        else:
            self._speaker.prepare(Asked(text="", prompt=""))
            self._speaker.commit()

    # Interruptions.

    def _wants_floor(self, text: str) -> bool:
        settings = self._config.turn.barge_in
        awaited = self._responder.awaits_answer or self._consent.awaits_answer
        listening = is_backchannel(text, settings.backchannels) and not awaited
        return settings.enabled and not listening

    # Silence and endings.

    def _reply_over(self) -> None:
        self._journal.enter("ended" if self._ending else "idle")
        if self._ending:
            self._consent.end()
            self._journal.emit(SessionEnded, reason=self._ending)
            self._ending = ""
            self._history.clear()
            self._tasks.spawn(self._responder.end_session(), self._journal.report)
            self._journal.begin_session()
            self._consent.begin()
        model = self._engines.model
        self._history.trim(model.count_tokens, model.context_tokens)
        self._reading.read("")

    def _watch_silence(self, frame: Frame) -> None:
        waiting = self.idle and (bool(self._history.turns) or self._consent.awaits_answer)
        aloud = self._config.attention.mode is AttentionMode.ALWAYS
        match self._silence.on_frame(frame, waiting=waiting, person_speaks=self._listener.busy):
            case SilenceSignal.PROMPT if aloud:
                self._consent.ask_again()
                wording = self._consent.wording
                self._speaker.say(wording or self._config.phrases.still_there, told=self._consent.told)
            case SilenceSignal.END:
                self._end_session("", aloud=aloud)

    def _end_session(self, text: str, *, aloud: bool = True) -> None:
        self._ending = "goodbye" if text else "silence"
        self._misunderstood = 0
        if aloud and self._config.phrases.goodbye:
            self._speaker.say(self._config.phrases.goodbye, asked=Asked(text=text, prompt=""))
        else:
            self._reply_over()
