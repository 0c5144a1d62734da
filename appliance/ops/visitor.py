"""The prepared visitor: what stands in for a person at a machine without a microphone.

`python -m appliance.ops.visitor DIR` lets flite and espeak-ng, not the assistant's own voice, speak a visit to the
front desk into DIR, one WAV per turn (16 kHz, mono), with the pauses and hesitations that people make. The same
programs make the same files.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from appliance.audio.files import read_audio, write_wav
from appliance.audio.levels import voiced_span
from appliance.audio.ports import LISTENING_RATE, Samples
from appliance.errors import ApplianceError, EngineError

EDGE_S = 0.3
"""Silence before the first and after the last word."""

PEAK = 0.5
"""Full scale is 1: a person at a good distance from the microphone."""

SYNTHESIS_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class Voice:
    """A voice of one of the two engines. These are the ones that Whisper tiny.en understands without errors."""

    command: tuple[str, ...]
    """Program and options; `{out}` is the WAV file to write, `{text}` what to say."""

    def speak(self, text: str, out: Path) -> Samples:
        """Return `text` spoken, at 16 kHz. Raises EngineError when the program is missing or fails."""
        argv = [part.format(out=out, text=text) for part in self.command]
        try:
            subprocess.run(  # noqa: S603 - the fixed commands below
                argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=SYNTHESIS_TIMEOUT_S, check=True
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise EngineError(f"{argv[0]} cannot speak: {error}", remedy="run: scripts/setup --for demo") from error
        return _read(out)


def _flite(voice: str) -> Voice:
    return Voice(("flite", "-voice", voice, "-t", "{text}", "-o", "{out}"))


def _espeak(voice: str) -> Voice:
    return Voice(("espeak-ng", "-v", voice, "-s", "150", "-w", "{out}", "{text}"))


SLT, RMS, KAL = _flite("slt"), _flite("rms"), _flite("kal16")
AMERICAN, BRITISH, RECEIVED = _espeak("en-us"), _espeak("en-gb"), _espeak("en-gb-x-rp")


@dataclass(frozen=True, slots=True)
class Turn:
    """What the visitor says in one go: phrases and, between them, seconds of silence."""

    name: str
    voice: Voice
    parts: tuple[str | float, ...]

    @property
    def text(self) -> str:
        """The words alone."""
        return " ".join(part for part in self.parts if isinstance(part, str))


VISIT = (
    Turn("saturday", KAL, ("Hello. What time do you open on Saturday?",)),
    Turn("friday", RMS, ("Um,", 0.5, "what time do", 0.35, "you close on Fridays?")),
    Turn("parking", AMERICAN, ("Where can I park my car?",)),
    Turn("pharmacy", SLT, ("Okay.", 0.4, "And where is the pharmacy?")),
    Turn("card", BRITISH, ("Do I need to bring my insurance card?",)),
    Turn("football", KAL, ("Can you tell me who won the football match yesterday?",)),
    Turn("blood", RECEIVED, ("I need a blood test.", 0.45, "Where do I go?")),
    Turn("thanks", SLT, ("Great, thank you very much.",)),
)
"""A visit to the clinic of `config.yaml`."""

INTERRUPTION = (
    Turn("address", RMS, ("What is the address, and which bus goes there?",)),
    Turn("visiting", KAL, ("Wait, I would like to know when the visiting hours are.",)),
)
"""A question, and what cuts the answer short."""


ERRANDS = (
    Turn("stock", SLT, ("Do you have any ibuprofen?",)),
    Turn("order", RMS, ("Is my order ready?",)),
    Turn("number", RMS, ("Four two seven one.",)),
    Turn("book", SLT, ("I'd like to book an appointment for physiotherapy.",)),
    Turn("day", SLT, ("The day after tomorrow, please.",)),
    Turn("time", SLT, ("At ten in the morning.",)),
    Turn("name", SLT, ("My name is Anna Miller.",)),
    Turn("phone", SLT, ("Nine oh two, five five five, oh one four seven.",)),
    Turn("correct", SLT, ("No, at eleven in the morning.",)),
    Turn("yes", SLT, ("Yes, please.",)),
    Turn("human", RMS, ("Can I talk to a human?",)),
)
"""Things to be done, by the tools of the example site."""


def record(turns: Sequence[Turn], directory: Path) -> list[Path]:
    """Write each turn to `directory`/NN-name.wav and return the files.

    Raises EngineError when flite or espeak-ng is missing or fails.
    """
    directory.mkdir(parents=True, exist_ok=True)
    files = []
    for number, turn in enumerate(turns, 1):
        files.append(directory / f"{number:02}-{turn.name}.wav")
        write_wav(files[-1], say(turn), LISTENING_RATE)
    return files


def say(turn: Turn) -> Samples:
    """Return one turn as sound at 16 kHz, its loudest sample at half of full scale. Raises EngineError."""
    pieces = [_silence(EDGE_S)]
    with tempfile.TemporaryDirectory() as scratch:
        for part in turn.parts:
            if isinstance(part, str):
                pieces.append(turn.voice.speak(part, Path(scratch) / "part.wav"))
            else:
                pieces.append(_silence(part))
    pieces.append(_silence(EDGE_S))
    pcm = np.concatenate(pieces)
    return np.asarray(pcm * (PEAK / np.abs(pcm).max()), dtype=np.float32)


def _silence(seconds: float) -> Samples:
    return np.zeros(round(seconds * LISTENING_RATE), dtype=np.float32)


def _read(path: Path) -> Samples:
    """Read a recording without the silence that the engine puts around the words."""
    pcm = read_audio(path)
    span = voiced_span(pcm, LISTENING_RATE)
    if span is None:
        raise EngineError(f"{path.name} is silent", remedy="run: scripts/setup --for demo")
    return pcm[span[0] : span[1] + 1]


def main() -> int:
    """Write the conversations below the directory that the command line names. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="visitor", description=__doc__)
    parser.add_argument("directory", type=Path)
    directory = parser.parse_args().directory
    try:
        record(VISIT, directory / "visit")
        record(ERRANDS, directory / "errands")
        record(INTERRUPTION, directory / "interruption")
    except ApplianceError as error:
        sys.stderr.write(f"error: {error}\n  {error.remedy}\n")
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main())
