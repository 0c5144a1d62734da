"""The main memory, against what the chosen models take."""

from __future__ import annotations

import asyncio

import psutil

from appliance.models.catalogue import load_catalogue
from appliance.models.profiles import resolve
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding

NAME = "memory"
MIB = 2**20
BESIDE_MIB = 1024
"""What the process takes beside the weights: caches, libraries, sound."""
BUSY_SWAP = 0.5


async def check(context: Context) -> list[Finding]:
    """Compare what there is with what is needed."""
    models = await asyncio.to_thread(lambda: resolve(context.config, load_catalogue()))
    needed_mib = sum(model.size for model in models.values()) / MIB + BESIDE_MIB
    memory = psutil.virtual_memory()
    total_mib, free_mib = memory.total / MIB, memory.available / MIB
    what = f"{free_mib:.0f} of {total_mib:.0f} MiB are free; the appliance takes about {needed_mib:.0f} MiB."
    if total_mib < needed_mib:
        return [Finding.fail(NAME, what, "Add memory, or choose smaller models: `appliance models list`.")]
    if not context.running and free_mib < needed_mib:
        return [Finding.warn(NAME, what, "Close other programs, or choose smaller models: `appliance models list`.")]
    return [Finding.ok(NAME, what), *_swapped()]


def _swapped() -> list[Finding]:
    swap = psutil.swap_memory()
    if swap.total and swap.used / swap.total > BUSY_SWAP:
        what = f"{swap.used / MIB:.0f} MiB are swapped out: answers can be late by seconds."
        return [Finding.warn(NAME, what, "Find what takes the memory, or add some.")]
    return []
