"""`appliance bench outbox`: whether what is handed over survives being killed."""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import asdict
from pathlib import Path
from random import Random
from typing import Annotated

import typer
from rich.console import Console

from appliance.cli.bench.options import bar
from appliance.cli.options import AsJson
from appliance.clock import SystemClock
from appliance.ops.bench.outbox import measure_outbox, outbox_table
from appliance.ops.bench.report import rounded

EXAMPLES = "Examples: appliance bench outbox --kills 500 · appliance bench outbox --directory /var/lib/appliance --json"

Kills = Annotated[int, typer.Option("--kills", min=1, help="How often the process is killed.")]
Seed = Annotated[int, typer.Option("--seed", help="Of the moments at which it is killed, and of the failures.")]
Directory = Annotated[
    Path | None,
    typer.Option("--directory", metavar="DIR", help="A folder on the disk to try; else one for temporary files."),
]


def outbox(kills: Kills = 100, seed: Seed = 1, directory: Directory = None, as_json: AsJson = False) -> None:
    """Kill a process at random moments while it hands over to a receiver that fails; exit status 8 if anything is lost.

    Everything happens in a new folder that is removed afterwards. Nothing leaves this machine.
    """
    with tempfile.TemporaryDirectory(prefix="outbox-", dir=directory) as folder, bar("killing", kills) as advance:
        random = Random(seed)  # noqa: S311 - chance, not secrecy
        figures = asyncio.run(measure_outbox(Path(folder), kills, random, SystemClock(), advance))
    if as_json:
        print(json.dumps(rounded(asdict(figures) | {"sound": figures.sound}), indent=2))
    else:
        Console().print(outbox_table(figures))
    if not figures.sound:
        raise typer.Exit(8)
