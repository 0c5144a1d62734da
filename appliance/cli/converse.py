"""`appliance converse`: recordings talk with the appliance, in real time."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from statistics import median
from typing import Annotated

import typer
from rich.console import Console

from appliance.app.running import running
from appliance.audio.filecard import FileCard
from appliance.audio.files import write_wav
from appliance.bus import Bus
from appliance.cli.captions import show_turn
from appliance.cli.options import AsJson, ConfigFile, start_logging, tell_step
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.models import Config
from appliance.ops.records import TurnLog, TurnRecord
from appliance.ops.visit import Recording, Visit

EXAMPLES = """Examples: appliance converse --user question.wav --user thanks.flac --out out ·
appliance converse --json --user question.wav · appliance converse --user a.wav --user b.wav --barge-in-after 1.5"""

Users = Annotated[
    list[Path],
    typer.Option("--user", metavar="FILE", help="A recording of any format: one turn of the person. May be repeated."),
]
More = Annotated[list[Path] | None, typer.Argument(metavar="[FILE]…", help="More recordings.")]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="Write the assistant's voice and the record of the turns there."),
]
BargeIn = Annotated[
    float | None,
    typer.Option(
        "--barge-in-after", metavar="SECONDS", min=0.0, help="Each recording cuts in so long after the reply began."
    ),
]
Greet = Annotated[bool, typer.Option("--greet", help="Let the assistant greet first.")]


def converse(
    user: Users,
    more: More = None,
    out: Out = None,
    as_json: AsJson = False,
    barge_in_after: BargeIn = None,
    greet: Greet = False,
    config_file: ConfigFile = None,
) -> None:
    """Play recordings as the microphone, in real time, and record the answers.

    Each file is a turn of the person. It starts 0.5 s after the reply has ended, or, with --barge-in-after, so many
    seconds into it. A turn without an answer after 15 s is recorded as such and the next one starts.
    """
    config = load(config_file)
    start_logging(config)
    recordings = [Recording.load(path) for path in [*user, *(more or [])]]
    records = asyncio.run(
        _converse(config, recordings, out, as_json=as_json, barge_in_after_s=barge_in_after, greet=greet)
    )
    if not as_json:
        _summary(Console(), records, out)


async def _converse(
    config: Config,
    recordings: list[Recording],
    out: Path | None,
    *,
    as_json: bool,
    barge_in_after_s: float | None,
    greet: bool,
) -> list[TurnRecord]:
    clock, bus, log, console = SystemClock(), Bus(), TurnLog(), Console()
    bus.subscribe(log)
    card = FileCard(clock)
    records = []
    try:
        async with running(config, card, clock, bus, greet=greet, on_step=tell_step) as appliance:
            visit = Visit(appliance.session, appliance.journal, card, clock, log, barge_in_after_s=barge_in_after_s)
            async for record in visit.turns(recordings):
                records.append(record)
                if as_json:
                    print(json.dumps(record.as_json(), ensure_ascii=False), flush=True)
                else:
                    show_turn(console, record, "You", config.persona.name)
    finally:
        if out is not None:
            _write(out, card, records)
    return records


def _write(out: Path, card: FileCard, records: list[TurnRecord]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    write_wav(out / "assistant.wav", card.output(), card.playout_rate)
    lines = [json.dumps(record.as_json(), ensure_ascii=False) for record in records]
    (out / "turns.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _summary(console: Console, records: list[TurnRecord], out: Path | None) -> None:
    delays = [record.ms.first_audio for record in records if record.ms.first_audio is not None]
    if delays:
        console.print(
            f"{len(delays)} of {len(records)} turns answered; first sound after {median(delays):.0f} ms (median)"
        )
    if out is not None:
        console.print(f"The assistant's voice: {out / 'assistant.wav'}")
