"""Turns frames into what the person said: partials while they speak, a transcript at each pause, the end."""

from __future__ import annotations

from collections import deque
from typing import Protocol

import numpy as np

from appliance.audio.ports import FRAME_SAMPLES, LISTENING_RATE, Frame, Samples
from appliance.clock import Clock
from appliance.config.models import Config
from appliance.dialogue.endpointing import Endpointer, Signal
from appliance.dialogue.tasks import TaskSet
from appliance.dialogue.utterance import UserTurn, Utterance
from appliance.engines.ports import Transcriber, Transcript, TurnDetector

TRAILING_SILENCE = LISTENING_RATE // 5
"""Silence kept after the last voiced sample for the recogniser: 200 ms, so that no last consonant is cut."""


class ListenerObserver(Protocol):
    """Who is told; all calls come on the event loop, in this order."""

    def speech_started(self, start: int) -> None:
        """The person speaks, since stream position `start`."""

    def understood_so_far(self, text: str, stable: str) -> None:
        """The words until now, and the part of them that will not change."""

    def paused(self, transcript: Transcript) -> None:
        """The person is quiet, perhaps for good, and this is what was understood."""

    def resumed(self) -> None:
        """The person goes on: what `paused` said is void."""

    def turn_ended(self, turn: UserTurn) -> None:
        """The turn is over and understood."""

    def recognition_failed(self, error: Exception) -> None:
        """The recogniser raised on the whole turn; the turn is lost."""

    def assistance_failed(self, error: Exception) -> None:
        """A partial transcript or the turn detector raised; the turn goes on without it."""


