"""The one way out, against real servers on this machine: the checked address, the name's certificate, every hop."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from appliance.config.addresses import Address
from appliance.config.handover import EmailConfig, WebhookConfig
from appliance.config.network import NetworkConfig
from appliance.egress.policy import EgressRefusedError, Policy
from appliance.egress.transport import BlockingCheckedTransport, CheckedTransport
from appliance.handover.message import DeliveryError
from appliance.handover.smtp import EmailChannel
from appliance.handover.webhook import WebhookChannel
from appliance.tools.errors import Fault, ToolError
from appliance.tools.http import HttpTool
from tests.unit.storage_fakes import handover
from tests.unit.tool_fakes import NO_SECRETS, Service, declared, web_service

NAME = "crm.example"
HERE = Policy.of(NetworkConfig(allow=(NAME, "127.0.0.0/8")))
"""Allows the name, and that it has an address of this machine."""


@pytest.fixture
def service() -> Iterator[Service]:
    with web_service() as running:
        yield running


def port_of(service: Service) -> int:
    return httpx.URL(service.address).port or 0


def here(name: str, port: int) -> list[Address]:
    assert (name, port > 0) == (NAME, True)
    return [ipaddress.ip_address("127.0.0.1")]


class Rebinding:
    """A name server that answers with this machine first and with another address from then on."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, name: str, port: int) -> list[Address]:
        self.asked += 1
        return here(name, port) if self.asked == 1 else [ipaddress.ip_address("169.254.169.254")]


async def test_the_request_goes_to_the_address_that_was_checked_under_its_name(service: Service) -> None:
    names = Rebinding()
    async with httpx.AsyncClient(transport=CheckedTransport(HERE, lookup=names)) as client:
        answer = await client.post(f"http://{NAME}:{port_of(service)}/orders?q=1", json={"a": 1})
        with pytest.raises(EgressRefusedError, match="never reached"):
            await client.get(f"http://{NAME}:{port_of(service)}/orders")
    assert answer.status_code == 200
    (asked,) = service.asked
    assert (asked.path, asked.body, asked.headers["Host"]) == ("/orders?q=1", {"a": 1}, f"{NAME}:{port_of(service)}")
    assert names.asked == 2


def nobody_first(name: str, port: int) -> list[Address]:
    return [ipaddress.ip_address("127.255.0.9"), *here(name, port)]


async def test_an_address_that_nobody_answers_at_is_passed_over(service: Service) -> None:
    async with httpx.AsyncClient(transport=CheckedTransport(HERE, lookup=nobody_first)) as client:
        assert (await client.get(f"http://{NAME}:{port_of(service)}/")).status_code == 200


def test_also_where_a_command_waits(service: Service) -> None:
    with httpx.Client(transport=BlockingCheckedTransport(HERE, lookup=nobody_first)) as client:
        assert client.get(f"http://{NAME}:{port_of(service)}/").status_code == 200


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest", "http://evil.example/", "http://2130706433/", "http://10.0.0.1/"]
)
def test_each_hop_of_a_redirect_is_checked(service: Service, target: str) -> None:
    service.status, service.headers = 302, {"Location": target}
    transport = BlockingCheckedTransport(HERE, lookup=here)
    with httpx.Client(transport=transport, follow_redirects=True) as client, pytest.raises(EgressRefusedError):
        client.get(service.address)
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1@evil.example/",
        "http://localhost\\@evil.example/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://[::ffff:169.254.169.254]/",
        "http://evil.example#@localhost/",
        "http://①②⑦.0.0.1.evil.example/",
    ],
)
async def test_tricks_of_spelling(url: str) -> None:
    async with httpx.AsyncClient(transport=CheckedTransport(HERE)) as client:
        with pytest.raises((EgressRefusedError, httpx.InvalidURL)):
            await client.get(url)


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Write a certificate for a name, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_after(now + timedelta(days=1))
        .not_valid_before(now - timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    files = folder / f"{name}.pem", folder / f"{name}.key"
    files[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    unprotected = serialization.NoEncryption()
    pkcs8 = serialization.PrivateFormat.PKCS8
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, unprotected))
    return files


@pytest.mark.parametrize(("name", "fits"), [(NAME, True), ("other.example", False)])
async def test_tls_is_with_the_name_and_not_with_the_address(tmp_path: Path, name: str, fits: bool) -> None:
    file, key = certificate(tmp_path, name)
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_tls.load_cert_chain(file, key)
    seen = SimpleNamespace(name="")
    server_tls.sni_callback = lambda _sock, sni, _context: setattr(seen, "name", sni)
    client_tls = ssl.create_default_context(cafile=str(file))

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=server_tls)
    async with server:
        port = server.sockets[0].getsockname()[1]
        transport = CheckedTransport(HERE, client_tls, lookup=here)
        async with httpx.AsyncClient(transport=transport) as client:
            if fits:
                assert (await client.get(f"https://{NAME}:{port}/")).status_code == 204
            else:
                with pytest.raises(httpx.ConnectError, match="certificate"):
                    await client.get(f"https://{NAME}:{port}/")
    assert seen.name == NAME


async def test_a_tool_that_may_not_reach_its_host_fails_and_says_so() -> None:
    tool = declared(http={"url": "https://crm.example.org/orders"}, effect="write")
    assert tool.http
    with pytest.raises(ToolError) as caught:
        await HttpTool(tool, tool.http, NO_SECRETS).run({}, "key-1")
    error = caught.value
    assert (error.fault, error.retryable, error.happened) == (Fault.MISCONFIGURED, False, False)
    assert error.detail == "crm.example.org:443 is not in network.allow"
    assert "network.allow" in error.remedy


async def test_a_handover_that_may_not_leave_waits_and_says_why() -> None:
    hook = WebhookConfig(kind="webhook", name="desk", url="https://crm.example.org/desk")
    mail = EmailConfig(
        kind="email", name="mail", host="mail.example.org", sender="a@example.org", recipients=("b@example.org",)
    )
    for channel, host in (
        (WebhookChannel(hook, str), "crm.example.org:443"),
        (EmailChannel(mail, str), "mail.example.org:587"),
    ):
        with pytest.raises(DeliveryError) as caught:
            await channel.deliver(handover(), "key-1")
        assert str(caught.value) == f"{host} is not in network.allow"
        assert not caught.value.permanent
