"""How well the floor is taken and given: the real decisions on recorded speech, in stream time instead of real time.

The engines are asked when the policies ask, and their answers arrive after a fixed latency of stream time: a run gives
the same figures on every machine.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from appliance.audio.ports import FRAME_SAMPLES, LISTENING_RATE, Frame, Samples
from appliance.config.models import Config
from appliance.dialogue.bargein import BargeIn, BargeInSignal
from appliance.dialogue.endpointing import Endpointer, Signal
from appliance.dialogue.session import SHORTEST_MISUNDERSTANDING_S
from appliance.dialogue.voicing import to_samples
from appliance.engines.ports import Transcriber, TurnDetector, VoiceDetector
from appliance.ops.bench.conversation import Spread
from appliance.ops.bench.turn_cases import TurnCase
from appliance.ops.bench.turn_figures import BackgroundFigures, BargeInOutcome, Ending, TurnOutcome

TRAILING_MS = 200
"""Silence after the last voiced sample that the recogniser gets."""
EARLY_MS = 150
"""An answer less than this before the true end cuts nothing off: the detectors differ by as much."""
TURN_OVER_MS = 500
"""Quiet after which the background that took the floor has lost it again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What takes part in a measurement."""

    config: Config
    voice: VoiceDetector
    turn: TurnDetector
    transcriber: Transcriber
    turn_latency_ms: int = 96
    """After what stream time the semantic detector answers; measured 45 to 90 ms on two cores."""
    stt_latency_ms: int = 160
    """After what stream time the recogniser answers; measured 46 to 197 ms, median 89, on two busy cores."""
    reply_ms: int = 600
    """After the last voiced sample, when the first sound of a reply is there if the end has been decided; somewhat
    less than the median of `appliance bench` on two cores, so that cut-offs are rather counted too often."""
    output_ms: int = 40
    """From a decision to the first sound of a reply that waits for it."""

    def frames(self, pcm: Samples) -> Iterator[Frame]:
        """Yield the frames of a stream that begins with `pcm`."""
        self.voice.reset()
        for start in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
            piece = pcm[start : start + FRAME_SAMPLES]
            end_s = (start + FRAME_SAMPLES) / LISTENING_RATE
            yield Frame(pcm=piece, start=start, speech_probability=self.voice.probability(piece), t=end_s)


@dataclass(slots=True)
class _Answers:
    """Answers on their way, by the stream position at which they arrive."""

    waiting: list[tuple[int, Callable[[], Awaitable[None]]]] = field(default_factory=list)

    def after(self, position: int, answer: Callable[[], Awaitable[None]]) -> None:
        self.waiting.append((position, answer))

    async def arrive(self, now: int) -> None:
        due = [answer for position, answer in self.waiting if position <= now]
        self.waiting = [item for item in self.waiting if item[0] > now]
        for answer in due:
            await answer()


async def run_turns(bench: Bench, cases: Iterable[TurnCase], progress: Callable[[], None]) -> list[TurnOutcome]:
    """Let every case be heard and say how its turn was ended; `progress` is called after each."""
    outcomes = []
    for case in cases:
        outcomes.append(await _TurnRun(bench, case).outcome())
        progress()
    return outcomes


async def run_barge_ins(bench: Bench, cases: Iterable[TurnCase], progress: Callable[[], None]) -> list[BargeInOutcome]:
    """Let every case be heard during a reply and say whether it stopped it; `progress` is called after each."""
    outcomes = []
    for case in cases:
        outcomes.append(await _BargeInRun(bench, case.pcm).outcome(case))
        progress()
    return outcomes


async def run_background(bench: Bench, pcm: Samples) -> BackgroundFigures:
    """Let `pcm`, 16 kHz, in which nobody addresses the assistant, be heard during a reply that never ends."""
    return await _BargeInRun(bench, pcm).background()


class _TurnRun:
    def __init__(self, bench: Bench, case: TurnCase) -> None:
        self._bench = bench
        self._case = case
        self._endpointer = Endpointer(bench.config.vad, bench.config.turn)
        self._answers = _Answers()
        self._now = 0
        self._pauses = 0
        self._text: str | None = None
        self._ended_at: int | None = None
        self._sound_at: int | None = None
        self._joined = False

    async def outcome(self) -> TurnOutcome:
        for frame in self._bench.frames(self._case.pcm):
            self._now = frame.end
            await self._handle(self._endpointer.on_frame(frame))
            await self._answers.arrive(frame.end)
            if self._sound_at is not None and frame.end >= self._sound_at and not self._endpointer.voiced:
                break
        return self._result()

    def _result(self) -> TurnOutcome:
        end, ending = self._case.last_voiced, self._ending()
        heard = ending in {Ending.WAITED, Ending.JOINED}
        return TurnOutcome(
            name=self._case.name,
            pause_ms=self._case.pause_ms,
            ending=ending,
            delay_ms=_ms(self._ended_at, end) if heard else None,
            first_sound_ms=_ms(self._sound_at, end) if heard else None,
            reason=self._endpointer.end_reason,
            pauses=self._pauses,
        )

    def _ending(self) -> Ending:
        if self._sound_at is None:
            return Ending.MISSED
        heard_all = self._endpointer.last_voiced >= self._case.last_voiced - to_samples(EARLY_MS)
        if not heard_all and self._sound_at < self._case.last_voiced - to_samples(EARLY_MS):
            return Ending.CUT_OFF
        return Ending.JOINED if self._joined else Ending.WAITED

    async def _handle(self, signals: Sequence[Signal]) -> None:
        for signal in signals:
            match signal:
                case Signal.SPEECH_STARTED:
                    self._on_speech()
                case Signal.PAUSED:
                    self._pauses += 1
                    self._answers.after(self._now + to_samples(self._bench.stt_latency_ms), self._transcription())
                case Signal.ASK:
                    self._answers.after(self._now + to_samples(self._bench.turn_latency_ms), self._question())
                case Signal.RESUMED:
                    self._answers.waiting.clear()
                    self._text = None
                case Signal.ENDED if self._endpointer.last_voiced > self._case.first_voiced:
                    await self._on_end()
                case Signal.ENDED:  # a turn that the babble before the person made up
                    self._answers.waiting.clear()

    def _on_speech(self) -> None:
        self._text = None
        if self._sound_at is not None and self._endpointer.speech_start < self._case.last_voiced:
            self._joined = True
            self._sound_at = self._ended_at = None

    async def _on_end(self) -> None:
        if self._text is None:
            self._text = (await self._bench.transcriber.transcribe(self._utterance())).text
        self._answers.waiting.clear()
        last_voiced = self._endpointer.last_voiced
        voiced_s = (last_voiced - self._endpointer.speech_start) / LISTENING_RATE
        if not self._text and voiced_s < SHORTEST_MISUNDERSTANDING_S:
            return  # a knock: nothing is said, and the person is still listened to
        self._ended_at = self._now
        self._sound_at = self._now + to_samples(self._bench.output_ms)
        if self._text:  # else a fixed phrase is said, which is ready
            self._sound_at = max(self._sound_at, last_voiced + to_samples(self._bench.reply_ms))

    def _utterance(self) -> Samples:
        return self._heard(self._endpointer.last_voiced + to_samples(TRAILING_MS))

    def _transcription(self) -> Callable[[], Awaitable[None]]:
        at, pcm = self._now, self._utterance()

        async def answer() -> None:
            self._text = (await self._bench.transcriber.transcribe(pcm)).text
            await self._handle(self._endpointer.on_transcript(self._text, at))

        return answer

    def _question(self) -> Callable[[], Awaitable[None]]:
        at, pcm = self._now, self._heard(self._now)

        async def answer() -> None:
            await self._handle(self._endpointer.on_turn_probability(await self._bench.turn.finished(pcm), at))

        return answer

    def _heard(self, until: int) -> Samples:
        padding = to_samples(self._bench.config.vad.prefix_padding_ms)
        return self._case.pcm[max(0, self._endpointer.speech_start - padding) : until]


class _BargeInRun:
    def __init__(self, bench: Bench, pcm: Samples) -> None:
        self._bench = bench
        self._pcm = pcm
        self._policy = BargeIn(bench.config.turn.barge_in, bench.config.vad)
        self._answers = _Answers()
        self._now = 0
        self._held_at: int | None = None
        self._gaps: list[int] = []
        self._accepted: list[tuple[int, bool]] = []
        """Where the floor was given up, and whether it was for words."""

    async def outcome(self, case: TurnCase) -> BargeInOutcome:
        """Listen until the person has the floor."""
        async for _ in self._listen():
            if self._accepted:
                break
        accepted = self._accepted[0][0] if self._accepted else None
        silent = accepted if self._held_at is None else self._held_at
        return BargeInOutcome(
            name=case.name,
            accepted=accepted is not None,
            latency_ms=_ms(accepted, case.first_spoken),
            silent_ms=_ms(silent, case.first_spoken),
            gap_ms=sum(self._gaps) * 1000 / LISTENING_RATE,
        )

    async def background(self) -> BackgroundFigures:
        """Listen to the end, as if each reply that was given up was followed by another once it is quiet."""
        loud_until, counted = 0, 0
        async for frame in self._listen():
            if frame.speech_probability >= self._bench.config.vad.threshold_off:
                loud_until = frame.end
            if len(self._accepted) > counted and frame.end - loud_until >= to_samples(TURN_OVER_MS):
                counted = len(self._accepted)
                self._policy.reset()
                self._answers.waiting.clear()
                self._held_at = None
        hours = len(self._pcm) / LISTENING_RATE / 3600
        words = sum(words for _, words in self._accepted)
        return BackgroundFigures(
            minutes=hours * 60,
            holds_per_hour=len(self._gaps) / hours,
            gap_ms=Spread.of([gap * 1000 / LISTENING_RATE for gap in self._gaps]),
            by_sound_per_hour=(len(self._accepted) - words) / hours,
            by_words_per_hour=words / hours,
        )

    async def _listen(self) -> AsyncIterator[Frame]:
        for frame in self._bench.frames(self._pcm):
            self._now = frame.end
            self._handle(self._policy.on_frame(frame), words=False)
            await self._answers.arrive(frame.end)
            yield frame

    def _handle(self, signals: Sequence[BargeInSignal], *, words: bool) -> None:
        for signal in signals:
            match signal:
                case BargeInSignal.ASK:
                    self._answers.after(self._now + to_samples(self._bench.stt_latency_ms), self._question())
                case BargeInSignal.HOLD:
                    self._held_at = self._now
                case BargeInSignal.ACCEPTED:
                    self._accepted.append((self._now, words))
                case BargeInSignal.REFUSED if self._held_at is not None:
                    self._gaps.append(self._now - self._held_at)
                    self._held_at = None
                case BargeInSignal.REFUSED:
                    pass

    def _question(self) -> Callable[[], Awaitable[None]]:
        at = self._now
        padding = to_samples(self._bench.config.vad.prefix_padding_ms)
        pcm = self._pcm[max(0, self._policy.speech_start - padding) : at]

        async def answer() -> None:
            transcript = await self._bench.transcriber.transcribe(pcm, final=False)
            words = self._policy.on_words(transcript.text, transcript.rejected, at, transcript.confidence)
            self._handle(words, words=True)

        return answer


def _ms(position: int | None, reference: int) -> float | None:
    return None if position is None else (position - reference) * 1000 / LISTENING_RATE
