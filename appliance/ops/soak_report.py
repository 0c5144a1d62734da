"""What a soak has shown: figures, a verdict, and how both are written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from appliance.audio.card import CAPTURE, PLAYOUT
from appliance.ops.bench.conversation import Spread
from appliance.ops.soak import Course
from appliance.ops.soak_programme import Part
from appliance.ops.soak_watch import Sample, WatchedCard, Witness

WARM_UP_TURNS = 10
"""Memory, threads and descriptors count from this turn on: until then buffers find their size."""
MAX_GROWTH_PERCENT = 2.0
MIN_ANSWERED_PERCENT = 95.0
LATENCY_TURNS = 50
"""The first and the last so many answers are compared."""
MAX_DRIFT = 1.1
"""The slow answers at the end may take so many times as long as those at the beginning (p95)."""
LOADED_PERCENT = 10.0
"""Above this share of the processors for other programs the machine counts as loaded."""
ROWS = 12
"""The most rows in the table of memory."""

INTRODUCTION = """\
Recordings are played into a virtual microphone and answered aloud by the real engines, through PortAudio on a private
PulseAudio. Two turns in ten cut into an answer, one asks a tool that fails, one is a noise, one a goodbye; behind every
second person there is background noise, and before every fifth the sound server is killed and started again. This
report was written by `{command}`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """What must stand beside the figures."""

    command: str
    version: str
    cpu: str
    cores: int
    others_percent: float
    """Share of the processors that other programs took meanwhile."""
    settings: str
    """Settings that make turns shorter or longer."""
    recordings: str
    sound: str
    broken_off: str = ""
    """The signal that ended it before its time; nothing when it came to its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakFigures:
    """The result of a soak."""

    conditions: Conditions
    minutes: float
    turns: int
    asked: int
    """Turns with words: noises do not ask."""
    answered: int
    cut_off: int
    interrupted: int
    noises: int
    noises_answered: int
    refused: int
    first: Spread | None
    """First sound of the first 50 answers, ms."""
    last: Spread | None
    xruns: dict[str, int]
    """By direction, as the driver tells."""
    late: dict[str, int]
    """Intervals between two callbacks that were longer than what the device buffers."""
    longest_ms: dict[str, float]
    """The longest interval between two callbacks."""
    samples: tuple[Sample, ...]
    errors: dict[str, int]
    restarts: int
    lost: int
    found: int
    tools_failed: int

    @property
    def warm(self) -> tuple[Sample, ...]:
        """The samples after the warm-up."""
        return tuple(each for each in self.samples if each.turn >= WARM_UP_TURNS)

    @property
    def growth_percent(self) -> float | None:
        """Growth of the resident memory after the warm-up; None when the run was too short to tell."""
        return _growth_percent(self.warm)

    @property
    def late_growth_percent(self) -> float | None:
        """The same in the second half of the samples: what fills up once comes to rest, what leaks does not."""
        return _growth_percent(self.warm[len(self.warm) // 2 :])

    @property
    def slope_mib(self) -> float | None:
        """Straight line through the resident memory after the warm-up, in MiB per 100 turns."""
        if len(self.warm) < 2:  # noqa: PLR2004 - a beginning and an end
            return None
        fit = np.polyfit([each.turn for each in self.warm], [each.rss_mib for each in self.warm], 1)
        return float(fit[0]) * 100

    @property
    def drift(self) -> float:
        """How many times as long the slow ones (p95) of the last answers took as those of the first; 1 without any."""
        return self.last.p95 / self.first.p95 if self.first and self.last else 1.0

    @property
    def faults(self) -> list[str]:
        """What is wrong, in words; nothing when the soak has passed."""
        return [*self._of_the_talk(), *self._of_the_sound(), *self._of_the_process()]

    def _of_the_talk(self) -> list[str]:
        faults = []
        if not self.asked:
            faults.append("nothing was asked")
        elif self.answered / self.asked * 100 < MIN_ANSWERED_PERCENT:
            faults.append(
                f"{self.answered} of {self.asked} questions were answered, less than {MIN_ANSWERED_PERCENT:.0f} %"
            )
        if self.first and self.last and self.asked >= 2 * LATENCY_TURNS and self.drift > MAX_DRIFT:
            faults.append(f"answers became slower: p95 {self.drift:.2f} times as long, more than {MAX_DRIFT:g}")
        return faults

    def _of_the_sound(self) -> list[str]:
        faults = [
            f"sound was lost at {direction} (xruns: {count})"
            for direction, count in sorted(self.xruns.items())
            if count
        ]
        if self.lost > self.found:
            faults.append(f"the sound device was lost {self.lost} times and found {self.found} times")
        return faults

    def _of_the_process(self) -> list[str]:
        growth = self.growth_percent
        if growth is None:
            return []
        first, last = self.warm[0], self.warm[-1]
        faults = []
        if growth > MAX_GROWTH_PERCENT:
            faults.append(f"memory grew by {growth:.1f} %, more than {MAX_GROWTH_PERCENT:.0f} %")
        if last.threads > first.threads:
            faults.append(f"threads leaked: {first.threads} after turn {first.turn}, {last.threads} at the end")
        if last.descriptors > first.descriptors:
            faults.append(
                f"file descriptors leaked: {first.descriptors} after turn {first.turn}, {last.descriptors} at the end"
            )
        return faults


def figures(course: Course, witness: Witness, card: WatchedCard, conditions: Conditions) -> SoakFigures:
    """Return the figures of a soak, finished or broken off."""
    outcomes = course.outcomes
    asked = [each for each in outcomes if each.part is not Part.NOISE]
    noises = [each for each in outcomes if each.part is Part.NOISE]
    delays = [each.first_sound_ms for each in asked if each.first_sound_ms is not None]
    return SoakFigures(
        conditions=conditions,
        minutes=(course.ended - course.begun) / 60,
        turns=len(outcomes),
        asked=len(asked),
        answered=sum(each.answered for each in asked),
        cut_off=sum(each.cut_off for each in asked),
        interrupted=witness.interrupted,
        noises=len(noises),
        noises_answered=sum(each.answered for each in noises),
        refused=witness.refused,
        first=Spread.of(delays[:LATENCY_TURNS]),
        last=Spread.of(delays[-LATENCY_TURNS:]),
        xruns=dict(witness.xruns),
        late={direction: watched.late for direction, watched in card.punctuality.items()},
        longest_ms={direction: watched.longest_s * 1000 for direction, watched in card.punctuality.items()},
        samples=tuple(course.samples),
        errors=dict(witness.errors),
        restarts=witness.restarts,
        lost=witness.lost,
        found=witness.found,
        tools_failed=witness.tools_failed,
    )


def as_json(result: SoakFigures) -> dict[str, object]:
    """Return what `--json` prints."""
    return asdict(result) | {
        "growth_percent": result.growth_percent,
        "late_growth_percent": result.late_growth_percent,
        "slope_mib_per_100_turns": result.slope_mib,
        "p95_drift": result.drift,
        "faults": result.faults,
    }


def as_markdown(result: SoakFigures) -> str:
    """Return the report: conditions, tables, verdict."""
    parts = [
        "# Soak: simulated people talk for a long time",
        INTRODUCTION.format(command=result.conditions.command),
        f"**Verdict: {'; '.join(result.faults) or 'passed'}.**",
        "## Conditions",
        _conditions(result),
        "## Conversation and sound",
        _table(("", "", ""), [*_talk_rows(result), *_sound_rows(result)]),
        "## The process",
        _growth(result),
        _table(
            ("after turn", "resident, MiB", "of it private, MiB", "threads", "descriptors"),
            [
                (f"{s.turn}", f"{s.rss_mib:.1f}", f"{s.private_mib:.1f}", f"{s.threads}", f"{s.descriptors}")
                for s in thinned(result.samples)
            ],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def thinned(samples: Sequence[Sample]) -> list[Sample]:
    """Return at most `ROWS` samples: the first, the last, and some between them at equal distances."""
    if len(samples) <= ROWS:
        return list(samples)
    places = np.linspace(0, len(samples) - 1, ROWS).round().astype(int)
    places[1] = next((at for at, each in enumerate(samples) if each.turn >= WARM_UP_TURNS), 1)
    return [samples[at] for at in sorted(set(places.tolist()))]


def _conditions(result: SoakFigures) -> str:
    told = result.conditions
    load = "a loaded machine" if told.others_percent > LOADED_PERCENT else "a quiet machine"
    return "\n".join(
        (
            f"- appliance {told.version}; {told.cpu}, {told.cores} cores",
            f"- {load}: other programs took {told.others_percent:.0f} % of the processors meanwhile",
            f"- {told.settings}",
            f"- {told.recordings}",
            f"- {told.sound}",
            f"- {result.turns} turns in {result.minutes:.1f} minutes"
            + (f", broken off by {told.broken_off}" if told.broken_off else ""),
        )
    )


def _talk_rows(result: SoakFigures) -> list[tuple[str, ...]]:
    loaded = result.conditions.others_percent > LOADED_PERCENT
    note = "after the last voiced sample" + (", on a loaded machine" if loaded else "")
    errors = ", ".join(f"{count} × {code}" for code, count in sorted(result.errors.items()))
    return [
        ("questions answered", f"{result.answered} of {result.asked}", ""),
        ("cut off", f"{result.cut_off}", "taken for finished before the person had finished"),
        ("answers interrupted", f"{result.interrupted}", "by a person who cuts in"),
        ("noises answered", f"{result.noises_answered} of {result.noises}", ""),
        ("first sound, first 50 answers", _spread(result.first), note),
        ("first sound, last 50 answers", _spread(result.last), note),
        ("p95 of the last to that of the first", f"{result.drift:.2f}", ""),
        ("calls of tools that failed", f"{result.tools_failed}", "as intended"),
        ("errors of engines", errors or "0", ""),
        ("deaf restarts", f"{result.restarts}", ""),
        ("sound device lost", f"{result.lost}", f"and found again {result.found} times"),
    ]


def _sound_rows(result: SoakFigures) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for direction in (CAPTURE, PLAYOUT):
        rows.append((f"xruns, {direction}", f"{result.xruns.get(direction, 0)}", "as the driver counts them"))
        longest = result.longest_ms.get(direction, 0.0)
        late = f"{result.late.get(direction, 0)} longer than the device's buffer"
        rows.append((f"longest callback interval, {direction}", f"{longest:.0f} ms", late))
    return rows


def _growth(result: SoakFigures) -> str:
    growth, slope, late = result.growth_percent, result.slope_mib, result.late_growth_percent
    if growth is None or slope is None:
        return f"The run was too short to judge memory: it counts from turn {WARM_UP_TURNS} on."
    return (
        f"From turn {result.warm[0].turn} to turn {result.warm[-1].turn} the resident memory grew by {growth:.2f} %;\n"
        f"a straight line through it rises by {slope:.1f} MiB per 100 turns."
        + (f" In the second half it grew by {late:.2f} %." if late is not None else "")
    )


def _growth_percent(samples: Sequence[Sample]) -> float | None:
    if len(samples) < 2:  # noqa: PLR2004 - a beginning and an end
        return None
    return (samples[-1].rss_mib / samples[0].rss_mib - 1) * 100


def _spread(spread: Spread | None) -> str:
    return "–" if spread is None else f"p50 {spread.p50:.0f} ms, p95 {spread.p95:.0f} ms"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(line)} |".replace("|  |", "| |") for line in lines)
