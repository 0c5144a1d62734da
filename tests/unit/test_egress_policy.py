"""What may be reached: decided without asking anybody."""

from __future__ import annotations

import ipaddress

import pytest
from pydantic import ValidationError

from appliance.config.addresses import Address, Reach, reach
from appliance.config.network import NetworkConfig
from appliance.egress.policy import LOOPBACK_ONLY, EgressRefusedError, Policy
from appliance.egress.resolver import Admitted, resolve


def policy(*allow: str, private: bool = False, public: bool = False) -> Policy:
    return Policy.of(NetworkConfig(allow=allow, allow_private=private), public=public)


def looked_up(*addresses: str, allow: tuple[str, ...] = ("crm.example.org",), private: bool = False) -> list[str]:
    """Return what may be reached of a name that has these addresses."""

    def lookup(name: str, port: int) -> list[Address]:
        assert (name, port) == ("crm.example.org", 443)
        return [ipaddress.ip_address(address) for address in addresses]

    found = resolve("CRM.example.org.", 443, policy(*allow, private=private), lookup=lookup, admitted=Admitted())
    return [str(address) for address in found]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", Reach.LOOPBACK),
        ("127.200.0.9", Reach.LOOPBACK),
        ("::1", Reach.LOOPBACK),
        ("::ffff:127.0.0.1", Reach.LOOPBACK),
        ("10.1.2.3", Reach.PRIVATE),
        ("172.31.255.255", Reach.PRIVATE),
        ("192.168.0.1", Reach.PRIVATE),
        ("100.64.0.1", Reach.PRIVATE),
        ("fd12::1", Reach.PRIVATE),
        ("::ffff:10.0.0.1", Reach.PRIVATE),
        ("64:ff9b::a00:1", Reach.PRIVATE),
        ("8.8.8.8", Reach.PUBLIC),
        ("2606:4700::1111", Reach.PUBLIC),
        ("64:ff9b::808:808", Reach.PUBLIC),
        ("169.254.169.254", Reach.NEVER),
        ("::ffff:169.254.169.254", Reach.NEVER),
        ("64:ff9b::a9fe:a9fe", Reach.NEVER),
        ("fd00:ec2::254", Reach.NEVER),
        ("100.100.100.200", Reach.NEVER),
        ("168.63.129.16", Reach.NEVER),
        ("0.0.0.0", Reach.NEVER),  # noqa: S104 - an address to be refused
        ("::", Reach.NEVER),
        ("fe80::1", Reach.NEVER),
        ("224.0.0.251", Reach.NEVER),
        ("255.255.255.255", Reach.NEVER),
        ("2002:a9fe:a9fe::1", Reach.NEVER),
        ("::a00:1", Reach.NEVER),
    ],
)
def test_how_far_an_address_is(address: str, expected: Reach) -> None:
    assert reach(ipaddress.ip_address(address)) is expected


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "127.0.0.1", "::1", "[::1]", "::ffff:127.0.0.1"])
def test_this_machine_is_always_allowed(host: str) -> None:
    assert LOOPBACK_ONLY.on_host(host, 80).allowed


@pytest.mark.parametrize(
    "host",
    [
        "crm.example.org",
        "192.0.2.1",
        "10.1.2.3",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "017700000001",
        "127.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "localhost.example.org",
        "127.0.0.1.example.org",
        "user@localhost",
        "localhost#@evil.example",
        "local host",
        "localhost\x00.example.org",
        "",
        "\uff4cocalhost",
        "169.254.169.254",
        "fe80::1%eth0",
    ],
)
def test_everything_else_is_refused_when_nothing_is_listed(host: str) -> None:
    assert not LOOPBACK_ONLY.on_host(host, 80).allowed


