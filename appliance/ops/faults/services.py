"""Faults of the tools and of what they talk to. Servers and sockets are real."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

from appliance.config.network import NetworkConfig
from appliance.config.tools import ToolConfig
from appliance.egress.policy import LOOPBACK_ONLY, Policy
from appliance.ops.faults.fault import Bench, Fault, Group, require
from appliance.ops.faults.receivers import WebService, up
from appliance.tools.executor import Executor, Outcome, action_of

PATIENCE_S = 1.0
"""Of the tool that is called."""


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


FAILURE = "the `failure` phrase of the tool, and a human is offered"

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
)
