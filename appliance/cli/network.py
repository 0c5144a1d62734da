"""`appliance network`: what may be reached, the part of the systemd unit that holds it, and the proof."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.table import Table

from appliance.cli.options import AsJson, ConfigFile, tell_step
from appliance.clock import SystemClock
from appliance.config.endpoints import PORTS, endpoints
from appliance.config.load import load
from appliance.config.models import Config
from appliance.config.network import NetworkConfig
from appliance.config.problems import dotted
from appliance.egress.dropin import RESOLVER_FILE, drop_in, grants, name_servers
from appliance.egress.policy import EgressRefusedError, Policy
from appliance.egress.resolver import Admitted, resolve
from appliance.errors import UsageError
from appliance.ops.egress_text import as_text
from appliance.ops.egress_watch import PASSED, egress_report

app = typer.Typer(
    no_args_is_help=True, help="What may be reached over the network, and the proof that nothing else is."
)

PIPE_WIDTH = 200
"""Columns of a table that goes to a file or another program."""

Hosts = Annotated[
    list[str] | None, typer.Argument(metavar="[HOST]…", help="A host, host:port, or the URL of a service.")
]
Users = Annotated[
    list[Path], typer.Option("--user", metavar="FILE", help="A recording: one turn of the person. May be repeated.")
]
Out = Annotated[Path | None, typer.Option("--out", metavar="REPORT", help="Write REPORT.txt and REPORT.json.")]


@app.command(epilog="Examples: appliance network check · appliance network check https://crm.example.org 10.1.2.3:25")
def check(hosts: Hosts = None, file: ConfigFile = None, as_json: AsJson = False) -> None:
    """Show what is allowed and who uses it; of a host, whether it is allowed and why. Exit status 10 if one is not."""
    config = load(file)
    results = [_asked(host, config) for host in hosts] if hosts else _listed(config)
    if as_json:
        print(json.dumps(results, indent=2, ensure_ascii=False))
    elif hosts:
        for result in results:
            print(f"{result['host']}: {'allowed' if result['allowed'] else 'refused'}; {result['reason']}")
    else:
        _show(results)
    if any(not result["allowed"] for result in results):
        raise typer.Exit(EgressRefusedError.exit_status)


@app.command(
    "drop-in", epilog="Example: appliance network drop-in > /etc/systemd/system/appliance.service.d/network.conf"
)
def print_drop_in(file: ConfigFile = None) -> None:
    """Print the drop-in for the systemd unit, by which the kernel drops whatever is not in network.allow."""
    config = load(file)
    servers = name_servers(RESOLVER_FILE.read_text(encoding="utf-8")) if RESOLVER_FILE.exists() else []
    given = list(grants(config.network, endpoints(config), servers))
    print(drop_in(given), end="")
    for grant in given:
        if grant.problem:
            typer.echo(f"warning: {grant.entry}: {grant.problem}", err=True)


@app.command(epilog="Example: appliance network watch --user question.wav --out /tmp/egress")
def watch(users: Users, out: Out = None, file: ConfigFile = None, as_json: AsJson = False) -> None:
    """Let recordings talk with the appliance, watch every socket, and report. Exit status 10 unless it is passed."""
    config = load(file)
    if not as_json:
        tell_step("watching a conversation; this takes as long as it takes to talk")
    report = egress_report(users, config.network, SystemClock(), config_file=file)
    text, data = as_text(report), json.dumps(report.as_json(), indent=2, ensure_ascii=False)
    if out is not None:
        _write(out, text, data)
    sys.stdout.write(data + "\n" if as_json else text)
    if report.verdict not in PASSED:
        raise typer.Exit(EgressRefusedError.exit_status)


def _write(out: Path, text: str, data: str) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.with_name(f"{out.name}.txt").write_text(text, encoding="utf-8")
        out.with_name(f"{out.name}.json").write_text(data + "\n", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}", remedy="Name a place that may be written to.") from error


def _asked(text: str, config: Config) -> dict[str, Any]:
    """Return what is decided on a host; a name that is listed is looked up."""
    host, port = _parts(text)
    policy = Policy.of(config.network)
    verdict = policy.on_host(host, port)
    result: dict[str, Any] = {"host": text, "allowed": verdict.allowed, "reason": verdict.reason, "addresses": []}
    if not verdict.allowed:
        return result
    try:
        addresses = resolve(host, port or PORTS["https"], policy, admitted=Admitted())
    except EgressRefusedError as error:
        return result | {"allowed": False, "reason": str(error)}
    except OSError as error:
        return result | {"reason": f"{verdict.reason}, but it is not known at the moment ({error.strerror})"}
    shown = [str(address) for address in addresses]
    if shown == [host]:
        return result | {"addresses": shown}
    return result | {"addresses": shown, "reason": f"{verdict.reason}; it is {', '.join(shown)}"}


def _parts(text: str) -> tuple[str, int | None]:
    """Return host and port of what a person typed. Raises UsageError when there is no host in it."""
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if text.count(":") > 1 and "://" not in text and not text.startswith("["):
        return text, None
    if not host:
        remedy = "Write such as crm.example.org, crm.example.org:443 or https://crm.example.org."
        raise UsageError(f"{text!r} is no host", remedy=remedy)
    return host, port or PORTS.get(parts.scheme)


def _listed(config: Config) -> list[dict[str, Any]]:
    """Return the entries of network.allow with the settings that use them, and this machine."""
    used = list(endpoints(config))
    entries = []
    for rule in config.network.rules:
        single = config.network.model_copy(update={"allow": (rule.text,)})
        users = [dotted(each.path) for each in used if single.lists(each.host, each.port) and not _is_here(each.host)]
        entries.append({"entry": rule.text, "allowed": True, "used_by": users})
    here = [dotted(each.path) for each in used if _is_here(each.host)]
    return [{"entry": "this machine", "allowed": True, "used_by": here}, *entries]


def _is_here(host: str) -> bool:
    return NetworkConfig().lists(host, None)


def _show(entries: Sequence[dict[str, Any]]) -> None:
    table = Table("allowed", "used by")
    for entry in entries:
        table.add_row(entry["entry"], ", ".join(entry["used_by"]) or "nothing")
    out = Console()
    Console(width=None if out.is_terminal else PIPE_WIDTH, markup=False).print(table)
    print("Everything else is refused: in the process, and by the drop-in of the systemd unit.")
