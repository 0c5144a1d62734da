"""Health: what each part tells of itself, what is found by looking, and whether people can be served."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from appliance.audio.ports import Samples
from appliance.bus import Bus
from appliance.clock import SystemClock
from appliance.config.monitoring import MonitoringConfig
from appliance.engines.ports import Message, Role, Transcript
from appliance.errors import EngineError
from appliance.events import AudioRestarted, DeviceFound, DeviceLost, EngineFailed, PlayoutStarted, SpeechStarted
from appliance.knowledge.reload import Site, SiteKnowledge
from appliance.ops.gauges import Gauges
from appliance.ops.health import NEEDED, Finding, Health, Part, PartHealth, State
from appliance.ops.probes import DatabaseProbe, DiskProbe, FramesProbe, GpuProbe, OutboxProbe
from appliance.ops.rounds import Parts, Rounds, Visit, visits_to
from appliance.ops.watched_engines import FAILED_AFTER, HUNG_AFTER_S, EngineWatch, WatchedModel, WatchedTranscriber
from appliance.storage.db import Connection, Database
from appliance.storage.outbox import Outbox
from tests.unit.monitoring_fakes import Script
from tests.unit.storage_fakes import HandClock, handover

SCRIPT = Script()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def health(clock: HandClock) -> Health:
    return Health(clock)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def gauges(registry: CollectorRegistry) -> Gauges:
    return Gauges(registry)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(tmp_path / "state" / "appliance.db")
    yield database
    await database.close()


def of(health: Health, part: Part) -> PartHealth:
    return next(known for known in health.parts if known.part is part)


def test_it_is_ready_once_every_needed_part_works(health: Health) -> None:
    for part in NEEDED:
        assert part in {known.part for known in health.missing}
        assert health.state.value == "starting"
        health.report(part, State.OK, "It works.")
    assert health.missing == []
    assert health.state.value == "ok"
    health.report(Part.OUTBOX, State.FAILED, "It is down.")
    assert health.missing == []
    assert health.state.value == "failed"


def test_a_lost_microphone_fails_until_it_is_back(health: Health, clock: HandClock) -> None:
    health.report(Part.MICROPHONE, State.OK, "The device is open.")
    clock.advance(60)
    health(SCRIPT.at(60, DeviceLost, direction="capture", detail="no such device"))
    lost = of(health, Part.MICROPHONE)
    assert (lost.state, lost.since) == (State.FAILED, "2026-03-02T10:06:00+00:00")
    assert "no such device" in lost.detail
    clock.advance(60)
    health(SCRIPT.at(120, DeviceLost, direction="capture", detail="still none"))
    assert of(health, Part.MICROPHONE).since == lost.since
    assert of(health, Part.MICROPHONE).detail.endswith("still none")
    health(SCRIPT.at(120, DeviceFound, direction="capture"))
    assert of(health, Part.MICROPHONE).state is State.OK
    assert of(health, Part.LOUDSPEAKER).state is State.STARTING


def test_after_it_was_deaf_speech_that_is_noticed_makes_it_well(health: Health) -> None:
    health(SCRIPT.at(1, AudioRestarted, reason="deaf", count=2))
    assert of(health, Part.LISTENING).state is State.DEGRADED
    assert "2 times" in of(health, Part.LISTENING).detail
    health(SCRIPT.at(2, SpeechStarted))
    assert of(health, Part.LISTENING).state is State.OK


def test_the_phrase_that_says_sorry_is_no_answer(health: Health) -> None:
    health(SCRIPT.at(1, EngineFailed, engine="EngineError", code="engine", detail="secret words"))
    health(SCRIPT.at(2, PlayoutStarted))
    failed = of(health, Part.ANSWERS)
    assert failed.state is State.DEGRADED
    assert "secret words" not in failed.detail
    health(Script(turn_id=2).at(3, PlayoutStarted))
    assert of(health, Part.ANSWERS).state is State.OK


class Transcriber:
    """Fails as often as it is told to, or never answers."""

    def __init__(self) -> None:
        self.failures = 0
        self.answers = asyncio.Event()
        self.answers.set()

    async def transcribe(self, pcm: Samples, *, final: bool = True) -> Transcript:
        assert final
        assert len(pcm)
        await self.answers.wait()
        if self.failures:
            self.failures -= 1
            raise EngineError("no")
        return Transcript(text="hello", confidence=1.0)


PCM = np.zeros(512, np.float32)


async def test_an_engine_that_fails_again_and_again_has_failed(health: Health, clock: HandClock) -> None:
    inner, watch = Transcriber(), EngineWatch(Part.STT, health, clock)
    engine = WatchedTranscriber(inner, watch)
    inner.failures = FAILED_AFTER
    states = []
    for _ in range(FAILED_AFTER):
        with pytest.raises(EngineError):
            await engine.transcribe(PCM)
        states.append(of(health, Part.STT).state)
    assert states == [State.DEGRADED, State.DEGRADED, State.FAILED]
    assert (await engine.transcribe(PCM)).text == "hello"
    assert of(health, Part.STT).state is State.OK


async def test_an_engine_that_does_not_answer_is_found_and_one_that_was_stopped_is_not(
    health: Health, clock: HandClock
) -> None:
    inner, watch = Transcriber(), EngineWatch(Part.STT, health, clock)
    inner.answers.clear()
    work = asyncio.ensure_future(WatchedTranscriber(inner, watch).transcribe(PCM))
    await asyncio.sleep(0)
    clock.advance(HUNG_AFTER_S - 1)
    assert await watch.look() is None
    clock.advance(1)
    found = await watch.look()
    assert found == Finding(state=State.FAILED, detail="It has not answered for 30 s.")
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
    assert watch.busy_s == 0
    assert Part.STT not in {known.part for known in health.parts}


class Model:
    """Writes for ever, and knows whether it was stopped."""

    context_tokens = 100
    stopped = False

    async def prefill(self, messages: Sequence[Message]) -> None:
        raise EngineError(f"{len(messages)} messages are too long")

    async def reply(self, messages: Sequence[Message]) -> AsyncIterator[str]:
        try:
            while True:
                yield f"{len(messages)} "
        finally:
            self.stopped = True

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return len(messages)


async def test_a_watched_model_writes_stops_and_fails_as_the_model_does(health: Health, clock: HandClock) -> None:
    inner = Model()
    model = WatchedModel(inner, EngineWatch(Part.LLM, health, clock))
    messages = [Message(Role.USER, "hello")]
    pieces = model.reply(messages)
    assert [await anext(pieces), await anext(pieces)] == ["1 ", "1 "]
    assert of(health, Part.LLM).state is State.OK
    await pieces.aclose()  # type: ignore[attr-defined]
    assert inner.stopped
    assert (model.count_tokens(messages), model.context_tokens) == (1, 100)
    with pytest.raises(EngineError):
        await model.prefill(messages)
    assert of(health, Part.LLM).state is State.DEGRADED


async def test_frames_that_stand_still_are_noticed_once(registry: CollectorRegistry, gauges: Gauges) -> None:
    frames = iter([5, 10, 20, 20, 20, 30])
    probe = FramesProbe(lambda: next(frames), gauges)
    found = [await probe() for _ in range(6)]
    assert [finding and finding.state for finding in found] == [
        None,
        State.OK,
        None,
        State.FAILED,
        None,
        State.OK,
    ]
    assert registry.get_sample_value("appliance_frames_total") == 25


async def test_what_waits_in_the_outbox_is_counted_and_judged(
    database: Database, clock: HandClock, registry: CollectorRegistry, gauges: Gauges
) -> None:
    outbox = Outbox(database, clock)
    probe = OutboxProbe(database, clock, gauges, late_after_s=900)
    assert await probe() == Finding(state=State.OK, detail="Nothing waits.")
    for number in range(2):
        await outbox.enqueue("escalation", "desk", handover().as_dict(), f"key-{number}")
    clock.advance(60)
    assert (await probe()).state is State.OK
    clock.advance(900)
    late = await probe()
    assert late.state is State.DEGRADED
    assert "2 handovers wait, the oldest for 16 min" in late.detail
    assert registry.get_sample_value("appliance_outbox_oldest_age_seconds") == 960
    entry = await outbox.claim("desk")
    assert entry is not None
    await outbox.set_aside(entry, "422")
    assert "given up" in (await probe()).detail
    values = {
        state: registry.get_sample_value("appliance_outbox_entries", {"state": state})
        for state in ("waiting", "sending", "failed")
    }
    assert values == {"waiting": 1, "sending": 0, "failed": 1}


async def test_what_is_kept_is_counted_with_its_age(
    database: Database, clock: HandClock, registry: CollectorRegistry, gauges: Gauges
) -> None:
    now = clock.local_time("UTC").timestamp()

    def fill(connection: Connection) -> None:
        turn = (
            "INSERT INTO turns (session_id, turn_id, at, user_text, heard_text, interrupted)"
            " VALUES ('s', 1, ?, '', '', 0)"
        )
        entry = "INSERT INTO audit (seq, at, kind, session_id, body, hash) VALUES (?, ?, 'k', 's', '', x'')"
        seal = "INSERT INTO audit_checkpoints (seq, at, hash, key_id, signature) VALUES (1, ?, x'', 'k', x'')"
        connection.execute(turn, (now - 120,))
        connection.executemany(entry, [(1, now - 90), (2, now - 30)])
        connection.execute(seal, (now - 80,))

    await database.write(fill)
    assert (await DatabaseProbe(database, clock, gauges)()).state is State.OK
    assert registry.get_sample_value("appliance_records", {"table": "turns"}) == 1
    assert registry.get_sample_value("appliance_records_oldest_age_seconds", {"table": "turns"}) == 120
    assert registry.get_sample_value("appliance_records", {"table": "recordings"}) == 0
    assert registry.get_sample_value("appliance_audit_entries") == 2
    assert registry.get_sample_value("appliance_audit_unsealed_age_seconds") == 30


async def test_a_disk_that_fills_up_is_noticed_before_it_is_full(tmp_path: Path, gauges: Gauges) -> None:
    usage = os.statvfs(tmp_path)
    free_mib = usage.f_bavail * usage.f_frsize // 2**20
    states = [(await DiskProbe(tmp_path, least, gauges)()).state for least in (1, 2 * free_mib, 20 * free_mib)]
    assert states == [State.OK, State.DEGRADED, State.FAILED]


async def test_the_graphics_driver_is_asked_where_there_is_one(
    tmp_path: Path, registry: CollectorRegistry, gauges: Gauges
) -> None:
    smi = tmp_path / "nvidia-smi"
    assert await GpuProbe(gauges, [str(smi)])() is None
    for script, state in (
        ("echo '0, 512, 8192'; echo '1, [N/A], [N/A]'", State.OK),
        ("echo 'Failed to initialize NVML'", State.FAILED),
        ("exit 9", State.FAILED),
    ):
        smi.write_text(f"#!/bin/sh\n{script}\n")
        smi.chmod(0o700)
        found = await GpuProbe(gauges, [str(smi)])()
        assert found is not None
        assert found.state is state, script
    assert registry.get_sample_value("appliance_gpu_memory_used_bytes", {"gpu": "0"}) == 512 * 2**20


async def test_a_probe_that_hangs_or_fails_is_a_failed_part_and_stops_nobody(
    health: Health, clock: HandClock, gauges: Gauges, registry: CollectorRegistry
) -> None:
    looks = []

    async def hangs() -> Finding | None:
        await asyncio.Event().wait()
        return None

    async def fails() -> Finding | None:
        looks.append(clock.now())
        raise OSError("the disk is gone")

    async def breaks() -> Finding | None:
        raise KeyError("bug")

    visits = [
        Visit(part=Part.DATABASE, probe=hangs, patience_s=0.001),
        Visit(part=Part.DISK, probe=fails, every_s=5.0),
        Visit(part=Part.KNOWLEDGE, probe=breaks),
    ]
    rounds = asyncio.ensure_future(Rounds(visits, health, gauges, clock).run())
    await clock.run(10.0, tasks=4)
    rounds.cancel()
    await asyncio.gather(rounds, return_exceptions=True)
    assert {part: of(health, part).state for part in (Part.DATABASE, Part.DISK, Part.KNOWLEDGE)} == dict.fromkeys(
        (Part.DATABASE, Part.DISK, Part.KNOWLEDGE), State.FAILED
    )
    assert of(health, Part.DISK).detail == "the disk is gone"
    assert looks == [0, 5, 10]
    assert registry.get_sample_value("appliance_event_loop_lag_seconds_count") == 10


async def test_one_round_over_real_parts_makes_it_well(
    database: Database, health: Health, registry: CollectorRegistry, gauges: Gauges
) -> None:
    knowledge = SiteKnowledge(Site(directory=None, facts=["We open at eight."]), lambda _: None)
    clock, bus = SystemClock(), Bus()
    watch = EngineWatch(Part.STT, health, clock)
    parts = Parts(models={}, database=database, knowledge=lambda: knowledge, frames=lambda: 7, engines=[watch], bus=bus)
    settings = MonitoringConfig(min_free_mib=1)
    for visit in visits_to(parts, settings, clock, gauges):
        if visit.part is not Part.GPU:
            finding = await visit.probe()
            if visit.part is not None and finding is not None:
                assert finding.state is State.OK, finding
    assert registry.get_sample_value("appliance_knowledge_passages") == 1
    assert (registry.get_sample_value("appliance_threads") or 0) >= 2
