"""Metrics and recent turns: each turn is counted once, by what became of it, without a word of what was said."""

from __future__ import annotations

import asyncio
import json

import pytest
from prometheus_client import generate_latest

from appliance.bus import Bus
from appliance.config.models import Config, LogConfig
from appliance.events import (
    AnyEvent,
    AudioRestarted,
    AudioXrun,
    BargeInRefused,
    ConsentDecided,
    DeviceLost,
    EngineFailed,
    HandedOver,
    SessionEnded,
    StateChanged,
    ToolFinished,
    ToolRefused,
    ToolStarted,
    TurnDropped,
)
from appliance.models.catalogue import Role, load_catalogue
from appliance.models.profiles import resolve
from appliance.ops.metrics import ActionMetrics
from appliance.ops.status import Monitor
from tests.unit.monitoring_fakes import ANSWER, QUESTION, Script, publish
from tests.unit.storage_fakes import HandClock


class Observed:
    """A monitor that has seen some events."""

    def __init__(self, *events: AnyEvent, transcripts: bool = False) -> None:
        self.monitor = Monitor(Config(log=LogConfig(transcripts=transcripts)), HandClock())
        self.monitor.gauges.show_health(self.monitor.health)
        self.see(*events)

    def see(self, *events: AnyEvent) -> None:
        async def deliver() -> None:
            bus = Bus()
            self.monitor.attach(bus)
            publish(bus, *events)
            await asyncio.sleep(0)

        asyncio.run(deliver())

    def value(self, name: str, **labels: str) -> float | None:
        return self.monitor.registry.get_sample_value(f"appliance_{name}", labels)

    def outcomes(self) -> dict[str, int]:
        return {outcome.value: count for outcome, count in self.monitor.turns.outcomes.items() if count}

    def under(self, stage: str, seconds: str) -> float | None:
        return self.value("turn_stage_seconds_bucket", stage=stage, le=seconds)


def test_the_times_of_a_turn_fall_into_the_right_buckets() -> None:
    seen = Observed(*Script().answered())
    assert seen.outcomes() == {"answered": 1}
    assert seen.value("turns_total", outcome="answered") == 1
    for stage, above, within in (
        ("end_of_turn", "0.2", "0.3"),
        ("transcript", "0.1", "0.2"),
        ("first_token", "0.4", "0.5"),
        ("first_clause", "0.5", "0.6"),
        ("first_audio", "0.7", "0.8"),
    ):
        assert (seen.under(stage, above), seen.under(stage, within)) == (0, 1), stage
    assert seen.value("turn_stage_seconds_sum", stage="first_audio") == pytest.approx(0.75)
    assert seen.value("turn_stage_seconds_count", stage="barge_in_stop") == 0
    assert seen.value("transcript_confidence_bucket", le="0.7") == 0
    assert seen.value("transcript_confidence_bucket", le="0.8") == 1


def test_what_the_assistant_says_by_itself_is_no_turn_and_counts_none_twice() -> None:
    greeting = Script(turn_id=0)
    turn = Script()
    seen = Observed(*greeting.said(1.0), *greeting.over(2.0, user=""))
    assert seen.outcomes() == {}
    seen.see(*turn.answered(), *turn.said(40.0), *turn.over(41.0, user=""))
    assert seen.outcomes() == {"answered": 1}
    assert seen.value("turn_stage_seconds_count", stage="first_audio") == 1


def test_the_same_turn_of_another_session_is_another_turn() -> None:
    first, second = Script("s1"), Script("s2")
    seen = Observed(*first.answered(), *first.asked(50.0), *second.asked(100.0), *second.said(100.0))
    assert seen.outcomes() == {"answered": 1, "unanswered": 1}
    seen.see(*second.over(103.0))
    assert seen.outcomes() == {"answered": 2, "unanswered": 1}


def test_an_interruption_and_a_false_end_are_told_apart() -> None:
    cut, joined = Script(), Script(turn_id=2)
    seen = Observed(
        *cut.asked(), *cut.said(), cut.cut_in(12.0), *cut.over(12.5, heard="Good", interrupted=True),
        *joined.asked(20.0), *joined.over(20.9, heard="", interrupted=True),
    )  # fmt: skip
    assert seen.outcomes() == {"interrupted": 1, "joined": 1}
    assert (seen.under("barge_in_stop", "0.4"), seen.under("barge_in_stop", "0.5")) == (0, 1)
    assert seen.value("barge_ins_total") == 1
    assert seen.monitor.turns.after(0)[0]["ms"]["barge_in_stop"] == 420


