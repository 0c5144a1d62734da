"""Whether the assistant interrupts itself: its own speech in a simulated room, faster than real time.

The sound goes the way it takes in the appliance (playout, room, echo cancellation, voice detection) and the real
policies decide. Whatever they notice is wrong: nobody else speaks.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from appliance.audio.capture import CaptureChain
from appliance.audio.echo import EchoFilter, echo_filter
from appliance.audio.filecard import FileCard
from appliance.audio.levels import dbfs
from appliance.audio.playout import Playout
from appliance.audio.ports import FRAME_S, LISTENING_RATE, Frame, Samples
from appliance.audio.ring import Ring
from appliance.audio.room import EchoPath
from appliance.clock import Clock
from appliance.config.models import Config
from appliance.dialogue.bargein import BargeIn, BargeInSignal
from appliance.dialogue.commands import is_backchannel
from appliance.dialogue.endpointing import Endpointer, Signal
from appliance.dialogue.voicing import to_samples
from appliance.engines.ports import Synthesiser, Transcriber, Transcript, VoiceDetector
from appliance.ops.bench.replies import REPLIES

RATE = 24_000
"""Hz of the simulated card: the lower of the two that the loudspeaker can have, and the voice has no more to say."""
FLOOR_DBFS = -65.0
"""Noise of the microphone and of a quiet room."""
PAUSES_S = (0.6, 1.8, 1.0)
"""Silence after each reply, in turn: the echo dies away and the person could speak."""
SPEEDS = (1.0, 0.9, 1.15)
STT_LATENCY_MS = 160
"""After what stream time the recogniser answers, as in `bench turns`."""
LEARNING_S = 3.0
AUDIBLE_DBFS = -50.0
"""Frames in which the microphone is quieter say nothing about how much echo is taken away."""
REMEMBERED_S = 60.0
TRAILING_MS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoRoom:
    """One condition of the measurement."""

    attenuation_db: float | None
    """Of the echo, 0 or less; None for no echo at all, which shows what the noise alone does."""
    delay_ms: float
    noise: Samples | None = None
    """Looped in the background, shape (n,), at 24 kHz."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Misheard:
    """A piece of sound that was taken for the person, as the recogniser understood it."""

    at_s: float
    text: str
    rejected: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoOutcome:
    """What happened in one room."""

    attenuation_db: float | None
    delay_ms: float
    noise: bool
    own_speech_s: float
    interruptions: int
    """Replies that fell silent because of nobody."""
    by_sound_alone: int
    """Those among them without recognisable words: the reply goes on when the sound is over."""
    holds: int
    """Times that a reply was held for a moment, those that became interruptions among them."""
    answers: int
    """Turns of nobody that would have been answered."""
    speech_starts: int
    """Times that speech was detected, most of which come to nothing."""
    erle_db: float | None
    """Energy of the audible echo before and after cancellation, the first 3 s left out; None in noise."""
    misheard: tuple[Misheard, ...]

    @property
    def interruptions_per_hour(self) -> float:
        """Self-interruptions per hour of the assistant's own speech."""
        return self.interruptions * 3600 / self.own_speech_s


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoBench:
    """What takes part in a measurement."""

    config: Config
    detector: VoiceDetector
    transcriber: Transcriber
    replies: Sequence[Sequence[Samples]]
    """The assistant's replies, each as its clauses, at 24 kHz."""
    clock: Clock
    impulse_response: Samples | None = None
    """Of the room, at 24 kHz; None for a small furnished office."""


