"""The configuration: whether it is right, and who may change it."""

from __future__ import annotations

from appliance.config.problems import InvalidConfigError
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding
from appliance.ops.gauges import config_sha256

NAME = "config"
HASH_SHOWN = 12


async def check(context: Context) -> list[Finding]:
    """Tell every mistake with its place."""
    error = context.config_error
    if error is None:
        found = [Finding.ok(NAME, f"{context.file} is valid.")]
        return [*found, *_in_use(context)]
    if not isinstance(error, InvalidConfigError):
        return [Finding.of_error(NAME, error)]
    remedy = "Correct it, then `appliance config check`. The other checks take the defaults of what is wrong."
    return [Finding.fail(NAME, str(problem), remedy) for problem in error.problems]


def _in_use(context: Context) -> list[Finding]:
    """Compare it with the one that the daemon runs with."""
    used = (context.status or {}).get("config_sha256")
    if not used or used == config_sha256(context.config):
        return []
    what = f"The appliance runs with another configuration ({str(used)[:HASH_SHOWN]}): the file was changed since."
    return [Finding.warn(NAME, what, "systemctl reload appliance; or this is not its file: see --config.")]
