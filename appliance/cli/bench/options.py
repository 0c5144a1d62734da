"""What the subcommands of `appliance bench` share: recordings, noise, and a bar for those who wait."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from appliance.config.models import Config
from appliance.errors import UsageError

LABELLED = "speech"
"""The folder of labelled speech in a collection that also has noises and rooms."""
MANIFEST = "manifest.jsonl"

Speech = Annotated[
    Path | None,
    typer.Option(
        "--speech",
        metavar="DIR",
        help="Recordings with a manifest.jsonl of file, text and lang; else $APPLIANCE_SPEECH_DIR or the visitor.",
    ),
]
Noise = Annotated[
    Path | None, typer.Option("--noise", metavar="FILE", help="Measure with this noise in the background.")
]
Snr = Annotated[float, typer.Option("--snr-db", "--snr", help="How far the noise lies below the speech, in dB.")]
Room = Annotated[
    Path | None,
    typer.Option("--room", metavar="FILE", help="Impulse response of the room; else a small furnished office."),
]


def labelled_speech(named: Path | None) -> Path | None:
    """Return the folder of labelled recordings that was named or that is there, or None.

    Raises UsageError when the one that was named, by option or environment, has no manifest.
    """
    wanted = named or (Path(os.environ["APPLIANCE_SPEECH_DIR"]) if "APPLIANCE_SPEECH_DIR" in os.environ else None)
    if wanted is None:
        return None
    for folder in (wanted, wanted / LABELLED):
        if (folder / MANIFEST).is_file():
            return folder
    raise UsageError(
        f"{wanted} has no {MANIFEST}",
        remedy='Write one line a recording: {"file": "a.wav", "text": "hello", "lang": "en"}',
    )


def prepared_visitor(config: Config) -> list[Path]:
    """Return the recordings of the visitor that the set-up has made beside the models.

    Raises UsageError when there are none.
    """
    folder = config.models.directory.parent / ".cache" / "visitor" / "visit"
    files = sorted(folder.glob("*.wav"))
    if not files:
        raise UsageError(
            f"there are no recordings to talk in {folder}",
            remedy="run scripts/setup --for demo, or name some of your own",
        )
    return files


@contextmanager
def bar(label: str, total: float) -> Iterator[Callable[[float], None]]:
    """Show a bar on the terminal, if there is one, for the duration of the block; yields what moves it."""
    console = Console(stderr=True)
    with Progress(console=console, disable=not console.is_terminal, transient=True) as display:
        task = display.add_task(label, total=total)
        yield lambda step: display.advance(task, step)
