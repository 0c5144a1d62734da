"""The sockets of a process and its children, seen from outside: in /proc, and through strace where there is one."""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil

STRACE: Final = ("strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=%network")
"""With a filter in the kernel, so that nothing but calls for the network is slowed down."""
OTHER: Final = "other"
"""A socket that /proc/net lists as neither IP nor local: to the kernel (netlink), or raw."""

_NETLINK: Final = Path("/proc/net/netlink")
_CALL = re.compile(r"\b(?P<call>connect|sendto|sendmsg|sendmmsg|bind)\(")
_INET = re.compile(r'sin_port=htons\((\d+)\), sin_addr=inet_addr\("([^"]+)"\)')
_INET6 = re.compile(r'sin6_port=htons\((\d+)\),.*?inet_pton\(AF_INET6, "([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A socket, or a call that used one. `port` is None where the kind has none."""

    kind: str
    """tcp, udp, unix, netlink or other for a socket; connect, sendto, sendmsg or bind for a call."""
    host: str
    port: int | None = None
    listening: bool = False
    """`host` and `port` are our own end, where others may connect."""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        where = host if self.port is None else f"{host}:{self.port}"
        return f"{self.kind} listening on {where}" if self.listening else f"{self.kind} {where}"


class ProcSampler:
    """Counts the sockets of a process and all its descendants, one look after the other."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self.looks = 0
        self.seen: Counter[Seen] = Counter()
        self.programs: set[str] = set()

    def look(self) -> None:
        """Take note of what there is now. A process that has just ended has none."""
        with contextlib.suppress(psutil.Error):
            root = psutil.Process(self._pid)
            for process in (root, *root.children(recursive=True)):
                with contextlib.suppress(psutil.Error, OSError):
                    self.programs.add(process.name())
                    self.seen.update(_sockets(process))
            self.looks += 1


def _sockets(process: psutil.Process) -> Iterator[Seen]:
    known = set()
    connections: list[Any] = process.net_connections("all")  # the types say nothing of AF_UNIX, whose ends are texts
    for connection in connections:
        known.add(connection.fd)
        if connection.family == socket.AF_UNIX:
            yield Seen(kind="unix", host=str(connection.raddr or connection.laddr or "unnamed"))
            continue
        kind = "tcp" if connection.type == socket.SOCK_STREAM else "udp"
        if connection.raddr:
            yield Seen(kind=kind, host=connection.raddr.ip, port=connection.raddr.port)
        elif connection.laddr:
            yield Seen(kind=kind, host=connection.laddr.ip, port=connection.laddr.port, listening=True)
    yield from _others(process, known)


def _others(process: psutil.Process, known: set[int]) -> Iterator[Seen]:
    """Yield the sockets that psutil does not list, nor when it is asked again: one may have been made meanwhile."""
    unlisted = _unlisted(process.pid, known)
    if not unlisted:
        return
    listed = {connection.fd for connection in process.net_connections("all")}
    still = _unlisted(process.pid, listed)
    for descriptor, inode in unlisted.items():
        if still.get(descriptor) == inode:
            yield Seen(kind="netlink" if inode in _netlink_inodes() else OTHER, host="kernel")


def _unlisted(pid: int, known: set[int]) -> dict[int, str]:
    """Return the inodes of the sockets whose descriptors are not `known`."""
    found = {}
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(entry.readlink())
            if target.startswith("socket:[") and int(entry.name) not in known:
                found[int(entry.name)] = target[len("socket:[") : -1]
    return found


def _netlink_inodes() -> set[str]:
    with contextlib.suppress(OSError):
        return {line.split()[-1] for line in _NETLINK.read_text(encoding="ascii").splitlines()[1:]}
    return set()


def can_trace() -> bool:
    """Tell whether strace is installed and may be used here."""
    if shutil.which(STRACE[0]) is None:
        return False
    done = subprocess.run([*STRACE, "-o", "/dev/null", "true"], capture_output=True, check=False)  # noqa: S603 - fixed
    return done.returncode == 0


def traced_calls(trace: str) -> Counter[Seen]:
    """Count the calls in what strace wrote that name an Internet address, and those that name anything else by kind."""
    seen: Counter[Seen] = Counter()
    for line in trace.splitlines():
        call = _CALL.search(line)
        if call is None:
            continue
        ends = [*_INET.findall(line), *_INET6.findall(line)]
        for port, host in ends:
            seen[Seen(kind=call["call"], host=host, port=int(port), listening=call["call"] == "bind")] += 1
        family = re.search(r"sa_family=(AF_\w+)", line)
        if not ends and family is not None:
            seen[Seen(kind=call["call"], host=family[1])] += 1
    return seen
