"""Faults of what the appliance talks to: tools, web services, mail, names. Servers and sockets are real."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from random import Random

from appliance.clock import Clock
from appliance.config.handover import HandoverConfig
from appliance.config.network import NetworkConfig
from appliance.config.tools import ToolConfig
from appliance.egress.policy import LOOPBACK_ONLY, Policy
from appliance.handover.channels import build_channels
from appliance.handover.delivery import Delivery
from appliance.handover.message import Handover, Urgency
from appliance.ops.faults.clocks import HurryingClock, WrongClock
from appliance.ops.faults.fault import Bench, Fault, Group, require
from appliance.ops.faults.receivers import HOST, MailServer, WebService, up
from appliance.ops.faults.storage import opened, stored
from appliance.storage.outbox import Outbox, State
from appliance.tools.executor import Executor, Outcome, action_of

PATIENCE_S = 1.0
"""Of the tool that is called."""
DAYS = 3
WAIT_S = 20.0
"""Real seconds that a delivery may take."""
POLL_S = 0.05


def tool(address: str, effect: str = "read") -> ToolConfig:
    """Return a tool of a web service."""
    described = {
        "name": "crm",
        "description": "Looks up a customer.",
        "examples": ["who am I", "find my record", "look me up"],
        "effect": effect,
        "timeout_s": PATIENCE_S,
        "retries": 0,
        "parameters": {"number": {}},
        "http": {"url": f"{address}/customers", "method": "GET" if effect == "read" else "POST"},
    }
    return ToolConfig.model_validate_json(json.dumps(described))


async def called(bench: Bench, address: str, effect: str = "read", policy: Policy = LOOPBACK_ONLY) -> Outcome:
    """Return what comes of a call, and make sure that nobody waits for long."""
    build = partial(action_of, policy=policy)
    executor = Executor([tool(address, effect)], bench.clock, bench.folder, build=build)
    begun = bench.clock.now()
    outcome = await executor.call("crm", {"number": "A1"}, idempotency_key="key-1")
    took_s = bench.clock.now() - begun
    require(took_s < PATIENCE_S + 2.0, f"it took {took_s:.1f} s")
    return outcome


def told(outcome: Outcome, code: str, *, happened: bool | None) -> str:
    """Make sure that a call failed as it should, and return what is told of it."""
    require((outcome.ok, outcome.error_code, outcome.happened) == (False, code, happened), outcome)
    return f"{outcome.error_code}: {outcome.detail}"


async def tool_hung(bench: Bench) -> str:
    """The service takes the request and never answers."""
    service = WebService(silent=True)
    async with up(service):
        seen = told(await called(bench, service.address), "timeout", happened=False)
        service.silent = False
        require((await called(bench, service.address)).ok, "it does not recover")
    return seen


async def write_hung(bench: Bench) -> str:
    """The same with a call that changes something."""
    service = WebService(silent=True)
    async with up(service):
        seen = told(await called(bench, service.address, "write"), "timeout", happened=None)
    require(len(service.keys) == 1, "it was sent again:", service.keys)
    return seen


async def server_down(bench: Bench) -> str:
    """Nothing listens where the service was."""
    service = WebService()
    async with up(service):
        require((await called(bench, service.address)).ok, "it did not work before")
    seen = told(await called(bench, service.address, "write"), "unreachable", happened=False)
    async with up(service):
        require((await called(bench, service.address)).ok, "it does not recover")
    return seen


async def garbage(bench: Bench) -> str:
    """The service answers with something that is no JSON."""
    service = WebService(body=b"<html>\xff\x00 Bad Gateway", content_type="text/html")
    async with up(service):
        seen = told(await called(bench, service.address), "bad-answer", happened=False)
        service.body, service.content_type = b'{"name": ', "application/json"
        told(await called(bench, service.address), "bad-answer", happened=False)
        service.body = b"{}"
        require((await called(bench, service.address)).error_code == "", "it does not recover")
    return seen


async def trickle(bench: Bench) -> str:
    """The service sends a byte now and then."""
    service = WebService(body=json.dumps({"name": "x" * 100}).encode(), trickles=True)
    async with up(service):
        return told(await called(bench, service.address), "timeout", happened=False)


async def names_down(bench: Bench) -> str:
    """The name of a service that may be reached is not resolved."""
    policy = Policy.of(NetworkConfig.model_validate({"allow": ["crm.invalid:443"]}))
    outcome = await called(bench, "https://crm.invalid", "write", policy)
    return told(outcome, "unreachable", happened=False)


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


FAILURE = "the `failure` phrase of the tool, and a human is offered"
TOLD = '"I have passed it on; they have not got it yet"'

FAULTS: Sequence[Fault] = (
    Fault(
        name="tool-hung",
        group=Group.SERVICES,
        injected="a web service takes the request and never answers",
        holds="the call ends after `timeout_s`, and the next one works",
        heard=f"after 0.8 s the `running` phrase; then {FAILURE}",
        seen="`timeout` in the log and in `appliance_tool_calls_total`",
        check=tool_hung,
    ),
    Fault(
        name="write-hung",
        group=Group.SERVICES,
        injected="the same, with a call that changes something",
        holds="it is sent once; the receipt stays in doubt; it is neither repeated nor called a success",
        heard="that it is not known whether it worked, and that people are told",
        seen="a handover through the default channel",
        check=write_hung,
    ),
    Fault(
        name="tool-server-down",
        group=Group.SERVICES,
        injected="connections to a web service are refused",
        holds="it certainly did not happen; when the server is back it works",
        heard=FAILURE,
        seen="`unreachable` in the log; after five failures in a row the tool is left alone for 30 s",
        check=server_down,
    ),
    Fault(
        name="crm-garbage",
        group=Group.SERVICES,
        injected="a web service answers with bytes that are no JSON, then with half of one",
        holds="nothing of it is spoken or believed",
        heard=FAILURE,
        seen="`bad-answer` in the log",
        check=garbage,
    ),
    Fault(
        name="crm-trickles",
        group=Group.SERVICES,
        injected="a web service sends a byte each 0.2 s",
        holds="the whole call ends after `timeout_s`",
        heard=FAILURE,
        seen="`timeout` in the log",
        check=trickle,
    ),
    Fault(
        name="dns-down",
        group=Group.SERVICES,
        injected="the name of a web service is not resolved",
        holds="the call fails in time, and did not happen",
        heard=FAILURE,
        seen="an error with the name in the log",
        check=names_down,
    ),
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
)
