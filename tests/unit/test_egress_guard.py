"""The guard in processes of their own, because it cannot be taken out again. Real sockets, a real resolver."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from textwrap import dedent, indent

import pytest

from appliance.egress.offline import SETTINGS, keep_offline

PREPARED = """
import asyncio, socket, logging, sys
from appliance.config.network import NetworkConfig
from appliance.egress.guard import Guard
from appliance.egress.policy import EgressRefusedError, Policy
logging.basicConfig(format="%(message)s")
guard = Guard(Policy.of(NetworkConfig(allow={allow!r})))
guard.install()
"""
REFUSED = """
try:
{code}
except EgressRefusedError as error:
    assert isinstance(error, PermissionError)
    print("refused:", error)
else:
    print("it happened")
"""


def run(code: str, *allow: str) -> subprocess.CompletedProcess[str]:
    """Run code behind a guard."""
    program = PREPARED.format(allow=allow) + dedent(code)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("socket.create_connection(('192.0.2.1', 80), 1)", "192.0.2.1:80 is not in network.allow"),
        ("socket.socket().connect_ex(('192.0.2.1', 80))", "192.0.2.1:80 is not in network.allow"),
        ("socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))", "192.0.2.1:53 is not"),
        ("socket.socket(type=socket.SOCK_DGRAM).sendmsg([b'x'], [], 0, ('192.0.2.1', 53))", "192.0.2.1:53 is not"),
        ("socket.socket(socket.AF_INET6).connect(('::ffff:192.0.2.1', 80))", "80 is not in network.allow"),
        ("socket.create_connection(('169.254.169.254', 80), 1)", "never reached"),
        ("socket.getaddrinfo('example.org', 443)", "example.org:443 is not in network.allow"),
        ("socket.getaddrinfo(b'example.org', '443')", "example.org:443 is not in network.allow"),
        ("socket.gethostbyname('example.org')", "example.org is not in network.allow"),
        ("socket.gethostbyaddr('192.0.2.1')", "192.0.2.1 is not in network.allow"),
        ("socket.getnameinfo(('192.0.2.1', 80), 0)", "192.0.2.1:80 is not in network.allow"),
        ("socket.getaddrinfo('2130706433', 80)", "usual spelling"),
        ("socket.socket().bind(('0.0.0.0', 0))", "listening on every address"),
        ("socket.socket().bind(('192.0.2.1', 0))", "listening on 192.0.2.1"),
        ("socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)", "raw sockets"),
        ("socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)", "AF_PACKET"),
        ("asyncio.run(asyncio.open_connection('example.org', 443))", "example.org:443 is not in network.allow"),
        ("import http.client; http.client.HTTPConnection('192.0.2.1').request('GET', '/')", "192.0.2.1:80 is not"),
    ],
)  # fmt: skip
def test_what_would_leave_is_refused_and_logged(code: str, said: str) -> None:
    done = run(REFUSED.format(code=indent(code, "    ")))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("refused:")
    assert said in done.stdout
    assert done.stderr.startswith("refused socket.")
    assert said in done.stderr


def test_a_library_that_swallows_errors_is_counted_and_logged_once() -> None:
    done = run(
        """
        for _ in range(3):
            try:
                socket.create_connection(("192.0.2.1", 80), 1)
            except OSError:
                pass
        print(dict(guard.refused))
        """
    )
    assert done.stdout.strip() == "{'socket.connect 192.0.2.1:80': 3}"
    assert len(done.stderr.splitlines()) == 1


@pytest.fixture
def listener() -> Iterator[int]:
    """Accept connections on the loopback, and return the port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server,))
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(server: socket.socket) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        with client:
            client.sendall(b"hello")


def test_this_machine_works(listener: int) -> None:
    done = run(
        f"""
        for host in ("127.0.0.1", "localhost"):
            with socket.create_connection((host, {listener}), 5) as connection:
                assert connection.recv(5) == b"hello"
        async def talk():
            reader, writer = await asyncio.open_connection("localhost", {listener})
            assert await reader.read(5) == b"hello"
            writer.close()
            await writer.wait_closed()
        asyncio.run(talk())
        left, right = socket.socketpair()
        left.sendall(b"x"); assert right.recv(1) == b"x"
        with socket.socket(socket.AF_UNIX) as local:
            assert local.connect_ex("/nowhere/at/all") == 2
        with socket.socket() as own:
            own.bind(("127.0.0.1", 0)); own.listen()
        with socket.socket(type=socket.SOCK_DGRAM) as datagram:
            datagram.sendto(b"x", ("127.0.0.1", 9))
        import psutil
        assert psutil.net_if_addrs()
        socket.gethostbyaddr("127.0.0.1")
        print("fine", dict(guard.refused))
        """
    )
    assert (done.stdout, done.stderr) == ("fine {}\n", "")


def test_another_library_reaches_a_listed_name_only_at_its_own_addresses_and_port() -> None:
    """The machine's own name stands in its hosts file, with an address of the loopback or of the site."""
    own = socket.gethostname()
    done = run(
        f"""
        for peer in (({own!r}, 9), ({own!r}, 10), ("192.0.2.8", 9)):
            try:
                socket.create_connection(peer, 1)
            except EgressRefusedError:
                print("refused", peer)
            except OSError:
                print("tried", peer)
        """,
        f"{own}:9",
        "127.0.0.0/8:9",
    )
    assert done.stdout.splitlines() == [f"tried {(own, 9)}", f"refused {(own, 10)}", "refused ('192.0.2.8', 9)"]


def test_offline_settings_win_over_what_was_set() -> None:
    environment = {"ORT_DISABLE_TELEMETRY": "0", "HF_HUB_OFFLINE": "", "PATH": "/bin"}
    keep_offline(environment)
    assert environment == {"PATH": "/bin", **SETTINGS}
