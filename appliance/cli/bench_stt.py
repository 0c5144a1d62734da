"""`appliance bench stt`: speech recognition on recordings with known texts."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from appliance.app import EngineRoom
from appliance.audio.files import read_audio
from appliance.cli.options import AsJson, ConfigFile, start_logging
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.models import Config
from appliance.ops.bench.stt import SttFigures, load_speech, measure_stt, table, with_noise

EXAMPLES = "Examples: appliance bench stt --speech recordings | appliance bench stt --speech recordings --noise fan.wav"

Speech = Annotated[
    Path, typer.Option("--speech", metavar="DIR", help="Recordings with a manifest.jsonl of file, text and lang.")
]
Noise = Annotated[
    Path | None, typer.Option("--noise", metavar="FILE", help="Measure again with this noise mixed into the speech.")
]
Snr = Annotated[float, typer.Option("--snr-db", help="How far the noise lies below the speech.")]


def stt(
    speech: Speech,
    noise: Noise = None,
    snr_db: Snr = 10.0,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Transcribe recordings with known texts and print the word error rate and the time it takes."""
    config = load(config_file)
    start_logging(config)
    figures = asyncio.run(_measure(config, speech, noise, snr_db))
    if as_json:
        print(json.dumps([asdict(row) for row in figures], indent=2, ensure_ascii=False))
    else:
        Console().print(table(figures))


async def _measure(config: Config, folder: Path, noise: Path | None, snr_db: float) -> list[SttFigures]:
    clock = SystemClock()
    speech = await asyncio.to_thread(load_speech, folder)
    noisy = None if noise is None else with_noise(speech, await asyncio.to_thread(read_audio, noise), snr_db)
    room = EngineRoom(config)
    try:
        transcriber = room.transcriber()
        figures = [await measure_stt(transcriber, speech, clock)]
        if noisy is not None:
            figures.append(await measure_stt(transcriber, noisy, clock, snr_db=snr_db))
    finally:
        room.close()
    return figures
