"""Awake or asleep, in stream time."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.audio.ports import FRAME_S, FRAME_SAMPLES, Frame
from appliance.config.models import AttentionConfig, AttentionMode, TurnConfig, VadConfig
from appliance.dialogue.attention import STUCK_S, Attention
from appliance.dialogue.earcons import LEVEL, LISTENING_HZ, tone
from appliance.dialogue.endpointing import Endpointer, Signal


class Stream:
    def __init__(self, mode: AttentionMode, listen_for_s: float = 5.0) -> None:
        settings = AttentionConfig(mode=mode, listen_for_s=listen_for_s, http_port=8765)
        self.attention = Attention(settings)
        self.position = 0

    def attended(self, seconds: float, *, engaged: bool = False) -> float:
        """Let time pass and return for how many seconds of it the frames were attended to."""
        count = 0
        for _ in range(round(seconds / FRAME_S)):
            frame = Frame(pcm=np.zeros(FRAME_SAMPLES, np.float32), start=self.position, speech_probability=0.0, t=0.0)
            self.position += FRAME_SAMPLES
            count += self.attention.on_frame(frame, engaged=engaged)
        return count * FRAME_S


def test_always_is_always() -> None:
    stream = Stream(AttentionMode.ALWAYS)
    assert not stream.attention.wake()
    assert not stream.attention.sleep()
    assert stream.attended(60.0) == pytest.approx(60.0, abs=FRAME_S)


def test_the_wake_word_lasts_for_the_configured_time() -> None:
    stream = Stream(AttentionMode.WAKE_WORD)
    assert stream.attended(10.0) == 0
    assert stream.attention.wake()
    assert stream.attended(10.0) == pytest.approx(5.0, abs=FRAME_S)
    assert not stream.attention.awake


def test_the_wake_word_said_again_starts_the_time_anew() -> None:
    stream = Stream(AttentionMode.WAKE_WORD)
    stream.attention.wake()
    stream.attended(4.0)
    assert not stream.attention.wake()
    assert stream.attended(10.0) == pytest.approx(5.0, abs=FRAME_S)


def test_a_conversation_keeps_it_awake_but_does_not_wake_it() -> None:
    stream = Stream(AttentionMode.WAKE_WORD)
    assert stream.attended(3.0, engaged=True) == 0
    stream.attention.wake()
    assert stream.attended(60.0, engaged=True) == pytest.approx(60.0, abs=FRAME_S)
    assert stream.attended(10.0) == pytest.approx(5.0, abs=FRAME_S)


@pytest.mark.parametrize("mode", [AttentionMode.PUSH_TO_TALK, AttentionMode.SCREEN])
def test_a_button_lasts_while_it_is_held_and_no_longer(mode: AttentionMode) -> None:
    stream = Stream(mode)
    assert stream.attention.wake()
    assert stream.attended(20.0) == pytest.approx(20.0, abs=FRAME_S)
    assert stream.attention.sleep()
    assert not stream.attention.sleep()
    assert stream.attended(20.0, engaged=True) == 0


def test_a_stuck_button_is_released_however_often_it_repeats_itself() -> None:
    stream = Stream(AttentionMode.PUSH_TO_TALK)
    stream.attention.wake()
    stream.attended(STUCK_S / 2, engaged=True)
    assert not stream.attention.wake()
    assert stream.attended(STUCK_S, engaged=True) == pytest.approx(STUCK_S / 2, abs=2 * FRAME_S)


def test_by_hand_only_the_hand_and_the_longest_turn_end_it() -> None:
    endpointer = Endpointer(VadConfig(), TurnConfig(max_turn_ms=20_000), by_hand=True)
    assert endpointer.finish() == ()
    position = 0
    signals: list[Signal] = []
    for probability in [0.9] * 20 + [0.0] * 620:
        pcm = np.zeros(FRAME_SAMPLES, np.float32)
        signals += endpointer.on_frame(Frame(pcm=pcm, start=position, speech_probability=probability, t=0.0))
        position += FRAME_SAMPLES
        if position == FRAME_SAMPLES * 600:
            assert signals == [Signal.SPEECH_STARTED, Signal.PAUSED]
    assert signals[2:] == [Signal.ENDED]
    assert endpointer.end_reason == "cap"


def test_tones_are_soft_and_do_not_click() -> None:
    sound = tone(LISTENING_HZ, 48_000)
    assert len(sound) == 6720
    assert 0.5 * LEVEL < np.max(np.abs(sound)) <= LEVEL
    assert np.max(np.abs(np.diff(sound))) < 0.01
    assert sound[0] == sound[-1] == 0
