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
    background,
    find_speech,
    load_folder,
    spoken_cases,
    turn_case,
    with_babble,
    with_pause,
    with_pauses,
)
from appliance.ops.bench.turn_figures import Ending, barge_in_figures, turn_figures
from appliance.ops.bench.turn_report import background_table, barge_in_table, turn_table
from appliance.ops.bench.turns import Bench, run_background, run_barge_ins, run_turns

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
    """Understands always the same, or nothing."""

    def __init__(self, text: str) -> None:
        self.text = text

    async def transcribe(self, pcm: Samples, *, final: bool = True) -> Transcript:
        assert pcm.size
        rejected = None if self.text else "no-speech"
        return Transcript(text=self.text, confidence=0.9 if final else 0.8, rejected=rejected)


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
    assert outcome.ending is Ending.WAITED
    assert outcome.reason == "semantic"
    assert outcome.delay_ms == pytest.approx(256, abs=48)
    assert outcome.first_sound_ms == pytest.approx(600, abs=48)
    assert calls == [1]


@pytest.mark.parametrize(
    ("probability", "text", "pause_ms", "ending", "prepared"),
    [
        pytest.param(0.98, "What time is it?", 800, Ending.CUT_OFF, 1, id="the answer is heard in the pause"),
        pytest.param(0.98, "What time is it?", 400, Ending.JOINED, 2, id="the person goes on before the first sound"),
        pytest.param(0.98, "", 1200, Ending.CUT_OFF, 1, id="it says that it did not understand"),
        pytest.param(0.2, "What time is it?", 600, Ending.WAITED, 2, id="the voice says that more is to come"),
        pytest.param(0.8, "I'd like to", 600, Ending.WAITED, 2, id="the words say it"),
    ],
)
async def test_a_pause(probability: float, text: str, pause_ms: int, ending: Ending, prepared: int) -> None:
    (outcome,) = await run_turns(bench(probability, text), [with_pause(case(), pause_ms)], lambda: None)
    assert outcome.ending is ending
    assert outcome.pauses == prepared
    assert (outcome.delay_ms is None) is (ending is Ending.CUT_OFF)


