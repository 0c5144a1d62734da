"""The ports on this machine: free for the daemon, or its own."""

from __future__ import annotations

import socket

import psutil

from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding
from appliance.ops.loopback import HOST

NAME = "ports"


async def check(context: Context) -> list[Finding]:
    """Look at each port that the configuration wants."""
    wanted = {
        "monitoring.http_port": context.config.monitoring.http_port,
        "attention.http_port": context.config.attention.http_port,
    }
    ports = {setting: port for setting, port in wanted.items() if port is not None}
    if len(set(ports.values())) < len(ports):
        what = f"{' and '.join(ports)} are both {next(iter(ports.values()))}."
        return [Finding.fail(NAME, what, "Give each a port of its own.")]
    return [_look(setting, port, context) for setting, port in ports.items()]


def _look(setting: str, port: int, context: Context) -> Finding:
    try:
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((HOST, port))
    except PermissionError:
        return Finding.fail(NAME, f"{setting}: port {port} may not be opened.", "Choose one from 1024 on.")
    except OSError:
        return _taken(setting, port, context)
    if context.running and context.status is None and setting == "monitoring.http_port":
        what = f"{setting}: the appliance runs and does not listen on port {port}."
        return Finding.warn(NAME, what, "Its configuration was changed since it started: restart it.")
    return Finding.ok(NAME, f"{setting}: port {port} is free.")


def _taken(setting: str, port: int, context: Context) -> Finding:
    if context.running and (context.status is not None or setting != "monitoring.http_port"):
        return Finding.ok(NAME, f"{setting}: the appliance has port {port}.")
    if context.running and context.status_error is not None:
        return Finding.of_error(NAME, context.status_error)
    by = _owner(port)
    harm = "nobody can ask the daemon how it is" if setting == "monitoring.http_port" else "the daemon cannot start"
    what = f"{setting}: another program{f' ({by})' if by else ''} has port {port}, so that {harm}."
    return Finding.fail(NAME, what, f"Stop that program, or set {setting} to a free port.")


def _owner(port: int) -> str:
    """Return name and number of the process that listens, where we may know."""
    try:
        for connection in psutil.net_connections("tcp"):
            ours = getattr(connection.laddr, "port", None) == port  # a socket that is not bound has no address
            if ours and connection.status == psutil.CONN_LISTEN and connection.pid:
                return f"{psutil.Process(connection.pid).name()}, process {connection.pid}"
    except (psutil.Error, OSError):
        return ""
    return ""
