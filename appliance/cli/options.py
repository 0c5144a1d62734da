"""Options that several commands share."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from appliance.config.models import Config, LogLevel
from appliance.ops.journald import JournalHandler, connected_to_journal
from appliance.redaction import RedactingFilter

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Configuration; else $APPLIANCE_CONFIG, ./config.yaml, /etc/appliance/config.yaml.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts, and nothing else, on stdout.")]


def start_logging(config: Config, *, daemon: bool = False) -> None:
    """Log to stderr without personal data: the daemon at the configured level, other commands only what went wrong."""
    level = config.log.level if daemon else max(config.log.level, LogLevel.WARNING, key=list(LogLevel).index)
    journal = daemon and connected_to_journal()
    logging.basicConfig(
        handlers=[JournalHandler() if journal else logging.StreamHandler(sys.stderr)],
        level=level.value.upper(),
        format="%(message)s" if journal else "%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        force=True,
    )
    for handler in logging.getLogger().handlers:
        handler.addFilter(RedactingFilter(config.redaction))


def tell_step(step: str) -> None:
    """Tell a person who waits what is being done."""
    print(f"· {step} …", file=sys.stderr, flush=True)
