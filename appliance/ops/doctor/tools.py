"""The declared tools and forms, as far as can be found without calling anything; with `--online`, their hosts."""

from __future__ import annotations

import asyncio
from pathlib import Path

from appliance.config.endpoints import Endpoint, endpoints
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding
from appliance.tools.check import check as problems_of
from appliance.tools.secrets import MaskedSecrets

NAME = "tools"
CONNECT_S = 3.0


async def check(context: Context) -> list[Finding]:
    """Look at the declarations; missing secrets are told by another check."""
    config, folder = context.config, Path("." if context.file is None else context.file.absolute().parent)
    problems = await asyncio.to_thread(problems_of, config.tools, config.forms, folder, MaskedSecrets())
    remedy = "Correct it, then `appliance tools check`; docs/tools.md says how."
    found = [Finding.fail(NAME, str(problem), remedy) for problem in problems]
    if not found:
        found.append(Finding.ok(NAME, f"Declared rightly: tools {len(config.tools)}, forms {len(config.forms)}."))
    return found + (await _reached(context) if context.online else [])


async def _reached(context: Context) -> list[Finding]:
    hosts = {(each.host, each.port): each for each in endpoints(context.config) if each.port is not None}
    return list(await asyncio.gather(*(_try(each) for each in hosts.values())))


async def _try(endpoint: Endpoint) -> Finding:
    """Open a connection and close it; nothing is sent."""
    try:
        async with asyncio.timeout(CONNECT_S):
            _, writer = await asyncio.open_connection(endpoint.host, endpoint.port)
        writer.close()
    except (OSError, TimeoutError) as error:
        reason = str(error) or f"no answer within {CONNECT_S:.0f} s"
        remedy = "Is the service running, and is the network up? It is in network.allow."
        return Finding.warn(NAME, f"{endpoint} cannot be reached: {reason}.", remedy)
    return Finding.ok(NAME, f"{endpoint} can be reached.")
