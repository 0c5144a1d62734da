"""The figures of the echo bench as a table for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rich.table import Table

from appliance.ops.bench.echo import EchoOutcome
from appliance.ops.bench.report import rounded


def echo_table(outcomes: Sequence[EchoOutcome]) -> Table:
    """Return a column for each room."""
    result = Table(title="its own speech from the loudspeaker", title_justify="left")
    result.add_column("")
    for each in outcomes:
        result.add_column(_room(each), justify="right")
    result.add_row("own speech", *(f"{each.own_speech_s / 60:.1f} min" for each in outcomes))
    result.add_row("interrupted itself", *(f"{each.interruptions}" for each in outcomes))
    result.add_row("of these, by sound without words", *(f"{each.by_sound_alone}" for each in outcomes))
    result.add_row("interruptions per hour", *(f"{each.interruptions_per_hour:.1f}" for each in outcomes))
    result.add_row("answered nobody", *(f"{each.answers}" for each in outcomes))
    result.add_row("heard speech begin", *(f"{each.speech_starts}" for each in outcomes))
    result.add_row("echo taken away (ERLE)", *(_decibels(each.erle_db) for each in outcomes))
    return result


def misheard_lines(outcomes: Sequence[EchoOutcome], most: int = 10) -> list[str]:
    """Return what the recogniser made of the first sounds that were taken for a person."""
    return [
        f"at {each.at_s:.1f} s: {each.text!r}" + (f" (rejected: {each.rejected})" if each.rejected else "")
        for outcome in outcomes
        for each in outcome.misheard
    ][:most]


def echo_json(outcomes: Sequence[EchoOutcome], conditions: Mapping[str, object]) -> dict[str, object]:
    """Return the figures for `--json`."""
    rooms = [asdict(each) | {"interruptions_per_hour": each.interruptions_per_hour} for each in outcomes]
    return {"conditions": dict(conditions), "rooms": rounded(rooms)}


def _room(outcome: EchoOutcome) -> str:
    echo = "no echo" if outcome.attenuation_db is None else f"{outcome.attenuation_db:g} dB\n{outcome.delay_ms:g} ms"
    return f"{echo}\nnoise" if outcome.noise else echo


def _decibels(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f} dB"
