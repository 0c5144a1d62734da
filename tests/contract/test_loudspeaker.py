"""One suite for every `Loudspeaker`: playout on a sound card and the fake of the scenarios."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from appliance.audio.playout import FADE_S, Playout
from appliance.audio.ports import Loudspeaker, Samples
from tests.scenario.fakes import FakeLoudspeaker
from tests.unit.audio_fakes import FakeCard, FakeClock

BLOCK_S = 0.02
FADE_MS = FADE_S * 1000


class Rig:
    """A loudspeaker and the passing of time."""

    def __init__(self, loudspeaker: Loudspeaker, advance: Callable[[], None]) -> None:
        self.loudspeaker = loudspeaker
        self._advance = advance

    def run(self, milliseconds: int) -> None:
        for _ in range(milliseconds // 20):
            self._advance()

    def enqueue(self, milliseconds: int) -> int:
        return self.loudspeaker.enqueue(self.sound(milliseconds))

    def sound(self, milliseconds: int) -> Samples:
        return np.full(self.loudspeaker.sample_rate * milliseconds // 1000, 0.1, np.float32)

    def heard_ms(self, piece: int) -> float:
        return self.loudspeaker.played(piece).samples / self.loudspeaker.sample_rate * 1000


def playout() -> Rig:
    clock = FakeClock()
    loudspeaker = Playout(FakeCard(), clock)

    def advance() -> None:
        loudspeaker.fill(np.zeros(round(loudspeaker.sample_rate * BLOCK_S), np.float32))
        clock.advance(BLOCK_S)

    return Rig(loudspeaker, advance)


def fake() -> Rig:
    clock = FakeClock()
    return Rig(FakeLoudspeaker(clock), lambda: clock.advance(BLOCK_S))


@pytest.fixture(params=[playout, fake])
def rig(request: pytest.FixtureRequest) -> Rig:
    made: Rig = request.param()
    return made


def test_pieces_are_numbered_and_heard_in_their_order(rig: Rig) -> None:
    first, second = rig.enqueue(100), rig.enqueue(100)
    assert (first, second) == (1, 2)
    rig.run(60)
    assert rig.heard_ms(first) == pytest.approx(60, abs=1)
    assert rig.heard_ms(second) == 0
    rig.run(60)
    assert rig.loudspeaker.played(first).finished
    assert rig.heard_ms(second) == pytest.approx(20, abs=1)
    rig.run(100)
    assert rig.loudspeaker.played(second).finished
    assert rig.loudspeaker.played(second).total == len(rig.sound(100))


def test_nothing_is_heard_before_its_time(rig: Rig) -> None:
    assert rig.heard_ms(rig.enqueue(100)) == 0
    rig.run(200)
    later = rig.enqueue(100)
    assert rig.heard_ms(later) == 0


def test_hold_keeps_the_place_and_release_goes_on(rig: Rig) -> None:
    piece = rig.enqueue(200)
    rig.run(100)
    rig.loudspeaker.hold()
    rig.run(300)
    held = rig.heard_ms(piece)
    assert held == pytest.approx(100, abs=FADE_MS + 1)
    rig.loudspeaker.release()
    rig.run(60)
    assert rig.heard_ms(piece) == pytest.approx(held + 60, abs=1)
    rig.run(60)
    assert rig.loudspeaker.played(piece).finished


def test_drop_forgets_the_queue_but_not_the_past(rig: Rig) -> None:
    first, second = rig.enqueue(200), rig.enqueue(200)
    rig.run(100)
    rig.loudspeaker.drop()
    rig.run(400)
    assert rig.heard_ms(first) == pytest.approx(100, abs=FADE_MS + 1)
    assert rig.heard_ms(second) == 0
    assert not rig.loudspeaker.played(first).finished


def test_what_follows_a_drop_is_heard_even_after_a_hold(rig: Rig) -> None:
    rig.enqueue(200)
    rig.run(60)
    rig.loudspeaker.hold()
    rig.run(60)
    rig.loudspeaker.drop()
    piece = rig.enqueue(100)
    rig.run(120)
    assert rig.loudspeaker.played(piece).finished


def test_a_held_loudspeaker_takes_more_and_plays_it_after_the_release(rig: Rig) -> None:
    rig.loudspeaker.hold()
    piece = rig.enqueue(100)
    rig.run(100)
    assert rig.heard_ms(piece) == 0
    rig.loudspeaker.release()
    rig.run(120)
    assert rig.loudspeaker.played(piece).finished


def test_the_gain_does_not_change_the_ledger(rig: Rig) -> None:
    piece = rig.enqueue(100)
    rig.loudspeaker.set_gain(-12.0)
    rig.run(100)
    assert rig.loudspeaker.played(piece).finished
