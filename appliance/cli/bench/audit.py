"""`appliance bench audit`: whether tampering is found, what the audit trail costs, and what kill -9 leaves of it."""

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
from appliance.ops.bench.audit import audit_table, measure_audit
from appliance.ops.bench.report import rounded

EXAMPLES = "Examples: appliance bench audit · appliance bench audit --tamperings 10000 --kills 500 --json"

Tamperings = Annotated[int, typer.Option("--tamperings", min=1, help="How often a trail is tampered with.")]
Kills = Annotated[int, typer.Option("--kills", min=1, help="How often a process that writes is killed.")]
Seed = Annotated[int, typer.Option("--seed", help="Of what is done to the trail, and of the moments of the kills.")]
Directory = Annotated[
    Path | None,
    typer.Option("--directory", metavar="DIR", help="A folder on the disk to try; else one for temporary files."),
]


def audit(
    tamperings: Tamperings = 2000,
    kills: Kills = 50,
    seed: Seed = 1,
    directory: Directory = None,
    as_json: AsJson = False,
) -> None:
    """Tamper with a trail, measure what recording costs, kill a process that writes; exit status 8 unless all is found.

    Everything happens in a new folder that is removed afterwards.
    """
    with (
        tempfile.TemporaryDirectory(prefix="audit-", dir=directory) as folder,
        bar("tampering and killing", tamperings + kills) as advance,
    ):
        random = Random(seed)  # noqa: S311 - chance, not secrecy
        figures = asyncio.run(measure_audit(Path(folder), tamperings, kills, random, SystemClock(), advance))
    if as_json:
        print(json.dumps(rounded(asdict(figures) | {"sound": figures.sound}), indent=2))
    else:
        Console().print(audit_table(figures))
    if not figures.sound:
        raise typer.Exit(8)
