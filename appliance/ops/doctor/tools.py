"""The declared tools and forms, as far as can be found without calling anything; with `--online`, their hosts."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from appliance.config.endpoints import Endpoint, endpoints
from appliance.config.network import NetworkConfig
from appliance.egress.policy import EgressRefusedError, Policy
from appliance.egress.resolver import Admitted, resolve
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding
from appliance.tools.check import check as problems_of
from appliance.tools.secrets import MaskedSecrets

NAME = "tools"
CONNECT_S = 3.0
HERE = "Is the service running? It is on this machine, which network.allow need not name."
ELSEWHERE = "Is the service running, and is the network up? It is in network.allow."


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
    hosts = {(each.host, each.port): each for each in endpoints(context.config)}
    policy = Policy.of(context.config.network)
    return list(await asyncio.gather(*(_try(each, policy) for each in hosts.values() if each.port is not None)))


async def _try(endpoint: Endpoint, policy: Policy) -> Finding:
    """Open a connection and close it, if it is allowed at all; nothing is sent."""
    port = endpoint.port or 0
    try:
        async with asyncio.timeout(CONNECT_S):
            found = await asyncio.to_thread(resolve, endpoint.host, port, policy, admitted=Admitted())
            await _connect([str(address) for address in found], port)
    except EgressRefusedError as error:
        return Finding.of_error(NAME, error)
    except (OSError, TimeoutError) as error:
        reason = _in_words(error) or f"no answer within {CONNECT_S:.0f} s"
        return Finding.warn(NAME, f"{endpoint} cannot be reached: {reason}.", HERE if _is_here(endpoint) else ELSEWHERE)
    return Finding.ok(NAME, f"{endpoint} can be reached.")


def _in_words(error: OSError) -> str:
    """Return the reason alone: asyncio puts the address into it once more."""
    refused = isinstance(error, ConnectionError) and error.errno is not None
    return os.strerror(error.errno or 0) if refused else error.strerror or str(error)


def _is_here(endpoint: Endpoint) -> bool:
    return NetworkConfig().lists(endpoint.host, endpoint.port)


async def _connect(addresses: Sequence[str], port: int) -> None:
    """Connect to the first address that takes it, and close. Raises OSError of the last when none does."""
    for number, address in enumerate(addresses, 1):
        try:
            _, writer = await asyncio.open_connection(address, port)
        except OSError:
            if number == len(addresses):
                raise
            continue
        writer.close()
        return
