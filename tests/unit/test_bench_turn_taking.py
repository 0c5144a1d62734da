from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from appliance.ops.bench.report import rounded
from appliance.ops.bench.turn_cases import evenly, with_noise
from appliance.ops.bench.turn_figures import BargeInOutcome, barge_in_figures
from appliance.ops.bench.turn_report import plot_turns, turn_json
from appliance.ops.bench.turn_taking import TurnTaking, measure_turn_taking, scenes
from tests.unit.test_bench_turns import RATE, bench, case


async def taking() -> TurnTaking:
    noise = np.random.default_rng(0).normal(0.0, 1.0, RATE).astype(np.float32)
    return await measure_turn_taking(bench(), scenes([case()], [case(1.0)], [case(0.4)], 40.0, noise), lambda _: None)


async def test_every_condition_has_the_same_words() -> None:
    conditions = scenes([case()], [case(1.0)], [case(0.4)], 10.0)
    assert list(conditions) == ["quiet", "babble at 10 dB"]
    quiet, babble = conditions.values()
    assert len(quiet) == len(babble) == 4 + 2 + 1
    assert [each.name for each in quiet.turns] == [each.name for each in babble.turns]
    assert not np.array_equal(quiet.turns[0].pcm, babble.turns[0].pcm)


async def test_figures_of_every_condition() -> None:
    found = await taking()
    assert set(found.turns) == set(found.barge_ins) == {"quiet", "noise at 40 dB"}
    assert found.turns["quiet"].turns == 4
    assert found.barge_ins["quiet"].interruptions == 2
    assert found.barge_ins["quiet"].backchannels == 1
    assert len(found.delays_ms["quiet"]) >= 1
    assert len(found.latencies_ms["quiet"]) == 2
    assert list(found.backgrounds) == ["noise at 40 dB"]


async def test_json_and_plot(tmp_path: Path) -> None:
    found = await taking()
    shown = json.loads(json.dumps(turn_json(found, {"recordings": 1})))
    assert shown["conditions"] == {"recordings": 1}
    assert shown["turns"]["quiet"]["cut_off_percent"]["0"] == 0.0
    assert len(shown["delay_deciles_ms"]["quiet"]) == 11
    plot_turns(found, tmp_path / "turns.png")
    assert (tmp_path / "turns.png").read_bytes().startswith(b"\x89PNG")


def test_what_the_background_stopped_was_no_interruption() -> None:
    outcomes = [BargeInOutcome(name="a", accepted=True, latency_ms=value, silent_ms=value) for value in (-40.0, 400.0)]
    figures = barge_in_figures(
        [*outcomes, BargeInOutcome(name="b", accepted=False, latency_ms=None, silent_ms=None)], []
    )
    assert figures.early_percent == figures.missed_percent == pytest.approx(100 / 3)
    assert figures.latency_ms is not None
    assert figures.latency_ms.p50 == 400.0


def test_noise_lies_so_far_below_the_person() -> None:
    noise = np.random.default_rng(0).normal(0.0, 1.0, RATE).astype(np.float32)
    quiet, (noisy,) = case(), with_noise([case()], noise, 20.0)
    difference = noisy.pcm - quiet.pcm
    voice = quiet.pcm[quiet.first_voiced : quiet.last_voiced]
    assert 10 * np.log10(np.mean(voice**2) / np.mean(difference**2)) == pytest.approx(20.0, abs=1.0)


@pytest.mark.parametrize(("limit", "lengths"), [(2, [1.0, 2.0]), (9, [1.0, 1.5, 2.0, 2.5])])
def test_a_limited_set_is_taken_from_the_whole(limit: int, lengths: list[float]) -> None:
    cases = [case(seconds) for seconds in (1.0, 1.5, 2.0, 2.5)]
    found = [(each.last_voiced - each.first_voiced) / RATE for each in evenly(cases, limit)]
    assert found == pytest.approx(lengths, abs=0.05)


def test_figures_are_rounded_to_what_they_are_worth() -> None:
    assert rounded({"a": (1.23456, [2.0, None]), "b": "x", "c": 3}) == {"a": [1.235, [2.0, None]], "b": "x", "c": 3}
