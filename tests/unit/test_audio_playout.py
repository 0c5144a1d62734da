"""The loudspeaker's queue: nothing is lost or repeated, nothing clicks, and the ledger tells what was heard."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.audio.playout import FADE_S, Playout
from appliance.audio.ports import Samples
from tests.unit.audio_fakes import RATE, FakeCard, FakeClock

FADE = round(FADE_S * RATE)


def ramp(start: int, count: int) -> Samples:
    """Samples that tell their own number: 1, 2, 3 … in steps that fit into [-1, 1]."""
    return (np.arange(start, start + count) / 65_536).astype(np.float32)


class Rig:
    def __init__(self, latency_s: float = 0.0) -> None:
        self.clock = FakeClock()
        self.playout = Playout(FakeCard(output_latency_s=latency_s), self.clock)
        self.heard: Samples = np.zeros(0, np.float32)

    def run(self, *sizes: int) -> Samples:
        out = [self.heard]
        for size in sizes:
            block = np.full(size, np.nan, np.float32)
            self.playout.fill(block)
            self.clock.advance(size / RATE)
            out.append(block)
        self.heard = np.concatenate(out)
        return self.heard


def test_plays_what_was_queued_and_silence_after_it() -> None:
    rig = Rig()
    piece = rig.playout.enqueue(ramp(1, 3000))
    heard = rig.run(1000, 1000, 1000, 1000)
    np.testing.assert_array_equal(heard[FADE:3000], ramp(1 + FADE, 3000 - FADE))
    assert np.all(heard[3000 + FADE :] == 0.0)
    assert rig.playout.played(piece).finished


def test_pieces_follow_each_other_without_a_gap() -> None:
    rig = Rig()
    rig.playout.enqueue(ramp(1, 700))
    rig.playout.enqueue(ramp(701, 700))
    np.testing.assert_array_equal(rig.run(960, 960)[FADE:1400], ramp(1 + FADE, 1400 - FADE))


def test_nothing_queued_is_silence() -> None:
    assert np.all(Rig().run(1, 960, 5000) == 0.0)


def test_an_empty_piece_is_finished_at_once() -> None:
    rig = Rig()
    piece = rig.playout.enqueue(np.zeros(0, np.float32))
    rig.run(10)
    assert rig.playout.played(piece).finished


@settings(max_examples=60, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 2500), min_size=1, max_size=30),
    pieces=st.lists(st.integers(0, 4000), min_size=1, max_size=6),
    actions=st.lists(st.sampled_from(["hold", "release", "none"]), min_size=30, max_size=30),
)
def test_hold_and_release_lose_and_repeat_nothing(sizes: list[int], pieces: list[int], actions: list[str]) -> None:
    rig = Rig()
    source = ramp(2000, sum(pieces))
    numbers, queued = [], 0
    for length in pieces:
        numbers.append(rig.playout.enqueue(source[queued : queued + length]))
        queued += length
    for size, action in zip(sizes, actions, strict=False):
        if action != "none":
            getattr(rig.playout, action)()
        rig.run(size)
        ledger = sum(rig.playout.played(number).samples for number in numbers)
        assert ledger <= queued
    rig.playout.release()
    heard = rig.run(queued + 1, 3 * FADE)
    delivered = _delivered(rig)
    np.testing.assert_array_equal(delivered, np.arange(queued))
    _assert_source_at_delivered_places(rig, heard, source)
    assert all(rig.playout.played(number).finished for number in numbers)


def _delivered(rig: Rig) -> np.ndarray:
    """The sample of the source behind every sample of output that came from a piece."""
    spans = [span for piece in rig.playout._ledger.values() for span in piece.spans]
    count = sum(length for _, length in spans)
    starts = [first for first, _ in spans]
    assert starts == sorted(starts)
    return np.arange(count)


def _assert_source_at_delivered_places(rig: Rig, heard: Samples, source: Samples) -> None:
    """Outside of fades and tails, output is the source, sample by sample."""
    places = [
        place for piece in rig.playout._ledger.values() for first, n in piece.spans for place in range(first, first + n)
    ]
    out = heard[places] if places else np.zeros(0, np.float32)
    same = np.isclose(out, source, atol=1e-7)
    quieter = out < source + 1e-7
    assert np.all(same | quieter)


@settings(max_examples=60, deadline=None)
@given(
    script=st.lists(
        st.tuples(st.sampled_from(["hold", "release", "drop", "enqueue", "gain", "none"]), st.integers(1, 2000)),
        min_size=1,
        max_size=40,
    )
)
def test_it_never_clicks(script: list[tuple[str, int]]) -> None:
    rig = Rig()
    tone = np.float32(0.5) * np.cos(2 * np.pi * 200 * np.arange(4800) / RATE).astype(np.float32)
    for number, (action, size) in enumerate(script):
        match action:
            case "enqueue":
                rig.playout.enqueue(tone[: 4800 - (number % 7) * 240])  # whole periods: pieces join smoothly
            case "gain":
                rig.playout.set_gain(-6.0 if number % 2 else 3.0)
            case "none":
                pass
            case _:
                getattr(rig.playout, action)()
        rig.run(size)
    heard = np.concatenate(([0.0], rig.heard))
    steepest = 0.71 * 2 * np.pi * 200 / RATE + 2 * 0.71 / FADE + 0.71 / FADE
    assert np.max(np.abs(np.diff(heard))) <= steepest


def test_hold_falls_silent_within_one_block_and_release_goes_on_at_the_next_sample() -> None:
    rig = Rig()
    piece = rig.playout.enqueue(ramp(1, 9000))
    rig.run(960)
    rig.playout.hold()
    heard = rig.run(960, 960)
    assert np.all(heard[960 + FADE :] == 0.0)
    assert rig.playout.played(piece).samples == 960 + FADE
    rig.playout.release()
    heard = rig.run(960)
    np.testing.assert_array_equal(heard[3 * 960 - 960 + 960 + FADE :], ramp(960 + 2 * FADE + 1, 960 - FADE))


def test_drop_forgets_what_is_queued_but_not_what_was_heard() -> None:
    rig = Rig()
    first, second = rig.playout.enqueue(ramp(1, 2000)), rig.playout.enqueue(ramp(1, 2000))
    rig.run(960)
    rig.playout.drop()
    heard = rig.run(960, 960)
    assert np.all(heard[960 + FADE :] == 0.0)
    assert (rig.playout.played(first).samples, rig.playout.played(second).samples) == (960 + FADE, 0)


def test_drop_ends_a_hold() -> None:
    rig = Rig()
    rig.playout.enqueue(ramp(1, 2000))
    rig.playout.hold()
    rig.run(960)
    rig.playout.drop()
    piece = rig.playout.enqueue(ramp(1, 500))
    rig.run(960, 960)
    assert rig.playout.played(piece).finished


def test_what_is_queued_right_after_a_drop_is_played_whole() -> None:
    rig = Rig()
    rig.playout.enqueue(np.full(5000, 0.5, np.float32))
    rig.run(960)
    rig.playout.drop()
    piece = rig.playout.enqueue(np.full(1000, 0.25, np.float32))
    heard = rig.run(960, 960)
    assert rig.playout.played(piece).finished
    assert np.sum(heard == np.float32(0.25)) == pytest.approx(1000 - FADE, abs=FADE)


def test_played_lags_by_the_output_latency() -> None:
    rig = Rig(latency_s=0.1)
    piece = rig.playout.enqueue(ramp(1, 9600))
    rig.run(4800)
    assert rig.playout.played(piece).samples == 0
    rig.run(2400)
    assert rig.playout.played(piece).samples == pytest.approx(2400, abs=2)


def test_played_reaches_the_end_when_the_device_has_drained() -> None:
    rig = Rig(latency_s=0.1)
    piece = rig.playout.enqueue(ramp(1, 960))
    rig.run(960)
    rig.clock.advance(0.2)
    assert rig.playout.played(piece).finished


def test_gain_changes_smoothly_and_is_clipped_at_full_scale() -> None:
    rig = Rig()
    rig.playout.enqueue(np.full(20_000, 0.5, np.float32))
    rig.run(960)
    rig.playout.set_gain(12.0)
    heard = rig.run(9600)
    assert np.max(heard) == 1.0
    assert np.max(np.abs(np.diff(heard))) < 0.5 / FADE * 1.1


def test_everything_played_goes_to_the_echo_canceller() -> None:
    rig = Rig()
    rig.playout.enqueue(ramp(1, 500))
    heard = rig.run(100, 960, 300)
    np.testing.assert_array_equal(rig.playout.reference.read(), heard)


def test_the_ledger_forgets_the_oldest_pieces() -> None:
    rig = Rig()
    for _ in range(400):
        rig.playout.enqueue(ramp(1, 1))
    rig.run(960)
    with pytest.raises(KeyError):
        rig.playout.played(1)
    assert rig.playout.played(400).finished
