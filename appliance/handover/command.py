"""Handover by a program of the site's own: JSON on its standard input, the key in its environment."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process

from appliance.config.handover import CommandConfig
from appliance.handover.message import DeliveryError, Handover
from appliance.handover.secrets import Secret, revealed

KEY_VARIABLE = "APPLIANCE_IDEMPOTENCY_KEY"
INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""What a program sees of the daemon's environment, which has secrets in it."""


class CommandChannel:
    """Runs a program for each message, without a shell. Its standard error stream is the daemon's."""

    def __init__(self, config: CommandConfig, secret: Secret) -> None:
        self._config = config
        self._secret = secret

    async def deliver(self, message: Handover, key: str) -> None:
        """Run the program; see `Channel`. Status 0 is delivered, 65 (EX_DATAERR) is permanent, all else is not."""
        config = self._config
        environment = {name: os.environ[name] for name in INHERITED if name in os.environ}
        environment |= revealed(config.environment, self._secret) | {KEY_VARIABLE: key}
        text = json.dumps(message.as_dict(), ensure_ascii=False)
        try:
            process = await asyncio.create_subprocess_exec(
                *config.argv, stdin=PIPE, stdout=DEVNULL, env=environment, start_new_session=True
            )
        except OSError as error:
            raise DeliveryError(f"{config.argv[0]} cannot be run: {error.strerror}") from error
        try:
            async with asyncio.timeout(config.timeout_s):
                await process.communicate(text.encode())
        except TimeoutError as error:
            raise DeliveryError(f"{config.argv[0]} did not end within {config.timeout_s:g} s") from error
        finally:
            await _end(process)
        if process.returncode != os.EX_OK:
            status = process.returncode
            raise DeliveryError(f"{config.argv[0]} ended with status {status}", permanent=status == os.EX_DATAERR)


async def _end(process: Process) -> None:
    """Kill the process with everything it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
