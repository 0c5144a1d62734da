"""`appliance tools`: which tools are declared, whether they are sound, and what one of them does."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import typer
from rich.console import Console
from rich.table import Table

from appliance.cli.options import AsJson, ConfigFile
from appliance.clock import SystemClock
from appliance.config.load import load_with_places
from appliance.config.models import Config
from appliance.config.problems import KeyPath, Place
from appliance.config.suggest import closest
from appliance.config.tools import ACTIONS, Effect, ToolConfig
from appliance.egress.policy import Policy
from appliance.errors import ConfigError, UsageError
from appliance.tools.arguments import checked
from appliance.tools.check import Problem
from appliance.tools.check import check as find_problems
from appliance.tools.errors import ToolError
from appliance.tools.executor import Executor, Outcome, action_of
from appliance.tools.schema import json_schema
from appliance.tools.speech import spoken

app = typer.Typer(no_args_is_help=True, help="What the assistant can do beside talking: show it, check it, try it.")

PIPE_WIDTH = 200
"""Columns of a table that goes to a file or another program."""


@app.command("list", epilog="Example: appliance tools list --json")
def list_tools(file: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show the tools and forms that are declared; with --json also the JSON Schema of what each tool takes."""
    config, _ = _opened(file)
    if as_json:
        tools = [_described(tool) for tool in config.tools]
        forms = [{"name": form.name, "description": form.description} for form in config.forms]
        print(json.dumps({"tools": tools, "forms": forms}, indent=2, ensure_ascii=False))
        return
    table = Table("name", "kind", "effect", "takes", "description")
    for tool in config.tools:
        table.add_row(tool.name, _kind(tool), tool.effect, ", ".join(tool.parameters), tool.description)
    for form in config.forms:
        table.add_row(form.name, "form", "write", ", ".join(form.fields), form.description)
    out = Console()
    Console(width=None if out.is_terminal else PIPE_WIDTH).print(table)


@app.command(epilog="Example: appliance tools check")
def check(file: ConfigFile = None, as_json: AsJson = False) -> None:
    """Find what is wrong with the declarations, without calling anything; exit status 3 if something is."""
    loaded = load_with_places(file)
    config = loaded.config
    problems = find_problems(config.tools, config.forms, loaded.file.absolute().parent)
    if as_json:
        found = [_placed(problem, loaded.places) for problem in problems]
        print(json.dumps({"problems": found}, indent=2, ensure_ascii=False))
    else:
        for problem in problems:
            place = problem.place(loaded.places)
            print(f"{place}: {problem}" if place else problem)
        print(f"{len(config.tools)} tools, {len(config.forms)} forms, {len(problems)} problems")
    if problems:
        raise typer.Exit(ConfigError.exit_status)


@app.command(epilog="""Example: appliance tools call order_status --args '{"order_number": "A-1042"}' --dry-run""")
def call(
    name: Annotated[str, typer.Argument(metavar="NAME", help='Name of a tool; see "appliance tools list".')],
    *,
    args: Annotated[str, typer.Option("--args", metavar="JSON", help="Its arguments, a JSON object.")] = "{}",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would be sent; secrets masked.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before something is changed.")] = False,
    file: ConfigFile = None,
    as_json: AsJson = False,
) -> None:
    """Call a tool as the assistant would; show what came back and what would be said; exit status 9 if it fails."""
    config, folder = _opened(file)
    tool, arguments, key = _named(name, config), _arguments(args), str(uuid4())
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="%(message)s")  # a failure is told below
    executor = Executor(config.tools, SystemClock(), folder, build=partial(action_of, policy=Policy.of(config.network)))
    would_send = executor.preview(name, arguments, idempotency_key=key)
    if dry_run:
        print(json.dumps(would_send, indent=2, ensure_ascii=False))
        return
    if tool.effect is Effect.WRITE and not yes:
        _ask(tool, would_send)
    outcome = asyncio.run(executor.call(name, arguments, idempotency_key=key))
    says, problem = _phrase(tool, arguments, outcome)
    if as_json:
        print(json.dumps(asdict(outcome) | {"says": says, "problem": problem}, indent=2, ensure_ascii=False))
    else:
        _show(outcome, says, problem)
    if not outcome.ok or problem:
        raise typer.Exit(ToolError.exit_status)


