"""Choice and use of tools: dialogues in writing, each on a clinic of its own, and what was done in them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import sqlite3
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from appliance.assistant.building import build_assistant
from appliance.assistant.intents import Encoder
from appliance.assistant.responder import Assistant
from appliance.bus import Bus
from appliance.clock import Clock
from appliance.config.handover import CommandConfig
from appliance.config.models import Config
from appliance.config.tools import KnownValues, Parameter, ToolConfig
from appliance.dialogue.history import History
from appliance.dialogue.journal import Journal
from appliance.engines.ports import LanguageModel, Message
from appliance.errors import ApplianceError, UsageError
from appliance.events import AnyEvent, HandedOver, ToolFinished, ToolRefused, ToolStarted
from appliance.handover.delivery import Delivery
from appliance.handover.message import Handover
from appliance.ops.bench.tool_cases import NOW, ToolCase
from appliance.prompt.preamble import moment, preamble
from appliance.storage.db import Database

CHANNEL = "bench"
TALK = "Sorry, I can only help with the clinic."
_ASKED = "missing:"
_SERVER = re.compile(r"^https?://[^/]+")
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A tool that was called, or a form that was stored."""

    turn: int
    name: str
    arguments: Mapping[str, object]
    evidence: Mapping[str, str]
    writes: bool


@dataclass(slots=True, kw_only=True)
class Exchange:
    """A turn of the person and what came of it."""

    person: str
    answer: str = ""
    first_s: float | None = None
    """Seconds until the first piece of the answer."""
    asked: list[str] = field(default_factory=list)
    """Parameters it asked for."""
    refused: list[str] = field(default_factory=list)
    """Tools that were wanted and not called, for whatever reason."""
    made: list[Made] = field(default_factory=list)
    handovers: list[str] = field(default_factory=list)
    """`escalation` or `emergency`."""
    succeeded: bool = False
    """Whether a tool did its work or something reached people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """A scenario that was played."""

    case: ToolCase
    exchanges: list[Exchange]

    @property
    def made(self) -> list[Made]:
        """Everything that was done."""
        return [made for exchange in self.exchanges for made in exchange.made]


class FixedTalker:
    """A language model that always says the same: the decisions are measured, not the talk."""

    context_tokens = 4096

    async def prefill(self, messages: Sequence[Message]) -> None:
        """Do nothing."""

    async def reply(self, messages: Sequence[Message]) -> AsyncIterator[str]:  # noqa: ARG002 - always the same
        """Say it."""
        yield TALK

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return a number below every limit."""
        return len(messages)