async def test_a_knock_before_the_turn_cuts_nothing_off() -> None:
    knock = np.concatenate((tone(0.2), np.zeros(RATE, np.float32), tone(2.0)))
    made = turn_case("knock", np.pad(knock, RATE // 2))
    assert made is not None
    (answered,) = await run_turns(bench(), [made], lambda: None)
    assert answered.ending is Ending.CUT_OFF
    (unheard,) = await run_turns(bench(text=""), [made], lambda: None)
    assert unheard.ending is Ending.WAITED
    assert unheard.delay_ms is not None
    assert unheard.delay_ms > 0


async def test_a_turn_that_is_not_heard_is_missed() -> None:
    silent = TurnCase(name="silent", pcm=np.zeros(2 * RATE, np.float32), first_voiced=100, last_voiced=RATE)
    outcomes = await run_turns(bench(), [silent], lambda: None)
    assert outcomes[0].ending is Ending.MISSED
    assert outcomes[0].delay_ms is None
    assert turn_figures(outcomes).missed_percent == 100.0


async def test_words_stop_a_reply_and_backchannels_do_not() -> None:
    words = await run_barge_ins(bench(text="wait"), [case(2.0)], lambda: None)
    nods = await run_barge_ins(bench(text="Mm-hm."), [case(0.4)], lambda: None)
    figures = barge_in_figures(words, nods)
    assert figures.missed_percent == 0.0
    assert figures.backchannel_errors_percent == 0.0
    assert figures.latency_ms is not None
    assert 300 <= figures.latency_ms.p50 <= 500
    assert figures.silent_ms is not None
    assert figures.silent_ms.p50 <= figures.latency_ms.p50


async def test_what_is_not_understood_holds_the_reply_for_a_moment() -> None:
    (outcome,) = await run_barge_ins(bench(text=""), [case(0.45)], lambda: None)
    assert not outcome.accepted
    assert 0 < outcome.gap_ms < 500
    figures = barge_in_figures([], [outcome])
    assert figures.backchannel_gaps_percent == 100.0
    assert figures.backchannel_errors_percent == 0.0
    assert figures.backchannel_gap_ms is not None


@pytest.mark.parametrize(("text", "rates"), [("Stop.", (0, 0, 60)), ("", (60, 60, 0))])
async def test_what_the_background_does_by_itself(text: str, rates: tuple[int, int, int]) -> None:
    short, long = (np.pad(tone(seconds), (RATE, RATE)) for seconds in (0.45, 1.0))
    pcm = np.concatenate((short, long) if not text else (long, np.zeros(len(short), np.float32)))
    figures = await run_background(bench(text=text), np.pad(pcm, (0, 60 * RATE - len(pcm))))
    assert figures.minutes == 1.0
    assert (figures.holds_per_hour, figures.by_sound_per_hour, figures.by_words_per_hour) == rates


async def test_figures_and_tables() -> None:
    outcomes = await run_turns(bench(), with_pauses([case(), case(1.0)], (0, 800)), lambda: None)
    figures = turn_figures(outcomes)
    assert figures.turns == 3
    assert figures.cut_off_percent == {"0": 0.0, "800": 100.0}
    assert figures.joined_percent == {"0": 0.0, "800": 0.0}
    assert figures.reasons == {"semantic": 2}
    console = Console(record=True, width=100, force_terminal=False)
    console.print(turn_table({"quiet": figures}), barge_in_table({"quiet": barge_in_figures([], [])}))
    console.print(background_table({"babble": await run_background(bench(), np.zeros(RATE, np.float32))}))
    shown = console.export_text()
    assert "cut off, at a pause of 800 ms" in shown
    assert "held for a moment" in shown
    assert "100.0 %" in shown


def test_a_knock_before_the_voice_is_passed_over() -> None:
    knock = np.concatenate((tone(0.1), np.zeros(RATE, np.float32), tone(2.0)))
    made = turn_case("knock", np.pad(knock, RATE // 2))
    assert made is not None
    assert made.first_spoken == made.first_voiced
    found = find_speech(made, Loudness(), 0.5)
    assert found.first_voiced == made.first_voiced
    assert (found.first_spoken - made.first_voiced) / RATE == pytest.approx(1.1 - 0.2, abs=0.05)
    assert find_speech(case(), Loudness(), 0.5).first_spoken == case().first_voiced
    silent = TurnCase(name="silent", pcm=np.zeros(RATE, np.float32), first_voiced=100, last_voiced=200)
    assert find_speech(silent, Loudness(), 0.5).first_spoken == 100


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


@pytest.mark.parametrize("noise", [None, np.ones(RATE, np.float32)])
def test_the_background_alone_is_as_loud_as_behind_a_person(noise: Samples | None) -> None:
    person = case()
    pcm = background([person], 10.0, noise, 5.0)
    voice = person.pcm[person.first_voiced : person.last_voiced]
    assert len(pcm) == 5 * RATE
    assert 9 < 10 * np.log10(np.mean(voice**2) / np.mean(pcm**2)) < 12


class Piping:
    """Speaks a tone, or nothing."""

    speed = 1.0

    async def synthesise(self, text: str) -> Speech:
        pcm = tone(0.5 / self.speed) if text else np.zeros(RATE, np.float32)
        return Speech(text=text, pcm=soxr.resample(pcm, RATE, 24_000), sample_rate=24_000)

    def set_speed(self, speed: float) -> None:
        self.speed = speed


async def test_what_nobody_recorded_is_synthesised_at_several_speeds() -> None:
    voice = Piping()
    spoken, faster = await spoken_cases(voice, ["Yeah.", ""], (1.0, 2.0))
    assert voice.speed == 1.0
    assert spoken.name == faster.name == "Yeah."
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