def _opened(file: Path | None) -> tuple[Config, Path]:
    loaded = load_with_places(file)
    return loaded.config, loaded.file.absolute().parent


def _named(name: str, config: Config) -> ToolConfig:
    """Return the tool of a name. Raises UsageError, which says what was probably meant."""
    tools = {tool.name: tool for tool in config.tools}
    if name in tools and tools[name].builtin is None:
        return tools[name]
    if name in tools:
        remedy = f'Talk to it: appliance ask "{(*tools[name].examples, "What time is it?")[0]}"'
        raise UsageError(f"the tool {name} is run by the appliance itself, and cannot be called alone", remedy=remedy)
    if any(form.name == name for form in config.forms):
        raise UsageError(f"{name} is a form, which is filled in by talking", remedy="Talk to it: appliance run")
    meant = closest(name, [tool.name for tool in config.tools if tool.builtin is None])
    hint = f"Did you mean {meant}? " if meant else ""
    raise UsageError(f"there is no tool {name!r}", remedy=f"{hint}`appliance tools list` shows all.")


def _placed(problem: Problem, places: Mapping[KeyPath, Place]) -> dict[str, Any]:
    place = problem.place(places)
    where = {"file": place.source, "line": place.line, "column": place.column} if place else {}
    return {"tool": problem.tool, "field": problem.field, "message": problem.message} | where


def _kind(tool: ToolConfig) -> str:
    return next(kind for kind in ACTIONS if getattr(tool, kind) is not None)


def _described(tool: ToolConfig) -> dict[str, Any]:
    return {
        "name": tool.name,
        "kind": _kind(tool),
        "effect": tool.effect,
        "description": tool.description,
        "roles": list(tool.roles),
        "parameters": json_schema(tool),
    }


def _arguments(text: str) -> dict[str, Any]:
    try:
        arguments = json.loads(text)
    except (ValueError, RecursionError) as error:
        remedy = """Put names and texts in double quotes, and the whole in single ones: --args '{"name": "value"}'."""
        raise UsageError(f"--args is not JSON: {error}.", remedy=remedy) from error
    if not isinstance(arguments, dict):
        raise UsageError("--args must be a JSON object.", remedy="""Such as --args '{"name": "value"}'.""")
    return arguments


def _ask(tool: ToolConfig, would_send: dict[str, Any]) -> None:
    """Ask at the terminal before something is changed. Raises UsageError when nobody is there to answer."""
    if not sys.stdin.isatty():
        raise UsageError(f"{tool.name} changes something.", remedy="Add --yes to do it, or --dry-run to look at it.")
    typer.echo(json.dumps(would_send, indent=2, ensure_ascii=False), err=True)
    typer.confirm(f"{tool.name} changes something. Do it?", abort=True, err=True)


def _phrase(tool: ToolConfig, arguments: dict[str, Any], outcome: Outcome) -> tuple[str, str]:
    """Return what would be said, and what is wrong with the phrase."""
    try:
        return spoken(tool, checked(tool.parameters, arguments), outcome), ""
    except ToolError as error:
        return "", f"say: {error.detail}"


def _show(outcome: Outcome, says: str, problem: str) -> None:
    tries = "1 attempt" if outcome.attempts == 1 else f"{outcome.attempts} attempts"
    took = f"{tries}, {outcome.duration_s:.2f} s"
    if outcome.ok:
        print(json.dumps(outcome.data, indent=2, ensure_ascii=False))
        print(f"{outcome.tool}: {'nothing found' if outcome.empty else 'done'}, {took}")
    else:
        typer.echo(f"error: {outcome.tool} failed [{outcome.error_code}]: {outcome.detail} ({took})", err=True)
        if outcome.remedy:
            typer.echo(f"  → {outcome.remedy}", err=True)
    if says:
        print(f"says: {says}")
    if outcome.happened is None:
        typer.echo("It is not known whether something was changed.", err=True)
    if problem:
        typer.echo(problem, err=True)
