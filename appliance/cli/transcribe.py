"""`appliance transcribe`: speech in files to text."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from appliance.app.engines import EngineRoom
from appliance.audio.files import read_audio
from appliance.cli.options import AsJson, ConfigFile, start_logging
from appliance.config.load import load
from appliance.config.models import Config
from appliance.engines.ports import Transcript
from appliance.errors import AudioFileError

EXAMPLES = "Examples: appliance transcribe visitor.wav · appliance transcribe --json *.mp3 > transcripts.jsonl"

IN_WORDS = {
    "silence": "silence",
    "no-speech": "no speech in it",
    "low-confidence": "not understood",
    "repetition": "not understood: it only repeats itself",
    "phantom": "no speech in it, only what recognition makes of noise",
}


def transcribe(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="Recordings of any format, rate and length.")],
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Write down what is said in each FILE. A damaged file is reported, and the others are still done."""
    config = load(config_file)
    start_logging(config)
    failures = asyncio.run(_transcribe(config, files, as_json=as_json))
    if failures:
        raise typer.Exit(AudioFileError.exit_status)


async def _transcribe(config: Config, files: list[Path], *, as_json: bool) -> int:
    """Print a line for each file and return how many could not be read."""
    room = EngineRoom(config)
    failures = 0
    try:
        transcriber = room.transcriber()
        for file in files:
            try:
                pcm = await asyncio.to_thread(read_audio, file)
            except AudioFileError as error:
                failures += 1
                _print_error(file, error, as_json=as_json)
            else:
                _print_transcript(file, await transcriber.transcribe(pcm), as_json=as_json)
    finally:
        room.close()
    return failures


def _print_transcript(file: Path, transcript: Transcript, *, as_json: bool) -> None:
    if not as_json:
        print(f"{file}: {transcript.text or '(' + IN_WORDS[str(transcript.rejected)] + ')'}", flush=True)
        return
    fields = {
        "file": str(file),
        "text": transcript.text,
        "language": transcript.language,
        "confidence": round(transcript.confidence, 3),
        "rejected": transcript.rejected,
    }
    print(json.dumps(fields, ensure_ascii=False), flush=True)


def _print_error(file: Path, error: AudioFileError, *, as_json: bool) -> None:
    if as_json:
        fields = {"file": str(file), "error": {"code": error.code, "message": str(error), "remedy": error.remedy}}
        print(json.dumps(fields, ensure_ascii=False), flush=True)
    else:
        print(f"{error}\n  → {error.remedy}", file=sys.stderr, flush=True)
