"""Forgets old receipts, but not because of a clock that may be wrong: they keep a call from being made twice."""

from __future__ import annotations

import logging
from functools import partial

from appliance.clock import Clock
from appliance.retention import clockwatch
from appliance.storage.db import Database
from appliance.storage.receipts import Receipts

log = logging.getLogger(__name__)

DAY_S = 86_400.0


async def expire_receipts(database: Database, clock: Clock, max_age_days: float, gap_days: float) -> str:
    """Forget the receipts that are older; return why the clock may be wrong, and then none is forgotten.

    `gap_days` is `retention.clock_gap_days`. Raises StorageError.
    """
    now = clock.local_time("UTC").timestamp()
    doubt = await database.read(partial(clockwatch.peek, gap_days, now))
    if doubt:
        log.warning("no receipt is deleted: %s", doubt)
    else:
        await Receipts(database, clock).expire(max_age_days * DAY_S)
    return doubt
