"""On open speakers the assistant does not interrupt itself, and a person still can: real devices and models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from appliance.app import Appliance, running
from appliance.audio.portaudio import PortAudioCard
from appliance.audio.ports import Samples
from appliance.audio.resample import resample
from appliance.bus import Bus
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.events import AnyEvent, BargeIn, SpeechStarted, Transcribed, TurnCommitted
from appliance.ops.visitor import RMS, SLT, Turn, say
from tests.device.pulse import RATE, PulseServer
from tests.device.room import Room

pytestmark = [pytest.mark.device, pytest.mark.models]

LONG_REPLY = (
    "Good morning, and welcome to the front desk. We are open from eight in the morning until half past six in the "
    "evening, Monday to Friday. On Saturdays the doors open at nine, and we close at one. Take the lift on your left "
    "to the second floor, then follow the yellow line along the corridor."
)
AGAIN = Turn("again", SLT, ("Can you repeat that?",))
CUT_IN = Turn("cut-in", RMS, ("Excuse me, where can I park my car?",))
PATIENCE_S = 60.0


class Witness:
    """Remembers what happened."""

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []

    def __call__(self, event: AnyEvent) -> None:
        self.events.append(event)

    def committed(self) -> list[TurnCommitted]:
        return [event for event in self.events if isinstance(event, TurnCommitted)]

    def heard(self) -> list[str]:
        return [event.text.lower() for event in self.events if isinstance(event, Transcribed)]

    def count(self, kind: type[AnyEvent]) -> int:
        return sum(isinstance(event, kind) for event in self.events)


async def wait_until(condition: Callable[[], bool], witness: Witness) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE_S
    while not condition():
        assert asyncio.get_running_loop().time() < deadline, witness.events
        await asyncio.sleep(0.05)


def spoken(turn: Turn) -> Samples:
    return resample(say(turn), 16_000, RATE)


async def speak(pulse: PulseServer, pcm: Samples) -> None:
    process = await asyncio.to_thread(pulse.speak, pcm)
    await asyncio.to_thread(process.wait)


@pytest.fixture
def witness() -> Witness:
    return Witness()


@pytest.fixture
async def appliance(pulse: PulseServer, witness: Witness) -> AsyncIterator[Appliance]:
    """A running appliance that begins a long greeting, in a room with echo."""
    loaded = load()
    persona = loaded.persona.model_copy(update={"greeting": LONG_REPLY})
    config = loaded.model_copy(update={"persona": persona})
    clock, bus = SystemClock(), Bus()
    bus.subscribe(witness)
    async with running(config, PortAudioCard(None, None, clock), clock, bus) as started:
        room = await asyncio.to_thread(Room, pulse, delay_ms=100.0, attenuation_db=-10.0)
        yield started
        await asyncio.to_thread(room.close)


async def test_it_speaks_to_the_end_and_a_person_can_cut_in(
    appliance: Appliance, witness: Witness, pulse: PulseServer
) -> None:
    again, cut_in = await asyncio.to_thread(spoken, AGAIN), await asyncio.to_thread(spoken, CUT_IN)
    for replies in (1, 2):
        await wait_until(lambda replies=replies: len(witness.committed()) == replies, witness)  # type: ignore[misc]
        reply = witness.committed()[-1]
        assert not reply.interrupted
        assert reply.heard_text == LONG_REPLY
        assert witness.count(BargeIn) == 0
        assert witness.count(SpeechStarted) == replies - 1
        await asyncio.sleep(0.5)
        await speak(pulse, again)
    await wait_until(lambda: appliance.session.speaking, witness)
    await asyncio.sleep(3.0)
    await speak(pulse, cut_in)
    await wait_until(lambda: len(witness.committed()) == 3, witness)
    reply = witness.committed()[-1]
    assert reply.interrupted
    assert LONG_REPLY.startswith(reply.heard_text[:40])
    assert len(reply.heard_text) < len(LONG_REPLY)
    await wait_until(lambda: any("park" in text for text in witness.heard()), witness)
