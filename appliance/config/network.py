"""Which machines the appliance may reach, as configured."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator

from appliance.config.addresses import (
    NEVER,
    Address,
    Network,
    Reach,
    embedded,
    is_private,
    lies_within,
    literal,
    plain_name,
    reach,
)
from appliance.config.rules import broken_rule
from appliance.config.section import Section

LOCALHOST = "localhost"
EXAMPLES = "crm.example.org, *.example.org:443, 10.1.2.3, 10.1.0.0/16 or [2001:db8::1]:443"

_BRACKETED = re.compile(r"\[(?P<host>[^\[\]]*)\](:(?P<port>[0-9]{1,5}))?")
_WITH_PORT = re.compile(r"(?P<host>[^:\[\]]*)(:(?P<port>[0-9]{1,5}))?")
_LAST_PORT = 65_535


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One entry of `network.allow`: a name or a network, at one port or (None) at any."""

    text: str
    """As it was written."""
    name: str = ""
    """In lower case; empty for a network."""
    subdomains: bool = False
    """Whether the names below `name` are meant, and not itself."""
    network: Network | None = None
    port: int | None = None

    def names(self, name: str, port: int | None) -> bool:
        """Tell whether a host name (`plain_name`) is meant; `port` None: at any."""
        if not self._at(port) or not self.name:
            return False
        return name.endswith(f".{self.name}") if self.subdomains else name == self.name

    def covers(self, address: Address, port: int | None) -> bool:
        """Tell whether an address is meant. A private one is only by a network that lies in a private range."""
        address = embedded(address)
        if self.network is None or not self._at(port) or address not in self.network:
            return False
        return reach(address) is Reach.PUBLIC or is_private(self.network)

    def _at(self, port: int | None) -> bool:
        return port is None or self.port is None or self.port == port


def parse_rule(text: str) -> Rule:
    """Read an entry of `network.allow`. Raises ValueError, which says what is wrong with it."""
    if "://" in text or "@" in text:
        raise ValueError(f"{text!r} is an address of a service; write only its host, such as crm.example.org:443")
    if text.count(":") > 1 and not text.startswith("["):
        return Rule(text=text, network=_network(text))
    parts = (_BRACKETED if text.startswith("[") else _WITH_PORT).fullmatch(text)
    if parts is None or not parts["host"]:
        raise ValueError(f"{text!r} is neither a host nor a network; expected such as {EXAMPLES}")
    host, port = parts["host"], None if parts["port"] is None else int(parts["port"])
    if port is not None and not 0 < port <= _LAST_PORT:
        raise ValueError(f"{text!r}: there is no port {port}")
    if "/" in host or text.startswith("[") or literal(host) is not None:
        return Rule(text=text, network=_network(host), port=port)
    if host == "*" or host.startswith("*."):
        return Rule(text=text, name=_parent(host), subdomains=True, port=port)
    return Rule(text=text, name=plain_name(host), port=port)


def _network(text: str) -> Network:
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is no address or network: {error}") from error
    if isinstance(network, ipaddress.IPv6Network) and network.network_address.ipv4_mapped is not None:
        raise ValueError(f"{text!r}: write the IPv4 address {network.network_address.ipv4_mapped} itself")
    if network.prefixlen == 0:
        raise ValueError(f"{text!r} is every address there is; name the networks that are meant")
    if not network.is_loopback and any(lies_within(network, never) for never in NEVER):
        raise ValueError(f"{text!r} is never reached: link-local, multicast, reserved, or metadata of a cloud")
    return network


def _parent(host: str) -> str:
    name = "" if host == "*" else plain_name(host.removeprefix("*."))
    if "." not in name:
        raise ValueError(f"{host!r} is too many hosts; name the domain that is meant, such as *.example.org")
    return name


def _entry(text: str) -> str:
    try:
        parse_rule(text)
    except ValueError as error:
        raise broken_rule(f"network.allow: {error}") from error
    return text


class NetworkConfig(Section):
    """What may be reached over the network. Everything else but this machine itself is refused."""

    allow: tuple[Annotated[str, AfterValidator(_entry)], ...] = ()
    """Hosts that tools, channels and the mirror of models may reach: names, *.domain, addresses, networks; with :port
    for one port only. This machine itself is always allowed."""
    allow_private: bool = False
    """Whether the names above may have addresses of a private network. An address or network above says so itself."""

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The entries, read."""
        return tuple(parse_rule(text) for text in self.allow)

    def lists(self, host: str, port: int | None) -> bool:
        """Tell whether a host, as it is written in an address, is listed or is this machine. Asks nobody."""
        try:
            address = literal(host)
            if address is not None:
                return reach(address) is Reach.LOOPBACK or any(rule.covers(address, port) for rule in self.rules)
            name = plain_name(host)
        except ValueError:
            return False
        return name == LOCALHOST or any(rule.names(name, port) for rule in self.rules)