def test_what_was_not_understood_and_what_failed_are_told_apart_from_a_noise() -> None:
    again, knock, failed = Script(), Script(turn_id=2), Script(turn_id=3)
    seen = Observed(
        *again.asked(rejected="low-confidence"), *again.said(), *again.over(13.0, user=""),
        *knock.asked(20.0, rejected="invented-reason"),
        *failed.asked(30.0), failed.at(30.5, EngineFailed, engine="EngineError", code="engine", detail=QUESTION),
        *failed.said(31.0), *failed.over(33.0),
    )  # fmt: skip
    assert seen.outcomes() == {"not-understood": 1, "unanswered": 1, "failed": 1}
    assert seen.value("transcripts_total", result="low-confidence") == 1
    assert seen.value("transcripts_total", result="other") == 1
    assert seen.value("transcripts_total", result="understood") == 1
    assert seen.value("engine_failures_total", code="engine") == 1


def test_a_partial_transcript_that_fails_does_not_fail_the_turn() -> None:
    script = Script()
    failure = script.at(9.0, EngineFailed, engine="EngineError", code="engine", detail="")
    assert Observed(failure, *script.answered()).outcomes() == {"answered": 1}


def test_what_happens_beside_the_turns_is_counted() -> None:
    at = Script().at
    seen = Observed(
        at(1, StateChanged, state="listening"),
        at(1, BargeInRefused, reason="backchannel", text="aha"),
        at(1, TurnDropped, cpu_s=0.5),
        at(1, AudioXrun, direction="capture", count=3),
        at(1, DeviceLost, direction="playout", detail="gone"),
        at(1, AudioRestarted, reason="deaf", count=1),
        at(1, HandedOver, kind="emergency", reason="fire", delivered=False),
        at(1, ConsentDecided, decision="refused", mode="ask", how="voice", policy_version="1", wording="", heard=""),
        at(1, SessionEnded, reason="goodbye"),
    )
    assert seen.value("barge_ins_refused_total", reason="backchannel") == 1
    assert seen.value("speculations_dropped_cpu_seconds_total") == 0.5
    assert seen.value("audio_xruns_total", direction="capture") == 3
    assert seen.value("audio_device_losses_total", direction="playout") == 1
    assert seen.value("audio_restarts_total", reason="deaf") == 1
    assert seen.value("handovers_total", kind="emergency", delivered="waiting") == 1
    assert seen.value("consents_total", decision="refused") == 1
    assert seen.value("sessions_ended_total", reason="goodbye") == 1
    assert seen.value("conversation_state", appliance_conversation_state="listening") == 1


def finished(tool: str, *, ok: bool = True, empty: bool = False) -> AnyEvent:
    outcome = {"ok": ok, "empty": empty, "error_code": "" if ok else "timeout", "duration_s": 0.3}
    return Script().at(11, ToolFinished, tool=tool, result={"name": "Ada Byron"}, **outcome)


def test_labels_are_bounded_whatever_comes() -> None:
    seen = Observed()
    actions = ActionMetrics(registry := type(seen.monitor.registry)(), ["stock"], ["complaint"])
    for event in (
        finished("stock"),
        finished("stock", ok=False),
        finished("Ada Byron", empty=True),
        Script().at(1, ToolRefused, tool="complaint", reason="missing:what_happened"),
        Script().at(1, ToolRefused, tool="Ada Byron", reason="Ada Byron"),
    ):
        actions(event)

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"appliance_tool_{name}", labels)

    assert value("calls_total", tool="stock", result="succeeded") == 1
    assert value("calls_total", tool="stock", result="failed") == 1
    assert value("calls_total", tool="other", result="empty") == 1
    assert value("duration_seconds_bucket", tool="stock", le="0.5") == 2
    assert value("refusals_total", tool="complaint", reason="missing") == 1
    assert value("refusals_total", tool="other", reason="other") == 1
    codes = [f"code-{chr(97 + number % 26)}{chr(97 + number // 26)}" for number in range(200)]
    failures = (Script().at(1, EngineFailed, engine="E", code=code, detail="") for code in codes)
    seen.see(*failures, Script().at(1, EngineFailed, engine="E", code="Ada Byron!", detail=""))
    text = generate_latest(seen.monitor.registry).decode()
    assert text.count("appliance_engine_failures_total{") <= 34
    assert (seen.value("engine_failures_total", code="other") or 0) > 100


