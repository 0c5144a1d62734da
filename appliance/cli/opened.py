"""The database, opened for one command."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from appliance.config.models import Config
from appliance.errors import UsageError
from appliance.storage.db import Database
from appliance.storage.opening import open_database

T = TypeVar("T")


def with_database(config: Config, work: Callable[[Database], Awaitable[T]]) -> T:
    """Return what `work` makes of the database. Raises UsageError when there is none, StorageError."""
    if not config.storage.database.exists():
        raise UsageError(
            f"{config.storage.database}: nothing is kept yet", remedy="The daemon makes the database when it starts."
        )

    async def opened() -> T:
        database = await open_database(config.storage)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(opened())
