"""`appliance say`: text to speech, to a file or aloud."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from appliance.app.engines import EngineRoom
from appliance.audio.files import write_wav
from appliance.audio.playout import Playout
from appliance.audio.portaudio import PortAudioCard
from appliance.audio.ports import Samples
from appliance.cli.options import ConfigFile, start_logging
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.models import Config
from appliance.dialogue.clauses import ClauseSplitter

EXAMPLES = 'Examples: appliance say "We open at 8:30." --out hello.wav · appliance say "Dr. Smith is in room 204."'
FILE_RATE = 48_000


def say(
    text: Annotated[str, typer.Argument(help="What to say.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="WAV", help="Write a WAV file instead of speaking.")
    ] = None,
    config_file: ConfigFile = None,
) -> None:
    """Say TEXT with the configured voice."""
    config = load(config_file)
    start_logging(config)
    if out is not None:
        pcm = asyncio.run(_synthesise(config, text, FILE_RATE))
        write_wav(out, pcm, FILE_RATE)
        print(f"{out}: {len(pcm) / FILE_RATE:.1f} s")
    else:
        asyncio.run(_aloud(config, text))


async def _synthesise(config: Config, text: str, rate: int) -> Samples:
    room = EngineRoom(config)
    try:
        voice = room.voice(rate)
        splitter = ClauseSplitter()
        clauses = [*splitter.push(text), *splitter.finish()]
        parts = [(await voice.synthesise(clause)).pcm for clause in clauses]
    finally:
        room.close()
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


async def _aloud(config: Config, text: str) -> None:
    clock = SystemClock()
    card = PortAudioCard(config.audio.input_device, config.audio.output_device, clock)
    playout = Playout(card, clock)
    pcm = await _synthesise(config, text, playout.sample_rate)
    card.start(lambda _: None, playout.fill)
    try:
        piece = playout.enqueue(pcm)
        while not playout.played(piece).finished:
            await clock.sleep(0.05)
    finally:
        card.stop()
