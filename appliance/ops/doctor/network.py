"""What may be reached: the hosts that the configuration names against network.allow, and against the unit."""

from __future__ import annotations

import asyncio

from appliance.config.endpoints import endpoints, unlisted
from appliance.config.problems import dotted
from appliance.egress.dropin import drop_in, grants, name_servers
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding
from appliance.ops.doctor.systemd import FOLDER, UNIT

NAME = "network"
DROP_IN = f"{FOLDER}/{UNIT}.d/network.conf"
RENEW = f"appliance network drop-in | sudo tee /{DROP_IN}, then systemctl daemon-reload and restart the service."
PROOF = "`appliance doctor --egress` proves that nothing else is reached."


async def check(context: Context) -> list[Finding]:
    """Compare the three."""
    config = context.config
    wrong = [
        Finding.fail(
            NAME,
            f"{dotted(each.path)}: {each} is not in network.allow, so that nothing reaches it.",
            "Add it to network.allow, or take it out.",
        )
        for each in unlisted(config, config.network)
    ]
    used = list(endpoints(config))
    idle = [
        rule.text
        for rule in config.network.rules
        if not any(
            config.network.model_copy(update={"allow": (rule.text,)}).lists(each.host, each.port) for each in used
        )
    ]
    for entry in idle:
        remedy = "Take it out, so that it cannot be misused; a tool that is a program may still need it."
        wrong.append(Finding.warn(NAME, f"network.allow has {entry}, which nothing uses.", remedy))
    said = f"What may be reached: {', '.join(config.network.allow) or 'nothing but this machine'}. {PROOF}"
    return [*wrong, *await asyncio.to_thread(_unit, context), *([] if wrong else [Finding.ok(NAME, said)])]


def _unit(context: Context) -> list[Finding]:
    """Compare the drop-in of an installed unit with what would be written now; names are looked up for that."""
    if not context.read(f"{FOLDER}/{UNIT}"):
        return []
    config = context.config
    given = list(grants(config.network, endpoints(config), name_servers(context.read("etc/resolv.conf"))))
    found = [Finding.warn(NAME, f"{grant.entry}: {grant.problem}.", RENEW) for grant in given if grant.problem]
    there, wanted = _allowed(context.read(DROP_IN)), _allowed(drop_in(given))
    if not there:
        return [
            *found,
            Finding.warn(NAME, "The unit has no network.conf, so that it reaches this machine only.", RENEW),
        ]
    if there != wanted:
        what = f"The unit's network.conf is not up to date: {_difference(there, wanted)}."
        found.append(Finding.warn(NAME, what, RENEW))
    return found


def _allowed(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines() if line.startswith("IPAddressAllow=")}


def _difference(there: set[str], wanted: set[str]) -> str:
    parts = [("it lacks", wanted - there), ("it still has", there - wanted)]
    return "; ".join(
        f"{what} {', '.join(sorted(line.partition('=')[2] for line in lines))}" for what, lines in parts if lines
    )
