"""llama.cpp as it was compiled: one token, in a process of its own, because a wrong build crashes."""

from __future__ import annotations

import asyncio

from appliance.engines.selftest import check_llama
from appliance.models.catalogue import Role, load_catalogue
from appliance.models.profiles import resolve
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding

NAME = "llama"


async def check(context: Context) -> list[Finding]:
    """Let it write a token; an error has its own remedy."""
    model = resolve(context.config, load_catalogue())[Role.LLM]
    path = context.config.models.directory / model.id / model.entry
    if not path.is_file():
        return []
    await asyncio.to_thread(check_llama, path)
    return [Finding.ok(NAME, f"llama.cpp works on this processor with {model.id}.")]
