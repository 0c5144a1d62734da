"""The refusal of whatever would leave this machine, for the whole process and every library in it.

An audit hook (PEP 578) of the interpreter sees each socket that Python code makes, connects, binds or sends from, and
each name it looks up, before it happens, and cannot be taken out again. It does not see

- native code with sockets of its own, such as a database driver in C, or the telemetry of ONNX Runtime;
- the look-up of a name that is given to `socket.connect` itself: the connection is refused, the look-up has happened;
- other programs, such as the tools of kind `command`.

These are stopped by the systemd unit (`appliance network drop-in`), for all processes of the service, in the kernel.
"""

from __future__ import annotations

import ipaddress
import logging
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from appliance.config.addresses import literal
from appliance.egress.policy import LOOPBACK_ONLY, EgressRefusedError, Policy, Verdict
from appliance.egress.resolver import ADMITTED, is_resolving, resolve

log = logging.getLogger(__name__)

_INTERNET: Final = frozenset({socket.AF_INET, socket.AF_INET6})
_LOCAL: Final = frozenset({socket.AF_UNIX, socket.AF_NETLINK, socket.AF_UNSPEC})
"""They end in this machine: the sound server, D-Bus, the journal; questions to the kernel."""
_KIND: Final = 0xF
"""The part of a socket's type that is not a flag such as SOCK_CLOEXEC."""
_TRUE_ON_EVERY_ADDRESS: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - to be refused
_THIS_MACHINE: Final = Verdict(allowed=True, reason="this machine")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Something that would use the network, and what was decided."""

    event: str
    """The audit event, such as socket.connect."""
    peer: str
    """Host and port, a path, or a kind of socket."""
    verdict: Verdict


class Guard:
    """Decides on what the interpreter is about to do. `observe` is told every attempt, on the thread that makes it."""

    def __init__(self, policy: Policy = LOOPBACK_ONLY, observe: Callable[[Attempt], None] | None = None) -> None:
        self._policy = policy
        self._observe = observe
        self._asking = threading.local()
        self._deciders: dict[str, Callable[[tuple[Any, ...]], tuple[str, Verdict]]] = {
            "socket.__new__": self._on_socket,
            "socket.connect": self._on_peer,
            "socket.sendto": self._on_peer,
            "socket.sendmsg": self._on_peer,
            "socket.bind": self._on_bind,
            "socket.getaddrinfo": self._on_name,
            "socket.gethostbyname": self._on_name,
            "socket.gethostbyaddr": self._on_reverse,
            "socket.getnameinfo": self._on_reverse,
        }
        self.refused: Counter[str] = Counter()
        """How often each event with its peer was refused."""

    def install(self) -> None:
        """Begin, for as long as the process lives. Children that it starts have their own interpreter, and no guard."""
        sys.addaudithook(self.hook)

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Look at one audit event. Raises EgressRefusedError, which ends what was about to happen."""
        decide = self._deciders.get(event)
        if decide is None or getattr(self._asking, "busy", False):
            return
        self._asking.busy = True  # what follows may use sockets itself: the log, the look-up of a name
        try:
            peer, verdict = decide(arguments)
            if self._observe is not None:
                self._observe(Attempt(event=event, peer=peer, verdict=verdict))
            if not verdict.allowed:
                self._count(f"{event} {peer}", verdict)
        finally:
            self._asking.busy = False
        verdict.require()

    def _count(self, what: str, verdict: Verdict) -> None:
        self.refused[what] += 1
        if self.refused[what] == 1:
            log.warning("refused %s: %s", what, verdict.reason)

    def _on_socket(self, arguments: tuple[Any, ...]) -> tuple[str, Verdict]:
        _, family, kind, _ = arguments
        name = _family(family)
        if family in _INTERNET and kind & _KIND == socket.SOCK_RAW:
            return f"raw {name}", Verdict(allowed=False, reason="raw sockets are not allowed")
        if family in _INTERNET or family in _LOCAL or family < 0:  # below 0: taken over from a file descriptor
            return name, _THIS_MACHINE
        return name, Verdict(allowed=False, reason=f"sockets of the kind {name} are not allowed")

    def _on_peer(self, arguments: tuple[Any, ...]) -> tuple[str, Verdict]:
        sock, address = arguments[0], arguments[1]
        if sock.family not in _INTERNET or address is None:  # None: sent to the peer it is connected with
            return _family(sock.family), _THIS_MACHINE
        host, port = _text(address[0]), int(address[1])
        verdict = self._policy.on_host(host, port)
        found = _address(host)
        name = "" if found is None else ADMITTED.name_of(found, port)
        if not verdict.allowed and found is not None and self._policy.on_host(name, port).allowed:
            verdict = self._policy.on_address(found, port, name)
        return f"{host}:{port}", verdict

    def _on_bind(self, arguments: tuple[Any, ...]) -> tuple[str, Verdict]:
        sock, address = arguments
        if sock.family not in _INTERNET:
            return _family(sock.family), _THIS_MACHINE
        host, port = _text(address[0]), int(address[1])
        found = _address(host)
        if host == "localhost" or (found is not None and found.is_loopback):
            return f"{host}:{port}", _THIS_MACHINE
        shown = "every address" if host in _TRUE_ON_EVERY_ADDRESS else host
        return f"{host}:{port}", Verdict(allowed=False, reason=f"listening on {shown} is not allowed, only on loopback")

    def _on_name(self, arguments: tuple[Any, ...]) -> tuple[str, Verdict]:
        """Decide on a look-up. Another library than ours connects itself: what it may reach is looked up here first."""
        host, port = _text(arguments[0] or ""), _port(arguments[1:2])
        peer = host if port is None else f"{host}:{port}"
        if not host or _address(host) is not None:  # nothing is asked for; connecting is decided on later
            return peer, _THIS_MACHINE
        verdict = self._policy.on_host(host, port)
        if verdict.rule and port and not is_resolving():
            try:
                resolve(host, port, self._policy)
            except EgressRefusedError as error:
                return peer, Verdict(allowed=False, reason=str(error))
        return peer, verdict

    def _on_reverse(self, arguments: tuple[Any, ...]) -> tuple[str, Verdict]:
        """Decide on a look-up of the name of an address, or for gethostbyaddr also of a name."""
        asked = arguments[0]
        host, port = (asked, None) if isinstance(asked, str) else (_text(asked[0]), int(asked[1]) or None)
        return host if port is None else f"{host}:{port}", self._policy.on_host(host, port)


def _port(given: tuple[Any, ...]) -> int | None:
    """Return the port of a look-up; a service that is named, such as `https`, counts as none."""
    text = _text(given[0]) if given and isinstance(given[0], str | bytes) else str(*given)
    return int(text) if text.isdecimal() else None


def _family(family: int) -> str:
    return socket.AddressFamily(family).name if family in set(socket.AddressFamily) else str(family)


def _text(host: str | bytes | bytearray) -> str:
    return host if isinstance(host, str) else bytes(host).decode("ascii", "replace")


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return literal(host)
    except ValueError:
        return None
