"""The outbox under a process that is killed again and again, and a receiver that fails and hangs up."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from random import Random

from rich.table import Table

from appliance.clock import Clock
from appliance.handover.webhook import KEY_HEADER
from appliance.ops.bench import outbox_child
from appliance.ops.bench.lives import Lives
from appliance.ops.bench.outbox_child import DATABASE, DRAIN, channel_of, key_of
from appliance.storage.db import Database
from appliance.storage.outbox import Outbox, State

LONGEST_LIFE_S = 0.12
"""Opening the database takes some 10 ms, so that some lives end within it and most while something is being sent."""
UNAVAILABLE = 0.15
HANGS_UP_BEFORE = 0.05
HANGS_UP_AFTER = 0.10
"""Shares of the requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxFigures:
    """What came of it. Everything from `lost` to `problems` has to be nothing."""

    kills: int
    committed: int
    accepted: int
    requests: int
    refused: int
    repeated: int
    lost: int
    accepted_twice: int
    out_of_order: int
    problems: list[str]
    seconds: float

    @property
    def sound(self) -> bool:
        """Whether nothing was lost, doubled, out of order or damaged."""
        return not (self.lost or self.accepted_twice or self.out_of_order or self.problems)


class Receiver:
    """An idempotent receiver: it acts on a key once, and is unreliable in every other respect."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._lock = threading.Lock()
        self._keys: dict[str, int] = {}
        self.acted: defaultdict[str, list[int]] = defaultdict(list)
        self.requests = self.refused = self.repeated = 0

    def receive(self, channel: str, key: str, number: int) -> HTTPStatus | None:
        """Take a message; return what to answer, None for hanging up."""
        with self._lock:
            self.requests += 1
            chance = self._random.random()
            if chance < UNAVAILABLE + HANGS_UP_BEFORE:
                self.refused += 1
                return HTTPStatus.SERVICE_UNAVAILABLE if chance < UNAVAILABLE else None
            if self._keys.get(key) == number:
                self.repeated += 1
            else:
                self._keys[key] = number
                self.acted[channel].append(number)
            return None if chance > 1 - HANGS_UP_AFTER else HTTPStatus.OK

    @contextmanager
    def listening(self) -> Iterator[str]:
        """Listen on this machine for the duration of the block; yields the address."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="receiver")
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Answer, or hang up."""
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            if len(raw) < int(self.headers["Content-Length"]):
                return  # the sender was killed in the middle
            number = int(json.loads(raw)["summary"])
            status = receiver.receive(self.path.strip("/"), self.headers[KEY_HEADER], number)
            if status is not None:
                self.send_response(status)
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            try:
                super().handle()
            except ConnectionError:
                self.close_connection = True

    return Handler


async def measure_outbox(
    directory: Path, kills: int, random: Random, clock: Clock, progress: Callable[[float], None] = lambda _: None
) -> OutboxFigures:
    """Kill a process `kills` times while it fills and empties an outbox in `directory`; then see what has arrived."""
    began = clock.now()
    receiver = Receiver(Random(random.random()))  # noqa: S311 - chance, not secrecy
    with receiver.listening() as address:
        async with Lives.begin(outbox_child.__name__) as lives:
            for _ in range(kills):
                first = max(lives.committed, default=-1) + 1
                await lives.live_and_die(clock, random.uniform(0.0, LONGEST_LIFE_S), str(directory), address, first)
                progress(1)
            await lives.live(str(directory), address, DRAIN)
    undelivered, problems = await _inspected(directory / DATABASE, clock)
    acted = [number for numbers in receiver.acted.values() for number in numbers]
    arrived = set(acted)
    return OutboxFigures(
        kills=kills,
        committed=len(lives.committed),
        accepted=len(arrived),
        requests=receiver.requests,
        refused=receiver.refused,
        repeated=receiver.repeated,
        lost=len((lives.committed | undelivered) - arrived),
        accepted_twice=len(acted) - len(arrived),
        out_of_order=sum(_steps_back(numbers) for numbers in receiver.acted.values()),
        problems=problems,
        seconds=clock.now() - began,
    )


async def _inspected(path: Path, clock: Clock) -> tuple[set[int], list[str]]:
    """Return the numbers that the outbox does not call delivered, and what is wrong with the file."""
    database = await Database.open(path)
    try:
        entries = await Outbox(database, clock).entries()
        problems = await database.problems()
    finally:
        await database.close()
    numbers = {int(entry.key.removeprefix(key_of(0)[:-1])): entry for entry in entries}
    problems += [f"{n} went by {e.channel}" for n, e in numbers.items() if e.channel != channel_of(n)]
    problems += [f"{n} has kept its content" for n, e in numbers.items() if e.payload and e.state is State.DELIVERED]
    return {number for number, entry in numbers.items() if entry.state is not State.DELIVERED}, problems


def _steps_back(numbers: list[int]) -> int:
    return sum(later < earlier for earlier, later in pairwise(numbers))


def outbox_table(figures: OutboxFigures) -> Table:
    """Return the figures as a table."""
    table = Table(title="the outbox of a process that is killed", title_justify="left", show_header=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    rows = {
        "times killed (SIGKILL)": figures.kills,
        "messages known to be committed": figures.committed,
        "messages that have arrived": figures.accepted,
        "requests": figures.requests,
        "… refused by the receiver": figures.refused,
        "… repeated, recognised by their key": figures.repeated,
        "lost": figures.lost,
        "acted on twice": figures.accepted_twice,
        "out of order": figures.out_of_order,
        "problems of the database": "; ".join(figures.problems) or "none",
        "seconds": f"{figures.seconds:.0f}",
    }
    for label, value in rows.items():
        table.add_row(label, str(value))
        if label.endswith("by their key"):
            table.add_section()
    return table
