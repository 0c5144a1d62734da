"""A small pharmacy whose assistant is built of real parts, with an encoder of words and tools that are scripted."""

from __future__ import annotations

import asyncio
import json
import re
import zlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.assistant.acting import Actor
from appliance.assistant.answering import Answerer
from appliance.assistant.intents import Intents
from appliance.assistant.jobs import jobs_of
from appliance.assistant.planner import Planner
from appliance.assistant.responder import Assistant, Desk
from appliance.assistant.values import Heard
from appliance.bus import Bus
from appliance.config.models import Config
from appliance.config.tools import ToolConfig
from appliance.dialogue.journal import Journal
from appliance.engines.ports import Message
from appliance.events import AnyEvent
from appliance.knowledge.index import KnowledgeIndex
from appliance.knowledge.load import load_knowledge
from appliance.storage.db import Database
from appliance.storage.outbox import Outbox
from appliance.storage.receipts import Receipts
from appliance.tools.action import JSON, Action, Arguments, Result
from appliance.tools.executor import Executor
from appliance.tools.secrets import Secrets
from tests.unit.storage_fakes import HandClock

DIMENSIONS = 1021
MONDAY = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)

STOCK = {
    "name": "stock",
    "description": "Looks up whether a product is in stock.",
    "examples": [
        "Do you have ibuprofen?",
        "Do you have aspirin in stock?",
        "Is there any cough syrup left?",
        "Have you got plasters in stock?",
        "Is paracetamol in stock?",
    ],
    "parameters": {"product": {"format": "words", "ask": "Which product?"}},
    "say": {
        "running": "Let me look.",
        "success": "We have {{ count }} of {{ product }}.",
        "empty": "We have no {{ product }}.",
        "failure": "I can't look that up now.",
    },
    "python": {"entry_point": "stock"},
}
BOOK = {
    "name": "book",
    "description": "Books a vaccination.",
    "effect": "write",
    "examples": [
        "I would like to book a vaccination.",
        "Can I book a flu shot for two people?",
        "Book a vaccination for tomorrow.",
        "I need a flu shot.",
        "Please book me in for a flu shot on Friday.",
    ],
    "parameters": {
        "day": {"format": "date", "ask": "On which day?"},
        "people": {"type": "integer", "minimum": 1, "maximum": 9, "ask": "For how many people?"},
    },
    "say": {
        "confirm": "A vaccination on {{ day }} for {{ people }}. Shall I book it?",
        "success": "It is booked, number {{ number }}.",
        "failure": "I could not book it.",
    },
    "retries": 0,
    "python": {"entry_point": "book"},
}
HUMAN = {
    "name": "human",
    "description": "Calls a colleague.",
    "examples": ["Get me the manager.", "The manager, please."],
    "builtin": "escalate",
}
COMPLAINT = {
    "name": "complaint",
    "description": "Takes a complaint.",
    "examples": ["I want to complain.", "I have a complaint.", "I wish to make a complaint about a delivery."],
    "fields": {
        "what": {"format": "text", "ask": "What happened?"},
        "phone": {"format": "phone", "ask": "What is your phone number?"},
        "urgency": {"enum": ["normal", "urgent"], "ask": "Is it urgent or normal?"},
    },
    "urgency_field": "urgency",
    "say": {
        "begin": "I am sorry to hear that.",
        "confirm": "I have noted: {{ what }} Is that right?",
        "success": "Passed on.",
    },
}
DESK_CHANNEL = {"kind": "command", "name": "desk", "argv": ["/bin/true"]}
FACTS = ["The pharmacy is open from eight to six.", "Vaccinations cost 20 dollars."]


def configured(**changes: Any) -> Config:
    """Return the pharmacy's configuration; sections in `changes` replace those of it."""
    given = {
        "site": {"name": "the pharmacy", "facts": FACTS},
        "tools": [STOCK, BOOK, HUMAN],
        "forms": [COMPLAINT],
        "handover": {"channels": [DESK_CHANNEL]},
    }
    return Config.model_validate_json(json.dumps(given | changes))


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
    stock = ScriptedAction(Result(data={"count": 3}))
    book = ScriptedAction(Result(data={"number": 17}))
    outbox = Outbox(database, clock)
    executor = executor_of(config, {"stock": stock, "book": book}, clock)
    known = load_knowledge(None, config.site.facts)
    desk = Desk(
        config=config,
        clock=clock,
        journal=Journal(bus, clock),
        jobs=jobs_of(config),
        planner=await planner_of(config),
        answerer=Answerer(config, model, KnowledgeIndex(known.passages)),
        actor=Actor(config, executor, Receipts(database, clock), outbox, clock),
    )
    counter = Counter(Assistant(desk, outbox), clock, model, stock, book, outbox, database)
    bus.subscribe(counter.events.append)
    return counter
