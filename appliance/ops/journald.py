"""Log messages with fields for the journal of systemd, by its native protocol.

https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ - with fields, `journalctl SESSION_ID=…` finds one conversation.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import socket
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path

from appliance.errors import ApplianceError

STREAM_VARIABLE = "JOURNAL_STREAM"
"""`device:inode` of the standard error stream that systemd has connected to the journal (systemd.exec(5))."""
SOCKET = Path("/run/systemd/journal/socket")
IDENTIFIER = "appliance"

CONTEXT = ("session_id", "turn_id", "error_code")
"""What a message may bring along in `extra`; it becomes a field of the same name in capitals."""

_PRIORITIES = ((logging.CRITICAL, 2), (logging.ERROR, 3), (logging.WARNING, 4), (logging.INFO, 6))
"""Levels and those of syslog(3): critical, error, warning, information."""
_DEBUG = 7
_LENGTH = struct.Struct("<Q")
_TOO_LARGE = (errno.EMSGSIZE, errno.ENOBUFS)
_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


def connected_to_journal(stream: int = 2, environ: Mapping[str, str] = os.environ) -> bool:
    """Tell whether the journal is what reads a file descriptor, the standard error stream unless told otherwise."""
    try:
        status = os.fstat(stream)
    except OSError:
        return False
    return environ.get(STREAM_VARIABLE) == f"{status.st_dev}:{status.st_ino}"


class JournalHandler(logging.Handler):
    """Sends each message as one entry: a traceback stays in one piece, and what belongs to it becomes fields."""

    def __init__(self, path: Path = SOCKET) -> None:
        super().__init__()
        self._path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)

    def emit(self, record: logging.LogRecord) -> None:
        """Send a message; one that cannot be sent goes where `logging` reports such errors, the error stream."""
        try:
            self._send(entry(fields_of(record, self.format(record))))
        except Exception:  # noqa: BLE001 - a log message must never stop what it tells about
            self.handleError(record)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()
        super().close()

    def _send(self, datagram: bytes) -> None:
        try:
            self._socket.sendto(datagram, self._path)
        except OSError as error:
            if error.errno not in _TOO_LARGE:
                raise
            self._send_file(datagram)

    def _send_file(self, datagram: bytes) -> None:
        """Send what does not fit into a datagram as a sealed file without a name."""
        file = os.memfd_create("journal-entry", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            with os.fdopen(file, "wb", closefd=False) as stream:
                stream.write(datagram)
            fcntl.fcntl(file, fcntl.F_ADD_SEALS, _SEALS)
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("=i", file))]
            self._socket.sendmsg([], rights, 0, self._path)
        finally:
            os.close(file)


def fields_of(record: logging.LogRecord, message: str) -> dict[str, str]:
    """Return the fields of a message (systemd.journal-fields(7)) and those of its context."""
    fields = {
        "MESSAGE": message,
        "PRIORITY": str(next((code for level, code in _PRIORITIES if record.levelno >= level), _DEBUG)),
        "SYSLOG_IDENTIFIER": IDENTIFIER,
        "LOGGER": record.name,
        "THREAD_NAME": record.threadName or "",
        "CODE_FILE": record.pathname,
        "CODE_LINE": str(record.lineno),
        "CODE_FUNC": record.funcName or "",
        "ERROR_CODE": _code(record),
    }
    context = {name.upper(): str(value) for name in CONTEXT if (value := record.__dict__.get(name)) is not None}
    return {name: value for name, value in (fields | context).items() if value}


def entry(fields: Mapping[str, str]) -> bytes:
    """Return the fields as the journal reads them; a value of several lines is preceded by its length."""
    return b"".join(_lines(fields.items()))


def _lines(fields: Iterable[tuple[str, str]]) -> Iterable[bytes]:
    for name, text in fields:
        value = text.encode(errors="replace")
        if b"\n" in value:
            yield name.encode() + b"\n" + _LENGTH.pack(len(value)) + value + b"\n"
        else:
            yield name.encode() + b"=" + value + b"\n"


def _code(record: logging.LogRecord) -> str:
    """Return the stable code of the error that is logged, if it is one of ours."""
    error = record.exc_info[1] if record.exc_info else None
    return error.code if isinstance(error, ApplianceError) else ""