@pytest.mark.parametrize(
    ("entry", "host", "port", "allowed"),
    [
        ("crm.example.org", "CRM.Example.org.", 443, True),
        ("crm.example.org", "crm.example.org.evil.example", 443, False),
        ("crm.example.org", "xcrm.example.org", 443, False),
        ("crm.example.org:443", "crm.example.org", 443, True),
        ("crm.example.org:443", "crm.example.org", 80, False),
        ("*.example.org", "a.b.example.org", 443, True),
        ("*.example.org", "example.org", 443, False),
        ("*.example.org", "evilexample.org", 443, False),
        ("10.1.0.0/16", "10.1.2.3", 443, True),
        ("10.1.0.0/16", "::ffff:10.1.2.3", 443, True),
        ("10.1.0.0/16", "10.2.2.3", 443, False),
        ("10.1.0.0/16:8443", "10.1.2.3", 443, False),
        ("8.0.0.0/6", "8.8.8.8", 443, True),
        ("8.0.0.0/6", "10.1.2.3", 443, False),  # a range that only happens to have private addresses in it
        ("128.0.0.0/1", "169.254.169.254", 80, False),
        ("[2001:db8::1]:443", "2001:db8::1", 443, True),
        ("2001:db8::/32", "[2001:db8::7]", 80, True),
    ],
)
def test_what_an_entry_means(entry: str, host: str, port: int, allowed: bool) -> None:
    assert policy(entry).on_host(host, port).allowed is allowed
    assert NetworkConfig(allow=(entry,)).lists(host, port) is allowed


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("https://crm.example.org", "write only its host"),
        ("joe@crm.example.org", "write only its host"),
        ("*", "too many hosts"),
        ("*.org", "too many hosts"),
        ("0.0.0.0/0", "every address"),
        ("::/0", "every address"),
        ("10.1.2.3/16", "host bits"),
        ("169.254.169.254", "never reached"),
        ("fe80::/64", "never reached"),
        ("::ffff:10.0.0.1", "write the IPv4 address 10.0.0.1"),
        ("crm.example.org:0", "no port 0"),
        ("crm.example.org:70000", "no port 70000"),
        ("crm example.org", "no host name"),
        ("münchen.example", "no host name"),
        ("2130706433", "usual spelling"),
        ("crm.*.org", "no host name"),
        ("", "expected such as"),
        ("[2001:db8::1", "expected such as"),
    ],
)
def test_entries_that_cannot_be_meant(entry: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        NetworkConfig(allow=(entry,))


def test_a_listed_name_reaches_its_public_addresses_and_no_others() -> None:
    answer = ("8.8.8.8", "169.254.169.254", "10.0.0.1", "127.0.0.1", "2606:4700::1111")
    assert looked_up(*answer) == ["8.8.8.8", "2606:4700::1111"]
    assert looked_up(*answer, private=True) == ["8.8.8.8", "10.0.0.1", "127.0.0.1", "2606:4700::1111"]
    assert looked_up("10.0.0.1", allow=("crm.example.org", "10.0.0.0/24")) == ["10.0.0.1"]


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "169.254.169.254", "::ffff:169.254.169.254"])
def test_a_listed_name_that_turns_inwards_is_refused(address: str) -> None:
    with pytest.raises(EgressRefusedError, match=r"crm\.example\.org"):
        looked_up(address)


def test_a_name_that_is_not_listed_is_not_looked_up() -> None:
    def lookup(name: str, port: int) -> list[Address]:
        raise AssertionError(name, port)

    with pytest.raises(EgressRefusedError, match=r"evil\.example:443 is not in network\.allow"):
        resolve("evil.example", 443, policy("crm.example.org", "8.8.8.8"), lookup=lookup)


def test_fetching_models_reaches_the_internet_and_not_the_site() -> None:
    fetching = policy(public=True)
    assert fetching.on_host("huggingface.co", 443).allowed
    assert fetching.on_host("8.8.8.8", 443).allowed
    assert not fetching.on_host("10.0.0.1", 443).allowed
    assert not fetching.on_address(ipaddress.ip_address("10.0.0.1"), 443, "huggingface.co").allowed
