"""kill -9 in every state of a conversation: it listens again, nothing is lost, and nothing is done twice."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from appliance.assistant import wording
from appliance.audio.files import write_wav
from appliance.audio.ports import LISTENING_RATE
from appliance.audit import ledger
from appliance.audit.chain import Record
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.storage import StorageConfig
from appliance.ops.visitor import ERRANDS, RMS, VISIT, Turn, say
from appliance.storage.db import Database
from appliance.storage.opening import open_database
from appliance.storage.receipts import InDoubt, Receipts
from tests.device.daemon import ANSWER_S, CPU_TO_LISTENING_S, READY_S, Daemon, wait_until
from tests.device.pulse import PulseServer

pytestmark = [pytest.mark.device, pytest.mark.models, pytest.mark.timeout(600)]

log = logging.getLogger(__name__)

SETTINGS = Path(__file__).with_name("recovery.yaml")
GOING_ON = "going on with a conversation"
SAVED_S = 0.5
"""What was said is on disk after less."""
TURNS = {turn.name: turn for turn in (*ERRANDS, *VISIT)} | {
    "complain": Turn("complain", RMS, ("I want to make a complaint.",)),
    "waited": Turn("waited", RMS, ("I waited three hours yesterday and nobody called me.",)),
}


class Colleagues(ThreadingHTTPServer):
    """Takes appointments and handovers by their keys; `slow`, it takes them and does not answer."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Take)
        self.taken: list[tuple[str, str, Any]] = []
        """Path, key and body."""
        self.slow = threading.Event()
        self.done = threading.Event()
        threading.Thread(target=self.serve_forever, name="colleagues").start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def times(self, path: str) -> Counter[str]:
        """Return how often each key has come."""
        return Counter(key for where, key, _ in self.taken if where == path)

    def close(self) -> None:
        self.done.set()
        self.shutdown()
        self.server_close()


class Take(BaseHTTPRequestHandler):
    server: Colleagues

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.taken.append((self.path, self.headers["Idempotency-Key"], body))
        if self.server.slow.is_set():
            self.server.done.wait()
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_: object) -> None:
        pass


class Desk:
    """The appliance, a person before it, and the colleagues behind it."""

    def __init__(self, pulse: PulseServer, cache: Path, folder: Path) -> None:
        self.colleagues = Colleagues()
        self._pulse = pulse
        self._cache = cache
        self._folder = folder
        self._port = _free_port()
        self._asked_at = 0
        self._config = folder / "config.yaml"
        self._config.write_text(SETTINGS.read_text().replace("DESK", self.colleagues.address))
        self.start()

    def close(self) -> None:
        self.daemon.kill()
        self.colleagues.close()

    def begins_to_say(self, name: str) -> Callable[[], object]:
        """Let the person speak; returns what waits for the end of it."""
        recording = self._folder / f"{name}.wav"
        write_wav(recording, say(TURNS[name]), LISTENING_RATE)
        self._asked_at = len(self.daemon.output)
        return self._pulse.play(recording).wait

    def hears(self, name: str, answer: str) -> None:
        """Let the person say something, and wait until the answer with these words is over."""
        self.begins_to_say(name)()
        self.daemon.says(answer, ANSWER_S, self._asked_at)

    def is_in(self, state: str) -> None:
        """Wait until the conversation is in a state."""
        wait_until(lambda: self.state == state, ANSWER_S, lambda: f"not {state}, but {self.state}")

    @property
    def state(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/status", timeout=5) as answer:
            return str(json.load(answer)["conversation"])

    def start(self) -> None:
        """Start it, and wait until it listens and has told what it keeps."""
        begun = time.monotonic()
        self.daemon = Daemon(
            self._pulse,
            self._folder / "state",
            CACHE_DIRECTORY=str(self._cache),
            APPLIANCE_CONFIG=str(self._config),
            APPLIANCE__MODELS__DIRECTORY=str(load().models.directory.absolute()),
            APPLIANCE__MONITORING__HTTP_PORT=str(self._port),
        )
        self.daemon.says("listening", READY_S)
        self.cpu_to_listening_s = self.daemon.cpu_s
        log.info("listening after %.1f s, %.1f s of the processor", time.monotonic() - begun, self.cpu_to_listening_s)
        self.daemon.says("I keep notes.", ANSWER_S)

    def is_killed_and_started(self) -> None:
        """Kill it and start it; it goes on with the conversation."""
        self.daemon.kill()
        self.start()
        assert self.cpu_to_listening_s < CPU_TO_LISTENING_S
        assert GOING_ON in self.daemon.output

    def in_doubt(self) -> list[InDoubt]:
        """Return the calls of which nobody knows what became of them."""
        return asyncio.run(self._look(lambda database: Receipts(database, SystemClock()).in_doubt()))

    def audited(self) -> list[Record]:
        """Return the last records of the audit trail."""
        latest = partial(ledger.latest, last=20, session_id=None, kind=None)
        return asyncio.run(self._look(lambda database: database.read(latest)))

    async def _look(self, at: Callable[[Database], Any]) -> Any:
        database = await open_database(StorageConfig(directory=self._folder / "state"), {})
        try:
            return await at(database)
        finally:
            await database.close()


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PulseServer]:
    with PulseServer(tmp_path_factory.mktemp("pulse")) as pulse:
        yield pulse


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the starts after the first one need not prepare again."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def desk(sound: PulseServer, cache: Path, tmp_path: Path) -> Iterator[Desk]:
    running = Desk(sound, cache, tmp_path)
    try:
        yield running
    finally:
        running.close()


