"""`appliance bench stt`: speech recognition on recordings with known texts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from appliance.app.engines import EngineRoom
from appliance.audio.files import read_audio
from appliance.cli.bench.options import Noise, Snr, Speech, bar, labelled_speech, prepared_visitor
from appliance.cli.options import AsJson, ConfigFile, start_logging
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.models import Config
from appliance.ops.bench.stt import SpokenText, SttFigures, load_speech, measure_stt, table, with_noise
from appliance.ops.visitor import VISIT

EXAMPLES = "Examples: appliance bench stt --speech recordings · appliance bench stt --speech recordings --noise fan.wav"


def stt(
    speech: Speech = None,
    noise: Noise = None,
    snr_db: Snr = 10.0,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Transcribe recordings with known texts and print the word error rate and the time it takes."""
    config = load(config_file)
    start_logging(config)
    folder = labelled_speech(speech)
    figures = asyncio.run(_measure(config, _visitor(config) if folder is None else load_speech(folder), noise, snr_db))
    if as_json:
        print(json.dumps([asdict(row) for row in figures], indent=2, ensure_ascii=False))
    else:
        Console().print(table(figures))


def _visitor(config: Config) -> list[SpokenText]:
    texts = {turn.name: turn.text for turn in VISIT}
    files = [(path, path.stem.partition("-")[2]) for path in prepared_visitor(config)]
    return [SpokenText(file=path.name, text=texts[name], pcm=read_audio(path)) for path, name in files if name in texts]


async def _measure(config: Config, speech: Sequence[SpokenText], noise: Path | None, snr_db: float) -> list[SttFigures]:
    clock = SystemClock()
    noisy = None if noise is None else with_noise(speech, await asyncio.to_thread(read_audio, noise), snr_db)
    room = EngineRoom(config)
    try:
        transcriber = room.transcriber()
        with bar("as recorded", len(speech)) as advance:
            figures = [await measure_stt(transcriber, speech, clock, progress=advance)]
        if noisy is not None:
            with bar("in noise", len(noisy)) as advance:
                figures.append(await measure_stt(transcriber, noisy, clock, snr_db=snr_db, progress=advance))
    finally:
        room.close()
    return figures
