"""The drop-in for systemd, the hosts that a configuration names, and what is read out of what strace writes."""

from __future__ import annotations

import ipaddress
import json
import os
import socket
from collections import Counter
from datetime import UTC, datetime

import pytest
from pydantic_core import PydanticCustomError

from appliance.config.addresses import Address
from appliance.config.endpoints import endpoints, only_listed
from appliance.config.handover import HandoverConfig
from appliance.config.network import NetworkConfig
from appliance.config.tools import ToolConfig
from appliance.egress.dropin import drop_in, grants, name_servers
from appliance.ops.egress_sockets import ProcSampler, Seen, traced_calls
from appliance.ops.egress_text import as_text
from appliance.ops.egress_watch import EgressReport, Sighting, Verdict
from tests.unit.tool_fakes import declared

MAIL = {
    "kind": "email",
    "name": "mail",
    "host": "mail.example.org",
    "sender": "a@example.org",
    "recipients": ["b@example.org"],
}
HOOK = {"kind": "webhook", "name": "desk", "url": "https://crm.example.org/desk"}
CHANNELS = HandoverConfig.model_validate({"channels": [MAIL, HOOK]})
TOOLS: tuple[ToolConfig, ...] = (
    declared(http={"url": "http://[2001:db8::1]:8080/{{ number }}"}),
    declared(sql={"database": "postgresql+psycopg://u:secret@10.1.2.3/db", "query": "select 1"}),
    declared(sql={"database": "data/orders.db", "query": "select 1"}),
    declared(sql={"database": "sqlite:///orders.db", "query": "select 1"}),
    declared(http={"url": "http://127.0.0.1:8765/x"}),
)


def test_every_host_that_is_named_is_found_with_its_setting() -> None:
    found = [(endpoint.path, str(endpoint)) for endpoint in endpoints((CHANNELS, TOOLS))]
    assert found == [
        ((0, "channels", 0, "host"), "mail.example.org:587"),
        ((0, "channels", 1, "url"), "crm.example.org:443"),
        ((1, 0, "http", "url"), "[2001:db8::1]:8080"),
        ((1, 1, "sql", "database"), "10.1.2.3:5432"),
        ((1, 4, "http", "url"), "127.0.0.1:8765"),
    ]


def test_a_host_that_is_named_and_not_listed_is_refused_with_its_setting_and_no_password() -> None:
    with pytest.raises(PydanticCustomError) as caught:
        only_listed((CHANNELS, TOOLS), NetworkConfig(allow=("2001:db8::/32", "*.example.org")))
    error = caught.value.context or {}
    assert error["about"] == ("1.1.sql.database",)
    assert "10.1.2.3:5432 is not in network.allow" in error["message"]
    assert "secret" not in error["message"]
    assert only_listed(TOOLS, NetworkConfig(allow=("2001:db8::/32", "10.1.2.3"))) is TOOLS


def lookup(name: str, port: int) -> list[Address]:
    known = {("crm.example.org", 443): "8.8.8.8", ("db.example.net", 5432): "10.9.9.9", ("twice.example", 443): "::1"}
    if (name, port) not in known:
        raise socket.gaierror(-2, "Name or service not known")
    return [ipaddress.ip_address(known[name, port])]


def settings(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("#")]


def test_without_names_the_drop_in_allows_this_machine_and_networks_and_no_name_server() -> None:
    servers = name_servers("# a comment\nnameserver 10.0.0.53\n")
    text = drop_in(grants(NetworkConfig(allow=("10.1.0.0/16:443", "[2001:db8::1]")), (), servers, lookup=lookup))
    assert settings(text) == [
        "[Service]",
        "IPAddressDeny=any",
        "IPAddressAllow=localhost",
        "IPAddressAllow=10.1.0.0/16",
        "IPAddressAllow=2001:db8::1/128",
    ]
    assert settings(drop_in(grants(NetworkConfig(), (), servers)))[1:] == [
        "IPAddressDeny=any",
        "IPAddressAllow=localhost",
    ]


