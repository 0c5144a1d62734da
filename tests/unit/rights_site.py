"""A site on disk whose appliance has talked to people: the real archive, trail, outbox and redaction of the daemon."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from typer.testing import CliRunner, Result

from appliance.audit.observer import AuditObserver
from appliance.audit.opening import open_trail
from appliance.cli.data import app
from appliance.clock import SystemClock
from appliance.config.consent import ConsentMode
from appliance.config.load import load
from appliance.events import AnyEvent
from appliance.handover.message import Fact, Handover, TranscriptRef, Urgency
from appliance.redaction.redactor import Redactor
from appliance.retention.archive import Archive
from appliance.retention.recordings import Recordings
from appliance.retention.shelf import Shelf
from appliance.retention.writer import Writer
from appliance.storage.conversations import Conversations
from appliance.storage.db import Database
from appliance.storage.opening import database_key, open_database
from appliance.storage.outbox import Outbox
from appliance.storage.receipts import Receipts
from appliance.storage.sealed import Sealer
from tests.unit.retention_fakes import Talk, measure, noise

T = TypeVar("T")
PHONE, SPOKEN = "+19025550142", "nine oh two five five five oh one four two"
NAME, EMAIL = "Karen Doyle", "karen.doyle@example.org"


class Moved(SystemClock):
    """The clock of the machine, some hours ago."""

    def __init__(self, hours: float) -> None:
        self._behind = timedelta(hours=hours)

    def local_time(self, timezone: str) -> datetime:
        return datetime.now(ZoneInfo(timezone)) - self._behind


class Site:
    """Talks as the daemon does, and is asked by command. `encryption` off, so that raw files can be searched."""

    def __init__(self, folder: Path, encryption: str = "off") -> None:
        self.folder = folder
        self.config = folder / "config.yaml"
        self.config.write_text(
            "site: {name: Harbour <Clinic>, timezone: America/Halifax}\n"
            f"storage: {{directory: state, encryption: '{encryption}'}}\n"
            "compliance: {controller: Harbour Clinic Ltd, contact: privacy@example.org}\n",
            encoding="utf-8",
        )

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def talk(
        self,
        session: str,
        say: Callable[[Talk], None],
        *,
        hours_ago: float = 5,
        sound_s: float = 0,
        answer: str = "Yes.",
    ) -> None:
        """Have a conversation that may be kept."""

        async def work(database: Database) -> None:
            clock = Moved(hours_ago)
            config = load(self.config)
            async with AsyncExitStack() as stack:
                trail = await open_trail(
                    config.audit, database, clock, redact=lambda text: Redactor(config.redaction).redact(text),
                    environ={}, may_make_key=True,
                )  # fmt: skip
                stack.push_async_callback(trail.close)
                archive, recordings = self._archive(database, clock)
                stack.push_async_callback(archive.flush)
                observer = AuditObserver(trail, archive.may_keep)
                talk = Talk(lambda event: _tell(event, archive, observer), session)
                talk.decide("given", heard=answer)
                for _ in range(round(sound_s * 10)):
                    recordings.add(session, noise(1600))
                say(talk)

        self.run(work)

    def _archive(self, database: Database, clock: Moved) -> tuple[Archive, Recordings]:
        config = load(self.config)
        writer = Writer(clock)
        key = database_key(config.storage, {})
        seal = Sealer(bytes(32) if key is None else key.recordings)
        recordings = Recordings(database, writer, seal, config.storage.recordings, clock)
        shelf = Shelf(database, config.retention, config.storage.recordings)
        archive = Archive(
            shelf, writer, clock, ConsentMode.ASK, lambda: Redactor(config.redaction), measure, recordings
        )
        return archive, recordings

    def message(self, session: str, *, delivered: bool = False, contact: str = PHONE) -> None:
        """Put a message to people into the outbox, as the assistant does."""

        async def work(database: Database) -> None:
            outbox = Outbox(database, SystemClock())
            words = f"name: {NAME}; phone: {contact}"
            message = Handover(
                kind="intake", reason="Take a message", urgency=Urgency.NORMAL, summary=words,
                created_at=datetime.now(UTC).isoformat(), facts={"phone": Fact(value=contact, evidence=SPOKEN)},
                transcript_ref=TranscriptRef(session_id=session, first_turn=1, last_turn=2), contact=contact,
            )  # fmt: skip
            entry = await outbox.enqueue("intake", "front_desk", message.as_dict(), f"{session}-intake-{len(contact)}")
            if delivered:
                claimed = await outbox.claim("front_desk")
                assert claimed is not None
                assert claimed.id == entry
                await outbox.deliver(claimed)

        self.run(work)

    def change(self, session: str) -> None:
        """Note a change in another system, as the assistant does."""

        async def work(database: Database) -> None:
            receipts = Receipts(database, SystemClock())
            await receipts.begin(f"{session}-book-0123abcd", "book", "0123abcd")
            await receipts.finish(f"{session}-book-0123abcd", "succeeded", {"patient": NAME, "phone": PHONE})

        self.run(work)

    def unfinished(self, session: str) -> None:
        """Leave a conversation to be continued."""

        async def work(database: Database) -> None:
            conversations = Conversations(database, SystemClock())
            conversations.save(session, {"turns": [["user", f"I am {NAME}, {PHONE}"]], "agenda": {}})
            await conversations.flush()

        self.run(work)

    def run(self, work: Callable[[Database], Awaitable[T]]) -> T:
        async def opened() -> T:
            database = await open_database(load(self.config).storage, {})
            try:
                return await work(database)
            finally:
                await database.close()

        return asyncio.run(opened())

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        async def work(database: Database) -> list[tuple[Any, ...]]:
            return await database.read(lambda connection: connection.execute(statement).fetchall())

        return self.run(work)

    def command(self, *arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, [*arguments, "--config", str(self.config)], input=stdin)

    def answer(self, *arguments: str) -> Any:
        result = self.command(*arguments, "--json")
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return json.loads(result.stdout)


def _tell(event: AnyEvent, *observers: Callable[[AnyEvent], None]) -> None:
    for observer in observers:
        observer(event)


def visit(talk: Talk) -> None:
    """Karen books and leaves her number."""
    talk.turn(f"Hello, my name is {NAME}, and my number is {SPOKEN}.", f"Thank you, {NAME}.")
    talk.tool({"patient_name": NAME, "phone": PHONE}, {"reference": "K-7731", "patient_name": NAME})
    talk.turn("Something about xylophones, please.", "Xylophones are on the second floor.")
    talk.end()


def other(talk: Talk) -> None:
    """Somebody else asks something."""
    talk.turn("Where do I find the zeppelin museum?", "Zeppelins are across the street.")
    talk.end()
