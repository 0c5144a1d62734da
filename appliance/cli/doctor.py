"""`appliance doctor`: what is wrong with this machine and its configuration, and what to do first."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from appliance.cli.options import AsJson, ConfigFile
from appliance.clock import SystemClock
from appliance.errors import UsageError
from appliance.ops.doctor.bundle import bundle, contents, default_name
from appliance.ops.doctor.context import Context, prepare
from appliance.ops.doctor.egress import prove
from appliance.ops.doctor.finding import Finding, State
from appliance.ops.doctor.registry import CHECKS
from appliance.ops.doctor.runner import Check, Examined, Group, as_json, choose, examine, todo, worst
from appliance.ops.egress_text import as_text
from appliance.ops.egress_watch import PASSED

EXAMPLES = """Examples: appliance doctor · appliance doctor --quick --strict · appliance doctor --only sound --json ·
sudo appliance doctor --support-bundle · appliance doctor --egress --out /tmp/egress"""

SOMETHING_FAILED = 1
_STYLES = {State.OK: "dim", State.WARN: "yellow", State.FAIL: "bold red"}
_SHOWN = {State.OK: "ok", State.WARN: "warn", State.FAIL: "FAIL"}

Only = Annotated[
    list[str] | None,
    typer.Option("--only", metavar="NAME", help="Only this check or group; may be repeated."),
]
Quick = Annotated[bool, typer.Option("--quick", help="Leave out what takes seconds.")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit status 1 for warnings, too.")]
Online = Annotated[bool, typer.Option("--online", help="Also try to reach the hosts that the configuration names.")]
Names = Annotated[bool, typer.Option("--list", help="Only list the checks.")]
Bundle = Annotated[
    bool, typer.Option("--support-bundle", help="Write what support needs into FILE: no words, no secrets.")
]
Target = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="The archive of --support-bundle; else named by the time.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="With --support-bundle: only list what would be in it.")]
Egress = Annotated[bool, typer.Option("--egress", help="Prove with a conversation that nothing leaves the machine.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="REPORT", help="With --egress: REPORT.txt and REPORT.json.")]


def doctor(
    target: Target = None,
    only: Only = None,
    *,
    quick: Quick = False,
    strict: Strict = False,
    online: Online = False,
    names: Names = False,
    support_bundle: Bundle = False,
    dry_run: DryRun = False,
    egress: Egress = False,
    out: Out = None,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Look at everything and say what to do. Exit status: 0 nothing failed, 1 something did.

    It can be run while the appliance runs, whose microphone it leaves alone, and when everything is broken.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="%(message)s")
    _refuse_nonsense(target, out, support_bundle=support_bundle, dry_run=dry_run, egress=egress)
    if names:
        _list(CHECKS, as_json=as_json)
    elif egress:
        _prove(config_file, out, as_json=as_json)
    elif support_bundle:
        _bundle(config_file, target, choose(CHECKS, only or (), quick=quick), dry_run=dry_run, as_json=as_json)
    else:
        examined = asyncio.run(
            _examine(config_file, choose(CHECKS, only or (), quick=quick), online=online, as_json=as_json)
        )
        if worst(examined, State.FAIL) or (strict and worst(examined, State.WARN)):
            raise typer.Exit(SOMETHING_FAILED)


def _refuse_nonsense(
    target: Path | None, out: Path | None, *, support_bundle: bool, dry_run: bool, egress: bool
) -> None:
    if support_bundle and egress:
        raise UsageError("--support-bundle and --egress are two different things", remedy="Do one after the other.")
    if (target is not None or dry_run) and not support_bundle:
        what = "--dry-run" if target is None else f"{target} is the archive of a support bundle"
        is_check = str(target) in {*(check.name for check in CHECKS), *Group}
        remedy = f"Write --only {target}." if is_check else "Add --support-bundle, or name a check with --only."
        raise UsageError(f"{what}, and none is wanted", remedy=remedy)
    if out is not None and not egress:
        raise UsageError("--out is for the report of --egress", remedy="Add --egress.")


def _list(checks: Sequence[Check], *, as_json: bool) -> None:
    if as_json:
        told = [{"check": c.name, "group": c.group.value, "about": c.about, "slow": c.slow} for c in checks]
        print(json.dumps(told, indent=2))
        return
    for check in checks:
        print(f"{check.group:<14} {check.name:<13} {check.about}{' (not with --quick)' if check.slow else ''}")


async def _examine(file: Path | None, checks: Sequence[Check], *, online: bool, as_json: bool) -> list[Examined]:
    context = await prepare(file, SystemClock(), online=online)
    console, group, done = Console(highlight=False, soft_wrap=True), None, []
    async for examined in examine(checks, context):
        done.append(examined)
        if as_json:
            continue
        if examined.check.group is not group:
            group = examined.check.group
            _head(console, group)
        _tell(console, examined.findings)
    if as_json:
        _print_json(done)
    else:
        _sum_up(console, done)
    return done


def _head(console: Console, group: Group) -> None:
    console.print(f"\n[bold]{group.value.capitalize()}[/]")


def _tell(console: Console, findings: Sequence[Finding]) -> None:
    """Print findings; what to do about them stands at the end."""
    for finding in findings:
        first, *rest = finding.what.splitlines() or [""]
        console.print(f"  [{_STYLES[finding.state]}]{_SHOWN[finding.state]:<5} {finding.check:<13} {escape(first)}[/]")
        for line in rest:
            console.print(f"  {'':<19} {escape(line)}")


def _sum_up(console: Console, examined: Sequence[Examined]) -> None:
    failed, warned, fine = (len(worst(examined, state)) for state in (State.FAIL, State.WARN, State.OK))
    console.print(f"\n{failed} failed, {warned} to look after, {fine} fine.")
    remedies = todo(examined)
    if remedies:
        console.print("\n[bold]What to do, the most urgent first[/]")
    for number, (remedy, findings) in enumerate(remedies, 1):
        first, *others = findings
        what = (first.what.splitlines() or [""])[0]
        more = f" (and {len(others)} more)" if others else ""
        style = _STYLES[first.state]
        console.print(f"{number:>3}. [{style}]{first.check}: {escape(what)}{more}[/]")
        if remedy:
            console.print(f"     → {escape(remedy)}")


def _print_json(examined: Sequence[Examined]) -> None:
    print(json.dumps(as_json(examined), indent=2, ensure_ascii=False))


def _bundle(file: Path | None, target: Path | None, checks: Sequence[Check], *, dry_run: bool, as_json: bool) -> None:
    clock = SystemClock()
    path = target or Path(default_name(clock))
    if path.exists():
        raise UsageError(f"{path} is there already", remedy="Name another file, or delete it.")

    async def collect() -> tuple[Context, dict[str, str]]:
        context = await prepare(file, clock)
        return context, await contents(context, checks)

    _, members = asyncio.run(collect())
    if as_json:
        listed = [{"name": name, "characters": len(text)} for name, text in members.items()]
        print(json.dumps({"file": None if dry_run else str(path), "members": listed}, indent=2))
    else:
        print("The archive has these files; personal data and secrets were replaced in all of them:")
        for name, text in members.items():
            print(f"  {name:<18} {len(text):>9} characters")
    if not dry_run:
        bundle(path, members, clock)
        typer.echo(f"written: {path} (only its owner can read it). Look through it before you pass it on.", err=as_json)


def _prove(file: Path | None, out: Path | None, *, as_json: bool) -> None:
    typer.echo("· watching a conversation; this takes as long as it takes to talk …", err=True)
    report = prove(file, SystemClock(), out)
    sys.stdout.write(json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n" if as_json else as_text(report))
    if report.verdict not in PASSED:
        raise typer.Exit(SOMETHING_FAILED)
