"""The `appliance` command: all its subcommands."""

from __future__ import annotations

from typing import Annotated

import typer

from appliance import __version__
from appliance.cli import (
    ask,
    audit,
    backup,
    bench,
    compliance,
    config,
    converse,
    data,
    devices,
    doctor,
    knowledge,
    models,
    network,
    outbox,
    reload,
    retention,
    run,
    say,
    status,
    storage,
    tools,
    transcribe,
    turns,
)

app = typer.Typer(
    name="appliance",
    help="An on-premise voice appliance: it listens, thinks, acts, and answers aloud. Nothing leaves the site.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog="Start with: appliance devices --test, then appliance run --captions",
)
app.add_typer(config.app, name="config")
app.add_typer(models.app, name="models")
app.add_typer(bench.app, name="bench")
app.add_typer(tools.app, name="tools")
app.add_typer(outbox.app, name="outbox")
app.add_typer(knowledge.app, name="knowledge")
app.add_typer(retention.app, name="retention")
app.add_typer(data.app, name="data")
app.add_typer(compliance.app, name="compliance")
app.add_typer(audit.app, name="audit")
app.add_typer(storage.app, name="storage")
app.add_typer(network.app, name="network")
app.command(epilog=run.EXAMPLES)(run.run)
app.command(epilog=doctor.EXAMPLES)(doctor.doctor)
app.command(epilog=reload.EXAMPLES)(reload.reload)
app.command(epilog=status.EXAMPLES)(status.status)
app.command(epilog=turns.EXAMPLES)(turns.turns)
app.command(epilog=converse.EXAMPLES)(converse.converse)
app.command(epilog=ask.EXAMPLES)(ask.ask)
app.command(epilog=say.EXAMPLES)(say.say)
app.command(epilog=transcribe.EXAMPLES)(transcribe.transcribe)
app.command(epilog=devices.EXAMPLES)(devices.devices)
app.command(epilog=backup.BACKUP_EXAMPLES)(backup.backup)
app.command("restore", epilog=backup.RESTORE_EXAMPLES)(backup.restore_command)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"appliance {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """An on-premise voice appliance: it listens, thinks, acts, and answers aloud. Nothing leaves the site."""
