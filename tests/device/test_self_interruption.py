"""On open speakers the assistant does not interrupt itself, and a person still can: real devices and models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import numpy as np
import pytest

from appliance.app.running import Appliance, running
from appliance.audio.levels import dbfs
from appliance.audio.portaudio import PortAudioCard
from appliance.audio.resample import resample
from appliance.bus import Bus
from appliance.clock import SystemClock
from appliance.config.consent import ConsentConfig
from appliance.config.load import load
from appliance.events import AnyEvent, BargeIn, Transcribed, TurnCommitted
from appliance.ops.bench.replies import REPLIES
from appliance.ops.visitor import RMS, Turn, say
from tests.device.pulse import RATE, PulseServer
from tests.device.room import Loopbacks

pytestmark = [pytest.mark.device, pytest.mark.models]

MONOLOGUE = " ".join(clause for reply in REPLIES[:4] for clause in reply)
"""About a minute."""
CUT_IN = Turn("cut-in", RMS, ("Excuse me, where can I park my car?",))
PATIENCE_S = 110.0
SPEAKING_S = 3.0
SILENT_WITHIN_S = 10.0
QUIET_DBFS = -55.0


class Witness:
    """Remembers what happened."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []

    def __call__(self, event: AnyEvent) -> None:
        self.events.append(event)

    def committed(self) -> list[TurnCommitted]:
        return [event for event in self.events if isinstance(event, TurnCommitted)]

    def understood(self) -> str:
        return " ".join(event.text.lower() for event in self.events if isinstance(event, Transcribed))

    def interruptions(self) -> list[BargeIn]:
        return [event for event in self.events if isinstance(event, BargeIn)]


async def wait_until(condition: Callable[[], bool], witness: Witness, within_s: float = PATIENCE_S) -> None:
    deadline = asyncio.get_running_loop().time() + within_s
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, witness.events[-10:]
        await asyncio.sleep(0.05)


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
async def appliance(pulse: PulseServer, witness: Witness) -> AsyncIterator[Appliance]:
    """A running appliance that begins a long greeting, in a room with echo."""
    loaded = load()
    persona = loaded.persona.model_copy(update={"greeting": MONOLOGUE})
    config = loaded.model_copy(update={"persona": persona, "consent": ConsentConfig()})
    clock, bus = SystemClock(), Bus()
    bus.subscribe(witness)
    room = await asyncio.to_thread(lambda: Loopbacks(pulse, delay_ms=100.0, attenuation_db=-10.0))
    try:
        async with running(config, PortAudioCard(None, None, clock), clock, bus) as started:
            await wait_until(lambda: started.session.speaking, witness)
            yield started
    finally:
        await asyncio.to_thread(room.close)


@pytest.mark.usefixtures("appliance")
async def test_it_speaks_for_a_minute_without_interrupting_itself(witness: Witness) -> None:
    await wait_until(lambda: bool(witness.committed()), witness)
    reply = witness.committed()[0]
    assert not reply.interrupted
    assert reply.heard_text == MONOLOGUE
    assert not witness.interruptions()
    assert not witness.understood()


async def test_a_person_cuts_in_and_it_falls_silent(appliance: Appliance, witness: Witness, pulse: PulseServer) -> None:
    words = await asyncio.to_thread(lambda: resample(say(CUT_IN), 16_000, RATE))
    recorder = await asyncio.to_thread(pulse.listen)
    await asyncio.sleep(SPEAKING_S)
    assert dbfs(recorder.heard()[-RATE:]) > QUIET_DBFS
    assert not witness.interruptions()
    speaking = await asyncio.to_thread(pulse.speak, words)
    await wait_until(lambda: bool(witness.interruptions()), witness, SILENT_WITHIN_S)
    await wait_until(lambda: not appliance.session.speaking, witness, SILENT_WITHIN_S)
    silent_from = len(recorder.heard()) + RATE // 2
    await asyncio.to_thread(speaking.wait, SILENT_WITHIN_S)
    await wait_until(lambda: "park" in witness.understood(), witness, SILENT_WITHIN_S)
    heard = await asyncio.to_thread(recorder.stop)
    assert np.min([dbfs(piece) for piece in np.array_split(heard[silent_from - RATE // 4 :], 20)]) < QUIET_DBFS
    reply = witness.committed()[0]
    assert reply.interrupted
    assert MONOLOGUE.startswith(reply.heard_text[:40])
    assert len(reply.heard_text) < len(MONOLOGUE)
