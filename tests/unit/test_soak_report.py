"""What counts as a fault, and how it is written down."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from appliance.audio.card import BLOCK_S, CAPTURE, PLAYOUT
from appliance.events import AudioRestarted, AudioXrun, DeviceFound, DeviceLost, EngineFailed, ToolFinished
from appliance.ops.bench.conversation import Spread
from appliance.ops.soak import Course, Outcome
from appliance.ops.soak_programme import Part
from appliance.ops.soak_report import Conditions, SoakFigures, as_json, as_markdown, figures, thinned
from appliance.ops.soak_watch import Punctuality, Sample, WatchedCard, Witness, sample
from tests.unit.audio_fakes import FakeCard, FakeClock

TOLD = Conditions(
    command="scripts/soak --turns 30",
    version="1.0",
    cpu="a processor",
    cores=2,
    others_percent=3.0,
    settings="voice speed 1",
    recordings="8 recordings",
    sound="PortAudio",
)


def taken(turn: int, rss_mib: float = 1000.0, threads: int = 9, descriptors: int = 20) -> Sample:
    return Sample(turn=turn, rss_mib=rss_mib, private_mib=500.0, threads=threads, descriptors=descriptors)


def outcome(part: Part = Part.QUESTION, ms: float | None = 800.0, *, cut_off: bool = False) -> Outcome:
    return Outcome(part=part, answered=ms is not None, cut_off=cut_off, first_sound_ms=ms)


def finished(*, ok: bool, **stamp: object) -> ToolFinished:
    return ToolFinished(**stamp, tool="t", ok=ok, empty=False, error_code="", duration_s=0.1, result={})  # type: ignore[arg-type]


def course(*outcomes: Outcome, samples: tuple[Sample, ...] = ()) -> Course:
    return Course(begun=100.0, ended=700.0, outcomes=list(outcomes), samples=list(samples))


def good(**changes: object) -> SoakFigures:
    card = WatchedCard(FakeCard(), FakeClock())
    result = figures(course(*[outcome()] * 30, samples=(taken(1), taken(10), taken(30))), Witness(), card, TOLD)
    return replace(result, **changes)  # type: ignore[arg-type]


def test_a_good_soak_has_no_faults() -> None:
    assert good().faults == []
    assert "**Verdict: passed.**" in as_markdown(good())


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"xruns": {PLAYOUT: 2}}, "sound was lost at playout (xruns: 2)"),
        ({"xruns": {CAPTURE: 1}}, "sound was lost at capture"),
        ({"lost": 2, "found": 1}, "the sound device was lost 2 times and found 1 times"),
        (
            {"asked": 100, "answered": 100, "first": Spread.of([800.0] * 50), "last": Spread.of([900.0] * 50)},
            "answers became slower: p95 1.12 times as long",
        ),
        ({"samples": (taken(10), taken(30, 1021.0))}, "memory grew by 2.1 %"),
        ({"samples": (taken(10), taken(30, threads=10))}, "threads leaked: 9 after turn 10, 10 at the end"),
        ({"samples": (taken(10), taken(30, descriptors=21))}, "descriptors leaked: 20 after turn 10, 21 at the end"),
        ({"asked": 100, "answered": 94}, "94 of 100 questions were answered"),
        ({"asked": 0, "answered": 0}, "nothing was asked"),
    ],
)
def test_each_fault_is_named(changes: dict[str, object], fault: str) -> None:
    result = good(**changes)
    assert len(result.faults) == 1
    assert fault in result.faults[0]
    assert fault in as_markdown(result)


@pytest.mark.parametrize(
    "changes",
    [
        {"samples": (taken(1, 500.0, threads=3), taken(10), taken(30))},
        {"samples": (taken(10), taken(30, 1019.0))},
        {"samples": (taken(10), taken(30, 900.0, threads=8, descriptors=19))},
        {"asked": 100, "answered": 95},
        {"late": {PLAYOUT: 3}},
        {"samples": (taken(1),)},
    ],
    ids=["the warm-up", "a little", "less", "95 of 100", "late without loss", "too short"],
)
def test_what_is_no_fault(changes: dict[str, object]) -> None:
    assert good(**changes).faults == []


def test_growth_and_slope_count_from_turn_10() -> None:
    result = good(samples=(taken(1, 1.0), taken(10, 1000.0), taken(60, 1005.0), taken(110, 1010.0)))
    assert result.growth_percent == pytest.approx(1.0)
    assert result.slope_mib == pytest.approx(10.0)
    assert result.late_growth_percent == pytest.approx(0.4975, abs=0.001)
    assert good(samples=(taken(1), taken(10))).growth_percent is None
    assert "too short" in as_markdown(good(samples=(taken(1),)))


def test_a_run_that_was_broken_off_says_so() -> None:
    assert "10.0 minutes, broken off by SIGINT\n" in as_markdown(good(conditions=replace(TOLD, broken_off="SIGINT")))
    assert "broken off" not in as_markdown(good())


def test_turns_are_counted_by_what_they_were_for() -> None:
    talk = course(
        outcome(ms=1000.0),
        outcome(ms=None),
        outcome(Part.CUT_IN, cut_off=True),
        outcome(Part.NOISE, None),
        outcome(Part.NOISE),
    )
    result = figures(talk, Witness(interrupted=1, refused=2), WatchedCard(FakeCard(), FakeClock()), TOLD)
    assert (result.turns, result.asked, result.answered, result.cut_off) == (5, 3, 2, 1)
    assert (result.noises, result.noises_answered, result.interrupted, result.refused) == (2, 1, 1, 2)
    assert result.minutes == 10.0


def test_the_first_and_the_last_50_answers_are_compared() -> None:
    talk = course(*[outcome(ms=float(ms)) for ms in range(1, 201)])
    result = figures(talk, Witness(), WatchedCard(FakeCard(), FakeClock()), TOLD)
    assert result.first is not None
    assert result.last is not None
    assert (result.first.p50, result.last.p50) == (25.5, 175.5)


def test_a_loaded_machine_is_called_one() -> None:
    loaded = as_markdown(good(conditions=replace(TOLD, others_percent=60.0)))
    assert "a loaded machine: other programs took 60 %" in loaded
    assert "sample, on a loaded machine |" in loaded
    assert "loaded" not in as_markdown(good())


def test_the_report_has_no_line_longer_than_a_table_needs_and_every_row_its_columns() -> None:
    text = as_markdown(good(errors={"engine": 2}))
    assert "2 × engine" in text
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in tables} == {4, 6}


def test_json_has_the_verdict() -> None:
    told = as_json(good(xruns={PLAYOUT: 2}))
    assert told["faults"] == ["sound was lost at playout (xruns: 2)"]
    assert told["growth_percent"] == 0.0


def test_many_samples_are_thinned_and_the_ends_stay() -> None:
    samples = [taken(turn) for turn in (1, *range(10, 2001, 10))]
    turns = [each.turn for each in thinned(samples)]
    assert (turns[0], turns[1], turns[-1]) == (1, 10, 2000)
    assert len(turns) <= 12
    assert thinned(samples[:3]) == samples[:3]


def test_the_witness_counts_what_concerns_the_whole_run() -> None:
    witness, stamp = Witness(), {"session_id": "s", "turn_id": 1, "epoch": 0, "t": 1.0}
    for event in (
        AudioXrun(**stamp, direction=PLAYOUT, count=2),  # type: ignore[arg-type]
        AudioXrun(**stamp, direction=PLAYOUT, count=1),  # type: ignore[arg-type]
        EngineFailed(**stamp, engine="llm", code="engine", detail="it broke"),  # type: ignore[arg-type]
        AudioRestarted(**stamp, reason="deaf", count=1),  # type: ignore[arg-type]
        DeviceLost(**stamp, direction=CAPTURE, detail="gone"),  # type: ignore[arg-type]
        DeviceFound(**stamp, direction=CAPTURE),  # type: ignore[arg-type]
        finished(ok=False, **stamp),
        finished(ok=True, **stamp),
    ):
        witness(event)
    assert (witness.xruns, witness.errors) == (Counter({PLAYOUT: 3}), Counter({"engine": 1}))
    assert (witness.restarts, witness.lost, witness.found, witness.tools_failed) == (1, 1, 1, 1)
    assert len(witness.take()) == 8
    assert witness.take() == []


def test_an_interval_longer_than_the_buffer_is_late() -> None:
    watched = Punctuality(limit_s=0.06)
    for now in (1.0, 1.02, 1.07, 1.14):
        watched.called(now)
    assert watched.late == 1
    assert watched.longest_s == pytest.approx(0.07)
    watched.begin()
    watched.called(9.0)
    assert watched.late == 1


def test_a_watched_card_times_both_callbacks_and_passes_the_sound_on() -> None:
    card, clock = FakeCard(output_latency_s=0.04), FakeClock()
    watched = WatchedCard(card, clock)
    heard: list[float] = []
    watched.start(lambda block: heard.append(float(block[0])), lambda block: block.fill(0.5))
    out = np.zeros(4, np.float32)
    for wait_s in (0.02, 0.02, 0.09):
        card.exchange(np.full(4, 0.25, np.float32), out)
        clock.advance(wait_s)
    card.exchange(np.full(4, 0.25, np.float32), out)
    assert heard == [0.25] * 4
    assert out.tolist() == [0.5] * 4
    for direction in (CAPTURE, PLAYOUT):
        assert watched.punctuality[direction].limit_s == pytest.approx(0.04 + BLOCK_S)
        assert watched.punctuality[direction].late == 1
        assert watched.punctuality[direction].longest_s == pytest.approx(0.09)
    watched.stop()
    assert card.on_capture is None


def test_a_sample_is_of_this_process() -> None:
    now = sample(7)
    assert now.turn == 7
    assert 0.0 < now.private_mib < now.rss_mib
    assert now.threads >= 1
    assert now.descriptors >= 3
