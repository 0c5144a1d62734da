"""The figures of turn-taking: tables for people, an object for scripts, a picture for the wall."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rich.table import Table

from appliance.ops.bench.conversation import Spread
from appliance.ops.bench.report import rounded
from appliance.ops.bench.turn_figures import BackgroundFigures, BargeInFigures, TurnFigures
from appliance.ops.bench.turn_taking import TurnTaking

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def turn_table(conditions: Mapping[str, TurnFigures]) -> Table:
    """Return the figures of the ends of turns, one column for each condition, such as `quiet` and `babble`."""
    figures = list(conditions.values())
    table = _table("ends of turns", conditions)
    for pause in figures[0].cut_off_percent if figures else ():
        place = f"at a pause of {pause} ms" if pause != "0" else "as recorded"
        table.add_row(f"cut off, {place}", *(_percent(each.cut_off_percent[pause]) for each in figures))
        table.add_row("  joined before the first sound", *(_percent(each.joined_percent[pause]) for each in figures))
    table.add_row("not found within 3 s", *(_percent(each.missed_percent) for each in figures))
    table.add_row("decision after the last sound, p50 / p95", *(_spread(each.delay_ms) for each in figures))
    table.add_row("first sound, as recorded, p50 / p95", *(_spread(each.first_sound_ms) for each in figures))
    table.add_row("replies prepared per turn", *(f"{each.prepared_per_turn:.2f}" for each in figures))
    return table


def barge_in_table(conditions: Mapping[str, BargeInFigures]) -> Table:
    """Return the figures of speech during a reply, one column for each condition."""
    figures = list(conditions.values())
    table = _table("interruptions", conditions)
    table.add_row("not accepted", *(_percent(each.missed_percent) for each in figures))
    table.add_row(
        "stopped by the background, before the first sound", *(_percent(each.early_percent) for each in figures)
    )
    table.add_row("silent after the first sound, p50 / p95", *(_spread(each.silent_ms) for each in figures))
    table.add_row("decision after the first sound, p50 / p95", *(_spread(each.latency_ms) for each in figures))
    table.add_row(
        "backchannels that stopped the reply", *(_percent(each.backchannel_errors_percent) for each in figures)
    )
    table.add_row("backchannels that held it", *(_percent(each.backchannel_gaps_percent) for each in figures))
    table.add_row("  for, p50 / p95", *(_spread(each.backchannel_gap_ms) for each in figures))
    return table


def background_table(conditions: Mapping[str, BackgroundFigures]) -> Table:
    """Return what the background alone does to an hour of the assistant's speech."""
    figures = list(conditions.values())
    table = _table("nobody addresses it, per hour of its speech", conditions)
    table.add_row("held for a moment", *(f"{each.holds_per_hour:.0f}" for each in figures))
    table.add_row("  for, p50 / p95", *(_spread(each.gap_ms) for each in figures))
    table.add_row("held until it is quiet", *(f"{each.by_sound_per_hour:.0f}" for each in figures))
    table.add_row("given up for words", *(f"{each.by_words_per_hour:.0f}" for each in figures))
    return table


def turn_json(found: TurnTaking, conditions: Mapping[str, object]) -> dict[str, object]:
    """Return the figures for `--json`; of the distributions, every decile."""
    return {
        "conditions": dict(conditions),
        "turns": {name: rounded(asdict(figures)) for name, figures in found.turns.items()},
        "barge_in": {name: rounded(asdict(figures)) for name, figures in found.barge_ins.items()},
        "background": {name: rounded(asdict(figures)) for name, figures in found.backgrounds.items()},
        "delay_deciles_ms": {name: _deciles(values) for name, values in found.delays_ms.items()},
        "latency_deciles_ms": {name: _deciles(values) for name, values in found.latencies_ms.items()},
    }


def plot_turns(found: TurnTaking, path: Path) -> None:
    """Draw which share of the turns had ended, and of the interruptions had been accepted, after how long."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an extra, slow to load
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(9, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    ends, cuts = figure.subplots(1, 2, sharey=True)
    labels = {name: f"{name}: {_cut_off(figures):.1f} % cut off" for name, figures in found.turns.items()}
    _distribution(ends, found.delays_ms, labels)
    ends.set_xlabel("end of turn, ms after the last sound")
    ends.set_ylabel("% of the turns")
    labels = {name: f"{name}: {figures.missed_percent:.1f} % missed" for name, figures in found.barge_ins.items()}
    _distribution(cuts, found.latencies_ms, labels)
    cuts.set_xlabel("interruption, ms after the first sound")
    figure.savefig(path, dpi=150)


def _distribution(axes: Axes, values_ms: Mapping[str, list[float]], labels: Mapping[str, str]) -> None:
    for name, values in values_ms.items():
        share = 100.0 * np.arange(1, len(values) + 1) / max(len(values), 1)
        axes.step(sorted(values), share, where="post", label=labels[name])
    axes.legend(loc="lower right", frameon=False)
    axes.set_xlim(left=0)
    axes.set_ylim(0, 100)
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _cut_off(figures: TurnFigures) -> float:
    return figures.cut_off_percent.get("0", 0.0)


def _deciles(values: list[float]) -> list[int]:
    return [round(float(value)) for value in np.percentile(values, range(0, 101, 10))] if values else []


def _table(title: str, conditions: Iterable[str]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in conditions:
        table.add_column(name, justify="right")
    return table


def _percent(value: float) -> str:
    return f"{value:.1f} %"


def _spread(spread: Spread | None) -> str:
    return f"{spread.p50:.0f} / {spread.p95:.0f} ms" if spread else "-"
