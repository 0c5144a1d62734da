"""The process that the bench of the audit trail kills.

A life is given a directory and a number. It records that number and those that follow, signs often, erases at times,
and says of each record when it is on disk.
"""

from __future__ import annotations

from pathlib import Path

from appliance.audit.keys import find_signer
from appliance.audit.trail import AuditTrail, Cadence
from appliance.clock import SystemClock
from appliance.config.audit import KEY_FILE
from appliance.ops.bench.lives import bear, tell
from appliance.storage.db import Database

DATABASE = "appliance.db"
KIND = "bench"
CADENCE = Cadence(checkpoint_every_records=7, gather_s=0.001)
ERASE_EVERY = 11
SIGN_EVERY = 5


async def live(folder: str, first: int) -> None:
    """Record until killed."""
    clock = SystemClock()
    database = await Database.open(Path(folder) / DATABASE)
    signer = find_signer(Path(folder) / KEY_FILE, {})
    trail = AuditTrail(database, clock, None, signer, CADENCE)
    number = first
    while True:
        for offset in range(3):
            trail.record(KIND, f"session-{number % 4}", {"n": number + offset}, {"words": f"words {number + offset}"})
        await trail.flush()
        for offset in range(3):
            tell(f"committed {number + offset}")
        number += 3
        if number % ERASE_EVERY == 0:
            await trail.erase_details(reason="bench", session_id="session-1")
        if number % SIGN_EVERY == 0:
            await trail.sign()


if __name__ == "__main__":
    bear(live)
