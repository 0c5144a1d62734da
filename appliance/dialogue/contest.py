"""Speech while the assistant is heard: a cough, a sign of listening, or somebody who wants the floor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appliance.audio.ports import LISTENING_RATE, Frame, Samples
from appliance.clock import Clock
from appliance.dialogue.bargein import BargeIn, BargeInSignal
from appliance.dialogue.commands import is_backchannel
from appliance.dialogue.floor import Floor
from appliance.engines.ports import Transcriber, Transcript
from appliance.events import BargeIn as BargeInEvent
from appliance.events import BargeInRefused


class Stream:
    """Where the stream of frames has got to, and when that was."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._frame: Frame | None = None

    def on_frame(self, frame: Frame) -> None:
        """Take the next frame."""
        self._frame = frame

    @property
    def position(self) -> int:
        """The end of the last frame, in samples."""
        return self._frame.end if self._frame is not None else 0

    def time_of(self, position: int) -> float:
        """Return the clock time of a position in the stream."""
        if self._frame is None:
            return self._clock.now()
        return self._frame.t - (self._frame.end - position) / LISTENING_RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Ears:
    """How the words of somebody who cuts in are found out."""

    transcriber: Transcriber
    utterance: Callable[[], Samples]
    """What was said so far, at 16 kHz."""
    voiced: Callable[[], bool]
    """Whether the last frame was."""
    in_speech: Callable[[], bool]
    """Whether a turn of the person is under way."""


class Contest:
    """Holds the reply when somebody speaks into it, and lets it go on or ends it."""

    def __init__(self, floor: Floor, stream: Stream, ears: Ears) -> None:
        self._settings = floor.config.turn.barge_in
        self._policy = BargeIn(self._settings, floor.config.vad)
        self._speaker = floor.speaker
        self._journal = floor.journal
        self._tasks = floor.tasks
        self._stream = stream
        self._ears = ears
        self._listening_first = False

    @property
    def open(self) -> bool:
        """Whether what is heard now may be an interruption."""
        undecided = self._policy.holding or not self._speaker.held
        return self._speaker.active and self._speaker.audible and undecided

    def on_frame(self, frame: Frame) -> None:
        """Take the next frame."""
        self._listen_first()
        if self.open:
            self._settle(self._policy.on_frame(frame))
        else:
            self._policy.reset()

    def on_words(self, transcript: Transcript, at: int) -> None:
        """Take words that were said into the reply, up to a position of the stream."""
        self._settle(self._policy.on_words(transcript.text, transcript.rejected, at, transcript.confidence))
        if self._speaker.held and not self._policy.holding:  # with words; by sound alone the whole turn is awaited
            self.take_floor()

    def wants_floor(self, text: str, *, awaited: bool) -> bool:
        """Tell whether these words end the reply.

        `awaited` is whether "yes" is an answer and no mere sign of listening.
        """
        listening = is_backchannel(text, self._settings.backchannels) and not awaited
        return self._settings.enabled and not listening

    def take_floor(self) -> None:
        """The person has really said something: the reply is over."""
        self._speaker.interrupt()
        self._journal.turn_id += 1

    def go_on(self, transcript: Transcript) -> None:
        """It was no turn of the person: the reply goes on where it was."""
        self._journal.emit(BargeInRefused, reason=transcript.rejected or "backchannel", text=transcript.text)
        self._policy.reset()
        if self._speaker.held:
            self._speaker.release()

    def _listen_first(self) -> None:
        """Let no reply begin into a voice: two frames later it is a click, or the person goes on and has the floor."""
        if not self._speaker.active or self._speaker.audible or self._ears.in_speech():
            self._listening_first = False
        elif self._listening_first and not self._ears.voiced():
            self._listening_first = False
            self._speaker.release()
        elif self._ears.voiced() and not self._speaker.held:
            self._listening_first = True
            self._speaker.hold()

    def _settle(self, signals: tuple[BargeInSignal, ...]) -> None:
        for signal in signals:
            match signal:
                case BargeInSignal.ASK:
                    self._tasks.spawn(self._recognise(), self._journal.report)
                case BargeInSignal.HOLD:
                    self._speaker.hold()
                case BargeInSignal.ACCEPTED:
                    since = self._stream.time_of(self._policy.speech_start)
                    self._journal.emit(BargeInEvent, speech_started_t=since)
                    self._speaker.hold()
                case BargeInSignal.REFUSED:
                    if self._speaker.held:  # the person may go on after a breath: the whole turn tells
                        self._speaker.release()

    async def _recognise(self) -> None:
        at = self._stream.position
        transcript = await self._ears.transcriber.transcribe(self._ears.utterance(), final=False)
        if self.open:
            self.on_words(transcript, at)
