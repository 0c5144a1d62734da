"""The secrets that tools and channels name: whether they are there. None is shown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import BaseModel

from appliance.config.problems import KeyPath, dotted
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding
from appliance.tools.errors import ToolError
from appliance.tools.secrets import secret

NAME = "secrets"
_PLACE = re.compile(r"\bsecrets\.([a-z][a-z0-9_]*)")
_SETTING = "_secret"
"""How settings end whose value is the name of a secret."""


async def check(context: Context) -> list[Finding]:
    """Look for each secret that the configuration names."""
    named: dict[str, str] = {}
    for name, path in secrets_named(context.config):
        named.setdefault(name, dotted(path))
    found = [_missing(name, place, context) for name, place in named.items()]
    missing = [finding for finding in found if finding is not None]
    if missing:
        return missing
    return [
        Finding.ok(
            NAME,
            f"All {len(named)} secrets are there: {', '.join(sorted(named))}."
            if named
            else "The configuration names no secret.",
        )
    ]


def secrets_named(value: object, path: KeyPath = ()) -> Iterator[tuple[str, KeyPath]]:
    """Yield the names of secrets in a section or the whole configuration, and the setting that each stands in."""
    match value:
        case BaseModel():
            for name in type(value).model_fields:
                yield from secrets_named(getattr(value, name), (*path, name))
        case dict():
            for name, item in value.items():
                yield from secrets_named(item, (*path, name))
        case tuple() | list():
            for number, item in enumerate(value):
                yield from secrets_named(item, (*path, number))
        case str() if path and str(path[-1]).endswith(_SETTING) and value:
            yield value, path
        case str():
            yield from ((name, path) for name in _PLACE.findall(value))


def _missing(name: str, place: str, context: Context) -> Finding | None:
    try:
        secret(name, context.environ)
    except ToolError as error:
        remedy = error.remedy or "Mend the file of the secret."
        remedy += f" Installed as a service: put it into /etc/appliance/credentials/{name} and restart."
        return Finding.fail(NAME, f"{place}: {error.detail}.", remedy)
    return None