class Listener:
    """Buffers the utterance under way and asks the recogniser and the turn detector about it."""

    def __init__(
        self,
        config: Config,
        transcriber: Transcriber,
        turn_detector: TurnDetector,
        observer: ListenerObserver,
        tasks: TaskSet,
        clock: Clock,
    ) -> None:
        self._endpointer = Endpointer(config.vad, config.turn, by_hand=config.attention.by_hand)
        self._transcriber = transcriber
        self._turn_detector = turn_detector
        self._observer = observer
        self._tasks = tasks
        self._clock = clock
        self._partials = config.stt.partials
        self._adopts_early = config.stt.beam_size == 1  # else the final pass searches better than an early one
        self.partials_enabled = True
        """Turned off while a reply needs the cores."""
        self._before: deque[Frame] = deque(
            maxlen=_frames(config.vad.prefix_padding_ms) + _frames(config.vad.min_speech_duration_ms)
        )
        self._current: Utterance | None = None
        self._closing: Utterance | None = None

    @property
    def in_speech(self) -> bool:
        """Whether a turn of the person is under way."""
        return self._current is not None

    @property
    def voiced(self) -> bool:
        """Whether the last frame was: by a click, or by the beginning of speech."""
        return self._endpointer.voiced

    @property
    def busy(self) -> bool:
        """Whether a turn is under way or waits for its transcript."""
        return self._current is not None or self._closing is not None

    def on_frame(self, frame: Frame) -> None:
        """Take the next frame."""
        (self._before if self._current is None else self._current.frames).append(frame)
        self._handle(self._endpointer.on_frame(frame))
        utterance = self._current
        if utterance is not None and self._early_pass_due(utterance):
            utterance.early_until = utterance.end
            utterance.early = self._tasks.spawn(
                self._transcribe_early(utterance), lambda error: self._early_failed(utterance, error)
            )

    def end_turn(self) -> None:
        """End the turn under way, if there is one, without waiting for silence."""
        self._handle(self._endpointer.finish())

    def utterance(self) -> Samples:
        """Return the sound of the turn so far, pre-roll included, 16 kHz."""
        if self._current is not None:
            return self._current.sound()
        return np.concatenate([frame.pcm for frame in self._before]) if self._before else np.zeros(0, np.float32)

    def discard(self, *, keep: bool = True) -> None:
        """Forget the turn under way: it was no turn. `keep` what may be the beginning of the next."""
        self._endpointer.reset()
        for utterance in (self._current, self._closing):
            if utterance is not None:
                utterance.drop_passes()
                self._before.extend(utterance.frames[-(self._before.maxlen or 0) :])
        if not keep:
            self._before.clear()
        self._current = self._closing = None

    def _early_pass_due(self, utterance: Utterance) -> bool:
        """Tell whether to transcribe now: at intervals, and at once when the voice stops, in case this is the end."""
        if not (self._partials and self.partials_enabled) or utterance.transcript is not None:
            return False
        if utterance.early is not None or utterance.final is not None:
            return False
        if utterance.end > self._endpointer.last_voiced:
            return not self._heard_all(utterance)
        return utterance.cadence.due(utterance.end)

    def _heard_all(self, utterance: Utterance) -> bool:
        return utterance.early_until >= self._endpointer.last_voiced

    def _handle(self, signals: tuple[Signal, ...]) -> None:
        for signal in signals:
            if signal is Signal.SPEECH_STARTED:
                self._current = Utterance(list(self._before))
                self._before.clear()
                self._observer.speech_started(self._endpointer.speech_start)
            elif self._current is not None:
                self._handle_in_turn(signal, self._current)

    def _handle_in_turn(self, signal: Signal, utterance: Utterance) -> None:
        match signal:
            case Signal.PAUSED:
                self._conclude(utterance)
            case Signal.ASK:
                self._tasks.spawn(self._ask(utterance), self._observer.assistance_failed)
            case Signal.RESUMED:
                utterance.drop_passes()
                utterance.transcript = None
                self._observer.resumed()
            case Signal.ENDED:
                self._end(utterance)

    def _conclude(self, utterance: Utterance) -> None:
        """Find the words of the whole utterance: from an early pass that has heard them all, or by a final one."""
        if not self._adopts_early or not self._heard_all(utterance):
            self._transcribe(utterance)
        elif utterance.early is not None:
            utterance.awaited = True
        elif utterance.understood is None or utterance.understood.rejected:
            self._transcribe(utterance)
        else:
            self._adopt(utterance, utterance.understood, utterance.understood_t, utterance.early_until)

    def _transcribe(self, utterance: Utterance) -> None:
        utterance.drop_passes()
        until = self._endpointer.last_voiced + TRAILING_SILENCE
        utterance.final = self._tasks.spawn(self._transcribe_final(utterance, until), self._failed)

    def _end(self, utterance: Utterance) -> None:
        endpointer = self._endpointer
        utterance.reason = endpointer.end_reason
        utterance.decided_t = self._clock.now()
        utterance.first_voiced, utterance.last_voiced = endpointer.speech_start, endpointer.last_voiced
        self._closing, self._current = utterance, None
        if utterance.transcript is None and utterance.final is None and not utterance.awaited:
            self._transcribe(utterance)  # it ended without a pause, by the cap
        self._deliver(utterance)

    def _deliver(self, utterance: Utterance) -> None:
        turn = utterance.turn()
        if turn is not None:
            self._closing = None
            self._observer.turn_ended(turn)

    async def _transcribe_early(self, utterance: Utterance) -> None:
        began = utterance.cadence.started(utterance.end)
        transcript = await self._transcriber.transcribe(utterance.sound(), final=False)
        utterance.early = None
        utterance.understood, utterance.understood_t = transcript, self._clock.now()
        utterance.cadence.finished(began, utterance.end)
        if utterance.awaited:
            utterance.awaited = False
            self._conclude(utterance)
        elif transcript.text:
            self._observer.understood_so_far(transcript.text, utterance.stable.update(transcript.text))

    def _early_failed(self, utterance: Utterance, error: Exception) -> None:
        utterance.early = None
        self._observer.assistance_failed(error)
        if utterance.awaited:
            self._transcribe(utterance)

    async def _transcribe_final(self, utterance: Utterance, until: int) -> None:
        at = utterance.end
        transcript = await self._transcriber.transcribe(utterance.sound(until))
        utterance.final = None
        self._adopt(utterance, transcript, self._clock.now(), at)

    def _adopt(self, utterance: Utterance, transcript: Transcript, t: float, heard_until: int) -> None:
        utterance.transcript, utterance.transcribed_t = transcript, t
        if utterance.reason is None:
            self._observer.paused(transcript)
            self._handle(self._endpointer.on_transcript(transcript.text, heard_until))
        self._deliver(utterance)

    async def _ask(self, utterance: Utterance) -> None:
        at = utterance.end
        probability = await self._turn_detector.finished(utterance.sound())
        if self._current is utterance:
            self._handle(self._endpointer.on_turn_probability(probability, at))

    def _failed(self, error: Exception) -> None:
        self.discard()
        self._observer.recognition_failed(error)


def _frames(milliseconds: int) -> int:
    return -(-milliseconds * LISTENING_RATE // 1000 // FRAME_SAMPLES)
