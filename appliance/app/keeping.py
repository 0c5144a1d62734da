"""What is kept of conversations and what proves it: the archive, the audit trail and the daily purge."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from typing import cast

from appliance import __version__
from appliance.app.assisting import Ground, beside
from appliance.audit.observer import AuditObserver
from appliance.audit.opening import open_trail
from appliance.audit.trail import AuditTrail
from appliance.bus import Bus
from appliance.config.models import Config
from appliance.events import AnyEvent, ToolFinished, ToolStarted
from appliance.models.catalogue import load_catalogue
from appliance.models.profiles import resolve
from appliance.ops.gauges import config_sha256
from appliance.ops.records import summarise
from appliance.redaction import JSON, Redactor
from appliance.retention.archive import Archive
from appliance.retention.daily import Quiet, run_daily
from appliance.retention.erasure import Erased
from appliance.retention.purge import Beside, Purger
from appliance.retention.recordings import Recordings
from appliance.retention.report import PurgeReport
from appliance.retention.shelf import Shelf
from appliance.retention.writer import Writer
from appliance.storage.opening import database_key
from appliance.storage.sealed import Sealer


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What keeps and proves, while the appliance runs."""

    archive: Archive
    writer: Writer
    recordings: Recordings | None
    trail: AuditTrail | None
    audit: AuditObserver | None

    def admin(self, kind: str, who: str, body: Mapping[str, object]) -> None:
        """Put something that an administrator did into the audit trail."""
        if self.audit is not None:
            self.audit.admin(kind, who, body)

    async def purged(self, report: PurgeReport) -> None:
        """Put what a purge deletes into the audit trail, at once."""
        self.admin("purge", "daemon", report.as_json())
        if self.trail is not None:
            await self.trail.flush()


class SessionRedactor:
    """Redacts with what is known in the present session: also the names that tools were given and have answered."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._session_id = ""
        self._redactor = _redactor(config)

    def __call__(self, event: AnyEvent) -> None:
        """Learn from an event, before others write it down."""
        if event.session_id != self._session_id:
            self._session_id, self._redactor = event.session_id, _redactor(self._config)
        match event:
            case ToolStarted():
                self._redactor.redact_data(dict(event.arguments))
            case ToolFinished():
                self._redactor.redact_data(cast("JSON", dict(event.result)))

    def redact(self, text: str) -> str:
        """Replace personal data."""
        return self._redactor.redact(text)


@asynccontextmanager
async def keeping(config: Config, ground: Ground, bus: Bus) -> AsyncIterator[Keeping]:
    """Keep what may be kept of the conversations on the bus, and purge it daily. Raises ApplianceError."""
    async with AsyncExitStack() as stack:
        known = SessionRedactor(config)
        bus.subscribe(known)
        trail = await _trail(config, ground, known.redact, stack)
        kept = await _keeping(config, ground, trail)
        stack.push_async_callback(kept.archive.flush)
        if kept.recordings is not None:
            stack.callback(kept.recordings.finish)
        bus.subscribe(kept.archive)
        if kept.audit is not None:
            kept.audit.started(__version__, model_hashes(config), config_sha256(config))
            stack.callback(kept.audit.stopped)
            bus.subscribe(kept.audit)
        quiet = Quiet(ground.clock)
        bus.subscribe(quiet)
        retention = config.retention
        announced = Beside(announce=kept.purged, quiet=quiet.wait, trail=trail)
        purger = Purger(ground.database, config.storage.recordings, retention, ground.clock, announced)
        async with beside(run_daily(purger, ground.clock, retention.purge_time, config.site.timezone)):
            yield kept


def model_hashes(config: Config) -> dict[str, str]:
    """Return a SHA-256 for each model in use: of its files' hashes, in the order of their names."""
    return {
        model.id: hashlib.sha256("".join(file.sha256 for file in model.files).encode()).hexdigest()
        for model in resolve(config, load_catalogue()).values()
    }


async def _trail(
    config: Config, ground: Ground, redact: Callable[[str], str], stack: AsyncExitStack
) -> AuditTrail | None:
    if not config.audit.enabled:
        return None
    trail = await open_trail(
        config.audit,
        ground.database,
        ground.clock,
        redact=redact,
        may_make_key=True,
    )
    stack.push_async_callback(trail.close)
    return trail


async def _keeping(config: Config, ground: Ground, trail: AuditTrail | None) -> Keeping:
    writer = Writer(ground.clock)
    recordings = await _recordings(config, ground, writer)
    shelf = Shelf(
        ground.database,
        config.retention,
        config.storage.recordings,
        forget_also=(ground.conversations.clear,),
        on_erased=partial(_withdrawn, trail),
    )
    archive = Archive(
        shelf,
        writer,
        ground.clock,
        config.consent.mode,
        lambda: _redactor(config),
        _milliseconds,
        recordings,
    )
    observer = None if trail is None else AuditObserver(trail, archive.may_keep)
    return Keeping(archive=archive, writer=writer, recordings=recordings, trail=trail, audit=observer)


def _redactor(config: Config) -> Redactor:
    return Redactor(config.redaction, public=(config.persona.name,))


def _withdrawn(trail: AuditTrail | None, erased: Erased) -> None:
    """Put an erasure that a person wanted into the audit trail."""
    if trail is not None:
        trail.record("data.withdrawn", erased.session_id, erased.as_json())


async def _recordings(config: Config, ground: Ground, writer: Writer) -> Recordings | None:
    """Return what keeps sound, where it is wanted and can be encrypted."""
    key = await asyncio.to_thread(database_key, config.storage)
    if key is None or not config.retention.audio.keep:
        return None
    recordings = Recordings(ground.database, writer, Sealer(key.recordings), config.storage.recordings, ground.clock)
    await recordings.sweep()
    return recordings


def _milliseconds(turn_id: int, events: Sequence[AnyEvent]) -> dict[str, float]:
    times = asdict(summarise(turn_id, events).ms)
    return {name: round(value) for name, value in times.items() if value is not None}
