"""The virtual sound card: one timeline for what is said and what is played."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from appliance.audio.filecard import FileCard
from appliance.audio.levels import dbfs
from appliance.audio.ports import Samples
from appliance.audio.room import EchoPath
from appliance.audio.tape import Tape
from tests.unit.audio_fakes import FakeClock

RATE = 48_000
BLOCK = 960
ONE_16_BIT_STEP = 1 / 32_767


class Listener:
    def __init__(self) -> None:
        self.captured: list[Samples] = []
        self.play: Samples = np.zeros(0, np.float32)

    def on_capture(self, block: Samples) -> None:
        self.captured.append(block.copy())

    def on_playout(self, out: Samples) -> None:
        part, self.play = self.play[: len(out)], self.play[len(out) :]
        out[: len(part)] = part


def connected(card: FileCard) -> Listener:
    listener = Listener()
    card.connect(listener.on_capture, listener.on_playout)
    return listener


def silent_card(**options: object) -> FileCard:
    return FileCard(FakeClock(), floor_dbfs=-np.inf, **options)  # type: ignore[arg-type]


def ramp(count: int) -> Samples:
    return (np.arange(1, count + 1) / (2 * count)).astype(np.float32)


def test_an_utterance_is_captured_at_the_position_that_was_promised() -> None:
    card = silent_card()
    listener = connected(card)
    for _ in range(4):
        card.step()
    start = card.speak(ramp(3000), RATE)
    for _ in range(6):
        card.step()
    captured = np.concatenate(listener.captured)
    assert start == 3 * BLOCK
    np.testing.assert_array_equal(captured[start : start + 3000], ramp(3000))
    assert not np.any(captured[:start])
    assert not np.any(captured[start + 3000 :])
    np.testing.assert_allclose(card.input(), captured, atol=ONE_16_BIT_STEP)


def test_an_utterance_can_be_scheduled_to_the_sample() -> None:
    card = silent_card()
    listener = connected(card)
    assert card.speak(ramp(100), RATE, at=1234) == 1234
    for _ in range(4):
        card.step()
    assert np.flatnonzero(np.concatenate(listener.captured))[0] == 1234


def test_the_past_cannot_be_changed() -> None:
    card = silent_card()
    connected(card)
    for _ in range(3):
        card.step()
    with pytest.raises(ValueError, match="captured already"):
        card.speak(ramp(10), RATE, at=10)


def test_an_utterance_is_converted_to_the_rate_of_the_card() -> None:
    card = silent_card()
    connected(card)
    card.speak(np.full(16_000, 0.5, np.float32), 16_000)
    for _ in range(60):
        card.step()
    assert np.count_nonzero(card.input() > 0.4) == pytest.approx(48_000, abs=100)


def test_input_and_output_share_one_timeline() -> None:
    card = silent_card(echo=EchoPath(RATE, delay_ms=0.0, attenuation_db=0.0, impulse_response=np.ones(1, np.float32)))
    listener = connected(card)
    listener.play = 0.1 * ramp(2000)
    for _ in range(6):
        card.step()
    np.testing.assert_allclose(card.input(), np.tanh(card.output()[: card.position]), atol=2 * ONE_16_BIT_STEP)


def test_the_echo_is_as_late_and_as_quiet_as_the_room_makes_it() -> None:
    room = EchoPath(RATE, delay_ms=100.0, attenuation_db=-20.0, impulse_response=np.ones(1, np.float32))
    card = silent_card(echo=room)
    listener = connected(card)
    listener.play = np.full(10, 0.01, np.float32)
    for _ in range(10):
        card.step()
    heard = np.flatnonzero(np.abs(card.input()) > 0.0005)
    assert (heard[0], len(heard)) == (4800, 10)
    assert card.input()[4800] == pytest.approx(0.001, rel=0.05)


def test_the_default_room_reverberates_with_the_energy_that_was_asked_for() -> None:
    noise = np.random.default_rng(0).normal(0, 0.05, RATE).astype(np.float32)
    room = EchoPath(RATE, delay_ms=50.0, attenuation_db=-10.0)
    echo = np.concatenate([room.process(block) for block in np.split(noise, 50)])
    assert dbfs(echo[RATE // 2 :]) == pytest.approx(dbfs(noise) - 10, abs=0.7)


def test_a_bed_is_looped_behind_everything() -> None:
    card = silent_card(bed=np.array([0.1, 0.2, 0.3], np.float32))
    connected(card)
    for _ in range(4):
        card.step()
    expected = np.tile([0.1, 0.2, 0.3], BLOCK)
    np.testing.assert_allclose(card.input(), expected, atol=ONE_16_BIT_STEP)


def test_what_is_too_loud_is_clipped() -> None:
    card = silent_card()
    listener = connected(card)
    card.speak(np.full(500, 0.8, np.float32), RATE)
    card.speak(np.full(500, 0.8, np.float32), RATE)
    card.step()
    card.step()
    assert np.max(listener.captured[0]) == 1.0


def test_recordings_can_be_forgotten_while_the_timeline_goes_on() -> None:
    card = silent_card(bed=np.full(1, 0.5, np.float32))
    connected(card)
    for _ in range(5):
        card.step()
    card.forget_before(2 * BLOCK)
    assert not np.any(card.input()[: 2 * BLOCK])
    assert np.all(card.input()[2 * BLOCK :] > 0.4)
    assert card.position == 4 * BLOCK


def test_an_underrun_plays_silence_and_is_counted() -> None:
    card = silent_card()
    listener = connected(card)
    listener.play = np.full(BLOCK, 0.5, np.float32)
    card.step(underrun=True)
    card.step()
    assert not np.any(card.output(0, BLOCK))
    assert np.all(card.output(BLOCK, 2 * BLOCK) > 0.4)
    assert card.counters.playout_xruns == 1


def test_stepping_before_the_start_is_a_mistake() -> None:
    with pytest.raises(RuntimeError, match="not started"):
        silent_card().step()


def test_time_goes_by_without_drift_and_lateness_is_caught_up() -> None:
    clock = FakeClock()
    waits: list[float] = []
    enough = threading.Event()

    def wait(seconds: float) -> None:
        waits.append(seconds)
        clock.advance(seconds + (0.03 if len(waits) % 7 == 0 else 0.0))
        if len(waits) == 500:
            enough.set()

    card = FileCard(clock, wait=wait)
    card.start(lambda _: None, lambda out: out.fill(0.0))
    assert enough.wait(5.0)
    card.stop()
    assert card.time_of(0) == 100.0
    assert card.position_at(card.time_of(12_345)) == 12_345
    assert abs(card.time_of(card.position) - clock.now()) <= 0.1
    assert card.counters.playout_xruns == 0


def test_a_card_that_is_held_up_runs_dry() -> None:
    clock = FakeClock()
    held_up = threading.Event()

    def wait(seconds: float) -> None:
        clock.advance(seconds + (0.0 if held_up.is_set() else 0.3))
        held_up.set()

    card = FileCard(clock, wait=wait)
    done = threading.Event()
    card.start(lambda _: done.set() if card.position > RATE else None, lambda out: out.fill(0.0))
    assert done.wait(5.0)
    card.stop()
    assert card.counters.playout_xruns == pytest.approx((0.3 - 0.06) / 0.02, abs=2)


def test_a_tape_reads_silence_where_nothing_is() -> None:
    tape = Tape()
    tape.append(np.full(10, 0.5, np.float32))
    np.testing.assert_allclose(tape.read(5, 15), [0.5] * 5 + [0.0] * 5, atol=ONE_16_BIT_STEP)
    assert len(tape.read(8, 3)) == 0
