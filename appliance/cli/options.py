"""Options that several commands share."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer

from appliance.config.models import Config

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Configuration; else $APPLIANCE_CONFIG, ./config.yaml, /etc/appliance/config.yaml.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts, and nothing else, on stdout.")]


def start_logging(config: Config) -> None:
    """Log to stderr, at the configured level."""
    logging.basicConfig(
        stream=sys.stderr,
        level=config.log.level.value.upper(),
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
        force=True,
    )


def tell_step(step: str) -> None:
    """Tell a person who waits what is being done."""
    print(f"· {step} …", file=sys.stderr, flush=True)
