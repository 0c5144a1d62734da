"""Speech recognition on a folder of recordings with their texts: word error rate and milliseconds."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table

from appliance.audio.files import read_audio
from appliance.audio.ports import LISTENING_RATE, Samples
from appliance.clock import Clock
from appliance.engines.ports import Transcriber
from appliance.errors import AudioFileError
from appliance.ops.bench.conversation import Spread
from appliance.ops.bench.words import word_errors

MANIFEST = "manifest.jsonl"
LENGTHS_S = ((0.0, 3.0), (3.0, 5.0), (5.0, 30.0))
"""Lengths of utterances that are timed separately."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenText:
    """A recording and what is said in it."""

    file: str
    text: str
    pcm: Samples

    @property
    def seconds(self) -> float:
        """How long it is."""
        return len(self.pcm) / LISTENING_RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What became of a recording."""

    file: str
    seconds: float
    expected: str
    text: str
    rejected: str | None
    errors: int
    words: int
    ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SttFigures:
    """The result of `appliance bench stt`."""

    recordings: int
    speech_s: float
    snr_db: float | None
    """Of the noise that was added; None when there was none."""
    word_error_rate: float
    """Errors per word; a rejected recording has all its words missing."""
    rejected: int
    rtf: float
    """Seconds of work for a second of speech."""
    ms: Spread
    ms_by_length: dict[str, Spread]
    worst: tuple[Recognised, ...]
    """The recordings with the most errors."""


def load_speech(folder: Path, language: str = "en") -> list[SpokenText]:
    """Read the recordings that `manifest.jsonl` in `folder` lists: objects with `file`, `text` and `lang`, one a line.

    Lines in another language, without a text, or with `"wer": false` are left out. Raises AudioFileError when
    the manifest is missing or damaged, or nothing is left.
    """
    manifest = folder / MANIFEST
    remedy = f"Give a folder with recordings and a {MANIFEST} of file, text and lang."
    try:
        lines = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines() if line.strip()]
        chosen = [line for line in lines if line["lang"] == language and line["text"] and line.get("wer", True)]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise AudioFileError(f"{manifest}: cannot be read ({error})", remedy=remedy) from error
    if not chosen:
        raise AudioFileError(f"{manifest}: lists no recording with a text in {language!r}", remedy=remedy)
    return [SpokenText(file=line["file"], text=line["text"], pcm=read_audio(folder / line["file"])) for line in chosen]


def with_noise(speech: Sequence[SpokenText], noise: Samples, snr_db: float) -> list[SpokenText]:
    """Add `noise`, repeated as needed and each time from another place, at `snr_db` below the speech."""
    noisy, start = [], 0
    for item in speech:
        part = np.take(noise, range(start, start + len(item.pcm)), mode="wrap")
        gain = np.sqrt(np.mean(np.square(item.pcm)) / np.mean(np.square(part))) * 10 ** (-snr_db / 20)
        pcm = (item.pcm + gain * part).astype(np.float32)
        noisy.append(SpokenText(file=item.file, text=item.text, pcm=pcm))
        start += len(item.pcm)
    return noisy


async def measure_stt(
    transcriber: Transcriber,
    speech: Sequence[SpokenText],
    clock: Clock,
    *,
    snr_db: float | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> SttFigures:
    """Transcribe each recording with a final pass, one after another; `progress` is called with 1 after each."""
    await transcriber.transcribe(speech[0].pcm)  # the first pass allocates
    results = []
    for item in speech:
        began = clock.now()
        transcript = await transcriber.transcribe(item.pcm)
        ms = (clock.now() - began) * 1000
        errors, words = word_errors(item.text, transcript.text)
        results.append(
            Recognised(
                file=item.file,
                seconds=item.seconds,
                expected=item.text,
                text=transcript.text,
                rejected=transcript.rejected,
                errors=errors,
                words=words,
                ms=ms,
            )
        )
        progress(1)
    return _figures(results, snr_db)


def table(figures: Sequence[SttFigures]) -> Table:
    """Return the figures as a table, a row for each condition."""
    result = Table(title="speech recognition, final pass", title_justify="left")
    for column in ("", "WER %", "rejected", "p50 ms", "p95 ms", *figures[0].ms_by_length, "RTF"):
        result.add_column(column, justify="right" if column else "left")
    for row in figures:
        result.add_row(
            "as recorded" if row.snr_db is None else f"noise at {row.snr_db:g} dB",
            f"{row.word_error_rate * 100:.1f}",
            f"{row.rejected} of {row.recordings}",
            f"{row.ms.p50:.0f}",
            f"{row.ms.p95:.0f}",
            *(f"{spread.p50:.0f}" for spread in row.ms_by_length.values()),
            f"{row.rtf:.3f}",
        )
    return result


def _figures(results: Sequence[Recognised], snr_db: float | None) -> SttFigures:
    ms = Spread.of([result.ms for result in results])
    if ms is None:
        raise ValueError("nothing was measured")
    speech_s = sum(result.seconds for result in results)
    by_length = {
        f"{shortest:g}-{longest:g} s": spread
        for shortest, longest in LENGTHS_S
        if (spread := Spread.of([result.ms for result in results if shortest <= result.seconds < longest]))
    }
    return SttFigures(
        recordings=len(results),
        speech_s=speech_s,
        snr_db=snr_db,
        word_error_rate=sum(result.errors for result in results) / sum(result.words for result in results),
        rejected=sum(result.rejected is not None for result in results),
        rtf=sum(result.ms for result in results) / 1000 / speech_s,
        ms=ms,
        ms_by_length=by_length,
        worst=tuple(sorted(results, key=lambda result: result.errors, reverse=True)[:10]),
    )
