"""Which hosts a configuration names: those of tools, channels, the mirror of models, and of whatever comes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel

from appliance.config.network import NetworkConfig
from appliance.config.problems import KeyPath, dotted
from appliance.config.rules import broken_rule

T = TypeVar("T")

ADDRESSES = frozenset({"url", "mirror", "database", "endpoint"})
"""Settings that are the address of a service; without `scheme://host` they are something else, such as a folder."""
HOST = "host"
"""A setting that is a host; its port is the setting `port` beside it."""
PORTS = {"http": 80, "https": 443, "postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mssql": 1433, "oracle": 1521}
"""What an address without a port means; None for others, which is any port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A host that the configuration names, and the setting where it does."""

    path: KeyPath
    host: str
    port: int | None

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"


def endpoints(value: object, path: KeyPath = ()) -> Iterator[Endpoint]:
    """Yield the hosts that a section, or the whole configuration, names, in their order."""
    if isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from endpoints(item, (*path, number))
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from endpoints(item, (*path, name))
    if not isinstance(value, BaseModel):
        return
    for name in type(value).model_fields:
        setting = getattr(value, name)
        if isinstance(setting, str) and name in ADDRESSES:
            yield from of_address(setting, (*path, name))
        elif isinstance(setting, str) and name == HOST:
            yield Endpoint(path=(*path, name), host=setting, port=getattr(value, "port", None))
        else:
            yield from endpoints(setting, (*path, name))


def unlisted(value: object, network: NetworkConfig) -> list[Endpoint]:
    """Return the hosts that are named and are not in `network.allow`."""
    return [endpoint for endpoint in endpoints(value) if not network.lists(endpoint.host, endpoint.port)]


def only_listed(config: T, network: NetworkConfig) -> T:
    """Return a configuration unchanged, or raise at the first host that is not in `network.allow`."""
    found = unlisted(config, network)
    if not found:
        return config
    raise broken_rule(not_listed(found[0]), ".".join(str(step) for step in found[0].path))


def not_listed(endpoint: Endpoint) -> str:
    """Say that a host is named and not listed."""
    return f"{dotted(endpoint.path)}: {endpoint} is not in network.allow; add it there, or nothing will reach it"


def of_address(address: str, path: KeyPath) -> Iterator[Endpoint]:
    """Yield the host of an address; one that cannot be read is for other rules to refuse."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        return
    if host:
        yield Endpoint(path=path, host=host, port=port or PORTS.get(parts.scheme.partition("+")[0]))
