"""The ring keeps the newest samples in order and counts what it lost."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.audio.ports import Samples
from appliance.audio.ring import Ring


def numbered(start: int, count: int) -> Samples:
    return np.arange(start, start + count, dtype=np.float32)


@settings(max_examples=100, deadline=None)
@given(
    capacity=st.integers(1, 50),
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 80)), max_size=40),
)
def test_what_is_read_and_what_is_lost_is_what_was_written(capacity: int, steps: list[tuple[bool, int]]) -> None:
    ring, written, expected = Ring(capacity), 0, 0
    for write, count in steps:
        if write:
            ring.write(numbered(written, count))
            written += count
        else:
            lost = ring.lost
            block = ring.read(count)
            expected += ring.lost - lost
            np.testing.assert_array_equal(block, numbered(expected, len(block)))
            expected += len(block)
            assert len(block) <= count
    rest = ring.read()
    assert ring.lost + (expected - ring.lost if not len(rest) else 0) <= written
    assert ring.available == 0
    assert ring.written == written


def test_overflow_loses_the_oldest() -> None:
    ring = Ring(10)
    ring.write(numbered(0, 25))
    np.testing.assert_array_equal(ring.read(), numbered(15, 10))
    assert ring.lost == 15


def test_clear_forgets_without_counting() -> None:
    ring = Ring(10)
    ring.write(numbered(0, 5))
    ring.clear()
    assert (ring.available, ring.lost, len(ring.read())) == (0, 0, 0)


def test_a_block_that_is_overwritten_while_it_is_copied_is_given_up() -> None:
    class Racing(Ring):
        """Its producer writes 4 samples just when the consumer has copied."""

        def _copy_out(self, start: int, end: int) -> Samples:
            block = super()._copy_out(start, end)
            self.write(numbered(100, 4))
            return block

    ring = Racing(10)
    ring.write(numbered(0, 10))
    np.testing.assert_array_equal(ring.read(), numbered(4, 6))
    assert ring.lost == 4


@pytest.mark.timeout(10)
def test_a_producer_and_a_consumer_at_full_speed() -> None:
    ring, total, size = Ring(4096), 400_000, 97

    def produce() -> None:
        for start in range(0, total, size):
            ring.write(numbered(start, min(size, total - start)))

    producer = threading.Thread(target=produce)
    producer.start()
    received, expected = 0, 0
    while received + ring.lost < total:
        lost = ring.lost
        block = ring.read()
        expected += ring.lost - lost
        np.testing.assert_array_equal(block, numbered(expected, len(block)))
        expected += len(block)
        received += len(block)
    producer.join()
