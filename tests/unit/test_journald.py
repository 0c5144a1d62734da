"""Log messages as the journal receives them, on a real datagram socket."""

from __future__ import annotations

import logging
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.errors import EngineError
from appliance.ops.journald import JournalHandler, connected_to_journal


class Journal:
    """Reads the native protocol as systemd-journald does."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        self.socket.settimeout(5)

    def read(self) -> dict[str, str]:
        data, ancillary, _, _ = self.socket.recvmsg(1 << 20, socket.CMSG_SPACE(4))
        if not data:
            ((_, _, right),) = ancillary
            with os.fdopen(struct.unpack("=i", right)[0], "rb") as file:
                file.seek(0)
                data = file.read()
        return parsed(data)


def parsed(data: bytes) -> dict[str, str]:
    fields = {}
    while data:
        line, _, rest = data.partition(b"\n")
        name, sign, value = line.partition(b"=")
        if not sign:
            (length,) = struct.unpack("<Q", rest[:8])
            value, end, rest = rest[8 : 8 + length], rest[8 + length : 9 + length], rest[9 + length :]
            assert end == b"\n"
        fields[name.decode()] = value.decode()
        data = rest
    return fields


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    listening = Journal(tmp_path / "socket")
    yield listening
    listening.socket.close()


@contextmanager
def logging_to(path: Path) -> Iterator[logging.Logger]:
    handler, logger = JournalHandler(path), logging.getLogger("test.journald")
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield logger
    logger.removeHandler(handler)
    handler.close()


@pytest.fixture
def log(journal: Journal) -> Iterator[logging.Logger]:
    with logging_to(Path(journal.socket.getsockname())) as logger:
        yield logger


def test_a_message_and_its_fields(journal: Journal, log: logging.Logger) -> None:
    context = {"session_id": "a1b2", "turn_id": 0, "error_code": "engine"}
    log.error("turn %d: %s failed", 0, "llm", extra=context)
    fields = journal.read()
    assert fields["MESSAGE"] == "turn 0: llm failed"
    assert (fields["SESSION_ID"], fields["TURN_ID"], fields["ERROR_CODE"]) == ("a1b2", "0", "engine")
    assert fields["PRIORITY"] == "3"
    assert fields["CODE_FILE"] == __file__
    assert fields["CODE_FUNC"] == "test_a_message_and_its_fields"
    assert int(fields["CODE_LINE"]) > 0
    assert (fields["LOGGER"], fields["SYSLOG_IDENTIFIER"]) == ("test.journald", "appliance")


def test_every_level_has_its_priority(journal: Journal, log: logging.Logger) -> None:
    for level in (logging.CRITICAL, logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG):
        log.log(level, "hm")
    assert [journal.read()["PRIORITY"] for _ in range(5)] == ["2", "3", "4", "6", "7"]


def test_a_traceback_is_one_entry_and_has_the_code(journal: Journal, log: logging.Logger) -> None:
    error = EngineError("out of memory")
    log.error("it failed", exc_info=(type(error), error, None))
    fields = journal.read()
    assert fields["MESSAGE"].startswith("it failed\n")
    assert fields["MESSAGE"].endswith("EngineError: out of memory")
    assert fields["ERROR_CODE"] == "engine"


def test_what_people_say_cannot_bring_in_fields(journal: Journal, log: logging.Logger) -> None:
    log.info("understood %s", "yes\nPRIORITY=0\nERROR_CODE=made-up")
    fields = journal.read()
    assert fields["PRIORITY"] == "6"
    assert "ERROR_CODE" not in fields


def test_broken_text_is_sent_all_the_same(journal: Journal, log: logging.Logger) -> None:
    log.info("%s", "half a character: \udcff")
    assert journal.read()["MESSAGE"] == "half a character: ?"


def test_what_is_too_large_for_a_datagram_comes_in_a_file(journal: Journal, log: logging.Logger) -> None:
    message = "x" * 2_000_000
    log.warning(message)
    assert journal.read()["MESSAGE"] == message


def test_without_a_journal_the_message_is_not_lost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with logging_to(tmp_path / "none") as log:
        log.error("the %s is full", "disk")
    said = capsys.readouterr().err
    assert "the %s is full" in said
    assert "disk" in said


def test_only_a_stream_that_the_journal_reads_counts(tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w") as stream:
        status = os.fstat(stream.fileno())
        here = f"{status.st_dev}:{status.st_ino}"
        assert connected_to_journal(stream.fileno(), {"JOURNAL_STREAM": here})
        assert not connected_to_journal(stream.fileno(), {"JOURNAL_STREAM": "1:2"})
        assert not connected_to_journal(stream.fileno(), {})
    assert not connected_to_journal(-1, {"JOURNAL_STREAM": here})
