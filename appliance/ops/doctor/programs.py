"""Programs of the machine that are asked, each with a limit to how long they may take."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Mapping, Sequence
from functools import partial

TIMEOUT_S = 15.0


async def answer_of(
    argv: Sequence[str], *, environ: Mapping[str, str] | None = None, timeout_s: float = TIMEOUT_S
) -> subprocess.CompletedProcess[str] | None:
    """Run a program and return what came of it; None when it is not there, may not be run or takes too long."""
    run = partial(
        subprocess.run,
        argv,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout_s,
        env=environ,
        check=False,
    )
    try:
        return await asyncio.to_thread(run)
    except (OSError, subprocess.SubprocessError):
        return None


async def line_of(argv: Sequence[str]) -> str:
    """Return what a program writes, stripped; empty when there is no such program or it fails."""
    done = await answer_of(argv)
    return done.stdout.strip() if done is not None and done.returncode == 0 else ""
