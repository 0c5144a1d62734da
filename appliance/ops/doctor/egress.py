"""The proof for an auditor: a conversation with a prepared visitor, while every socket is watched."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from appliance.audio.files import write_wav
from appliance.audio.ports import LISTENING_RATE
from appliance.clock import Clock
from appliance.config.load import load
from appliance.errors import EngineError, UsageError
from appliance.ops.egress_text import as_text
from appliance.ops.egress_watch import EgressReport, egress_report
from appliance.ops.visitor import KAL, RECEIVED, Turn, Voice, say

QUESTIONS = ("Hello. When are you open?", "Thank you very much.")
VOICES = (KAL, RECEIVED)
"""Of flite and of espeak-ng, whichever is installed."""
SYNTHESIS_S = 120.0


def prove(config_file: Path | None, clock: Clock, out: Path | None = None) -> EgressReport:
    """Let a visitor talk with the appliance, watch every socket, and write the report to OUT.txt and OUT.json.

    Raises:
        ConfigError: The configuration is wrong.
        EngineError: Nothing on this machine can speak.
        UsageError: The report cannot be written.
    """
    config = load(config_file)
    if out is not None:
        _write(out, "", "")  # what cannot be written is better known before than after a conversation
    with tempfile.TemporaryDirectory(prefix="visitor-") as folder:
        recordings = [
            spoken(text, Path(folder) / f"{number}.wav", config_file) for number, text in enumerate(QUESTIONS, 1)
        ]
        report = egress_report(recordings, config.network, clock, config_file=config_file)
    if out is not None:
        _write(out, as_text(report), json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n")
    return report


def spoken(text: str, file: Path, config_file: Path | None) -> Path:
    """Write a text, spoken by any voice of this machine, to a WAV file and return it. Raises EngineError."""
    for voice in VOICES:
        if _speak(text, voice, file):
            return file
    return _with_own_voice(text, file, config_file)


def _speak(text: str, voice: Voice, file: Path) -> bool:
    try:
        write_wav(file, say(Turn("question", voice, (text,))), LISTENING_RATE)
    except EngineError:
        return False
    return True


def _with_own_voice(text: str, file: Path, config_file: Path | None) -> Path:
    """Let the appliance ask itself, where no other program can speak; in a process of its own, which is then gone."""
    named = [] if config_file is None else ["--config", str(config_file)]
    argv = [sys.executable, "-m", "appliance", "say", text, "--out", str(file), *named]
    try:
        subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=SYNTHESIS_S, check=True)  # noqa: S603 - our own program
    except (OSError, subprocess.SubprocessError) as error:
        raise EngineError("nothing on this machine can speak the question", remedy="Install flite.") from error
    return file


def _write(out: Path, text: str, data: str) -> None:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.with_name(f"{out.name}.txt").write_text(text, encoding="utf-8")
        out.with_name(f"{out.name}.json").write_text(data, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{out}: {error.strerror}", remedy="Name a place that may be written to.") from error
