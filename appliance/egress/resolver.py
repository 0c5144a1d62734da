"""Names into addresses that may be reached, each of them checked.

Which addresses were checked is remembered for the whole process, because the guard, which sees only addresses, is one
for the whole process too.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from appliance.config.addresses import Address, literal
from appliance.egress.policy import EgressRefusedError, Policy

Lookup = Callable[[str, int], list[Address]]

REMEMBERED: Final = 1024
"""Of the addresses that were checked; more than a site has hosts."""


class Admitted:
    """Addresses, with their ports, that an allowed name had when it was looked up last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[Address, int], str] = OrderedDict()

    def add(self, address: Address, port: int, name: str) -> None:
        """Remember that `name` has this address."""
        with self._lock:
            self._known[address, port] = name
            self._known.move_to_end((address, port))
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    def name_of(self, address: Address, port: int) -> str:
        """Return the name that has this address, empty when none is known."""
        return self._known.get((address, port), "")


ADMITTED: Final = Admitted()
"""Those of this process."""


_own = threading.local()


def is_resolving() -> bool:
    """Tell whether this thread is looking a name up here, so that what it finds is checked and remembered."""
    return getattr(_own, "busy", False)


def system_lookup(name: str, port: int) -> list[Address]:
    """Ask the resolver of this machine. Raises OSError when it knows no such name."""
    _own.busy = True
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    finally:
        _own.busy = False
    return list(dict.fromkeys(ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found))


def resolve(
    host: str, port: int, policy: Policy, *, lookup: Lookup = system_lookup, admitted: Admitted = ADMITTED
) -> list[Address]:
    """Return the addresses of a host that may be reached at `port`, in the order of the resolver; blocks.

    Raises:
        EgressRefusedError: The host is not allowed and was not looked up, or none of its addresses is.
        OSError: There is no such name.
    """
    policy.on_host(host, port).require()
    address = literal(host)
    if address is not None:
        return [address]
    name = host.lower().removesuffix(".")
    verdicts = {found: policy.on_address(found, port, name) for found in lookup(name, port)}
    allowed = [found for found, verdict in verdicts.items() if verdict.allowed]
    for found in allowed:
        admitted.add(found, port, name)
    if not allowed:
        for verdict in verdicts.values():
            verdict.require()
        raise EgressRefusedError(f"{name} has no address")
    return allowed
