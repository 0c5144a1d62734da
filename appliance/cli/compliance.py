"""`appliance compliance`: what an auditor or a data protection officer wants to read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from appliance.cli.options import ConfigFile
from appliance.clock import SystemClock
from appliance.config.load import load_with_places
from appliance.errors import UsageError
from appliance.models.catalogue import load_catalogue
from appliance.ops.compliance.document import Format, rendered
from appliance.ops.compliance.facts import gather
from appliance.ops.compliance.language import Language
from appliance.ops.compliance.statement import statement

app = typer.Typer(no_args_is_help=True, help="What an auditor or a data protection officer wants to read.")


@app.callback()
def _group() -> None:
    """What an auditor or a data protection officer wants to read."""


@app.command(
    epilog="Examples: appliance compliance report --out record.html · "
    "appliance compliance report --language pt --format markdown"
)
def report(
    language: Annotated[Language, typer.Option("--language", help="English, or Portuguese (Brazil).")] = (
        Language.ENGLISH
    ),
    form: Annotated[Format, typer.Option("--format", help="A page to print, or text.")] = Format.HTML,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there; otherwise to the standard output.")
    ] = None,
    file: ConfigFile = None,
) -> None:
    """Write the record of processing: what is collected, why, where, for how long, and who receives it.

    It is made from the configuration in force. What only you know, such as the controller, stands in the section
    `compliance` of config.yaml.
    """
    facts = gather(load_with_places(file), load_catalogue(), SystemClock())
    text = rendered(statement(facts, language), form)
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}", remedy="Name a file in a folder where you may write.") from error
    print(out)