def test_names_are_looked_up_and_what_they_may_not_be_is_said() -> None:
    allow = ("*.example.org", "*.example.com", "db.example.net:5432", "gone.example.net", "twice.example")
    servers = name_servers("nameserver 127.0.0.53\nnameserver fe80::53%eth0\nnameserver nonsense\nnameserver\n")
    given = list(grants(NetworkConfig(allow=allow), endpoints(CHANNELS), servers, lookup=lookup))
    assert [(grant.entry, [str(network) for network in grant.networks]) for grant in given] == [
        ("*.example.org", ["8.8.8.8/32"]),
        ("*.example.com", []),
        ("db.example.net:5432", []),
        ("gone.example.net", []),
        ("twice.example", []),
        ("the name servers of this machine", ["fe80::53/128"]),
    ]
    problems = drop_in(given)
    assert "# *.example.org: mail.example.org is not known at the moment, so nothing is allowed for it" in problems
    assert "# *.example.com: no host below it is used" in problems
    assert "10.9.9.9:5432, the address of db.example.net, is private" in problems
    assert "[::1]:443, the address of twice.example, is loopback" in problems


TRACE = """\
101 socket(AF_INET, SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_IP) = 8
101 connect(8, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("192.0.2.53")}, 16) = 0
101 sendto(8, "x", 1, MSG_NOSIGNAL, NULL, 0) = 1
102 connect(9, {sa_family=AF_UNIX, sun_path="/run/pulse/native"}, 110) = 0
102 connect(9, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", \
&sin6_addr), sin6_scope_id=0}, 28) = -1 EINPROGRESS (Operation now in progress)
102 sendto(4, "sin_port", 8, 0, {sa_family=AF_INET, sin_port=htons(9), sin_addr=inet_addr("192.0.2.9")}, 16) = 8
103 bind(5, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("0.0.0.0")}, 16) = 0
103 bind(6, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12) = 0
103 recvfrom(6, "", 1, 0, NULL, NULL) = 0
"""


def test_what_strace_writes() -> None:
    assert traced_calls(TRACE) == Counter(
        {
            Seen(kind="connect", host="192.0.2.53", port=53): 1,
            Seen(kind="connect", host="AF_UNIX"): 1,
            Seen(kind="connect", host="2001:db8::1", port=443): 1,
            Seen(kind="sendto", host="192.0.2.9", port=9): 1,
            Seen(kind="bind", host="0.0.0.0", port=8080, listening=True): 1,  # noqa: S104 - what was traced
            Seen(kind="bind", host="AF_NETLINK"): 1,
        }
    )


def test_the_sockets_of_a_process_are_seen_from_outside() -> None:
    sampler = ProcSampler(os.getpid())
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW) as netlink,
    ):
        netlink.bind((0, 0))
        sampler.look()
        listening, connected = server.getsockname()[1], client.getsockname()[1]
    assert sampler.looks == 1
    assert sampler.seen[Seen(kind="tcp", host="127.0.0.1", port=listening, listening=True)] == 1
    assert sampler.seen[Seen(kind="tcp", host="127.0.0.1", port=listening)] == 1
    assert connected != listening
    assert sampler.seen[Seen(kind="netlink", host="kernel")] >= 1


def report(verdict: Verdict, *sightings: Sighting) -> EgressReport:
    moment = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
    return EgressReport(
        verdict=verdict,
        version="1",
        began=moment,
        ended=moment,
        command=("appliance", "converse"),
        allow=(),
        allow_private=False,
        turns=1,
        answered=1,
        looks=7,
        traced=False,
        programs=("python",),
        sightings=sightings,
        exit_status=0,
    )


def test_the_report_says_what_was_seen_and_cannot_play_tricks() -> None:
    seen = Sighting(what="connect evil\x1b[2J", by="guard", times=3, beyond=True, allowed=False, reason="not listed")
    text = as_text(report(Verdict.REFUSED, seen))
    assert "NOT PASSED: something tried to leave and was stopped" in text
    assert "guard        3×  connect evil?[2J (not listed)" in text
    assert "strace  is not there" in text
    assert "passed: nothing left this machine" in as_text(report(Verdict.NOTHING_LEFT))
    described = json.loads(json.dumps(report(Verdict.LEFT, seen).as_json()))
    assert (described["verdict"], described["began"]) == ("left", "2026-11-25T12:00:00+00:00")
    assert described["sightings"][0]["times"] == 3
