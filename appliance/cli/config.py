"""`appliance config`: check, show and describe the configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from appliance.config.load import load_with_places
from appliance.config.models import Config
from appliance.config.problems import InvalidConfigError
from appliance.config.schema import editor_schema
from appliance.config.show import settings_in_effect
from appliance.errors import ConfigError

app = typer.Typer(no_args_is_help=True, help="Check, show and describe the configuration.")

File = Annotated[
    Path | None,
    typer.Argument(
        metavar="[FILE]", help="Configuration file; else $APPLIANCE_CONFIG, ./config.yaml, /etc/appliance/config.yaml."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts.")]


@app.command(epilog="Example: appliance config check /etc/appliance/config.yaml")
def check(file: File = None, as_json: AsJson = False) -> None:
    """List everything that is wrong with the configuration; exit status 3 if anything is."""
    try:
        loaded = load_with_places(file)
    except ConfigError as error:
        print(_report(error) if as_json else _explained(error))
        raise typer.Exit(error.exit_status) from error
    print(
        json.dumps({"valid": True, "file": str(loaded.file), "problems": []}) if as_json else f"{loaded.file} is valid"
    )


@app.command(epilog="Example: appliance config show | grep turn")
def show(
    file: File = None,
    as_json: AsJson = False,
    defaults: Annotated[bool, typer.Option("--defaults", help="Show the built-in defaults, without a file.")] = False,
) -> None:
    """Print every setting in effect and where it comes from: the file, the environment or a default."""
    if defaults:
        settings = list(settings_in_effect(Config(), {}))
    else:
        loaded = load_with_places(file)
        settings = list(settings_in_effect(loaded.config, loaded.places))
    if as_json:
        print(json.dumps([setting.as_dict() for setting in settings], indent=2, ensure_ascii=False))
        return
    for setting in settings:
        shown = setting.as_dict()
        value = json.dumps(shown["value"], ensure_ascii=False)
        print(f"{shown['key']} = {value}  ({setting.place or 'default'})")


@app.command(epilog="Example: appliance config schema > config.schema.json")
def schema() -> None:
    """Print a JSON Schema (draft 2020-12), with which editors complete and check config.yaml."""
    print(json.dumps(editor_schema(), indent=2, ensure_ascii=False))


def _report(error: ConfigError) -> str:
    problems = [problem.as_dict() for problem in error.problems] if isinstance(error, InvalidConfigError) else []
    return json.dumps({"valid": False, "message": str(error), "problems": problems}, indent=2, ensure_ascii=False)


def _explained(error: ConfigError) -> str:
    return f"{error}\n{error.remedy}"
