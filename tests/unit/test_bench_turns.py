from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soxr
from rich.console import Console

from appliance.audio.files import write_wav
from appliance.audio.ports import Samples
from appliance.config.models import Config, TurnConfig
from appliance.engines.ports import Speech, Transcript
from appliance.errors import UsageError
from appliance.ops.bench.turn_cases import (
    TurnCase,
    load_folder,
    spoken_cases,
    turn_case,
    with_babble,
    with_pause,
    with_pauses,
)
from appliance.ops.bench.turn_report import barge_in_table, turn_table
from appliance.ops.bench.turns import Bench, barge_in_figures, run_barge_ins, run_turns, turn_figures

RATE = 16_000
CONFIG = Config(turn=TurnConfig(clear_end_ms=250))


class Loudness:
    """Hears speech in what is loud."""

    def probability(self, frame: Samples) -> float:
        return float(np.sqrt(np.mean(np.square(frame))) > 0.01)

    def reset(self) -> None:
        pass


class FixedTurn:
    """Has always the same opinion."""

    def __init__(self, probability: float) -> None:
        self.probability = probability

    async def finished(self, pcm: Samples) -> float:
        assert pcm.size
        return self.probability


class FixedWords:
    """Understands always the same."""

    def __init__(self, text: str) -> None:
        self.text = text

    async def transcribe(self, pcm: Samples, *, final: bool = True) -> Transcript:
        assert pcm.size
        return Transcript(text=self.text, confidence=0.9 if final else 0.8)


def tone(seconds: float) -> Samples:
    """A voice: a tone in syllables of 200 ms."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.2 * np.sin(2 * np.pi * 180 * time) * (0.6 + 0.4 * np.sin(2 * np.pi * 5 * time))).astype(np.float32)


def case(seconds: float = 3.0) -> TurnCase:
    quiet = np.zeros(RATE // 2, np.float32)
    made = turn_case("tone", np.concatenate((quiet, tone(seconds), quiet)))
    assert made is not None
    return made


def bench(probability: float = 0.98, text: str = "What time is it?") -> Bench:
    return Bench(config=CONFIG, voice=Loudness(), turn=FixedTurn(probability), transcriber=FixedWords(text))


async def test_a_clear_end_is_found_soon() -> None:
    calls: list[int] = []
    (outcome,) = await run_turns(bench(), [case()], lambda: calls.append(1))
    assert not outcome.cut_off
    assert not outcome.missed
    assert outcome.reason == "semantic"
    assert outcome.delay_ms == pytest.approx(256, abs=48)
    assert calls == [1]


@pytest.mark.parametrize(
    ("probability", "text", "cut_off"),
    [(0.98, "What time is it?", True), (0.2, "What time is it?", False), (0.8, "I'd like to", False)],
)
async def test_a_pause_of_600_ms(probability: float, text: str, cut_off: bool) -> None:
    (outcome,) = await run_turns(bench(probability, text), [with_pause(case(), 600)], lambda: None)
    assert outcome.cut_off is cut_off
    assert outcome.pauses == (1 if cut_off else 2)
    assert (outcome.delay_ms is None) is cut_off


async def test_a_turn_that_is_not_heard_is_missed() -> None:
    silent = TurnCase(name="silent", pcm=np.zeros(2 * RATE, np.float32), first_voiced=100, last_voiced=RATE)
    outcomes = await run_turns(bench(), [silent], lambda: None)
    assert outcomes[0].missed
    assert turn_figures(outcomes).missed_percent == 100.0


async def test_words_stop_a_reply_and_backchannels_do_not() -> None:
    words = await run_barge_ins(bench(text="wait"), [case(2.0)], lambda: None)
    nods = await run_barge_ins(bench(text="Mm-hm."), [case(0.4)], lambda: None)
    figures = barge_in_figures(words, nods)
    assert figures.missed_percent == 0.0
    assert figures.backchannel_errors_percent == 0.0
    assert figures.latency_ms is not None
    assert 300 <= figures.latency_ms.p50 <= 700


async def test_figures_and_tables() -> None:
    outcomes = await run_turns(bench(), with_pauses([case(), case(1.0)], (0, 800)), lambda: None)
    figures = turn_figures(outcomes)
    assert figures.turns == 3
    assert figures.cut_off_percent == {"0": 0.0, "800": 100.0}
    assert figures.reasons == {"semantic": 2}
    console = Console(record=True, width=100, force_terminal=False)
    console.print(turn_table({"quiet": figures}), barge_in_table({"quiet": barge_in_figures([], [])}))
    shown = console.export_text()
    assert "cut off at a pause of 800 ms" in shown
    assert "100.0 %" in shown


def test_a_pause_lengthens_the_turn_where_it_is_quietest() -> None:
    plain = case()
    paused = with_pause(plain, 500)
    assert len(paused.pcm) == len(plain.pcm) + 8000
    assert paused.last_voiced == plain.last_voiced + 8000
    middle = paused.pcm[paused.first_voiced : paused.last_voiced]
    quiet = np.convolve(np.abs(middle), np.ones(8000) / 8000, "valid").min()
    assert quiet < 0.001


def test_babble_lies_ten_decibels_below_the_person() -> None:
    (noisy, _) = with_babble([case(), case()])
    voice = noisy.pcm[noisy.first_voiced : noisy.last_voiced]
    background = noisy.pcm[: RATE // 2]
    ratio = 10 * np.log10(np.mean(voice**2) / np.mean(background**2))
    assert 9 < ratio < 12


class Piping:
    """Speaks a tone, or nothing."""

    speed = 1.0

    async def synthesise(self, text: str) -> Speech:
        pcm = tone(0.5) if text else np.zeros(RATE, np.float32)
        return Speech(text=text, pcm=soxr.resample(pcm, RATE, 24_000), sample_rate=24_000)

    def set_speed(self, speed: float) -> None:
        raise NotImplementedError


async def test_what_nobody_recorded_is_synthesised() -> None:
    (spoken,) = await spoken_cases(Piping(), ["Yeah.", ""])
    assert spoken.name == "Yeah."
    assert spoken.last_voiced - spoken.first_voiced == pytest.approx(RATE / 2, abs=400)


def test_silence_is_no_case() -> None:
    assert turn_case("silence", np.zeros(RATE, np.float32)) is None


def test_a_folder_is_read_by_its_manifest(tmp_path: Path) -> None:
    for name in ("a.wav", "b.wav"):
        write_wav(tmp_path / name, np.pad(tone(1.0), RATE // 2), RATE)
    lines = [{"file": "a.wav", "lang": "en"}, {"file": "b.wav", "lang": "es"}]
    (tmp_path / "manifest.jsonl").write_text("\n".join(json.dumps(line) for line in lines) + "\n\n")
    assert [found.name for found in load_folder(tmp_path)] == ["a.wav"]


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (None, "manifest.jsonl is missing"),
        ("{", r"manifest\.jsonl:1: not a JSON object"),
        ("[]", r"manifest\.jsonl:1: not a JSON object"),
        ('{"lang": "en"}', r"manifest\.jsonl:1: not a JSON object"),
        ("", "lists no speech"),
    ],
)
def test_a_bad_folder_is_explained(tmp_path: Path, manifest: str | None, message: str) -> None:
    if manifest is not None:
        (tmp_path / "manifest.jsonl").write_text(manifest)
    with pytest.raises(UsageError, match=message):
        load_folder(tmp_path)
