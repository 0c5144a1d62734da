"""Word error rate, the manifest, and the figures, with a recogniser that hears what it is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from appliance.audio.files import write_wav
from appliance.audio.ports import LISTENING_RATE, Samples
from appliance.engines.ports import Transcript
from appliance.errors import AudioFileError
from appliance.ops.bench.stt import SpokenText, load_speech, measure_stt, table, with_noise
from appliance.ops.bench.words import normalise, word_errors
from tests.scenario.virtual import VirtualClock, VirtualLoop


class ByLength:
    """A recogniser that knows a recording by its seconds and takes 100 ms for each."""

    def __init__(self, answers: dict[int, Transcript], clock: VirtualClock) -> None:
        self._answers = answers
        self._clock = clock

    async def transcribe(self, pcm: Samples, *, final: bool = True) -> Transcript:
        assert final
        seconds = len(pcm) // LISTENING_RATE
        await self._clock.sleep(0.1 * seconds)
        return self._answers[seconds]


def heard(text: str, rejected: str | None = None) -> Transcript:
    return Transcript(text=text, confidence=0.9, rejected=rejected)


def tone(seconds: float) -> Samples:
    return (0.2 * np.sin(np.arange(int(seconds * LISTENING_RATE)) / 5)).astype(np.float32)


@pytest.mark.parametrize(
    ("written", "spoken"),
    [
        ("Half past 2, on the 21st.", "half past two on the twenty first"),
        ("$1,250 — that's 50%!", "one thousand two hundred and fifty that is fifty percent"),
        ("I can’t, won’t and they'll", "i can not will not and they will"),  # noqa: RUF001 - as Whisper may write it
        ("2.5 kilos & O'Brien", "two point five kilos and o'brien"),
        ("'Quoted'", "quoted"),
        ("…", ""),
    ],
)
def test_the_same_words_are_written_alike(written: str, spoken: str) -> None:
    assert " ".join(normalise(written)) == spoken


@pytest.mark.parametrize(
    ("reference", "hypothesis", "errors"),
    [
        ("five spoons", "5 spoons", (0, 2)),
        ("the blue cheese", "blue cheeses", (2, 3)),
        ("next", "", (1, 1)),
        ("next", "the next one", (2, 1)),
    ],
)
def test_word_errors(reference: str, hypothesis: str, errors: tuple[int, int]) -> None:
    assert word_errors(reference, hypothesis) == errors


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines: list[dict[str, str | bool | None]] = [
        {"file": "a.wav", "text": "good morning", "lang": "en"},
        {"file": "b.wav", "text": "buenos dias", "lang": "es"},
        {"file": "c.wav", "text": "one two three", "lang": "en", "wer": True},
        {"file": "d.wav", "text": "hesitates", "lang": "en", "wer": False},
        {"file": "e.wav", "text": None, "lang": "en"},
    ]
    for line in lines:
        write_wav(tmp_path / str(line["file"]), tone(1.0), LISTENING_RATE)
    (tmp_path / "manifest.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", encoding="utf-8")
    return tmp_path


def test_the_manifest_says_what_is_measured(folder: Path) -> None:
    assert [(item.file, item.text, item.seconds) for item in load_speech(folder)] == [
        ("a.wav", "good morning", 1.0),
        ("c.wav", "one two three", 1.0),
    ]


def remove_manifest(folder: Path) -> None:
    (folder / "manifest.jsonl").unlink()


def break_manifest(folder: Path) -> None:
    (folder / "manifest.jsonl").write_text('{"file": ')


def forget_language(folder: Path) -> None:
    (folder / "manifest.jsonl").write_text('{"file": "a.wav", "text": "good morning"}')


def empty_manifest(folder: Path) -> None:
    (folder / "manifest.jsonl").write_text("\n")


def damage_recording(folder: Path) -> None:
    (folder / "a.wav").write_bytes(b"RIFF")


@pytest.mark.parametrize("spoil", [remove_manifest, break_manifest, forget_language, empty_manifest, damage_recording])
def test_a_folder_that_cannot_be_used_is_named(folder: Path, spoil: Callable[[Path], None]) -> None:
    spoil(folder)
    with pytest.raises(AudioFileError, match=str(folder)) as caught:
        load_speech(folder)
    assert caught.value.remedy


def test_noise_lies_as_far_below_the_speech_as_asked() -> None:
    speech = [SpokenText(file="a", text="a", pcm=tone(3.0)), SpokenText(file="b", text="b", pcm=0.1 * tone(2.0))]
    noise = np.random.default_rng(0).standard_normal(LISTENING_RATE).astype(np.float32)
    for clean, noisy in zip(speech, with_noise(speech, noise, 10.0), strict=True):
        ratio = np.mean(np.square(clean.pcm)) / np.mean(np.square(noisy.pcm - clean.pcm))
        assert 10 * np.log10(ratio) == pytest.approx(10.0, abs=0.01)


def test_the_figures_add_up() -> None:
    speech = [
        SpokenText(file="two", text="good morning", pcm=tone(2.0)),
        SpokenText(file="four", text="one two three four", pcm=tone(4.0)),
        SpokenText(file="six", text="and so on", pcm=tone(6.0)),
    ]
    clock = VirtualClock()
    answers = {2: heard("Good morning."), 4: heard("1 2 4"), 6: heard("", "no-speech")}
    loop = VirtualLoop()
    try:
        figures = loop.run_until_complete(measure_stt(ByLength(answers, clock), speech, clock, snr_db=10.0))
    finally:
        loop.close()
    assert figures.word_error_rate == pytest.approx(4 / 9)
    assert (figures.recordings, figures.rejected, figures.speech_s) == (3, 1, 12.0)
    assert figures.rtf == pytest.approx(0.1)
    assert figures.ms.p50 == pytest.approx(400)
    assert {name: spread.p50 for name, spread in figures.ms_by_length.items()} == pytest.approx(
        {"0-3 s": 200, "3-5 s": 400, "5-30 s": 600}
    )
    assert [result.file for result in figures.worst] == ["six", "four", "two"]
    assert table([figures]).row_count == 1
