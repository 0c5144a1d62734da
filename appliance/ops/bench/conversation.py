"""Latency of whole turns: recordings talk with the appliance, and the same turns are run step after step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from appliance.audio.ports import LISTENING_RATE
from appliance.clock import Clock
from appliance.config.models import Config
from appliance.dialogue.history import History
from appliance.dialogue.session import Engines
from appliance.engines.ports import Message, Role
from appliance.events import AnyEvent, AudioXrun, ClauseSynthesised, FirstToken, PlayoutEnded, TurnStarted
from appliance.ops.records import TurnRecord
from appliance.ops.visit import Recording
from appliance.prompt.preamble import preamble

UTTERANCE_S = 4
"""Length of the utterance whose transcription is timed."""
REPEATS = 10
MIB = 2**20


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile of some milliseconds (or another unit)."""

    p50: float
    p95: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread | None:
        """Return the spread of `values`, None when there are none."""
        if not values:
            return None
        return cls(p50=float(np.percentile(values, 50)), p95=float(np.percentile(values, 95)))


@dataclass(slots=True, kw_only=True)
class Sequential:
    """A turn run one step after another: wait for silence, transcribe, read, write all, speak all."""

    wait_ms: float
    stt_ms: float
    llm_ms: float
    tts_ms: float
    tokens_per_s: float | None
    """How fast the model wrote, from its first token on; None for an answer of one token."""

    @property
    def first_audio_ms(self) -> float:
        """When the person would hear the first sound."""
        return self.wait_ms + self.stt_ms + self.llm_ms + self.tts_ms


@dataclass(slots=True, kw_only=True)
class Meter:
    """Observes the events of a run for what the records of the turns do not hold."""

    synthesis: list[ClauseSynthesised] = field(default_factory=list)
    xruns: int = 0
    ttft_ms: list[float] = field(default_factory=list)
    _started: float | None = None

    def __call__(self, event: AnyEvent) -> None:
        """Take note of an event."""
        match event:
            case TurnStarted():
                self._started = event.t
            case FirstToken() if self._started is not None:
                self.ttft_ms.append((event.t - self._started) * 1000)
                self._started = None
            case ClauseSynthesised():
                self.synthesis.append(event)
            case AudioXrun():
                self.xruns += event.count
            case PlayoutEnded():
                self._started = None

    @property
    def tts_rtf(self) -> float | None:
        """Seconds of synthesis for a second of speech."""
        audio_s = sum(clause.audio_s for clause in self.synthesis)
        return sum(clause.synthesis_s for clause in self.synthesis) / audio_s if audio_s else None


@dataclass(slots=True, kw_only=True)
class ConversationFigures:
    """The result of `appliance bench`."""

    conditions: dict[str, object]
    turns: int
    answered: int
    cut_off: int
    """Turns that were taken for finished before the person had finished."""
    ms: dict[str, Spread | None]
    ttft_ms: Spread | None
    tokens_per_s: float | None
    tts_rtf: float | None
    stt_4s_ms: Spread | None
    speculation_waste: float
    """CPU seconds of dropped replies per CPU second of the whole run."""
    xruns: int
    rss_mib: tuple[float, float]
    """Resident memory after the first and after the last turn."""
    sequential_ms: Spread | None
    speedup: float | None
    """Sequential first sound / pipelined first sound, medians."""


STAGES = ("transcript", "end_of_turn", "first_token", "first_clause", "first_audio")


def stage_spreads(records: Sequence[TurnRecord]) -> dict[str, Spread | None]:
    """Return the spread of each stage over the turns that reached it, in ms after the last voiced sample."""
    return {
        stage: Spread.of([value for record in records if (value := getattr(record.ms, stage)) is not None])
        for stage in STAGES
    }


async def time_transcription(engines: Engines, recordings: Sequence[Recording], clock: Clock) -> Spread | None:
    """Time the final pass on an utterance of 4 s, made from the recordings."""
    pcm = np.concatenate([recording.pcm for recording in recordings])
    pcm = np.resize(pcm, UTTERANCE_S * LISTENING_RATE)
    times = []
    for _ in range(REPEATS):
        began = clock.now()
        await engines.transcriber.transcribe(pcm)
        times.append((clock.now() - began) * 1000)
    return Spread.of(times)


async def run_sequentially(
    config: Config, engines: Engines, recordings: Sequence[Recording], clock: Clock
) -> list[Sequential]:
    """Answer each recording with no overlap and no cache, as a simple pipeline would."""
    results = []
    for recording in recordings:
        await engines.model.prefill([Message(Role.SYSTEM, "Forget."), Message(Role.USER, "")])
        began = clock.now()
        transcript = await engines.transcriber.transcribe(recording.pcm)
        heard = clock.now()
        messages = History(preamble(config)).asking(transcript.text or "hello")
        deltas = [(clock.now(), delta) async for delta in engines.model.reply(messages)]
        answer = "".join(delta for _, delta in deltas)
        written = clock.now()
        await engines.voice.synthesise(answer)
        spoken = clock.now()
        results.append(
            Sequential(
                wait_ms=float(config.vad.silence_duration_ms),
                stt_ms=(heard - began) * 1000,
                llm_ms=(written - heard) * 1000,
                tts_ms=(spoken - written) * 1000,
                tokens_per_s=_speed([t for t, _ in deltas]),
            )
        )
    return results


def _speed(times: Sequence[float]) -> float | None:
    return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 else None


def resident_mib() -> float:
    """Return the resident memory of this process."""
    return float(psutil.Process().memory_info().rss) / MIB


def conditions(config: Config, recordings: Sequence[Recording]) -> dict[str, object]:
    """Return what must stand beside the figures."""
    return {
        "cpu": _cpu_name(),
        "cores": psutil.cpu_count(logical=False),
        "load_average": [round(value, 2) for value in psutil.getloadavg()],
        "recordings": len(recordings),
        "endpointing": config.turn.mode.value,
        "speculation": config.turn.speculation,
        "echo_cancellation": config.audio.echo_cancellation,
    }


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"
