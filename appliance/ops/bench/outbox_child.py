"""The process that the bench of the outbox kills.

A life is given a directory, an address and a number. It enqueues messages from that number on and delivers them until
it is killed; with -1 it delivers what there is and ends.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from random import Random

from appliance.clock import SystemClock
from appliance.config.handover import WebhookConfig
from appliance.handover.delivery import Delivery, Patience
from appliance.handover.message import Handover, Urgency
from appliance.handover.webhook import WebhookChannel
from appliance.ops.bench.lives import bear, tell
from appliance.storage.db import Database
from appliance.storage.outbox import Outbox, State

DATABASE = "appliance.db"
CHANNELS = ("desk", "ward")
DRAIN = -1
LONGEST_DRAIN_S = 60.0
"""What has not been delivered by then will never be."""
IMPATIENCE = Patience(first_delay_s=0.005, longest_delay_s=0.05, poll_s=0.05, suspect_after=1_000_000)
"""A life is short; and no refusal of the bench's receiver is meant."""


def key_of(number: int) -> str:
    """Return the key of a message: the same when it is enqueued again after a crash."""
    return f"bench-{number}"


def channel_of(number: int) -> str:
    """Return the channel by which a message goes."""
    return CHANNELS[number % len(CHANNELS)]


async def live(folder: str, address: str, first: int) -> None:
    """Enqueue and deliver until killed; or only deliver, until nothing is left."""
    clock = SystemClock()
    database = await Database.open(Path(folder) / DATABASE)
    outbox = Outbox(database, clock)
    delivery = asyncio.create_task(Delivery(outbox, _channels(address), clock, Random(), IMPATIENCE).run())  # noqa: S311
    if first == DRAIN:
        end = clock.now() + LONGEST_DRAIN_S
        while await outbox.entries([State.WAITING, State.SENDING]) and clock.now() < end:
            await clock.sleep(IMPATIENCE.poll_s)
    else:
        await _enqueue(outbox, clock, first)
    delivery.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await delivery
    await database.close()


async def _enqueue(outbox: Outbox, clock: SystemClock, number: int) -> None:
    while True:
        message = Handover(
            kind="bench", reason="", urgency=Urgency.NORMAL, summary=str(number), created_at="2026-03-02T10:05:00+00:00"
        )
        await outbox.enqueue(message.kind, channel_of(number), message.as_dict(), key_of(number))
        tell(f"committed {number}")
        number += 1
        await clock.sleep(0.002)


def _channels(address: str) -> dict[str, WebhookChannel]:
    configs = [WebhookConfig(kind="webhook", name=name, url=f"{address}/{name}") for name in CHANNELS]
    return {config.name: WebhookChannel(config, str) for config in configs}


if __name__ == "__main__":
    bear(live)
