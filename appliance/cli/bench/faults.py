"""`appliance bench faults`: what happens when something breaks."""

from __future__ import annotations

import asyncio
import json
import logging
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from appliance.app.trial import on_trial
from appliance.cli.options import AsJson, ConfigFile, tell_step
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.models import Config
from appliance.errors import UsageError
from appliance.ops.faults.matrix import FAULTS, Result, inject

EXAMPLES = "Examples: appliance bench faults --list · appliance bench faults --only disk-full · appliance bench faults"

Only = Annotated[
    list[str] | None, typer.Option("--only", metavar="NAME", help="Inject this fault alone. May be repeated.")
]
Listed = Annotated[bool, typer.Option("--list", help="List the faults and inject none.")]


def faults(only: Only = None, listed: Listed = False, as_json: AsJson = False, config_file: ConfigFile = None) -> None:
    """Inject faults, one after the other, and see whether what must hold does; exit status 1 if something does not.

    Disks, files, servers and processes of its own are broken, in folders for temporary files; the appliance that is
    installed is not touched. Needs root, because small disks are mounted. It takes some minutes.
    """
    rows = {fault.name: fault for fault in FAULTS if fault.check is not None or not fault.proved_by}
    if unknown := set(only or []) - rows.keys():
        raise UsageError(f"there is no fault {', '.join(sorted(unknown))}", remedy="`--list` shows them.")
    if listed:
        for fault in rows.values():
            print(f"{fault.name:28} {fault.injected}")
        return
    logging.disable(logging.CRITICAL)
    results = asyncio.run(_inject(only or list(rows), load(config_file), as_json=as_json))
    failed = [result.name for result in results if not result.held]
    if not as_json:
        print(f"{len(results) - len(failed)} of {len(results)} held")
    if failed:
        raise typer.Exit(1)


async def _inject(names: list[str], config: Config, *, as_json: bool) -> list[Result]:
    console, results = Console(), []
    async for result in inject(names, config, SystemClock(), lambda folder: on_trial(config, Path(folder), tell_step)):
        results.append(result)
        if as_json:
            print(json.dumps(result.as_json(), ensure_ascii=False), flush=True)
        else:
            mark = "[green]held[/]" if result.held else "[bold red]FAILED[/]"
            console.print(f"{mark} {result.name:28} {result.seconds:5.1f} s  ", end="")
            console.print(result.seen, markup=False, highlight=False, soft_wrap=True)
    return results