def tools(script: Script) -> list[AnyEvent]:
    return [
        script.at(
            10.5,
            ToolStarted,
            tool="find_customer",
            arguments={"phone": "9025550163"},
            evidence={"phone": "nine oh two"},
            writes=False,
        ),
        finished("find_customer"),
        script.at(11, HandedOver, kind="escalation", reason="Ada Byron is angry", delivered=True),
    ]


def test_no_word_of_a_person_is_in_the_metrics_or_in_the_turns() -> None:
    script = Script()
    failed = script.at(10.6, EngineFailed, engine="E", code="engine", detail=f"cannot say {ANSWER}")
    seen = Observed(*script.asked(), *tools(script), failed, *script.said(), *script.over(13.0))
    told = json.dumps(seen.monitor.turns.after(0)) + generate_latest(seen.monitor.registry).decode()
    told += json.dumps(seen.monitor.status())
    for secret in ("Ada", "Byron", "902", "nine oh two", "angry", "Good morning"):
        assert secret not in told, secret
    (turn,) = seen.monitor.turns.after(0)
    assert turn["tools"][0] == {"tool": "find_customer", "outcome": "succeeded", "error": None, "ms": 300}
    assert turn["handover"] == {"kind": "escalation", "delivered": True}
    assert turn["errors"] == ["engine"]


def test_words_are_told_where_they_may_be_logged_and_forgotten_when_the_person_does_not_agree() -> None:
    script = Script()
    seen = Observed(*script.answered(), transcripts=True)
    assert seen.monitor.turns.after(0)[0]["user"]["text"] == QUESTION
    decided = {"decision": "withdrawn", "mode": "notice", "how": "voice", "policy_version": "1"}
    seen.see(script.at(20, ConsentDecided, wording="", heard="delete that", **decided))
    assert "Ada" not in json.dumps(seen.monitor.turns.after(0))
    other = Script("s2")
    seen.see(*other.answered(30.0))
    assert [turn["user"]["text"] for turn in seen.monitor.turns.after(0)] == [None, QUESTION]


def test_days_without_a_turn_take_no_memory() -> None:
    seen = Observed()
    noise = [Script().at(1, AudioXrun, direction="capture", count=1) for _ in range(1000)]
    seen.see(*Script().asked(), *noise)
    assert seen.outcomes() == {}
    seen.see(*(event for number in range(2, 500) for event in Script(turn_id=number).asked(rejected="silence")))
    assert seen.monitor.turns.outcomes.total() <= 500
    assert len(seen.monitor.turns.after(0)) == 200
    assert [turn["n"] for turn in seen.monitor.turns.after(495, last=2)] == sorted(
        turn["n"] for turn in seen.monitor.turns.after(495, last=2)
    )


def test_models_configuration_and_build_are_told() -> None:
    seen = Observed()
    config = Config()
    models = resolve(config, load_catalogue(), vram_mib=lambda: 0)
    seen.monitor.loaded(models)
    llm = models[Role.LLM]
    labels = {"role": "llm", "id": llm.id, "licence": llm.licence, "format": "gguf", "sha256": llm.files[0].sha256}
    assert seen.value("model_info", **labels) == 1
    before = seen.monitor.status()["config_sha256"]
    assert seen.value("config_info", sha256=before) == 1
    seen.monitor.reconfigured(config.model_copy(update={"log": LogConfig(transcripts=True)}))
    after = seen.monitor.status()["config_sha256"]
    assert after != before
    assert (seen.value("config_info", sha256=before), seen.value("config_info", sha256=after)) == (None, 1)


def test_a_gauge_of_another_part_is_read_when_it_is_asked_for() -> None:
    seen = Observed()
    seen.monitor.gauges.watch("appliance_candles", "Burning", lambda: 3.0)
    assert seen.value("candles") == 3