class StageClock:
    """The machine's clock, which shows the time of the dialogue to whoever asks for the date."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.moment: datetime = NOW

    def now(self) -> float:
        """Return monotonic seconds."""
        return self._clock.now()

    def local_time(self, timezone: str) -> datetime:
        """Return when the dialogue takes place."""
        return self.moment.astimezone(ZoneInfo(timezone))

    async def sleep(self, seconds: float) -> None:
        """Sleep in real time."""
        await self._clock.sleep(seconds)

    def cpu_seconds(self) -> float:
        """Return the CPU time of the process."""
        return self._clock.cpu_seconds()


class Inbox:
    """A channel that takes everything."""

    def __init__(self) -> None:
        self.messages: list[Handover] = []

    async def deliver(self, message: Handover, key: str) -> None:  # noqa: ARG002 - of the protocol
        """Keep the message."""
        self.messages.append(message)


class Clinic:
    """The database of the example clinic, and the service that works on it."""

    def __init__(self, template: Path, database: Path, address: str) -> None:
        self._template = template
        self.database = database
        self.address = address

    @classmethod
    @asynccontextmanager
    async def opened(cls, scripts: Path, folder: Path) -> AsyncIterator[Clinic]:
        """Start the service of `scripts` on a database in `folder`, for the duration of the block.

        Raises UsageError when `scripts` has no clinic.sql and no crm.
        """
        template, database, program = folder / "template.db", folder / "clinic.db", scripts / "crm"
        try:
            script = (scripts / "clinic.sql").read_text(encoding="utf-8")
        except OSError as error:
            raise UsageError(f"{scripts} is not the clinic's: {error}", remedy="Name scripts/clinic.") from error
        with closing(sqlite3.connect(template)) as connection, connection:
            connection.executescript(script)
        shutil.copyfile(template, database)
        arguments = (str(program), "--port", "0", "--database", str(database))
        process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=PIPE)
        try:
            line = b"" if process.stdout is None else await process.stdout.readline()
            address = _ADDRESS.search(line.decode())
            if address is None:
                raise ApplianceError(f"{program} did not start", remedy="See what it has said above.")
            yield cls(template, database, address[0])
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()

    def renew(self) -> None:
        """Forget what was booked and cancelled."""
        fresh = self.database.with_suffix(".new")
        shutil.copyfile(self._template, fresh)
        fresh.replace(self.database)


def staged(config: Config, clinic: Clinic) -> Config:
    """Return `config` with its tools on `clinic`, and one channel to people."""
    channel = CommandConfig(kind="command", name=CHANNEL, argv=("true",))
    return config.model_copy(
        update={
            "tools": tuple(_on(tool, clinic) for tool in config.tools),
            "handover": config.handover.model_copy(update={"channels": (channel,), "default_channel": CHANNEL}),
        }
    )


def _on(tool: ToolConfig, clinic: Clinic) -> ToolConfig:
    parameters = {name: _known_on(parameter, clinic) for name, parameter in tool.parameters.items()}
    tool = tool.model_copy(update={"parameters": parameters})
    if tool.http:
        url = _SERVER.sub(clinic.address, tool.http.url)
        return tool.model_copy(update={"http": tool.http.model_copy(update={"url": url})})
    if tool.sql:
        return tool.model_copy(update={"sql": tool.sql.model_copy(update={"database": str(clinic.database)})})
    return tool


def _known_on(parameter: Parameter, clinic: Clinic) -> Parameter:
    if not isinstance(parameter.values, KnownValues):
        return parameter
    source = parameter.values.model_copy(update={"database": str(clinic.database)})
    return parameter.model_copy(update={"values": source})


class Stage:
    """Plays dialogues with one assistant, which knows nothing of the dialogue before."""

    def __init__(self, config: Config, clinic: Clinic, clock: StageClock, inbox: Inbox) -> None:
        self._config = config
        self._clinic = clinic
        self._clock = clock
        self._inbox = inbox
        bus = Bus()
        bus.subscribe(self._note)
        self.journal = Journal(bus, clock)
        self._exchange = Exchange(person="")

    async def play(self, assistant: Assistant, case: ToolCase) -> Dialogue:
        """Say what the person says, turn by turn."""
        self._clinic.renew()
        self._clock.moment = case.now
        self.journal.begin_session()
        await assistant.end_session()
        history = History(preamble(self._config))
        exchanges = [await self._turn(assistant, history, text) for text in case.turns]
        return Dialogue(case=case, exchanges=exchanges)

    async def _turn(self, assistant: Assistant, history: History, text: str) -> Exchange:
        exchange = self._exchange = Exchange(person=text)
        self.journal.turn_id += 1
        now = self._clock.local_time(self._config.site.timezone)
        began = self._clock.now()
        response = assistant.respond(text, history.asking(f"{moment(now)} {text}"))
        response.commit()
        async with aclosing(response.pieces()) as pieces:
            async for piece in pieces:
                if exchange.first_s is None:
                    exchange.first_s = self._clock.now() - began
                exchange.answer += piece
        exchange.answer = exchange.answer.strip()
        history.commit(text, exchange.answer)
        await self._clock.sleep(0)  # the bus delivers behind our back
        return exchange

    def _note(self, event: AnyEvent) -> None:
        exchange = self._exchange
        match event:
            case ToolStarted():
                exchange.made.append(
                    Made(
                        turn=event.turn_id,
                        name=event.tool,
                        arguments=event.arguments,
                        evidence=event.evidence,
                        writes=event.writes,
                    )
                )
            case ToolFinished():
                exchange.succeeded |= event.ok and not event.empty
            case ToolRefused():
                exchange.refused.append(event.tool)
                if event.reason.startswith(_ASKED):
                    exchange.asked.append(event.reason.removeprefix(_ASKED))
            case HandedOver():
                exchange.succeeded |= bool(event.delivered)
                self._note_handover(exchange, event)

    def _note_handover(self, exchange: Exchange, event: HandedOver) -> None:
        if event.kind != "intake":
            exchange.handovers.append(event.kind)
            return
        facts = self._inbox.messages[-1].facts if self._inbox.messages else {}
        arguments = {name: fact.value for name, fact in facts.items()}
        evidence = {name: fact.evidence for name, fact in facts.items()}
        made = Made(turn=event.turn_id, name=event.reason, arguments=arguments, evidence=evidence, writes=True)
        exchange.made.append(made)


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolBench:
    """What the dialogues are played with. `scripts` is the folder of the example clinic."""

    config: Config
    scripts: Path
    model: LanguageModel
    encoder: Encoder
    clock: Clock


async def play_cases(
    bench: ToolBench, folder: Path, cases: Sequence[ToolCase], progress: Callable[[float], None] = lambda _: None
) -> list[Dialogue]:
    """Play every dialogue on a fresh clinic in `folder`, an empty one. Nothing leaves this machine."""
    clock, inbox = StageClock(bench.clock), Inbox()
    async with AsyncExitStack() as stack:
        clinic = await stack.enter_async_context(Clinic.opened(bench.scripts, folder))
        database = await Database.open(folder / "appliance.db")
        stack.push_async_callback(database.close)
        config = staged(bench.config, clinic)
        stage = Stage(config, clinic, clock, inbox)
        assistant = await build_assistant(config, folder, bench.model, bench.encoder, database, clock, stage.journal)
        await stack.enter_async_context(_delivering(Delivery(assistant.outbox, {CHANNEL: inbox}, clock, Random())))  # noqa: S311
        dialogues = []
        for case in cases:
            dialogues.append(await stage.play(assistant, case))
            progress(1)
    return dialogues


@asynccontextmanager
async def _delivering(delivery: Delivery) -> AsyncIterator[None]:
    task = asyncio.create_task(delivery.run(), name="delivery")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