def idle(desk: Desk) -> None:
    """Nobody has spoken yet."""
    time.sleep(SAVED_S)
    desk.is_killed_and_started()
    desk.hears("saturday", "nine")


def listening(desk: Desk) -> None:
    """What was half said counts for nothing; what was said before is there."""
    desk.hears("book", "For which day?")
    is_over = desk.begins_to_say("saturday")
    desk.is_in("listening")
    desk.daemon.kill()
    is_over()
    desk.is_killed_and_started()
    desk.hears("day", "Shall I book it?")


def thinking(desk: Desk) -> None:
    """What was asked is not answered; what was said before is there."""
    desk.hears("book", "For which day?")
    desk.begins_to_say("saturday")()
    desk.is_in("thinking")
    desk.is_killed_and_started()
    desk.hears("day", "Shall I book it?")


def confirming(desk: Desk) -> None:
    """It was read back: nothing is done before a yes, and a yes after the start does it once."""
    before = desk.colleagues.times("/appointments")
    desk.hears("book", "For which day?")
    desk.hears("day", "Shall I book it?")
    time.sleep(SAVED_S)
    desk.is_killed_and_started()
    assert desk.colleagues.times("/appointments") == before
    assert "It is booked" not in desk.daemon.output
    desk.hears("yes", "It is booked")
    assert list((desk.colleagues.times("/appointments") - before).values()) == [1]


def intake(desk: Desk) -> None:
    """A form is half full: no answer is asked for twice, and it arrives once."""
    desk.hears("complain", "Please tell me what happened.")
    desk.hears("waited", "What is your name?")
    time.sleep(SAVED_S)
    desk.is_killed_and_started()
    desk.hears("name", "Shall I pass it on?")
    assert "hours" in desk.daemon.output
    desk.hears("yes", "passed it on")
    handed_over = [body for _, _, body in desk.colleagues.taken if body.get("kind") == "intake"]
    assert [sorted(body["facts"]) for body in handed_over] == [["contact_name", "what_happened"]]
    assert "Miller" in handed_over[0]["facts"]["contact_name"]["value"]


def writing(desk: Desk) -> None:
    """A service has received the call: it is in doubt, is not made again, and people are told, also if nobody asks."""
    before = desk.colleagues.times("/appointments")
    desk.hears("book", "For which day?")
    desk.hears("day", "Shall I book it?")
    desk.colleagues.slow.set()
    desk.begins_to_say("yes")()
    wait_until(lambda: desk.colleagues.times("/appointments") != before, ANSWER_S, lambda: desk.daemon.output)
    called = desk.colleagues.times("/appointments") - before
    desk.is_killed_and_started()
    desk.colleagues.slow.clear()
    assert [each.key for each in desk.in_doubt()] == list(called)
    wait_until(lambda: desk.colleagues.times("/handovers"), ANSWER_S, lambda: desk.daemon.output)
    assert list(desk.colleagues.times("/handovers")) == [f"{key}-escalation" for key in called]
    assert "handover" in [record.kind for record in desk.audited()]
    desk.hears("yes", wording.IN_DOUBT)
    assert desk.colleagues.times("/appointments") - before == called
    assert "It is booked" not in desk.daemon.output
    assert "My colleagues will check it" in desk.daemon.output
    told = [record.body for record in desk.audited() if record.kind.startswith("tool.")]
    assert "in-doubt" in str(told[-1]), told


STATES = {
    "killed-idle": idle,
    "killed-listening": listening,
    "killed-thinking": thinking,
    "killed-confirming": confirming,
    "killed-in-a-form": intake,
    "killed-writing": writing,
}


@pytest.mark.parametrize("state", STATES)
def test_killed_in_any_state_it_listens_again_and_goes_on(desk: Desk, state: str) -> None:
    STATES[state](desk)
    assert "Traceback" not in desk.daemon.output
    assert desk.daemon.interrupt() == 0
