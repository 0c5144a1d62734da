"""Where a long recording is cut."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.audio.pauses import split_at_pauses
from appliance.audio.ports import LISTENING_RATE, Samples

RATE = LISTENING_RATE


def noise(seconds: float) -> Samples:
    return np.random.default_rng(1).uniform(-0.3, 0.3, int(seconds * RATE)).astype(np.float32)


@pytest.mark.parametrize("seconds", [0.0, 0.5, 10.0])
def test_what_is_short_enough_stays_whole(seconds: float) -> None:
    pieces = split_at_pauses(noise(seconds), 10 * RATE)
    assert [len(piece) for piece in pieces] == [int(seconds * RATE)]


def test_the_cut_is_in_the_pause() -> None:
    pcm = noise(16.0)
    pcm[int(7.0 * RATE) : int(7.5 * RATE)] = 0.0
    first, second = split_at_pauses(pcm, 10 * RATE)
    assert 7.0 * RATE < len(first) < 7.5 * RATE
    assert len(first) + len(second) == len(pcm)


@pytest.mark.parametrize("sound", [noise(95.3), np.zeros(95 * RATE, np.float32)])
def test_the_pieces_are_the_whole_and_none_is_too_long(sound: Samples) -> None:
    pieces = split_at_pauses(sound, 28 * RATE)
    assert np.array_equal(np.concatenate(pieces), sound)
    assert all(len(piece) <= 28 * RATE for piece in pieces)
    assert all(len(piece) >= 14 * RATE for piece in pieces[:-1])
