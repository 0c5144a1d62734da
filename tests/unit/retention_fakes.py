"""What the tests of retention share: a redactor that is easy to foresee, a conversation, a search through raw files."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from appliance.clock import Clock
from appliance.config.consent import ConsentMode
from appliance.config.redaction import Kind
from appliance.config.retention import RetentionConfig
from appliance.events import (
    AnyEvent,
    ConsentDecided,
    PlayoutStarted,
    SessionEnded,
    SpeechEnded,
    ToolFinished,
    ToolStarted,
    Transcribed,
    TurnCommitted,
)
from appliance.ops.records import summarise
from appliance.retention.archive import Archive
from appliance.retention.recordings import Recordings
from appliance.retention.shelf import Shelf
from appliance.retention.writer import Writer
from appliance.storage.db import Connection, Database
from appliance.storage.sealed import Sealer

DEFAULT = RetentionConfig()
PHONE = re.compile(r"\+\d{9,}")


@dataclass(frozen=True)
class Found:
    kind: Kind
    normalised: str


class FakeRedactor:
    """Implements `Redactor`: numbers with a plus, and names that it was told."""

    def __init__(self) -> None:
        self._names: list[str] = []
        self._found: list[Found] = []

    def redact(self, text: str) -> str:
        text = PHONE.sub(lambda match: self._placeholder(Kind.PHONE, match[0]), text)
        for name in self._names:
            text = re.sub(re.escape(name), lambda match: self._placeholder(Kind.NAME, match[0].lower()), text)
        return text

    def redact_data(self, value: Any) -> Any:
        if isinstance(value, Mapping):
            return {key: self.redact_data(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.redact_data(each) for each in value]
        return self.redact(value) if isinstance(value, str) else value

    def learn(self, kind: Kind, value: str) -> None:
        assert kind is Kind.NAME
        self._names.append(value)

    def found(self) -> Sequence[Found]:
        return tuple(self._found)

    def _placeholder(self, kind: Kind, normalised: str) -> str:
        found = Found(kind, normalised)
        if found not in self._found:
            self._found.append(found)
        return f"[{kind.name}_{self._found.index(found) + 1}]"


def measure(turn: int, events: Sequence[AnyEvent]) -> dict[str, float]:
    figures = asdict(summarise(turn, events).ms)
    return {name: round(value) for name, value in figures.items() if value is not None}


class Talk:
    """The events of a conversation, told to an observer."""

    def __init__(self, tell: Callable[[AnyEvent], None], session_id: str = "s1") -> None:
        self.session_id = session_id
        self._tell = tell
        self._turn = 0

    def decide(self, decision: str, mode: str = "ask", heard: str = "") -> None:
        self._emit(
            ConsentDecided, decision=decision, mode=mode, how="voice", policy_version="7", wording="May I?", heard=heard
        )

    def turn(self, user: str, heard: str = "All right.") -> None:
        self._turn += 1
        self._emit(SpeechEnded, reason="silence", last_voiced_t=1.0, t=1.4)
        self._emit(Transcribed, text=user, confidence=0.9, rejected=None, t=1.5)
        self._emit(PlayoutStarted, t=1.8)
        self._emit(TurnCommitted, user_text=user, assistant_text=heard, heard_text=heard, interrupted=False)

    def tool(self, arguments: Mapping[str, str], result: Mapping[str, object] | None = None) -> None:
        self._emit(ToolStarted, tool="book", arguments=arguments, evidence=arguments, writes=True)
        finished = {"ok": True, "empty": False, "error_code": "", "duration_s": 0.1, "result": result or {}}
        self._emit(ToolFinished, tool="book", **finished)

    def end(self) -> None:
        self._emit(SessionEnded, reason="goodbye")

    def _emit(self, kind: type[AnyEvent], **fields: Any) -> None:
        stamp: dict[str, Any] = {"session_id": self.session_id, "turn_id": self._turn, "epoch": 0, "t": 0.0}
        self._tell(kind(**stamp | fields))


@dataclass
class Kit:
    """Everything that keeps something, on a database."""

    database: Database
    writer: Writer
    recordings: Recordings
    shelf: Shelf
    archive: Archive

    @classmethod
    def build(
        cls,
        database: Database,
        clock: Clock,
        mode: ConsentMode,
        retention: RetentionConfig = DEFAULT,
        **shelf: Any,
    ) -> Kit:
        folder = database.path.parent / "recordings"
        writer = Writer(clock)
        recordings = Recordings(database, writer, Sealer(bytes(range(32))), folder, clock)
        shelves = Shelf(database, retention, folder, **shelf)
        archive = Archive(shelves, writer, clock, mode, FakeRedactor, measure, recordings)
        return cls(database, writer, recordings, shelves, archive)

    async def rows(self, table: str) -> list[tuple[Any, ...]]:
        return await rows(self.database, table)

    def hear(self, session_id: str, seconds: float) -> None:
        for _ in range(round(seconds * 10)):
            self.recordings.add(session_id, noise(1600))


def noise(samples: int) -> np.ndarray[Any, np.dtype[np.int16]]:
    return np.random.default_rng(7).integers(-3000, 3000, samples).astype(np.int16)


async def rows(database: Database, table: str) -> list[tuple[Any, ...]]:
    def read(connection: Connection) -> list[tuple[Any, ...]]:
        return connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608

    return await database.read(read)


def occurrences(folder: Path, *words: str) -> list[tuple[str, str]]:
    """Return which words stand in which files of a folder, in any usual encoding. Names of files count too."""
    found = []
    for path in folder.rglob("*"):
        content = str(path).encode() + (path.read_bytes() if path.is_file() else b"")
        found += [(path.name, word) for word in words if any(form in content for form in _forms(word))]
    return found


def _forms(word: str) -> list[bytes]:
    forms = [word.encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le")]
    forms += [word.upper().encode(), word.lower().encode(), word.encode().hex().encode()]
    for skipped in range(3):  # base64 of a longer text that has the word in it, at each of the three phases
        whole = base64.b64encode(bytes(skipped) + word.encode())
        forms.append(whole[4 if skipped else 0 : -4])
    assert len(word) >= 6, "a short word is found by chance"
    return [form for form in forms if len(form) >= 6]
