"""Faults of those whom handovers go to, and of the date while they wait. Servers and sockets are real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from random import Random

from appliance.clock import Clock
from appliance.config.handover import HandoverConfig
from appliance.handover.channels import build_channels
from appliance.handover.delivery import Delivery
from appliance.handover.message import Handover, Urgency
from appliance.ops.faults.clocks import HurryingClock, WrongClock
from appliance.ops.faults.disk import opened, stored
from appliance.ops.faults.fault import Bench, Fault, Group, require
from appliance.ops.faults.receivers import HOST, MailServer, WebService, up
from appliance.retention import clockwatch
from appliance.retention.expiry import expire_receipts
from appliance.storage.outbox import Outbox, State
from appliance.storage.receipts import Receipts

DAYS = 3
WAIT_S = 20.0
"""Real seconds that a delivery may take."""
POLL_S = 0.05
KEPT_DAYS, GAP_DAYS = 90.0, 14.0
"""`storage.receipts_max_age_days` and `retention.clock_gap_days`."""


@asynccontextmanager
async def delivering(bench: Bench, clock: Clock, **channel: object) -> AsyncIterator[Outbox]:
    """Yield an outbox that is delivered through a channel."""
    config = HandoverConfig.model_validate({"channels": [channel]})

    def no_secret(name: str) -> str:
        raise LookupError(name)

    async with opened(stored(bench)) as database:
        outbox = Outbox(database, clock)
        await outbox.enqueue("escalation", str(channel["name"]), _handover(clock), "key-1")
        random = Random(1)  # noqa: S311 - chance, not secrecy
        work = asyncio.ensure_future(Delivery(outbox, build_channels(config, no_secret), clock, random).run())
        try:
            yield outbox
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)


def _handover(clock: Clock) -> dict[str, object]:
    at = clock.local_time("UTC").isoformat()
    return Handover(kind="escalation", reason="", urgency=Urgency.NORMAL, summary="Call back.", created_at=at).as_dict()


async def reached(bench: Bench, outbox: Outbox, state: State, attempts: int = 1) -> None:
    """Wait until the entry is in a state, after so many attempts."""
    deadline = bench.clock.now() + WAIT_S
    while True:
        entry = await outbox.find(1)
        if entry is not None and entry.state is state and entry.attempts >= attempts:
            return
        require(bench.clock.now() < deadline, entry)
        await bench.clock.sleep(POLL_S)


async def webhook_down_for_days(bench: Bench) -> str:
    """The receiver of handovers answers 500 for days."""
    service, clock = WebService(status=500), HurryingClock()
    async with up(service):
        url = f"{service.address}/desk"
        async with delivering(bench, clock, kind="webhook", name="desk", url=url) as outbox:
            began = clock.now()
            while clock.now() - began < timedelta(days=DAYS).total_seconds():
                await bench.clock.sleep(POLL_S)
            require(not service.accepted and len(service.keys) > DAYS, "attempts:", len(service.keys))
            service.status = 200
            await reached(bench, outbox, State.DELIVERED)
    require(service.accepted == ["key-1"] and set(service.keys) == {"key-1"}, service.accepted)
    return f"delivered once, with its key, after {DAYS} days and {len(service.keys)} attempts"


async def mail_down(bench: Bench) -> str:
    """The mail server is not there, and comes back."""
    server, clock = MailServer(), HurryingClock(speed=20.0)
    async with up(server):
        pass
    channel = {"kind": "email", "name": "desk", "host": HOST, "port": server.port, "tls": "none"}
    letter = {"sender": "desk@example.org", "recipients": ["nurse@example.org"]}
    async with delivering(bench, clock, **channel, **letter) as outbox:
        await reached(bench, outbox, State.WAITING)
        async with up(server):
            await reached(bench, outbox, State.DELIVERED)
    require(len(server.mails) == 1, len(server.mails))
    return "it waited, and arrived once"


async def clock_forward(bench: Bench) -> str:
    """The date jumps a year ahead while a handover waits."""
    clock = WrongClock(HurryingClock(speed=20.0))
    service = WebService(status=500)
    async with up(service):
        url = f"{service.address}/desk"
        async with delivering(bench, clock, kind="webhook", name="desk", url=url) as outbox:
            await reached(bench, outbox, State.WAITING)
            service.status = 200
            clock.ahead = timedelta(days=365)
            await reached(bench, outbox, State.DELIVERED)
    require(service.accepted == ["key-1"], service.accepted)
    return "not given up for its age: it was tried once more, and arrived"


async def clock_back(bench: Bench) -> str:
    """The date jumps a year back while a handover waits."""
    clock = WrongClock(HurryingClock(speed=20.0))
    clock.ahead = timedelta(days=365)
    service = WebService(status=500)
    async with up(service):
        url = f"{service.address}/desk"
        async with delivering(bench, clock, kind="webhook", name="desk", url=url) as outbox:
            await reached(bench, outbox, State.WAITING)
            service.status = 200
            clock.ahead = timedelta()
            await reached(bench, outbox, State.DELIVERED)
    require(service.accepted == ["key-1"], service.accepted)
    return "it did not wait for a year: it was tried at once"


async def receipts_kept(bench: Bench) -> str:
    """The date jumps a year ahead, and old receipts are to be forgotten."""
    clock = WrongClock(bench.clock)
    async with opened(stored(bench)) as database:
        receipts = Receipts(database, clock)
        await receipts.begin("key-1", "book", "hash")
        trust = partial(clockwatch.look, GAP_DAYS, clock.local_time("UTC").timestamp(), force=False)
        await database.write(lambda connection: trust(connection=connection))
        clock.ahead = timedelta(days=365)
        doubt = await expire_receipts(database, clock, KEPT_DAYS, GAP_DAYS)
        require([each.key for each in await receipts.in_doubt()] == ["key-1"], "the receipt is gone")
        clock.ahead = timedelta()
        require(not await expire_receipts(database, clock, KEPT_DAYS, GAP_DAYS), "the right clock is not believed")
    require(doubt, "nothing is doubted")
    return doubt


TOLD = '"I have passed it on; they have not got it yet"'

FAULTS: Sequence[Fault] = (
    Fault(
        name="webhook-500-for-days",
        group=Group.SERVICES,
        injected=f"the receiver of handovers answers 500 for {DAYS} days, then 200",
        holds="the handover arrives, once, with its key",
        heard=TOLD,
        seen="`outbox` degraded after `monitoring.outbox_late_after_s`; `appliance outbox list`",
        check=webhook_down_for_days,
    ),
    Fault(
        name="mail-server-down",
        group=Group.SERVICES,
        injected="connections to the mail server are refused, then it is back",
        holds="the mail arrives, once",
        heard=TOLD,
        seen="as above",
        check=mail_down,
    ),
    Fault(
        name="clock-forward-outbox",
        group=Group.CLOCK,
        injected="the date jumps a year ahead while a handover waits",
        holds="it is not given up for its age without another attempt",
        heard="nothing",
        seen="the wrong date in the log; `doctor` compares it with NTP",
        check=clock_forward,
    ),
    Fault(
        name="clock-back-outbox",
        group=Group.CLOCK,
        injected="the date jumps a year back while a handover waits",
        holds="it does not wait for a year",
        heard="nothing",
        seen="as above",
        check=clock_back,
    ),
    Fault(
        name="clock-forward-receipts",
        group=Group.CLOCK,
        injected="the date jumps a year ahead, and receipts would be too old",
        holds="none is forgotten while the clock is not believed: a call in doubt is not made again",
        heard="nothing",
        seen="warning in the log with both dates",
        check=receipts_kept,
    ),
)
