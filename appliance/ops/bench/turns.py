"""How well the floor is taken and given: the real decisions on recorded speech, in stream time instead of real time.

The engines are asked when the policies ask, and their answers arrive after a fixed latency of stream time: a run gives
the same figures on every machine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from appliance.audio.ports import FRAME_SAMPLES, LISTENING_RATE, Frame, Samples
from appliance.config.models import Config
from appliance.dialogue.bargein import BargeIn, BargeInSignal
from appliance.dialogue.endpointing import Endpointer, Signal
from appliance.dialogue.voicing import to_samples
from appliance.engines.ports import Transcriber, TurnDetector, VoiceDetector
from appliance.ops.bench.conversation import Spread
from appliance.ops.bench.turn_cases import TurnCase

TRAILING_MS = 200
"""Silence after the last voiced sample that the recogniser gets."""
EARLY_MS = 150
"""An end found less than this before the true end cuts nothing off: the detectors differ by as much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """What takes part in a measurement."""

    config: Config
    voice: VoiceDetector
    turn: TurnDetector
    transcriber: Transcriber
    turn_latency_ms: int = 96
    """After what stream time the semantic detector answers; measured 45 to 90 ms on two cores."""
    stt_latency_ms: int = 288
    """After what stream time the recogniser answers; measured 220 to 290 ms on two cores."""

    def frames(self, pcm: Samples) -> Iterator[Frame]:
        """Yield the frames of a stream that begins with `pcm`."""
        self.voice.reset()
        for start in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
            piece = pcm[start : start + FRAME_SAMPLES]
            end_s = (start + FRAME_SAMPLES) / LISTENING_RATE
            yield Frame(pcm=piece, start=start, speech_probability=self.voice.probability(piece), t=end_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOutcome:
    """How one turn was ended."""

    name: str
    pause_ms: int
    cut_off: bool
    """Ended while the person had not finished."""
    missed: bool
    """Not noticed at all, or not ended within 3 s."""
    delay_ms: float | None
    """From the last voiced sample to the decision."""
    reason: str
    pauses: int
    """How often a reply was prepared: once when nothing was in vain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BargeInOutcome:
    """What became of speech during a reply."""

    name: str
    accepted: bool
    latency_ms: float | None
    """From the first voiced sample to the decision."""

    @property
    def early(self) -> bool:
        """Whether the reply was stopped before the person had made a sound."""
        return self.latency_ms is not None and self.latency_ms < 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFigures:
    """The figures of a set of turns."""

    turns: int
    cut_off_percent: dict[str, float]
    """By the length of the pause in the turn, in ms; `0` are the recordings as they are."""
    missed_percent: float
    delay_ms: Spread | None
    prepared_per_turn: float
    reasons: dict[str, int]
    cut_off: list[str] = field(default_factory=list)
    """Which recordings, as they are, were cut off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BargeInFigures:
    """The figures of speech during a reply."""

    interruptions: int
    missed_percent: float
    early_percent: float
    """The background had stopped the reply before the person spoke."""
    latency_ms: Spread | None
    backchannels: int
    backchannel_errors_percent: float
    """Backchannels that stopped the reply."""


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
        outcomes.append(await _BargeInRun(bench, case).outcome())
        progress()
    return outcomes


class _TurnRun:
    def __init__(self, bench: Bench, case: TurnCase) -> None:
        self._bench = bench
        self._case = case
        self._endpointer = Endpointer(bench.config.vad, bench.config.turn)
        self._answers = _Answers()
        self._now = 0
        self._pauses = 0
        self._ended_at: int | None = None

    async def outcome(self) -> TurnOutcome:
        for frame in self._bench.frames(self._case.pcm):
            self._now = frame.end
            self._handle(self._endpointer.on_frame(frame))
            await self._answers.arrive(frame.end)
            if self._ended_at is not None:
                break
        return self._result()

    def _result(self) -> TurnOutcome:
        ended, end = self._ended_at, self._case.last_voiced
        last_heard = self._endpointer.last_voiced
        cut_off = ended is not None and ended < end and last_heard < end - to_samples(EARLY_MS)
        return TurnOutcome(
            name=self._case.name,
            pause_ms=self._case.pause_ms,
            cut_off=cut_off,
            missed=ended is None,
            delay_ms=None if ended is None or cut_off else (ended - end) * 1000 / LISTENING_RATE,
            reason=self._endpointer.end_reason,
            pauses=self._pauses,
        )

    def _handle(self, signals: Sequence[Signal]) -> None:
        for signal in signals:
            match signal:
                case Signal.PAUSED:
                    self._pauses += 1
                    self._answers.after(self._now + to_samples(self._bench.stt_latency_ms), self._transcription())
                case Signal.ASK:
                    self._answers.after(self._now + to_samples(self._bench.turn_latency_ms), self._question())
                case Signal.RESUMED:
                    self._answers.waiting.clear()
                case Signal.ENDED if self._endpointer.last_voiced > self._case.first_voiced:
                    self._ended_at = self._now
                case _:  # speech that started, or a turn that the babble before the person made up
                    pass

    def _transcription(self) -> Callable[[], Awaitable[None]]:
        at = self._now
        pcm = self._heard(self._endpointer.last_voiced + to_samples(TRAILING_MS))

        async def answer() -> None:
            transcript = await self._bench.transcriber.transcribe(pcm)
            self._handle(self._endpointer.on_transcript(transcript.text, at))

        return answer

    def _question(self) -> Callable[[], Awaitable[None]]:
        at = self._now
        pcm = self._heard(at)

        async def answer() -> None:
            self._handle(self._endpointer.on_turn_probability(await self._bench.turn.finished(pcm), at))

        return answer

    def _heard(self, until: int) -> Samples:
        padding = to_samples(self._bench.config.vad.prefix_padding_ms)
        return self._case.pcm[max(0, self._endpointer.speech_start - padding) : until]


class _BargeInRun:
    def __init__(self, bench: Bench, case: TurnCase) -> None:
        self._bench = bench
        self._case = case
        self._policy = BargeIn(bench.config.turn.barge_in, bench.config.vad)
        self._answers = _Answers()
        self._now = 0
        self._accepted_at: int | None = None

    async def outcome(self) -> BargeInOutcome:
        for frame in self._bench.frames(self._case.pcm):
            self._now = frame.end
            self._handle(self._policy.on_frame(frame))
            await self._answers.arrive(frame.end)
            if self._accepted_at is not None:
                break
        accepted = self._accepted_at
        return BargeInOutcome(
            name=self._case.name,
            accepted=accepted is not None,
            latency_ms=None if accepted is None else (accepted - self._case.first_voiced) * 1000 / LISTENING_RATE,
        )

    def _handle(self, signals: Sequence[BargeInSignal]) -> None:
        for signal in signals:
            if signal is BargeInSignal.ASK:
                self._answers.after(self._now + to_samples(self._bench.stt_latency_ms), self._question())
            elif signal is BargeInSignal.ACCEPTED:
                self._accepted_at = self._now

    def _question(self) -> Callable[[], Awaitable[None]]:
        at = self._now
        padding = to_samples(self._bench.config.vad.prefix_padding_ms)
        pcm = self._case.pcm[max(0, self._policy.speech_start - padding) : at]

        async def answer() -> None:
            transcript = await self._bench.transcriber.transcribe(pcm, final=False)
            self._handle(self._policy.on_words(transcript.text, transcript.rejected, at))

        return answer


def turn_figures(outcomes: Sequence[TurnOutcome]) -> TurnFigures:
    """Sum up turns; there must be at least one."""
    pauses = sorted({outcome.pause_ms for outcome in outcomes})
    reasons = [outcome.reason for outcome in outcomes if not outcome.missed and not outcome.cut_off]
    return TurnFigures(
        turns=len(outcomes),
        cut_off_percent={
            str(pause): _percent(outcome.cut_off for outcome in outcomes if outcome.pause_ms == pause)
            for pause in pauses
        },
        missed_percent=_percent(outcome.missed for outcome in outcomes),
        delay_ms=Spread.of([outcome.delay_ms for outcome in outcomes if outcome.delay_ms is not None]),
        prepared_per_turn=float(np.mean([outcome.pauses for outcome in outcomes])),
        reasons={reason: reasons.count(reason) for reason in sorted(set(reasons))},
        cut_off=[outcome.name for outcome in outcomes if outcome.cut_off and not outcome.pause_ms],
    )


def barge_in_figures(interruptions: Sequence[BargeInOutcome], backchannels: Sequence[BargeInOutcome]) -> BargeInFigures:
    """Sum up interruptions, which should stop the reply, and backchannels, which should not."""
    return BargeInFigures(
        interruptions=len(interruptions),
        missed_percent=_percent(not outcome.accepted for outcome in interruptions),
        early_percent=_percent(outcome.early for outcome in interruptions),
        latency_ms=Spread.of(latencies_ms(interruptions)),
        backchannels=len(backchannels),
        backchannel_errors_percent=_percent(outcome.accepted for outcome in backchannels),
    )


def latencies_ms(outcomes: Iterable[BargeInOutcome]) -> list[float]:
    """Return how long the decisions about speech during a reply took, those before its beginning left out."""
    return [each.latency_ms for each in outcomes if each.latency_ms is not None and not each.early]


def _percent(flags: Iterable[bool]) -> float:
    values = list(flags)
    return 100.0 * sum(values) / len(values) if values else 0.0
