"""The part of the systemd unit that holds in the kernel what the guard holds in the process: for all its programs."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from appliance.config.addresses import Address, Network, Reach, embedded, reach
from appliance.config.endpoints import Endpoint
from appliance.config.network import NetworkConfig, Rule
from appliance.egress.policy import EgressRefusedError, Policy
from appliance.egress.resolver import Admitted, Lookup, resolve, system_lookup

RESOLVER_FILE: Final = Path("/etc/resolv.conf")
ANY_PORT: Final = 443
"""A port with which a name is looked up for which none is given; the answer does not depend on it."""
HEAD: Final = """\
# Written by `appliance network drop-in`, from network.allow; do not edit, write it anew.
#
# For appliance.service.d/network.conf. The kernel drops every packet of the service, of whatever program in it, that is
# not from or to the addresses below. Names were looked up when this was written: when one of them moves, write this
# anew, then `systemctl daemon-reload` and restart the service. Ports are held by the appliance itself.
[Service]
IPAddressDeny=any
IPAddressAllow=localhost
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The networks that an entry of `network.allow` stands for now; none, and why, if there are none."""

    entry: str
    networks: tuple[Network, ...] = ()
    problem: str = ""


def name_servers(text: str) -> list[Address]:
    """Return the name servers of a resolv.conf that are not on this machine; lines that are none are passed over."""
    found = []
    for line in text.splitlines():
        match line.split():
            case ["nameserver", written, *_]:
                try:
                    address = ipaddress.ip_address(written.partition("%")[0])
                except ValueError:
                    continue
                if reach(address) is not Reach.LOOPBACK:
                    found.append(address)
    return found


def grants(
    config: NetworkConfig,
    endpoints: Iterable[Endpoint],
    servers: Sequence[Address],
    *,
    lookup: Lookup = system_lookup,
) -> Iterator[Grant]:
    """Yield what each entry stands for; blocks, because names are looked up.

    Args:
        config: What is allowed.
        endpoints: The hosts that the configuration names, for entries such as *.example.org.
        servers: Name servers, which are granted if there is any name.
        lookup: How names are looked up.
    """
    policy, hosts = Policy.of(config), list(endpoints)
    for rule in config.rules:
        yield _grant(rule, hosts, policy, lookup)
    if servers and any(rule.name for rule in config.rules):
        yield Grant(entry="the name servers of this machine", networks=_networks(servers))


def drop_in(given: Iterable[Grant]) -> str:
    """Return the drop-in."""
    lines = [HEAD]
    for grant in given:
        lines.append(f"# {grant.entry}{f': {grant.problem}' if grant.problem else ''}\n")
        lines += [f"IPAddressAllow={network}\n" for network in grant.networks]
    return "".join(lines)


def _grant(rule: Rule, hosts: Sequence[Endpoint], policy: Policy, lookup: Lookup) -> Grant:
    if rule.network is not None:
        return Grant(entry=rule.text, networks=(rule.network,))
    wanted = {(rule.name, rule.port or ANY_PORT)}
    if rule.subdomains:
        wanted = {(host.host, host.port or ANY_PORT) for host in hosts if rule.names(host.host.lower(), host.port)}
    if not wanted:
        return Grant(entry=rule.text, problem="no host below it is used, so nothing is allowed for it")
    found: list[Address] = []
    problems = []
    for host, port in sorted(wanted):
        try:
            found += resolve(host, port, policy, lookup=lookup, admitted=Admitted())
        except EgressRefusedError as error:
            problems.append(str(error))
        except OSError:
            problems.append(f"{host} is not known at the moment, so nothing is allowed for it")
    return Grant(entry=rule.text, networks=_networks(found), problem="; ".join(problems))


def _networks(addresses: Iterable[Address]) -> tuple[Network, ...]:
    unique = dict.fromkeys(embedded(address) for address in addresses)
    return tuple(ipaddress.ip_network(str(address).partition("%")[0]) for address in unique)
