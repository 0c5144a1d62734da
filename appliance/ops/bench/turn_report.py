"""The figures of turn-taking as a table for people."""

from __future__ import annotations

from collections.abc import Mapping

from rich.table import Table

from appliance.ops.bench.conversation import Spread
from appliance.ops.bench.turns import BargeInFigures, TurnFigures


def turn_table(conditions: Mapping[str, TurnFigures]) -> Table:
    """Return the figures of the ends of turns, one column for each condition, such as `quiet` and `babble`."""
    figures = list(conditions.values())
    table = _table("ends of turns", conditions)
    for pause in figures[0].cut_off_percent if figures else ():
        label = f"cut off at a pause of {pause} ms" if pause != "0" else "cut off, as recorded"
        table.add_row(label, *(_percent(each.cut_off_percent[pause]) for each in figures))
    table.add_row("not found within 3 s", *(_percent(each.missed_percent) for each in figures))
    table.add_row("decision after the last sound, p50 / p95", *(_spread(each.delay_ms) for each in figures))
    table.add_row("replies prepared per turn", *(f"{each.prepared_per_turn:.2f}" for each in figures))
    return table


def barge_in_table(conditions: Mapping[str, BargeInFigures]) -> Table:
    """Return the figures of speech during a reply, one column for each condition."""
    figures = list(conditions.values())
    table = _table("interruptions", conditions)
    table.add_row("not accepted", *(_percent(each.missed_percent) for each in figures))
    table.add_row("decision after the first sound, p50 / p95", *(_spread(each.latency_ms) for each in figures))
    table.add_row(
        "backchannels that stopped the reply", *(_percent(each.backchannel_errors_percent) for each in figures)
    )
    return table


def _table(title: str, conditions: Mapping[str, TurnFigures] | Mapping[str, BargeInFigures]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for name in conditions:
        table.add_column(name, justify="right")
    return table


def _percent(value: float) -> str:
    return f"{value:.1f} %"


def _spread(spread: Spread | None) -> str:
    return f"{spread.p50:.0f} / {spread.p95:.0f} ms" if spread else "-"
