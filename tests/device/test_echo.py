"""The assistant does not hear itself: real devices in a simulated room."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from appliance.audio.echo import EchoCanceller
from appliance.audio.levels import dbfs
from appliance.audio.microphone import StreamMicrophone
from appliance.audio.playout import Playout
from appliance.audio.portaudio import PortAudioCard
from appliance.audio.ports import Frame, Samples
from appliance.audio.soundcheck import speech_like
from appliance.clock import SystemClock
from tests.device.pulse import PulseServer
from tests.device.room import Room
from tests.unit.audio_fakes import DeafDetector

pytestmark = pytest.mark.device

SPEECH_S = 8.0
LEARNING_S = 3.0


class WatchedCanceller(EchoCanceller):
    """Keeps the levels before and after."""

    def __init__(self, played_rate: int) -> None:
        super().__init__(played_rate)
        self.levels: list[tuple[float, float]] = []

    def clean(self, frame: Samples) -> Samples:
        cleaned = super().clean(frame)
        self.levels.append((dbfs(frame), dbfs(cleaned)))
        return cleaned


async def test_its_own_voice_is_taken_out_of_the_microphone(pulse: PulseServer) -> None:
    room = Room(pulse, delay_ms=60.0, attenuation_db=-10.0)
    clock = SystemClock()
    card = PortAudioCard(None, None, clock)
    playout, echo = Playout(card, clock), WatchedCanceller(card.playout_rate)
    microphone = StreamMicrophone(card, playout, DeafDetector(), echo, clock)
    frames: list[Frame] = []
    microphone.start(frames.append)
    try:
        piece = playout.enqueue(speech_like(card.playout_rate, SPEECH_S))
        while not playout.played(piece).finished:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0.05)
    finally:
        microphone.stop()
        room.close()
    learnt = np.array(echo.levels[int(LEARNING_S * 100) :])
    loud = learnt[learnt[:, 0] > -50.0]
    assert len(loud) > 100
    assert np.median(loud[:, 0] - loud[:, 1]) > 25.0
