"""`python -m appliance.app.small_talk`: embed what is said at any desk anew, after a line of it has changed."""

from __future__ import annotations

import asyncio

from appliance.app.engines import EngineRoom
from appliance.assistant.small_talk import VECTORS, small_talk
from appliance.config.load import load
from appliance.engines.sentences import save_vectors
from appliance.understanding import neutral


async def write() -> None:
    """Write the vectors. Raises ModelError when there is no model of sentences."""
    room = EngineRoom(load(None))
    try:
        texts = sorted({neutral(text) for text in small_talk()})
        save_vectors(VECTORS, texts, await room.encoder(known=None).embed(texts))
    finally:
        room.close()


if __name__ == "__main__":
    asyncio.run(write())
