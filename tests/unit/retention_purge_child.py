"""A process that purges a database until it is killed: `python -m tests.unit.retention_purge_child FILE`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from appliance.clock import SystemClock
from appliance.config.retention import RetentionConfig
from appliance.retention.purge import Purger
from appliance.storage.db import Database


async def purge(file: Path) -> None:
    database = await Database.open(file)
    sys.stdout.write("purging\n")
    sys.stdout.flush()
    await Purger(database, file.parent / "recordings", RetentionConfig(), SystemClock()).purge()
    await database.close()


if __name__ == "__main__":
    asyncio.run(purge(Path(sys.argv[1])))
