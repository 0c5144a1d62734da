"""How much there is of each class, since when, and what of it is held."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.config.retention import DataClass
from appliance.retention.classes import TABLES, TRAIL
from appliance.retention.holds import held
from appliance.storage.db import Connection, Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """What there is of a class. `oldest` is seconds since 1970, None where there is nothing."""

    count: int = 0
    oldest: float | None = None
    held: int = 0


async def take_stock(database: Database) -> dict[DataClass, Stock]:
    """Count what is kept. Raises StorageError."""
    return await database.read(_count)


def _count(connection: Connection) -> dict[DataClass, Stock]:
    stock = {kind: Stock() for kind in DataClass}
    for table in (*TABLES, TRAIL):
        count, oldest, kept = connection.execute(
            f"SELECT count(*), min(t.{table.at}), coalesce(sum({held(table)}), 0)"  # noqa: S608 - our own names
            f" FROM {table.name} AS t WHERE {table.where}"
        ).fetchone()
        before = stock[table.kind]
        times = [at for at in (before.oldest, oldest) if at is not None]
        stock[table.kind] = Stock(count=before.count + count, oldest=min(times, default=None), held=before.held + kept)
    return stock
