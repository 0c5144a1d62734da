"""What became of turns and interruptions, as the person experiences it, and the figures that sum it up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from appliance.ops.bench.conversation import Spread


class Ending(StrEnum):
    """How a turn was ended."""

    WAITED = "waited"
    """The decision came after the person had finished, or too late before it for an answer to be heard."""
    JOINED = "joined"
    """It came too soon, but the person went on before the first sound: the answer was dropped, and nobody noticed."""
    CUT_OFF = "cut-off"
    """The answer was heard before the person had finished."""
    MISSED = "missed"
    """The turn was not noticed at all, or not ended within 3 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnOutcome:
    """How one turn was ended."""

    name: str
    pause_ms: int
    ending: Ending
    delay_ms: float | None
    """From the last voiced sample to the decision; None when it was cut off or missed."""
    first_sound_ms: float | None
    """From the last voiced sample to the first sound of the answer; None when it was cut off or missed."""
    reason: str
    pauses: int
    """How often a reply was prepared: once when nothing was in vain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BargeInOutcome:
    """What became of speech during a reply."""

    name: str
    accepted: bool
    latency_ms: float | None
    """From the first voiced sample to the decision that the person has the floor."""
    silent_ms: float | None
    """From the first voiced sample to when the reply was told to fall silent, and stayed so."""
    gap_ms: float = 0.0
    """How long the reply was held for what did not interrupt it."""

    @property
    def early(self) -> bool:
        """Whether the reply was stopped before the person had made a sound."""
        return self.silent_ms is not None and self.silent_ms < 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BackgroundFigures:
    """What the background alone does to a reply, per hour of it."""

    minutes: float
    holds_per_hour: float
    """Short gaps: the reply was held and went on."""
    gap_ms: Spread | None
    by_sound_per_hour: float
    """The reply was held until the speech was over."""
    by_words_per_hour: float
    """The reply was given up for words that were made up or overheard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFigures:
    """The figures of a set of turns; percentages by the length of the pause in the turn, in ms.

    `0` are the recordings as they are.
    """

    turns: int
    cut_off_percent: dict[str, float]
    joined_percent: dict[str, float]
    missed_percent: float
    delay_ms: Spread | None
    first_sound_ms: Spread | None
    """Of the recordings as they are."""
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
    silent_ms: Spread | None
    latency_ms: Spread | None
    backchannels: int
    backchannel_errors_percent: float
    """Backchannels that stopped the reply."""
    backchannel_gaps_percent: float
    """Backchannels that held it for a moment."""
    backchannel_gap_ms: Spread | None


def turn_figures(outcomes: Sequence[TurnOutcome]) -> TurnFigures:
    """Sum up turns; there must be at least one."""
    ended = [outcome for outcome in outcomes if outcome.delay_ms is not None]
    reasons = [outcome.reason for outcome in ended]
    sounds = [outcome.first_sound_ms for outcome in ended if not outcome.pause_ms]
    return TurnFigures(
        turns=len(outcomes),
        cut_off_percent=_share(outcomes, Ending.CUT_OFF),
        joined_percent=_share(outcomes, Ending.JOINED),
        missed_percent=_percent(outcome.ending is Ending.MISSED for outcome in outcomes),
        delay_ms=Spread.of([outcome.delay_ms for outcome in ended if outcome.delay_ms is not None]),
        first_sound_ms=Spread.of([sound for sound in sounds if sound is not None]),
        prepared_per_turn=float(np.mean([outcome.pauses for outcome in outcomes])),
        reasons={reason: reasons.count(reason) for reason in sorted(set(reasons))},
        cut_off=[each.name for each in outcomes if each.ending is Ending.CUT_OFF and not each.pause_ms],
    )


def barge_in_figures(interruptions: Sequence[BargeInOutcome], backchannels: Sequence[BargeInOutcome]) -> BargeInFigures:
    """Sum up interruptions, which should stop the reply, and backchannels, which should not."""
    gaps = [outcome.gap_ms for outcome in backchannels if outcome.gap_ms and not outcome.accepted]
    timely = [outcome for outcome in interruptions if not outcome.early]
    return BargeInFigures(
        interruptions=len(interruptions),
        missed_percent=_percent(not outcome.accepted for outcome in interruptions),
        early_percent=_percent(outcome.early for outcome in interruptions),
        silent_ms=Spread.of([outcome.silent_ms for outcome in timely if outcome.silent_ms is not None]),
        latency_ms=Spread.of(latencies_ms(interruptions)),
        backchannels=len(backchannels),
        backchannel_errors_percent=_percent(outcome.accepted for outcome in backchannels),
        backchannel_gaps_percent=100.0 * len(gaps) / len(backchannels) if backchannels else 0.0,
        backchannel_gap_ms=Spread.of(gaps),
    )


def latencies_ms(outcomes: Iterable[BargeInOutcome]) -> list[float]:
    """Return how long the decisions about speech during a reply took, those before its beginning left out."""
    return [each.latency_ms for each in outcomes if each.latency_ms is not None and not each.early]


def _share(outcomes: Iterable[TurnOutcome], ending: Ending) -> dict[str, float]:
    by_pause: dict[int, list[bool]] = {}
    for outcome in outcomes:
        by_pause.setdefault(outcome.pause_ms, []).append(outcome.ending is ending)
    return {str(pause): _percent(by_pause[pause]) for pause in sorted(by_pause)}


def _percent(flags: Iterable[bool]) -> float:
    values = list(flags)
    return 100.0 * sum(values) / len(values) if values else 0.0
