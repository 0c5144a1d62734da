"""An assistant built of real parts, with an encoder of words and with tools and a model that are scripted."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.assistant.acting import Actor
from appliance.assistant.answering import Answerer
from appliance.assistant.intents import Intents
from appliance.assistant.jobs import jobs_of
from appliance.assistant.known import KnownThings
from appliance.assistant.planner import Planner
from appliance.assistant.responder import Assistant, AssistantResponse, Desk
from appliance.assistant.values import Heard
from appliance.bus import Bus
from appliance.config.models import Config
from appliance.config.tools import ToolConfig
from appliance.dialogue.journal import Journal
from appliance.engines.ports import Message, Role
from appliance.events import AnyEvent
from appliance.handover.message import Handover
from appliance.knowledge.reload import Site, SiteKnowledge
from appliance.storage.db import Database
from appliance.storage.outbox import Outbox
from appliance.storage.receipts import Receipts
from appliance.tools.action import JSON, Action, Arguments, Result
from appliance.tools.executor import Executor
from appliance.tools.secrets import Secrets
from tests.unit.assistant_site import configured
from tests.unit.storage_fakes import HandClock

DIMENSIONS = 1021
CONFIRMING = ("I would like to book a vaccination.", "On Friday", "three")
READ_BACK = "A vaccination on 2026-03-06 for 3. Shall I book it?"
MONDAY = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)


class WordEncoder:
    """Implements `Encoder`: sentences with the same words lie close together, whatever the words mean."""

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        vectors = np.zeros((len(texts), DIMENSIONS), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for word in re.findall(r"[\w']+", text.lower()) or [""]:
                row[zlib.crc32(word.encode()) % DIMENSIONS] += 1
        norms: NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors / norms


async def planner_of(config: Config) -> Planner:
    jobs = jobs_of(config)
    intents = await Intents.learn(WordEncoder(), [job.task for job in jobs.values()], config.site.facts)
    return Planner(jobs, intents, config.handover)


def heard(text: str, turn: int = 1) -> Heard:
    """Return what is said on Monday, 2 March 2026, at five past ten."""
    return Heard(text=text, turn=turn, now=MONDAY)


class ScriptedAction:
    """Implements `Action`: it has begun when `started` is set, and ends when `released` is; both at once by default."""

    def __init__(self, answer: Result | Exception, *, held: bool = False) -> None:
        self.answer = answer
        self.calls: list[dict[str, object]] = []
        self.ended = 0
        self.started = asyncio.Event()
        self.released = asyncio.Event()
        if not held:
            self.released.set()

    async def run(self, arguments: Arguments, key: str) -> Result:
        del key
        self.calls.append(dict(arguments))
        self.started.set()
        await self.released.wait()
        self.ended += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def preview(self, arguments: Arguments, key: str) -> dict[str, JSON]:
        return {**arguments, "key": key}


class ScriptedModel:
    """Implements `LanguageModel`: it writes `answer`, a word at a time."""

    def __init__(self, answer: str = "Hello there.") -> None:
        self.answer = answer
        self.prompts: list[Sequence[Message]] = []
        self.context_tokens = 4096

    async def prefill(self, messages: Sequence[Message]) -> None:
        del messages

    async def reply(self, messages: Sequence[Message]) -> AsyncIterator[str]:
        self.prompts.append(messages)
        for word in self.answer.split():
            yield f"{word} "

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return sum(len(message.text.split()) for message in messages)


@dataclass(slots=True)
class Counter:
    """A desk and everything around it that a test wants to see or change."""

    assistant: Assistant
    journal: Journal
    clock: HandClock
    model: ScriptedModel
    stock: ScriptedAction
    book: ScriptedAction
    outbox: Outbox
    database: Database
    events: list[AnyEvent] = field(default_factory=list)

    def told(self, kind: type[AnyEvent]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def executor_of(config: Config, actions: Mapping[str, Action], clock: HandClock) -> Executor:
    def build(tool: ToolConfig, folder: Path, secrets: Mapping[str, str]) -> Action | None:
        del folder, secrets
        return actions.get(tool.name)

    return Executor(config.tools, clock, Path("/"), secrets=Secrets({}), build=build)


async def counter_of(database: Database, config: Config | None = None) -> Counter:
    """Return a desk where ibuprofen is in stock and a booking gets the number 17."""
    config = config or configured()
    clock, model, bus = HandClock(), ScriptedModel(), Bus()
    journal = Journal(bus, clock)
    stock = ScriptedAction(Result(data={"count": 3}))
    book = ScriptedAction(Result(data={"number": 17}))
    outbox = Outbox(database, clock)
    executor = executor_of(config, {"stock": stock, "book": book}, clock)
    knowledge = SiteKnowledge(Site(directory=None, facts=config.site.facts), lambda _: None)
    jobs = jobs_of(config)
    desk = Desk(
        config=config,
        clock=clock,
        journal=journal,
        jobs=jobs,
        planner=await planner_of(config),
        answerer=Answerer(config, model, knowledge),
        known=KnownThings(jobs, clock, Path()),
        actor=Actor(config, executor, Receipts(database, clock), outbox, clock),
    )
    counter = Counter(Assistant(desk, outbox, knowledge), journal, clock, model, stock, book, outbox, database)
    bus.subscribe(counter.events.append)
    return counter


async def settle(database: Database) -> None:
    """Let every task come as far as it can without a tool or the clock."""
    for _ in range(3):
        for _ in range(50):
            await asyncio.sleep(0)
        await database.read(lambda _: None)


@asynccontextmanager
async def time_passes(clock: HandClock) -> AsyncIterator[None]:
    """Move the time whenever somebody waits for it."""

    async def moving() -> None:
        while True:
            await clock.all_asleep(1)
            clock.advance(0.1)

    task = asyncio.create_task(moving())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def courier(outbox: Outbox, channel: str = "desk") -> AsyncIterator[list[Handover]]:
    """Deliver what comes into the outbox, and return it."""
    delivered: list[Handover] = []

    async def delivering() -> None:
        while True:
            await outbox.bell(channel).wait()
            outbox.bell(channel).clear()
            while (entry := await outbox.claim(channel)) is not None:
                delivered.append(Handover.from_dict(json.loads(entry.payload or "null")))
                await outbox.deliver(entry)

    task = asyncio.create_task(delivering())
    try:
        yield delivered
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def response_to(counter: Counter, text: str) -> AssistantResponse:
    counter.journal.turn_id += 1
    return counter.assistant.respond(text, [Message(Role.SYSTEM, "Be brief."), Message(Role.USER, text)])


async def whole(response: AssistantResponse) -> str:
    return "".join([piece async for piece in response.pieces()]).strip()


async def say(counter: Counter, *texts: str) -> str:
    """Say one thing after the other and return the last answer."""
    for text in texts:
        response = response_to(counter, text)
        response.commit()
        said = await whole(response)
    await asyncio.sleep(0)
    return said


async def receipts(counter: Counter) -> int:
    return await counter.database.read(lambda db: int(db.execute("SELECT count(*) FROM receipts").fetchone()[0]))


async def close(task: asyncio.Task[str]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
