"""Loads the models of an appliance and frees them at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from appliance.app.engines import EngineRoom
from appliance.clock import Clock
from appliance.config.models import Config
from appliance.dialogue.session import Engines
from appliance.engines.ports import VoiceDetector, WakeWordDetector
from appliance.ops.health import Health
from appliance.ops.watched_engines import EngineWatch, watched


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The engines, ready to work."""

    room: EngineRoom
    engines: Engines
    watches: Sequence[EngineWatch]
    """One over each of the `engines`."""
    voice_detector: VoiceDetector
    wake_word: WakeWordDetector | None


@asynccontextmanager
async def loaded(config: Config, playout_rate: int, health: Health, clock: Clock) -> AsyncIterator[Loaded]:
    """Load everything; the voice speaks at `playout_rate` in Hz. Raises ModelError, EngineError."""
    room = await asyncio.to_thread(EngineRoom, config)
    try:
        engines, watches = watched(await _engines(room, playout_rate), health, clock)
        yield Loaded(
            room=room,
            engines=engines,
            watches=watches,
            voice_detector=await asyncio.to_thread(room.voice_detector),
            wake_word=await asyncio.to_thread(room.wake_word_detector),
        )
    finally:
        room.close()


async def _engines(room: EngineRoom, playout_rate: int) -> Engines:
    return Engines(
        transcriber=await asyncio.to_thread(room.transcriber),
        turn_detector=await asyncio.to_thread(room.turn_detector),
        model=await asyncio.to_thread(room.language_model),
        voice=await asyncio.to_thread(room.voice, playout_rate),
    )
