"""Turn-taking in several conditions, such as quiet and babble: the same people, the same words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from appliance.audio.ports import Samples
from appliance.ops.bench.turn_cases import TurnCase, background, with_babble, with_noise, with_pauses
from appliance.ops.bench.turn_figures import (
    BackgroundFigures,
    BargeInFigures,
    TurnFigures,
    barge_in_figures,
    latencies_ms,
    turn_figures,
)
from appliance.ops.bench.turns import Bench, run_background, run_barge_ins, run_turns


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is said in one condition."""

    turns: Sequence[TurnCase]
    interruptions: Sequence[TurnCase]
    """Said during a reply; they should stop it."""
    backchannels: Sequence[TurnCase]
    """Said during a reply; they should not stop it."""
    background: Samples | None = None
    """Heard during a reply while nobody addresses the assistant, 16 kHz."""

    def __len__(self) -> int:
        return len(self.turns) + len(self.interruptions) + len(self.backchannels)


@dataclass(frozen=True, slots=True)
class TurnTaking:
    """The result of `appliance bench turns`, by condition."""

    turns: dict[str, TurnFigures] = field(default_factory=dict)
    barge_ins: dict[str, BargeInFigures] = field(default_factory=dict)
    backgrounds: dict[str, BackgroundFigures] = field(default_factory=dict)
    delays_ms: dict[str, list[float]] = field(default_factory=dict)
    """From the last sound of each turn to the decision that it has ended."""
    latencies_ms: dict[str, list[float]] = field(default_factory=dict)
    """From the first sound of each interruption to the decision."""


def scenes(
    people: Sequence[TurnCase],
    interruptions: Sequence[TurnCase],
    backchannels: Sequence[TurnCase],
    snr_db: float,
    noise: Samples | None = None,
) -> dict[str, Scene]:
    """Return the conditions: quiet, and `noise` (16 kHz; None for the babble of `people`) `snr_db` below each voice.

    The recordings of `people` are turns, with pauses put into them, and interruptions too.
    """
    quiet = Scene(turns=with_pauses(people), interruptions=[*people, *interruptions], backchannels=list(backchannels))

    def noisy(cases: Sequence[TurnCase]) -> list[TurnCase]:
        return with_babble(cases, snr_db, people=people) if noise is None else with_noise(cases, noise, snr_db)

    name = f"{'babble' if noise is None else 'noise'} at {snr_db:g} dB"
    loud = Scene(
        turns=noisy(quiet.turns),
        interruptions=noisy(quiet.interruptions),
        backchannels=noisy(quiet.backchannels),
        background=background(people, snr_db, noise),
    )
    return {"quiet": quiet, name: loud}


async def measure_turn_taking(
    bench: Bench, conditions: Mapping[str, Scene], progress: Callable[[float], None]
) -> TurnTaking:
    """Let every scene be heard; `progress` is called with 1 after each utterance."""
    found = TurnTaking()

    def heard() -> None:
        progress(1)

    for name, scene in conditions.items():
        ends = await run_turns(bench, scene.turns, heard)
        cuts = await run_barge_ins(bench, scene.interruptions, heard)
        nods = await run_barge_ins(bench, scene.backchannels, heard)
        found.turns[name] = turn_figures(ends)
        found.barge_ins[name] = barge_in_figures(cuts, nods)
        found.delays_ms[name] = [end.delay_ms for end in ends if end.delay_ms is not None]
        found.latencies_ms[name] = latencies_ms(cuts)
        if scene.background is not None:
            found.backgrounds[name] = await run_background(bench, scene.background)
    return found
