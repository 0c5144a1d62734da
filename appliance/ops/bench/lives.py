"""Processes that are born, write, and are killed at any moment.

A child process forks a life for each line it reads, a list in JSON that is handed to the life, because importing takes
longer than the life. On its standard output come `pid <pid>`, `committed <number>` and `ended <status>`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

from appliance.clock import Clock
from appliance.errors import ApplianceError

SEE_ABOVE = "See what it has said above."


class Lives:
    """Bears lives, kills them, and keeps what they have said to be committed."""

    def __init__(self, nursery: Process) -> None:
        self._nursery = nursery
        self.committed: set[int] = set()

    @classmethod
    @asynccontextmanager
    async def begin(cls, module: str) -> AsyncIterator[Lives]:
        """Start the module that bears them, for the duration of the block."""
        nursery = await asyncio.create_subprocess_exec(sys.executable, "-m", module, stdin=PIPE, stdout=PIPE)
        try:
            yield cls(nursery)
        finally:
            if nursery.stdin is not None:
                nursery.stdin.close()
            await nursery.wait()

    async def live_and_die(self, clock: Clock, seconds: float, *given: str | int) -> None:
        """Let one live for `seconds` and kill it."""
        pid = await self._bear(given)
        await clock.sleep(seconds)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        await self._bury(-signal.SIGKILL)

    async def live(self, *given: str | int) -> None:
        """Let one live until it ends by itself."""
        await self._bear(given)
        await self._bury(os.EX_OK)

    async def _bear(self, given: tuple[str | int, ...]) -> int:
        if self._nursery.stdin is None:
            raise RuntimeError("the nursery has no standard input")
        self._nursery.stdin.write(json.dumps(given).encode() + b"\n")
        await self._nursery.stdin.drain()
        word, number = (await self._line()).split()
        if word != "pid":
            raise ApplianceError(f"the process under test said {word!r} before it began", remedy=SEE_ABOVE)
        return int(number)

    async def _bury(self, status: int) -> None:
        while (line := await self._line()).startswith("committed "):
            self.committed.add(int(line.removeprefix("committed ")))
        if line != f"ended {status}":
            raise ApplianceError(f"the process under test {line} instead of {status}", remedy=SEE_ABOVE)

    async def _line(self) -> str:
        raw = b"" if self._nursery.stdout is None else await self._nursery.stdout.readline()
        if not raw:
            raise ApplianceError("the process under test ended by itself", remedy=SEE_ABOVE)
        return raw.decode().strip()


def tell(line: str) -> None:
    """Say a line to the process that kills; it is whole at once, and not lost when killed."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


def bear(live: Callable[..., Coroutine[Any, Any, None]]) -> None:
    """Fork lives until standard input ends."""
    logging.basicConfig(level=logging.ERROR)
    for line in sys.stdin:
        given = json.loads(line)
        if (pid := os.fork()) == 0:
            tell(f"pid {os.getpid()}")
            asyncio.run(live(*given))
            sys.exit()
        _, status = os.waitpid(pid, 0)
        tell(f"ended {os.waitstatus_to_exitcode(status)}")
