"""`appliance bench turns`: how well the assistant takes and gives the floor."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from appliance.app.engines import EngineRoom
from appliance.audio.files import read_audio
from appliance.audio.ports import LISTENING_RATE
from appliance.cli.bench.options import Noise, Snr, Speech, bar, labelled_speech, prepared_visitor
from appliance.cli.options import AsJson, ConfigFile, start_logging, tell_step
from appliance.config.load import load
from appliance.config.models import Config
from appliance.ops.bench.turn_cases import (
    BACKCHANNELS,
    INTERRUPTIONS,
    TurnCase,
    evenly,
    find_speech,
    load_folder,
    spoken_cases,
    turn_case,
)
from appliance.ops.bench.turn_report import background_table, barge_in_table, plot_turns, turn_json, turn_table
from appliance.ops.bench.turn_taking import TurnTaking, measure_turn_taking, scenes
from appliance.ops.bench.turns import Bench

EXAMPLES = "Examples: appliance bench turns · appliance bench turns --speech recordings --limit 40 --plot turns.png"

Plot = Annotated[Path | None, typer.Option("--plot", metavar="PNG", help="Draw the distributions of the delays.")]
Limit = Annotated[int, typer.Option("--limit", min=1, help="At most so many recordings.")]


def turns(
    speech: Speech = None,
    noise: Noise = None,
    snr_db: Snr = 10.0,
    limit: Limit = 1000,
    plot_file: Plot = None,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Let recordings speak in quiet and in noise, and print who is cut off, what is missed, and how long it takes.

    Without --noise FILE the noise is the babble of the people in the recordings. Pauses are put into them. Time passes
    as it does on the recording: the figures do not depend on the load of the machine.
    """
    config = load(config_file)
    start_logging(config)
    folder = labelled_speech(speech)
    people = evenly(_people(config, folder), limit)
    found = asyncio.run(_measure(config, people, noise, snr_db))
    conditions = {
        "recordings": len(people),
        "from": "the prepared visitor" if folder is None else folder.name,
        "endpointing": config.turn.mode.value,
        "eagerness": config.turn.eagerness.value,
        "noise": "babble" if noise is None else noise.name,
        "snr_db": snr_db,
    }
    if plot_file is not None:
        plot_turns(found, plot_file)
    if as_json:
        print(json.dumps(turn_json(found, conditions), indent=2, ensure_ascii=False))
    else:
        console = Console()
        console.print(turn_table(found.turns), barge_in_table(found.barge_ins), background_table(found.backgrounds))
        console.print(conditions)


def _people(config: Config, folder: Path | None) -> Sequence[TurnCase]:
    if folder is not None:
        return load_folder(folder)
    found = [turn_case(path.stem, read_audio(path)) for path in prepared_visitor(config)]
    return [case for case in found if case is not None]


async def _measure(config: Config, people: Sequence[TurnCase], noise_file: Path | None, snr_db: float) -> TurnTaking:
    noise = None if noise_file is None else read_audio(noise_file)
    engines = EngineRoom(config)
    try:
        tell_step("loading the models")
        voice = engines.voice(LISTENING_RATE)
        interruptions = await spoken_cases(voice, INTERRUPTIONS)
        backchannels = await spoken_cases(voice, BACKCHANNELS)
        detector = engines.voice_detector()
        people = [find_speech(case, detector, config.vad.threshold) for case in people]
        conditions = scenes(people, interruptions, backchannels, snr_db, noise)
        bench = Bench(
            config=config,
            voice=detector,
            turn=engines.turn_detector(),
            transcriber=engines.transcriber(),
        )
        with bar("listening", sum(len(scene) for scene in conditions.values())) as advance:
            return await measure_turn_taking(bench, conditions, advance)
    finally:
        engines.close()
