"""Which words of a partial stay, and when the next one is due."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.audio.ports import FRAME_SAMPLES, LISTENING_RATE
from appliance.dialogue.partials import MAX_SHARE, MIN_INTERVAL, PartialCadence, StablePrefix

WORDS = st.lists(st.sampled_from(["a", "b", "B,", "c.", "…"]), max_size=8).map(" ".join)


def stable_after(*partials: str) -> str:
    prefix = StablePrefix()
    return [prefix.update(partial) for partial in partials][-1]


@pytest.mark.parametrize(
    ("partials", "stable"),
    [
        (("What time",), ""),
        (("What time", "What time do you"), "What time"),
        (("What time", "what time, do"), "what time"),
        (("What's time.", "What's time do you open?"), "What's time"),
        (("What time", "Why"), ""),
        (("I need", "I need a room", "I need a broom"), "I need a"),
        (("I need a room.", "I need a room.", "Ineeda"), "I need a room"),
        (("I need a room.", "I need a room.", "I need"), "I need a room"),
        (("I need a room.", "I need a room.", "I need", "I need a room for two"), "I need a room"),
        (("", ""), ""),
        (("wait -", "wait - no"), "wait"),
    ],
)
def test_two_partials_in_a_row_agree(partials: tuple[str, ...], stable: str) -> None:
    assert stable_after(*partials) == stable


@given(st.lists(WORDS, max_size=6))
def test_what_is_stable_stays(partials: list[str]) -> None:
    prefix = StablePrefix()
    before: list[str] = []
    for partial in partials:
        stable = [word.strip(".,…").lower() for word in prefix.update(partial).split()]
        stable = [word for word in stable if word]
        assert stable[: len(before)] == before
        before = stable


def test_the_first_partial_is_due_at_once() -> None:
    assert PartialCadence().due(12_345)


def test_quick_passes_keep_the_shortest_interval() -> None:
    cadence = PartialCadence()
    cadence.finished(cadence.started(1000), 1000 + LISTENING_RATE // 50)
    assert not cadence.due(1000 + MIN_INTERVAL - 1)
    assert cadence.due(1000 + MIN_INTERVAL)


def test_slow_passes_are_spaced_so_that_they_take_their_share() -> None:
    cadence = PartialCadence()
    cadence.finished(cadence.started(0), LISTENING_RATE)
    due = round(LISTENING_RATE / MAX_SHARE)
    assert not cadence.due(due - 1)
    assert cadence.due(due)


def test_it_recovers_when_passes_become_quick_again() -> None:
    cadence = PartialCadence()
    position = 0
    for cost_s in (2.0, *[0.05] * 10):
        cadence.finished(cadence.started(position), position := position + int(cost_s * LISTENING_RATE))
    assert cadence.interval == MIN_INTERVAL


@given(st.lists(st.floats(0.01, 1.5), min_size=3, max_size=3))
def test_partials_take_no_more_than_their_share(costs_s: list[float]) -> None:
    """A minute of speech in frames; a pass of the utterance costs more the longer it is."""
    cadence, busy, until, began = PartialCadence(), 0, -1, -1
    for position in range(0, 60 * LISTENING_RATE, FRAME_SAMPLES):
        if 0 <= until <= position:
            cadence.finished(began, position)
            until = -1
        if until < 0 and cadence.due(position):
            began = cadence.started(position)
            cost = int(costs_s[position % 3] * LISTENING_RATE)
            until = position + cost
            busy += cost
    assert busy / (60 * LISTENING_RATE) < MAX_SHARE + 0.1
