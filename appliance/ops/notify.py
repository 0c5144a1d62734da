"""Tells the service manager how the service is: the datagrams of sd_notify(3), without its library."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

from appliance.clock import Clock

log = logging.getLogger(__name__)

ADDRESS_VARIABLE = "NOTIFY_SOCKET"
"""Where systemd listens; a name that begins with `@` has no file (the abstract namespace of unix(7))."""
SEND_TIMEOUT_S = 0.5
"""A service manager that does not listen any more must not hold up the conversation."""
STATUS_CHARACTERS = 256
"""What `systemctl status` shows in a line or two."""

_MICRO = 1_000_000


class Notifier:
    """Sends news to a service manager; without one, or when one cannot be reached, nothing happens."""

    def __init__(self, address: str, clock: Clock) -> None:
        """Send to `address`, a path or `@name`; empty for nobody."""
        self._address = _socket_address(address)
        self._clock = clock
        self._reported = False

    @classmethod
    def from_environment(cls, clock: Clock, environ: Mapping[str, str] = os.environ) -> Notifier:
        """Send to `$NOTIFY_SOCKET`, which systemd sets for a service of Type=notify."""
        return cls(environ.get(ADDRESS_VARIABLE, ""), clock)

    @property
    def listening(self) -> bool:
        """Whether there is a service manager that wants to know."""
        return bool(self._address)

    def ready(self, status: str = "") -> None:
        """The start, or a reload, is over."""
        self._send("READY=1", *_status(status))

    def reloading(self, status: str = "") -> None:
        """The configuration is read again; `ready` ends it. The time is that of CLOCK_MONOTONIC."""
        self._send("RELOADING=1", f"MONOTONIC_USEC={self._clock.now() * _MICRO:.0f}", *_status(status))

    def stopping(self, status: str = "") -> None:
        """The service has begun to stop."""
        self._send("STOPPING=1", *_status(status))

    def status(self, text: str) -> None:
        """Say in words what is being done, for `systemctl status`."""
        self._send(*_status(text or " "))

    def alive(self) -> None:
        """Feed the watchdog."""
        self._send("WATCHDOG=1")

    def extend_timeout(self, seconds: float, status: str = "") -> None:
        """Ask for `seconds` from now on for what is being done: the start, the stop or the reload."""
        self._send(f"EXTEND_TIMEOUT_USEC={seconds * _MICRO:.0f}", *_status(status))

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.settimeout(SEND_TIMEOUT_S)
                sender.sendto("\n".join(lines).encode(), self._address)
        except OSError as error:
            if not self._reported:
                log.warning("the service manager cannot be told %s: %s", lines[0], error)
            self._reported = True
        else:
            self._reported = False


def _socket_address(address: str) -> str:
    if address.startswith("@"):
        return f"\0{address[1:]}"
    if address and not address.startswith("/"):
        log.warning("%s=%r is neither a path nor @name; the service manager is told nothing", ADDRESS_VARIABLE, address)
        return ""
    return address


def _status(text: str) -> tuple[str, ...]:
    """Return the field, on one line; none for an empty text."""
    return (f"STATUS={' '.join(text.split())[:STATUS_CHARACTERS]}",) if text else ()
