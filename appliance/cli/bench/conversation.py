"""`appliance bench` by itself: recordings talk with the appliance, and each stage is timed."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from appliance.app.running import Appliance, running
from appliance.audio.filecard import FileCard
from appliance.audio.files import read_audio
from appliance.audio.levels import noise_at_snr
from appliance.audio.ports import LISTENING_RATE
from appliance.audio.room import EchoPath
from appliance.bus import Bus
from appliance.cli.bench.options import Noise, Snr, prepared_visitor
from appliance.cli.options import AsJson, ConfigFile, start_logging, tell_step
from appliance.clock import Clock, SystemClock
from appliance.config.load import load
from appliance.config.models import Config
from appliance.ops.bench.conversation import (
    ConversationFigures,
    Meter,
    Spread,
    conditions,
    resident_mib,
    run_sequentially,
    stage_spreads,
    time_transcription,
)
from appliance.ops.bench.report import as_json as figures_as_json
from appliance.ops.bench.report import plot, table
from appliance.ops.records import TurnLog, TurnRecord
from appliance.ops.visit import Recording, Visit

EXAMPLES = (
    "Examples: appliance bench · appliance bench --turns 100 --plot waterfall.png · appliance bench --echo --json"
)

RATE = 48_000
"""Hz of the virtual sound card."""
ECHO_DB = -10.0
ECHO_MS = 100.0

Users = Annotated[
    list[Path] | None,
    typer.Option("--user", metavar="FILE", help="A recording that talks; may be repeated. Else the prepared visitor."),
]
Turns = Annotated[int, typer.Option("--turns", min=1, help="How many turns; the recordings are repeated.")]
Plot = Annotated[Path | None, typer.Option("--plot", metavar="PNG", help="Draw the waterfall of the median turn.")]
Echo = Annotated[
    bool, typer.Option("--echo", help=f"Let the microphone hear the loudspeaker: {ECHO_DB:g} dB, {ECHO_MS:g} ms later.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where the conversation takes place."""

    noise: Path | None
    snr_db: float
    echo: bool

    def card(self, recordings: Sequence[Recording], clock: Clock) -> FileCard:
        """Return a sound card there. Raises AudioFileError when the noise cannot be read."""
        path = EchoPath(RATE, delay_ms=ECHO_MS, attenuation_db=ECHO_DB) if self.echo else None
        if self.noise is None:
            return FileCard(clock, rate=RATE, echo=path)
        speech = np.concatenate([each.pcm[each.first_voiced : each.last_voiced] for each in recordings])
        bed = noise_at_snr(read_audio(self.noise, RATE), speech, LISTENING_RATE, self.snr_db)
        return FileCard(clock, rate=RATE, bed=bed, echo=path)

    @property
    def conditions(self) -> dict[str, object]:
        """Return what must stand beside the figures."""
        return {
            "noise": None if self.noise is None else self.noise.name,
            "snr_db": None if self.noise is None else self.snr_db,
            "echo": f"{ECHO_DB:g} dB, {ECHO_MS:g} ms" if self.echo else None,
        }


def conversation(
    context: typer.Context,
    user: Users = None,
    turns: Turns = 30,
    plot_file: Plot = None,
    noise: Noise = None,
    snr_db: Snr = 10.0,
    echo: Echo = False,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Let recordings talk in real time, and print the latency of each stage."""
    if context.invoked_subcommand is not None:
        return
    config = load(config_file)
    start_logging(config)
    recordings = [Recording.load(path) for path in user or prepared_visitor(config)]
    figures = asyncio.run(_measure(config, recordings, turns, Surroundings(noise=noise, snr_db=snr_db, echo=echo)))
    if plot_file is not None:
        plot(figures, plot_file)
    if as_json:
        print(json.dumps(figures_as_json(figures), indent=2))
    else:
        console = Console()
        console.print(table(figures))
        console.print(figures.conditions)


async def _measure(
    config: Config, recordings: list[Recording], turns: int, surroundings: Surroundings
) -> ConversationFigures:
    clock, bus, log, meter = SystemClock(), Bus(), TurnLog(), Meter()
    bus.subscribe(log)
    bus.subscribe(meter)
    card = surroundings.card(recordings, clock)
    async with running(config, card, clock, bus, greet=False, on_step=tell_step) as appliance:
        tell_step(f"{turns} turns in real time")
        visit = Visit(appliance.session, appliance.journal, card, clock, log)
        cpu_began = clock.cpu_seconds()
        records, memory = await _talk(visit, recordings, turns)
        cpu_s = clock.cpu_seconds() - cpu_began
        tell_step("the same turns step after step")
        figures = await _figures(config, appliance, recordings, records, meter, memory, cpu_s, clock)
        figures.conditions |= surroundings.conditions
        return figures


async def _talk(visit: Visit, recordings: list[Recording], turns: int) -> tuple[list[TurnRecord], list[float]]:
    records, memory = [], []
    async for record in visit.turns(list(itertools.islice(itertools.cycle(recordings), turns))):
        records.append(record)
        visit.forget()
        memory.append(resident_mib())
    return records, memory


async def _figures(
    config: Config,
    appliance: Appliance,
    recordings: list[Recording],
    records: list[TurnRecord],
    meter: Meter,
    memory: list[float],
    cpu_s: float,
    clock: Clock,
) -> ConversationFigures:
    spreads = stage_spreads(records)
    step_by_step = await run_sequentially(config, appliance.engines, recordings, clock)
    sequential = Spread.of([turn.first_audio_ms for turn in step_by_step])
    speed = Spread.of([turn.tokens_per_s for turn in step_by_step if turn.tokens_per_s is not None])
    first = spreads["first_audio"]
    return ConversationFigures(
        conditions=conditions(config, recordings),
        turns=len(records),
        answered=sum(record.answered for record in records),
        cut_off=sum((record.ms.end_of_turn or 0.0) < 0 for record in records),
        ms=spreads,
        ttft_ms=Spread.of(meter.ttft_ms),
        tokens_per_s=speed.p50 if speed else None,
        tts_rtf=meter.tts_rtf,
        stt_4s_ms=await time_transcription(appliance.engines, recordings, clock),
        speculation_waste=sum(record.wasted_cpu_s for record in records) / cpu_s,
        xruns=meter.xruns,
        rss_mib=(memory[0], memory[-1]),
        sequential_ms=sequential,
        speedup=sequential.p50 / first.p50 if sequential and first and first.p50 > 0 else None,
    )
