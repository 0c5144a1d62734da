"""Running a program to its end, or to ours: whatever it has started goes with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path


class TooMuchOutputError(Exception):
    """The program printed more than was allowed; it was stopped."""


async def output_of(
    argv: Sequence[str], environment: Mapping[str, str], folder: Path, max_bytes: int
) -> tuple[int, bytes]:
    """Return the exit status of a program and what it printed. Cancelling it kills its process group.

    Raises:
        OSError, ValueError: It cannot be run.
        TooMuchOutputError: It printed more than `max_bytes`.
    """
    async with _pipe() as (reader, writing):
        try:
            process = await _started(argv, environment, folder, writing)
        finally:
            os.close(writing)
        try:
            output = await _read(reader, max_bytes)
            return await process.wait(), output
        finally:
            await _end(process)


@contextlib.asynccontextmanager
async def _pipe() -> AsyncIterator[tuple[asyncio.StreamReader, int]]:
    """Open a pipe of our own: asyncio waits for the end of its own ones, which a process that escaped can hold open."""
    reading, writing = os.pipe()
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(reading, "rb", buffering=0)
    )
    try:
        yield reader, writing
    finally:
        transport.close()


async def _started(argv: Sequence[str], environment: Mapping[str, str], folder: Path, stdout: int) -> Process:
    """Start a process group. When this is cancelled half-way the group is killed, not only its first process."""
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *argv, stdin=DEVNULL, stdout=stdout, env=environment, cwd=folder, start_new_session=True
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with contextlib.suppress(OSError, ValueError):
            await _end(await starting)
        raise


async def _read(reader: asyncio.StreamReader, max_bytes: int) -> bytes:
    output = bytearray()
    while chunk := await reader.read(1 << 16):
        output += chunk
        if len(output) > max_bytes:
            raise TooMuchOutputError
    return bytes(output)


async def _end(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
