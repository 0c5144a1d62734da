"""`appliance bench echo`: whether the assistant interrupts itself on open speakers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from appliance.app.engines import EngineRoom
from appliance.audio.files import read_audio
from appliance.audio.levels import noise_at_snr
from appliance.audio.ports import Samples
from appliance.cli.bench.options import Noise, Room, Snr, bar
from appliance.cli.options import AsJson, ConfigFile, start_logging, tell_step
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.models import Config
from appliance.ops.bench.echo import RATE, EchoBench, EchoOutcome, EchoRoom, run_echo, speak_replies
from appliance.ops.bench.echo_report import echo_json, echo_table, misheard_lines

EXAMPLES = "Examples: appliance bench echo · appliance bench echo --minutes 5 --attenuation-db -6 --delay-ms 200 --json"

Minutes = Annotated[float, typer.Option("--minutes", min=0.1, help="The assistant's own speech in each room.")]
Attenuations = Annotated[
    list[float], typer.Option("--attenuation-db", max=0.0, help="Level of the echo in dB; may be repeated.")
]
Delays = Annotated[
    list[float], typer.Option("--delay-ms", min=0.0, help="From loudspeaker to microphone; may be repeated.")
]


def echo(
    minutes: Minutes = 30.0,
    attenuations_db: Attenuations = [-10.0],  # noqa: B006 - typer wants a list
    delays_ms: Delays = [100.0],  # noqa: B006
    room_file: Room = None,
    noise_file: Noise = None,
    snr_db: Snr = 10.0,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Let the assistant speak in a simulated room where nobody else is, and count what it takes for a person."""
    config = load(config_file)
    start_logging(config)
    response = None if room_file is None else read_audio(room_file, RATE)
    noise = None if noise_file is None else read_audio(noise_file, RATE)
    rooms = [(attenuation, delay) for attenuation in attenuations_db for delay in delays_ms]
    outcomes = asyncio.run(_measure(config, minutes * 60, rooms, response, noise, snr_db))
    conditions = {
        "echo_cancellation": config.audio.echo_cancellation,
        "room": "made-up office" if room_file is None else room_file.name,
        "noise": None if noise_file is None else noise_file.name,
        "snr_db": None if noise_file is None else snr_db,
    }
    if as_json:
        print(json.dumps(echo_json(outcomes, conditions), indent=2, ensure_ascii=False))
    else:
        console = Console()
        console.print(echo_table(outcomes))
        console.print(conditions)
        for line in misheard_lines(outcomes):
            console.print(line, highlight=False, markup=False)


async def _measure(
    config: Config,
    seconds: float,
    rooms: Sequence[tuple[float, float]],
    response: Samples | None,
    noise: Samples | None,
    snr_db: float,
) -> list[EchoOutcome]:
    engines = EngineRoom(config)
    try:
        tell_step("loading the models")
        voice = engines.voice(RATE)
        with bar("speaking", seconds) as advance:
            replies = await speak_replies(voice, seconds, advance)
        bench = EchoBench(
            config=config,
            detector=engines.voice_detector(),
            transcriber=engines.transcriber(),
            replies=replies,
            clock=SystemClock(),
            impulse_response=response,
        )
        found = []
        for room in _rooms(rooms, _bed(noise, replies[0], snr_db)):
            with bar("listening", seconds) as advance:
                found.append(await run_echo(bench, room, seconds, advance))
        return found
    finally:
        engines.close()


def _bed(noise: Samples | None, reply: Sequence[Samples], snr_db: float) -> Samples | None:
    """Bring the noise to `snr_db` below somebody who speaks as loud as the assistant before its echo is attenuated."""
    return None if noise is None else noise_at_snr(noise, np.concatenate(reply), RATE, snr_db)


def _rooms(rooms: Sequence[tuple[float, float]], bed: Samples | None) -> list[EchoRoom]:
    """Return every room without noise and, if there is noise, with it, and the noise without an echo."""
    quiet = [EchoRoom(attenuation_db=attenuation, delay_ms=delay) for attenuation, delay in rooms]
    if bed is None:
        return quiet
    noisy = [EchoRoom(attenuation_db=attenuation, delay_ms=delay, noise=bed) for attenuation, delay in rooms]
    return [*quiet, *noisy, EchoRoom(attenuation_db=None, delay_ms=0.0, noise=bed)]
