"""The chosen models, every byte of them: a disk that goes bad changes files without a word."""

from __future__ import annotations

import asyncio

from appliance.models.verify import FETCH_REMEDY, FileState
from appliance.models.verify import check as compare
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding
from appliance.ops.doctor.models import chosen

NAME = "hashes"


async def check(context: Context) -> list[Finding]:
    """Compare each file with the SHA-256 of the catalogue; files that are not there are told by `models`."""
    return await asyncio.to_thread(_check, context)


def _check(context: Context) -> list[Finding]:
    folder = context.config.models.directory
    files = [file for model in chosen(context) for file in compare(model, folder, full=True)]
    damaged = [file for file in files if file.state is FileState.DAMAGED]
    if damaged:
        remedy = f"Delete it. {FETCH_REMEDY} If it happens again, the disk goes bad."
        return [Finding.fail(NAME, f"{file}.", remedy) for file in damaged]
    intact = sum(file.intact for file in files)
    return [Finding.ok(NAME, f"{intact} files are what the catalogue says, byte by byte.")] if intact else []
