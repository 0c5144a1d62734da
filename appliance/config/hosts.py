"""Hosts that are named and not listed, also in a configuration with other mistakes, which makes no models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from appliance.config import schema
from appliance.config.endpoints import ADDRESSES, HOST, Endpoint, not_listed, of_address
from appliance.config.handover import EmailConfig
from appliance.config.network import NetworkConfig, parse_rule
from appliance.config.problems import KeyPath

_MAIL_PORT: int = EmailConfig.model_fields["port"].default


def unlisted_hosts(data: Mapping[str, Any]) -> Iterator[tuple[KeyPath, str]]:
    """Yield the settings of a document that name a host which is not in `network.allow`, and what to say of each.

    A host is left out that stands in an entry of `network.allow` which cannot be read: that is told already.
    """
    entries = _entries(data)
    sound = [entry for entry in entries if _is_sound(entry)]
    broken = " ".join(entry for entry in entries if entry not in sound)
    network = NetworkConfig(allow=tuple(sound))
    for endpoint in _endpoints(data, ()):
        if not network.lists(endpoint.host, endpoint.port) and endpoint.host not in broken:
            yield endpoint.path, not_listed(endpoint)


def _entries(data: Mapping[str, Any]) -> list[str]:
    network = data.get("network")
    allow = network.get("allow") if isinstance(network, Mapping) else None
    return [str(entry) for entry in allow] if isinstance(allow, list) else [str(allow or "")]


def _is_sound(entry: str) -> bool:
    with suppress(ValueError):
        parse_rule(entry)
        return True
    return False


def _endpoints(value: object, path: KeyPath) -> Iterator[Endpoint]:
    """Yield the hosts that a value of the document names; pairs of words, such as headers, are no settings."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _endpoints(item, (*path, number))
    if not isinstance(value, Mapping):
        return
    for name, setting in value.items():
        if name in ADDRESSES and isinstance(setting, str):
            yield from of_address(setting, (*path, name))
        elif name == HOST and isinstance(setting, str):
            port = value.get("port", _MAIL_PORT)
            yield Endpoint(path=(*path, name), host=setting, port=port if isinstance(port, int) else None)
        elif name not in schema.pairs():
            yield from _endpoints(setting, (*path, name))