async def speak_replies(
    voice: Synthesiser, seconds: float, progress: Callable[[float], None]
) -> list[tuple[Samples, ...]]:
    """Let `voice`, at 24 kHz, speak at least so many seconds, at changing speed; no two readings are the same.

    `progress` is told the seconds of each reply.
    """
    replies: list[tuple[Samples, ...]] = []
    spoken_s, normal = 0.0, voice.speed
    for number, texts in enumerate(itertools.cycle(REPLIES)):
        if spoken_s >= seconds:
            break
        voice.set_speed(normal * SPEEDS[number // len(REPLIES) % len(SPEEDS)])
        replies.append(tuple([(await voice.synthesise(text)).pcm for text in texts]))
        length_s = _seconds(replies[-1])
        spoken_s += length_s
        progress(length_s)
    voice.set_speed(normal)
    return replies


async def run_echo(bench: EchoBench, room: EchoRoom, seconds: float, progress: Callable[[float], None]) -> EchoOutcome:
    """Let the assistant speak so many seconds in `room`; `progress` is told the seconds of each reply."""
    run = _EchoRun(bench, room)
    spoken_s = 0.0
    for reply, pause_s in zip(itertools.cycle(bench.replies), itertools.cycle(PAUSES_S), strict=False):
        if spoken_s >= seconds:
            break
        await run.speak(reply, pause_s)
        length_s = _seconds(reply)
        spoken_s += length_s
        progress(length_s)
    return run.outcome(spoken_s)


class LevelMeter:
    """An `EchoFilter` that adds up the energy before and after another one."""

    def __init__(self, inner: EchoFilter) -> None:
        self._inner = inner
        self.played_frame = inner.played_frame
        self._frames = 0
        self._before = self._after = 0.0

    @property
    def erle_db(self) -> float | None:
        """Echo return loss enhancement, or None when no echo was audible."""
        return 10.0 * float(np.log10(self._before / self._after)) if self._after > 0.0 else None

    def played(self, frame: Samples) -> None:
        """Pass on what was played."""
        self._inner.played(frame)

    def clean(self, frame: Samples) -> Samples:
        """Clean the frame and note both energies."""
        cleaned = self._inner.clean(frame)
        self._frames += 1
        if self._frames * len(frame) > LEARNING_S * LISTENING_RATE and dbfs(frame) > AUDIBLE_DBFS:
            self._before += float(np.sum(np.square(frame, dtype=np.float64)))
            self._after += float(np.sum(np.square(cleaned, dtype=np.float64)))
        return cleaned

    def reset(self) -> None:
        """Forget the room."""
        self._inner.reset()


@dataclass(slots=True)
class _Heard:
    """What the policies noticed."""

    interruptions: int = 0
    by_sound_alone: int = 0
    holds: int = 0
    answers: int = 0
    speech_starts: int = 0
    misheard: list[Misheard] = field(default_factory=list)


class _EchoRun:
    def __init__(self, bench: EchoBench, room: EchoRoom) -> None:
        config = bench.config
        self._transcriber = bench.transcriber
        self._room = room
        path = None
        if room.attenuation_db is not None:
            path = EchoPath(
                RATE,
                delay_ms=room.delay_ms,
                attenuation_db=room.attenuation_db,
                impulse_response=bench.impulse_response,
            )
        self._card = FileCard(bench.clock, rate=RATE, bed=room.noise, floor_dbfs=FLOOR_DBFS, echo=path)
        self._playout = Playout(self._card, bench.clock)
        self._captured = Ring(RATE)
        self._meter = LevelMeter(echo_filter(config.audio, RATE))
        bench.detector.reset()
        self._chain = CaptureChain(RATE, self._meter, bench.detector)
        self._policy = BargeIn(config.turn.barge_in, config.vad)
        self._endpointer = Endpointer(config.vad, config.turn)
        self._backchannels = config.turn.barge_in.backchannels
        self._padding = to_samples(config.vad.prefix_padding_ms)
        self._frames: deque[Frame] = deque(maxlen=round(REMEMBERED_S / FRAME_S))
        self._answer: tuple[int, int, Transcript] | None = None
        """When the recogniser answers, what time its answer is about, and the answer."""
        self._position = 0
        self._speaking = False
        self._heard = _Heard()
        self._card.connect(self._captured.write, self._playout.fill)

    async def speak(self, reply: Sequence[Samples], pause_s: float) -> None:
        """Say a reply to its end, whatever is heard, and be silent for a moment."""
        for clause in reply:
            self._playout.enqueue(clause)
        self._speaking = True
        await self._pass_time(_seconds(reply))
        self._speaking = False
        await self._pass_time(pause_s)
        self._card.forget_before(self._card.position)

    def outcome(self, own_speech_s: float) -> EchoOutcome:
        heard, room = self._heard, self._room
        return EchoOutcome(
            attenuation_db=room.attenuation_db,
            delay_ms=room.delay_ms,
            noise=room.noise is not None,
            own_speech_s=own_speech_s,
            interruptions=heard.interruptions,
            by_sound_alone=heard.by_sound_alone,
            holds=heard.holds,
            answers=heard.answers,
            speech_starts=heard.speech_starts,
            erle_db=self._meter.erle_db if room.noise is None else None,
            misheard=tuple(heard.misheard),
        )

    async def _pass_time(self, seconds: float) -> None:
        end = self._card.position + round(seconds * RATE)
        while self._card.position < end:
            self._card.step()
            for pcm, probability in self._chain.process(self._captured.read(), self._playout.reference.read()):
                start, self._position = self._position, self._position + len(pcm)
                t = self._position / LISTENING_RATE
                await self._on_frame(Frame(pcm=pcm, start=start, speech_probability=probability, t=t))

    async def _on_frame(self, frame: Frame) -> None:
        self._frames.append(frame)
        await self._follow_turn(self._endpointer.on_frame(frame))
        if not self._speaking:
            self._policy.reset()
            self._answer = None
            return
        await self._settle(self._policy.on_frame(frame), words=False)
        if self._answer is not None and self._answer[0] <= frame.end:
            (_, at, transcript), self._answer = self._answer, None
            signals = self._policy.on_words(transcript.text, transcript.rejected, at, transcript.confidence)
            await self._settle(signals, words=True)

    async def _settle(self, signals: Iterable[BargeInSignal], *, words: bool) -> None:
        for signal in signals:
            if signal is BargeInSignal.ASK:
                transcript = await self._transcribe(self._policy.speech_start, self._position, final=False)
                self._answer = (self._position + to_samples(STT_LATENCY_MS), self._position, transcript)
            elif signal is BargeInSignal.HOLD:
                self._heard.holds += 1
            elif signal is BargeInSignal.ACCEPTED:
                self._heard.interruptions += 1  # the policy is silent now until `reset`
                self._heard.by_sound_alone += not words
                self._answer = None

    async def _follow_turn(self, signals: Iterable[Signal]) -> None:
        for signal in signals:
            if signal is Signal.SPEECH_STARTED:
                self._heard.speech_starts += 1
            elif signal is Signal.ENDED:
                until = self._endpointer.last_voiced + to_samples(TRAILING_MS)
                transcript = await self._transcribe(self._endpointer.speech_start, until, final=True)
                ignored = self._speaking and is_backchannel(transcript.text, self._backchannels)
                self._heard.answers += bool(transcript.text) and not ignored
                self._policy.reset()

    async def _transcribe(self, start: int, end: int, *, final: bool) -> Transcript:
        frames = [frame for frame in self._frames if frame.end > start - self._padding and frame.start < end]
        transcript = await self._transcriber.transcribe(np.concatenate([frame.pcm for frame in frames]), final=final)
        text = transcript.text or transcript.raw_text
        self._heard.misheard.append(Misheard(at_s=start / LISTENING_RATE, text=text, rejected=transcript.rejected))
        return transcript


def _seconds(clauses: Iterable[Samples]) -> float:
    return sum(len(clause) for clause in clauses) / RATE
