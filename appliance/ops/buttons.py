"""The push-to-talk buttons of the configuration."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from appliance.config.models import AttentionConfig
from appliance.dialogue.gate import Gate
from appliance.ops.gpio import watched_line
from appliance.ops.talk import TOKEN_VARIABLE, TalkServer, serve_talk


@asynccontextmanager
async def buttons(settings: AttentionConfig, gate: Gate) -> AsyncIterator[None]:
    """Connect the HTTP port and the GPIO line with the gate until the block is left.

    Raises ConfigError, PortError.
    """
    async with AsyncExitStack() as stack:
        if settings.by_hand and settings.http_port is not None:
            server = TalkServer(gate.talk, gate.release, os.environ.get(TOKEN_VARIABLE, ""))
            await stack.enter_async_context(serve_talk(server, settings.http_port))
        if settings.by_hand and settings.gpio_line is not None:
            stack.enter_context(
                watched_line(
                    settings.gpio_chip,
                    settings.gpio_line,
                    gate.talk,
                    gate.release,
                    active_low=settings.gpio_active_low,
                )
            )
        yield
