"""How a measurement is shown: a table for people, an object for scripts, a picture for the wall."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from appliance.ops.bench.conversation import STAGES, ConversationFigures, Spread

LABELS = {
    "transcript": "final transcript",
    "end_of_turn": "end of turn decided",
    "first_token": "first token",
    "first_clause": "first clause",
    "first_audio": "first sound",
}


def as_json(figures: ConversationFigures) -> dict[str, object]:
    """Return the figures for `--json`, rounded to what they are worth."""
    return rounded(asdict(figures))  # type: ignore[return-value]


def table(figures: ConversationFigures) -> Table:
    """Return the figures as a table: p50 and p95."""
    result = Table(title="after the person's last sound", title_justify="left")
    for column in ("", "p50", "p95", ""):
        result.add_column(column, justify="right" if column else "left")
    for stage in STAGES:
        result.add_row(LABELS[stage], *_cells(figures.ms[stage]), "ms")
    result.add_row("first sound, step after step", *_cells(figures.sequential_ms), "ms")
    result.add_section()
    result.add_row("model: first token (TTFT)", *_cells(figures.ttft_ms), "ms")
    result.add_row("recognition of 4 s of speech", *_cells(figures.stt_4s_ms), "ms")
    result.add_row("model: decode", _number(figures.tokens_per_s), "", "tokens/s")
    result.add_row("voice: real-time factor", _number(figures.tts_rtf, 3), "", "")
    result.add_section()
    result.add_row("pipelined is faster by", _number(figures.speedup), "", "×")
    result.add_row("CPU for dropped replies", _number(figures.speculation_waste * 100), "", "% of all")
    result.add_row("answered", f"{figures.answered}", "", f"of {figures.turns} turns")
    result.add_row("cut off", f"{figures.cut_off}", "", f"of {figures.turns} turns")
    result.add_row("xruns", f"{figures.xruns}", "", "")
    result.add_row("resident memory, first and last turn", *(f"{value:.0f}" for value in figures.rss_mib), "MiB")
    return result


def plot(figures: ConversationFigures, path: Path) -> None:
    """Draw the median turn as a waterfall, with the same turn step after step below it."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 - an extra, slow to load
    from matplotlib.figure import Figure  # noqa: PLC0415

    reached = sorted((spread.p50, LABELS[stage]) for stage in STAGES if (spread := figures.ms[stage]) is not None)
    figure = Figure(figsize=(9, 3.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    before = 0.0
    for row, (value, label) in enumerate(reached):
        axes.barh(row, max(value - before, 4), left=max(before, 0), color="#2a6f97")
        axes.text(value + 15, row, f"{label}  {value:.0f} ms", va="center")
        before = value
    if figures.sequential_ms is not None:
        value = figures.sequential_ms.p50
        axes.barh(len(reached), value, color="#b0b0b0")
        axes.text(value + 15, len(reached), f"step after step  {value:.0f} ms", va="center")
    axes.invert_yaxis()
    axes.set_yticks([])
    axes.set_xlabel("ms after the person's last sound (median)")
    axes.set_xlim(0, max([before, figures.sequential_ms.p50 if figures.sequential_ms else 0.0]) * 1.35)
    axes.spines[["top", "right", "left"]].set_visible(False)
    figure.savefig(path, dpi=150)


def _cells(spread: Spread | None) -> tuple[str, str]:
    return ("–", "–") if spread is None else (f"{spread.p50:.0f}", f"{spread.p95:.0f}")


def _number(value: float | None, digits: int = 1) -> str:
    return "–" if value is None else f"{value:.{digits}f}"


def rounded(value: object) -> object:
    """Return `value` with every number in it rounded to three digits after the point."""
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item) for item in value]
    return value
