"""The assistant with everything it works with: the database, what leaves the appliance, and what it knows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from appliance.app.engines import EngineRoom
from appliance.assistant.building import build_assistant
from appliance.assistant.responder import Assistant
from appliance.clock import Clock
from appliance.config.models import Config
from appliance.dialogue.journal import Journal
from appliance.egress.policy import Policy
from appliance.engines.ports import LanguageModel
from appliance.handover.channels import build_channels
from appliance.handover.delivery import Delivery, Patience
from appliance.retention.expiry import expire_receipts
from appliance.storage.conversations import Conversations
from appliance.storage.db import Database
from appliance.storage.errors import StorageError
from appliance.storage.restore import open_or_restore
from appliance.tools.secrets import secret

if TYPE_CHECKING:
    from appliance.engines.sentences import MiniLmEncoder

log = logging.getLogger(__name__)

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What stays when the configuration changes."""

    model: LanguageModel
    encoder: MiniLmEncoder
    database: Database
    conversations: Conversations
    clock: Clock
    journal: Journal


@asynccontextmanager
async def beside(*works: Coroutine[object, object, None]) -> AsyncIterator[None]:
    """Run the works until the block is left; one that ends with an error is logged."""
    tasks = [asyncio.ensure_future(_reported(work)) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def grounded(
    config: Config, room: EngineRoom, model: LanguageModel, clock: Clock, journal: Journal
) -> AsyncIterator[Ground]:
    """Open the database, and close it at the end. Raises ApplianceError."""
    encoder = await asyncio.to_thread(room.encoder)
    database = await open_or_restore(config.storage, clock)
    conversations = Conversations(database, clock)
    try:
        yield Ground(
            model=model,
            encoder=encoder,
            database=database,
            conversations=conversations,
            clock=clock,
            journal=journal,
        )
    finally:
        await conversations.flush()
        await database.close()


async def assistant_of(config: Config, ground: Ground) -> Assistant:
    """Build the assistant of a configuration. Raises ApplianceError."""
    folder = config.storage.directory.parent
    return await build_assistant(
        config, folder, ground.model, ground.encoder, ground.database, ground.clock, ground.journal
    )


@asynccontextmanager
async def delivering(config: Config, assistant: Assistant, ground: Ground) -> AsyncIterator[None]:
    """Deliver what has to leave and keep up with the files of the site, until the block is left."""
    days = config.storage.receipts_max_age_days
    patience = Patience(max_age_days=config.storage.outbox_max_age_days, keep_keys_days=days)
    channels = build_channels(config.handover, secret, Policy.of(config.network))
    delivery = Delivery(assistant.outbox, channels, ground.clock, Random(), patience)  # noqa: S311 - it spreads attempts
    expiry = _expire(ground.database, ground.clock, days, config.retention.clock_gap_days)
    async with beside(delivery.run(), assistant.knowledge.watch(ground.clock), expiry):
        yield


@asynccontextmanager
async def assisting(
    config: Config, room: EngineRoom, model: LanguageModel, clock: Clock, journal: Journal
) -> AsyncIterator[Assistant]:
    """Open the database, deliver what has to leave, and yield the assistant that acts. Raises ApplianceError."""
    async with grounded(config, room, model, clock, journal) as ground:
        assistant = await assistant_of(config, ground)
        async with delivering(config, assistant, ground):
            yield assistant


async def _reported(work: Coroutine[object, object, None]) -> None:
    try:
        await work
    except Exception:
        log.exception("a part of the appliance has stopped working")


async def _expire(database: Database, clock: Clock, max_age_days: float, gap_days: float) -> None:
    """Forget old receipts, every day."""
    while True:
        try:
            await expire_receipts(database, clock, max_age_days, gap_days)
        except StorageError as error:
            log.warning("old receipts could not be deleted: %s", error)
        await clock.sleep(DAY_S)
