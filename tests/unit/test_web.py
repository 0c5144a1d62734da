"""The monitoring port: real sockets on the loopback, good clients and bad ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from http import HTTPStatus

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from appliance.bus import Bus
from appliance.config.models import Config, LogConfig
from appliance.config.monitoring import MonitoringConfig
from appliance.ops.health import NEEDED, Part, State
from appliance.ops.loopback import HOST, MOST_CONNECTIONS, LoopbackServer, Request, Response, Route, serve
from appliance.ops.status import Monitor
from appliance.ops.web import AGAIN_S, Controls, serving
from tests.unit.monitoring_fakes import QUESTION, Script, publish
from tests.unit.storage_fakes import HandClock


@pytest.fixture
def monitor() -> Monitor:
    return Monitor(Config(log=LogConfig(transcripts=True)), HandClock())


@pytest.fixture
async def client(monitor: Monitor) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(monitor, 0) as port, connected(port) as client:
        yield client


def connected(port: int, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"http://{HOST}:{port}", trust_env=False, headers=headers)


async def raw(port: int, data: bytes) -> bytes:
    """Send bytes and return all that comes back."""
    reader, writer = await asyncio.open_connection(HOST, port)
    writer.write(data)
    try:
        return await reader.read()
    finally:
        writer.close()


async def test_it_lives_before_it_is_ready(monitor: Monitor, client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).text == "ok\n"
    waiting = await client.get("/readyz")
    assert waiting.status_code == 503
    assert "microphone is starting" in waiting.text
    for part in NEEDED:
        monitor.health.report(part, State.OK, "It works.")
    assert (await client.get("/readyz")).status_code == 200
    monitor.health.report(NEEDED[1], State.FAILED, "No sound reaches the conversation.")
    assert (await client.get("/readyz")).text == "listening is failed: No sound reaches the conversation.\n"


async def test_prometheus_understands_the_metrics(monitor: Monitor, client: httpx.AsyncClient) -> None:
    bus = Bus()
    monitor.attach(bus)
    publish(bus, *Script().answered())
    answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=")
    families = {family.name: family for family in text_string_to_metric_families(answer.text)}
    turns = {sample.labels["outcome"]: sample.value for sample in families["appliance_turns"].samples}
    assert turns["answered"] == 1
    assert families["process_resident_memory_bytes"].samples[0].value > 1_000_000
    ready = {sample.labels["part"]: sample.value for sample in families["appliance_part_state"].samples}
    assert ready["database"] == 2


async def test_the_status_tells_every_part_and_the_figures(monitor: Monitor, client: httpx.AsyncClient) -> None:
    bus = Bus()
    monitor.attach(bus)
    monitor.step("loading the models")
    publish(bus, *Script().answered(10.0), *Script(turn_id=2).answered(20.0))
    told = (await client.get("/status")).json()
    assert (told["state"], told["ready"], told["step"]) == ("starting", False, "loading the models")
    assert {part["part"] for part in told["parts"]} >= {part.value for part in NEEDED}
    assert told["turns"]["outcomes"]["answered"] == 2
    assert told["turns"]["first_audio_ms"] == {"n": 2, "p50": 750, "p95": 750}


async def test_turns_can_be_followed(monitor: Monitor, client: httpx.AsyncClient) -> None:
    bus = Bus()
    monitor.attach(bus)
    publish(bus, *Script().answered(10.0), *Script(turn_id=2).answered(20.0), *Script(turn_id=3).answered(30.0))
    told = (await client.get("/turns", params={"last": 2})).json()
    assert [turn["n"] for turn in told["turns"]] == [2, 3]
    assert told["turns"][0]["user"]["text"] == QUESTION
    assert told["turns"][0]["ms"]["first_audio"] == 750
    assert (await client.get("/turns", params={"after": 3})).json()["turns"] == []
    assert [turn["n"] for turn in (await client.get("/turns?after=2")).json()["turns"]] == [3]
    assert (await client.get("/turns?last=many")).status_code == 400
    assert (await client.get("/turns?last=-1")).json()["turns"] == []


@pytest.mark.parametrize(("error", "status"), [("", 200), ("config.yaml:3: there is no setting persna", 422)])
async def test_reload_tells_what_became_of_it(monitor: Monitor, error: str, status: int) -> None:
    asked: list[str] = []

    async def reload(who: str) -> Mapping[str, object]:
        asked.append(who)
        return {"applied": ["persona.greeting"], "restart": [], "error": error}

    async with serving(monitor, 0, lambda: Controls(reload=reload)) as port, connected(port) as client:
        answer = await client.post("/reload", params={"who": "an\x00na"})
        assert asked == ["anna"]
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert (await client.get("/reload")).status_code == 405


async def test_a_decision_by_touch_is_taken(monitor: Monitor) -> None:
    decided: list[bool] = []
    async with serving(monitor, 0, lambda: Controls(decide=decided.append)) as port, connected(port) as client:
        for agreed, status in (("yes", 200), ("no", 200), ("perhaps", 400)):
            assert (await client.post("/consent", params={"agreed": agreed})).status_code == status
        assert (await client.post("/consent")).status_code == 400
    assert decided == [True, False]


async def test_a_screen_is_told_what_to_show(monitor: Monitor, client: httpx.AsyncClient) -> None:
    assert (await client.get("/notice")).status_code == 503
    shown = {"mode": "notice", "policy_version": "1", "wording": "I keep notes.", "kept": False}
    async with serving(monitor, 0, lambda: Controls(notice=lambda: shown)) as port, connected(port) as screen:
        assert (await screen.get("/notice")).json() == shown


async def test_without_a_conversation_nothing_is_decided(client: httpx.AsyncClient) -> None:
    assert (await client.post("/consent", params={"agreed": "yes"})).status_code == 503


async def test_without_a_reloader_there_is_no_reload(client: httpx.AsyncClient) -> None:
    assert (await client.post("/reload")).status_code == 503


async def test_head_is_answered_without_a_body_and_other_methods_are_not(client: httpx.AsyncClient) -> None:
    answer = await client.head("/metrics")
    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) > 1000
    assert answer.content == b""
    refused = await client.put("/metrics")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    assert (await client.get("/")).status_code == 404


@pytest.mark.parametrize("headers", [{"Host": "rebound.example.org"}, {"Origin": "https://example.org"}])
async def test_pages_from_elsewhere_see_nothing(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    for path in ("/healthz", "/metrics", "/turns"):
        assert (await client.get(path, headers=headers)).status_code == 403
    answer = await client.get("/status", headers={"Origin": "http://localhost:8000"})
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


async def test_a_token_guards_all_but_the_health(monitor: Monitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APPLIANCE_SECRET_MONITORING_TOKEN", "secret")
    async with serving(monitor, 0) as port:
        async with connected(port) as stranger:
            assert (await stranger.get("/healthz")).status_code == 200
            assert (await stranger.get("/readyz")).status_code == 503
            for path in ("/metrics", "/status", "/turns", "/nothing"):
                assert (await stranger.get(path)).status_code == 401
            assert (await stranger.post("/reload")).status_code == 401
        async with connected(port, Authorization="Bearer secret") as friend:
            assert (await friend.get("/metrics")).status_code == 200


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/2\r\n\r\n", b"400"),
        (b"\x00\xff\r\n\r\n", b"400"),
        (b"GET /turns?" + b"&".join(b"a%d=1" % n for n in range(99)) + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", b"400"),
        (b"GET /healthz HTTP/1.1\r\nHost: [::1\r\n\r\n", b"403"),
        (b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", b"200"),
    ],
)
async def test_whatever_comes_is_answered(monitor: Monitor, data: bytes, status: bytes) -> None:
    async with serving(monitor, 0) as port:
        assert (await raw(port, data)).split()[1] == status


async def large(_: Request) -> Response:
    return Response(body=b"x" * 30_000_000)


async def fails(_: Request) -> Response:
    raise KeyError("bug")


ROUTES = {"/large": Route(handle=large), "/fails": Route(handle=fails)}


async def test_slow_clients_lose_their_connections_and_delay_nobody() -> None:
    server = LoopbackServer(ROUTES, patience_s=0.05)
    async with serve(server, 0, "monitoring.http_port") as port:
        assert await raw(port, b"GET /large HT") == b""
        reader, writer = await asyncio.open_connection(HOST, port, limit=1024)
        writer.write(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        await reader.readline()  # and then nothing more is read
        async with connected(port) as client:
            assert (await client.get("/nothing")).status_code == 404
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(30_000_000)
        writer.close()


async def test_an_error_of_ours_is_answered_too(caplog: pytest.LogCaptureFixture) -> None:
    async with serve(LoopbackServer(ROUTES), 0, "monitoring.http_port") as port, connected(port) as client:
        assert (await client.get("/fails")).status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "GET /fails could not be answered" in caplog.text


async def test_too_many_connections_are_sent_away_and_none_stays(monitor: Monitor) -> None:
    async with serving(monitor, 0) as port:
        idle = [await asyncio.open_connection(HOST, port) for _ in range(MOST_CONNECTIONS)]
        assert b"503" in await raw(port, b"")
        for reader, writer in idle:
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"200" in await reader.readline()
            await reader.read()
            writer.close()
        assert b"200" in (await raw(port, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"))


async def test_while_the_port_is_taken_the_health_says_so_and_it_answers_as_soon_as_it_is_free(
    monitor: Monitor,
) -> None:
    def told() -> tuple[State, str]:
        (part,) = (part for part in monitor.health.parts if part.part is Part.MONITORING)
        return part.state, part.detail

    clock, other = HandClock(), LoopbackServer({})
    async with AsyncExitStack() as stack:
        port = await stack.enter_async_context(serve(other, 0, "another program"))
        async with serving(monitor, port, clock=clock) as ours, connected(ours) as client:
            assert (await client.get("/healthz")).status_code == 404
            assert told()[0] is State.DEGRADED
            assert f"port {port}" in told()[1]
            await clock.all_asleep(1)
            clock.advance(AGAIN_S)
            await clock.all_asleep(1)
            assert told()[0] is State.DEGRADED
            await stack.aclose()
            clock.advance(AGAIN_S)
            for _ in range(1000):
                if told()[0] is not State.DEGRADED:
                    break
                await asyncio.sleep(0)
            assert told()[0] is State.OK
            assert (await client.get("/healthz")).text == "ok\n"
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(HOST, port)


async def test_it_listens_on_the_loopback_alone(monitor: Monitor) -> None:
    async with serving(monitor, 0) as port:
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.2", port)


def test_traces_go_to_this_machine_alone() -> None:
    MonitoringConfig(tracing_endpoint="http://[::1]:4318/v1/traces")
    for elsewhere in (
        "http://collector.example/v1/traces",
        "https://127.0.0.1/v1",
        "http://localhost@evil.example/x",
        "x",
    ):
        with pytest.raises(ValueError, match="on this machine"):
            MonitoringConfig(tracing_endpoint=elsewhere)


async def test_status_is_json_without_surprises(client: httpx.AsyncClient) -> None:
    answer = await client.get("/status")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    assert json.loads(answer.text)["models"] == {}
