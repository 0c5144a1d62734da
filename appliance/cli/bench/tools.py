"""`appliance bench tools`: whether it does what people want, and nothing else."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from appliance.app.engines import EngineRoom
from appliance.assistant.small_talk import VECTORS
from appliance.cli.bench.options import bar
from appliance.cli.options import AsJson, ConfigFile, start_logging, tell_step
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.models import Config
from appliance.engines.sentences import MiniLmEncoder
from appliance.models.catalogue import Role, load_catalogue
from appliance.models.profiles import resolve
from appliance.models.verify import locate
from appliance.ops.bench.tool_cases import FOLDER, Category, ToolCase, load_cases
from appliance.ops.bench.tool_report import failure_lines, judge, parameters_of, tool_table, tools_json
from appliance.ops.bench.tools import Dialogue, FixedTalker, ToolBench, play_cases

EXAMPLES = "Examples: appliance bench tools · appliance bench tools --category correction --failures"

Cases = Annotated[Path, typer.Option("--cases", metavar="DIR", help="Dialogues of your own, for the same clinic.")]
Scripts = Annotated[
    Path | None,
    typer.Option("--clinic", metavar="DIR", help="The example clinic's crm and clinic.sql; else scripts/clinic."),
]
Kind = Annotated[Category | None, typer.Option("--category", help="Only dialogues of this kind.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Only so many dialogues.")]
WithModel = Annotated[bool, typer.Option("--model", help="Let the language model talk; else a fixed sentence does.")]
Failures = Annotated[bool, typer.Option("--failures", help="Print the dialogues that failed, turn by turn.")]


def tools(
    cases_folder: Cases = FOLDER,
    scripts: Scripts = None,
    category: Kind = None,
    limit: Limit = None,
    with_model: WithModel = False,
    failures: Failures = False,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Play dialogues in writing against the example clinic, and count what it did right, wrong and needlessly.

    Every dialogue has a clinic of its own in a temporary folder. Nothing leaves this machine.
    """
    config = load(config_file)
    start_logging(config)
    cases = [case for case in load_cases(cases_folder) if category in (None, case.category)][:limit]
    scripts = scripts or config.models.directory.parent / "scripts" / "clinic"
    dialogues = asyncio.run(_played(config, scripts, cases, with_model=with_model))
    parameters = parameters_of(config)
    verdicts = [judge(dialogue, parameters) for dialogue in dialogues]
    if as_json:
        print(json.dumps(tools_json(verdicts), indent=2, ensure_ascii=False))
        return
    console = Console()
    for verdict in verdicts if failures else ():
        if verdict.failed:
            console.print("\n".join(failure_lines(verdict)), highlight=False, markup=False, end="\n\n")
    console.print(tool_table(verdicts))


async def _played(config: Config, scripts: Path, cases: Sequence[ToolCase], *, with_model: bool) -> list[Dialogue]:
    room = EngineRoom(config)
    tell_step("loading the models")
    encoder = _encoder(config)
    try:
        model = room.language_model() if with_model else FixedTalker()
        bench = ToolBench(config=config, scripts=scripts, model=model, encoder=encoder, clock=SystemClock())
        with tempfile.TemporaryDirectory(prefix="tools-") as folder, bar("talking", len(cases)) as advance:
            return await play_cases(bench, Path(folder), cases, advance)
    finally:
        encoder.close()
        room.close()


def _encoder(config: Config) -> MiniLmEncoder:
    model = resolve(config, load_catalogue())[Role.EMBED]
    return MiniLmEncoder(next(iter(locate(model, config.models.directory).values())).parent, known=VECTORS)
