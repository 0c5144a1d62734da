"""Streams are converted without shift, whatever the sizes of their blocks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.audio.ports import Samples
from appliance.audio.resample import StreamResampler, resample

RATES = [8_000, 22_050, 44_100, 48_000, 96_000]


def chord(rate: int, count: int) -> Samples:
    time = np.arange(count) / rate
    notes = np.array([100.0, 440.0, 1000.0, 3000.0])
    sound: Samples = np.sin(2 * np.pi * np.outer(time, notes) + notes).mean(axis=1).astype(np.float32)
    return sound


@pytest.mark.parametrize("rate", RATES)
def test_a_chord_comes_out_at_the_same_place(rate: int) -> None:
    resampler, source = StreamResampler(rate, 16_000), chord(rate, rate)
    sizes = np.random.default_rng(0).integers(1, 2000, 2000)
    edges = np.cumsum(sizes)[np.cumsum(sizes) < rate]
    out = np.concatenate([resampler.process(block) for block in np.split(source, edges)])
    error = (out - chord(16_000, len(out)))[200:]
    assert len(out) >= 16_000 * (1 - 0.004)
    assert 20 * np.log10(np.std(error) / 0.35) < -60


@settings(max_examples=30, deadline=None)
@given(edges=st.lists(st.integers(0, 4410), max_size=12), rate=st.sampled_from(RATES))
def test_the_cuts_do_not_matter(edges: list[int], rate: int) -> None:
    source = chord(rate, 4410)
    whole = StreamResampler(rate, 16_000).process(source)
    resampler = StreamResampler(rate, 16_000)
    parts = [resampler.process(block) for block in np.split(source, sorted(edges))]
    np.testing.assert_allclose(np.concatenate(parts), whole, atol=1e-6)


def test_what_lies_above_the_new_band_is_removed() -> None:
    high = np.sin(2 * np.pi * 9_000 * np.arange(48_000) / 48_000).astype(np.float32)
    assert np.std(StreamResampler(48_000, 16_000).process(high)[100:]) < 0.001


def test_equal_rates_pass_through() -> None:
    block = chord(16_000, 100)
    assert StreamResampler(16_000, 16_000).process(block) is block
    assert resample(block, 16_000, 16_000) is block


def test_whole_recordings_keep_their_length() -> None:
    assert len(resample(chord(22_050, 22_050), 22_050, 48_000)) == 48_000
