"""What kinds of IP address there are, for deciding whether one may be reached."""

from __future__ import annotations

import ipaddress
import re
from enum import StrEnum

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # this host; Linux takes it for the loopback
        "169.254.0.0/16",  # link-local, with the metadata services of most clouds
        "192.0.0.0/24",  # protocol assignments, with a metadata service at .192
        "168.63.129.16/32",  # the metadata service of one cloud, on a public address
        "100.100.100.200/32",  # and of another, on a shared one
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, with the broadcast
        "::/128",  # unspecified
        "::/96",  # IPv4-compatible, deprecated; the loopback ::1 is asked for first
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b:1::/48",  # translation at the site, whose embedding is not known
        "2001::/32",  # Teredo, a tunnel to IPv4
        "2002::/16",  # 6to4, likewise
        "fd00:ec2::/32",  # a metadata service
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local, deprecated
        "ff00::/8",  # multicast
    )
)
"""Never reached, whatever is configured. From the special-purpose registries of IANA (RFC 6890), and what clouds
document about their metadata services."""

_SHARED = ipaddress.ip_network("100.64.0.0/10")
"""Between providers and their customers (RFC 6598); neither private nor global for `ipaddress`."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
"""The well-known prefix (RFC 6052): the last 32 bits are the IPv4 address that is really reached."""
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_LONGEST_NAME = 253
_NUMERIC = re.compile(r"(0[xX][0-9a-fA-F]*|[0-9]+)")


class Reach(StrEnum):
    """How far away an address is."""

    LOOPBACK = "loopback"
    PRIVATE = "private"
    PUBLIC = "public"
    NEVER = "never"


def embedded(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address stands for (mapped, NAT64), and any other one unchanged."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def reach(address: Address) -> Reach:
    """Tell how far away an address is; one that embeds another is judged by that."""
    address = embedded(address)
    if address.is_loopback:
        return Reach.LOOPBACK
    if any(address in network for network in NEVER):
        return Reach.NEVER
    return Reach.PUBLIC if address.is_global else Reach.PRIVATE


def is_private(network: Network) -> bool:
    """Tell whether a network lies within one private range as a whole, so that naming it means private addresses."""
    return network.is_private or lies_within(network, _SHARED)


def lies_within(network: Network, other: Network) -> bool:
    """Tell whether a network is a part of another one."""
    return (
        network.version == other.version and network.network_address in other and network.prefixlen >= other.prefixlen
    )


def literal(host: str) -> Address | None:
    """Return the address that a host is written as, None when it is a name.

    Raises:
        ValueError: It is a number in another spelling, such as 2130706433, 0x7f.1 or 127.1, that some programs take for
            an address and some for a name.
    """
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    try:
        return ipaddress.ip_address(bare)
    except ValueError:
        pass
    last = bare.rstrip(".").rpartition(".")[2]
    if ":" in bare or _NUMERIC.fullmatch(last):  # the rule of https://url.spec.whatwg.org/#ends-in-a-number-checker
        raise ValueError(f"{host!r} is no IP address in the usual spelling, such as 192.0.2.1 or 2001:db8::1")
    return None


def plain_name(host: str) -> str:
    """Return a host name in lower case without its last dot.

    Raises:
        ValueError: It is none. Letters beyond ASCII are written as xn--….
    """
    name = host.lower().removesuffix(".")
    if len(name) > _LONGEST_NAME or not all(_LABEL.fullmatch(label) for label in name.split(".")):
        raise ValueError(f"{host!r} is no host name")
    return name
