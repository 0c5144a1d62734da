import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from appliance.config.tools import ToolConfig
from appliance.tools.action import JSON, Action, Arguments, Result
from appliance.tools.arguments import checked
from appliance.tools.bounds import bounded
from appliance.tools.breaker import FAILURES, PAUSE_S
from appliance.tools.errors import Fault, ToolError
from appliance.tools.executor import Executor, Outcome
from appliance.tools.schema import json_schema
from appliance.tools.speech import spoken
from tests.scenario.virtual import VirtualClock, run_virtually
from tests.unit.tool_fakes import declared

BUSY = ToolError(Fault.BUSY, "busy", retryable=True, happened=False)
IN_DOUBT = ToolError(Fault.FAILED, "the connection failed", retryable=True, happened=None)
CONFLICT = ToolError(Fault.CONFLICT, "taken")
DONE = Result(data={"state": "sent"})


class Scripted:
    """Does what the script says, one entry for each attempt, the last one for ever; a number is a delay in seconds."""

    def __init__(self, *script: Result | Exception | float) -> None:
        self.script = list(script)
        self.keys: list[str] = []
        self.times: list[float] = []

    async def run(self, arguments: Arguments, key: str) -> Result:
        del arguments
        self.keys.append(key)
        self.times.append(asyncio.get_running_loop().time())
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        if isinstance(step, Result):
            return step
        await asyncio.sleep(step)
        return DONE

    def preview(self, arguments: Arguments, key: str) -> dict[str, JSON]:
        return {**arguments, "key": key}


def executor(action: Scripted, *tools: ToolConfig) -> Executor:
    def build(tool: ToolConfig, folder: Path, secrets: Mapping[str, str]) -> Action | None:
        del folder, secrets
        return None if tool.builtin else action

    return Executor(tools, VirtualClock(), Path("/"), build=build)


def reader(**settings: Any) -> ToolConfig:
    return declared(python={"entry_point": "x"}, **settings)


def writer(**settings: Any) -> ToolConfig:
    return reader(effect="write", **settings)


def call(action: Scripted, tool: ToolConfig, **arguments: object) -> Outcome:
    async def scene() -> Outcome:
        return await executor(action, tool).call(tool.name, arguments, idempotency_key="key-1")

    return run_virtually(scene())


def test_a_call_that_works() -> None:
    outcome = call(Scripted(2.0), reader())
    assert outcome == Outcome(
        tool="order_status", ok=True, data={"state": "sent"}, attempts=1, duration_s=2.0, happened=False
    )


@pytest.mark.parametrize(("empty", "happened"), [(False, True), (True, False)])
def test_a_write_that_changed_no_row_has_not_happened(empty: bool, happened: bool) -> None:
    outcome = call(Scripted(Result(data={}, empty=empty)), writer())
    assert (outcome.ok, outcome.empty, outcome.happened) == (True, empty, happened)


@pytest.mark.parametrize(("tool", "happened"), [(reader(), False), (writer(), None)])
def test_a_call_that_takes_too_long(tool: ToolConfig, happened: bool | None) -> None:
    outcome = call(Scripted(60.0), tool.model_copy(update={"timeout_s": 3.0, "retries": 0}))
    assert (outcome.error_code, outcome.happened, outcome.duration_s) == ("timeout", happened, 3.0)


def test_repeats_come_later_and_later_with_the_same_key() -> None:
    action = Scripted(BUSY, BUSY, BUSY, DONE)
    outcome = call(action, writer(retries=3))
    assert (outcome.ok, outcome.attempts, action.keys) == (True, 4, ["key-1"] * 4)
    pauses = [later - earlier for earlier, later in zip(action.times, action.times[1:], strict=False)]
    for pause, mean in zip(pauses, (0.25, 0.5, 1.0), strict=True):
        assert mean * 0.5 <= pause <= mean * 1.5


def test_a_lookup_is_repeated_although_it_may_have_happened() -> None:
    assert call(Scripted(IN_DOUBT, DONE), reader()).attempts == 2


@pytest.mark.parametrize(
    ("action", "code", "happened"),
    [
        (Scripted(IN_DOUBT, DONE), "failed", None),
        (Scripted(60.0, DONE), "timeout", None),
        (Scripted(CONFLICT, DONE), "conflict", False),
        (Scripted(RuntimeError("bug"), DONE), "internal", None),
    ],
)
def test_a_write_that_may_have_happened_is_not_repeated(action: Scripted, code: str, happened: bool | None) -> None:
    outcome = call(action, writer(retries=3))
    assert (outcome.ok, outcome.error_code, outcome.happened, outcome.attempts) == (False, code, happened, 1)
    assert len(action.keys) == 1


def test_the_last_failure_is_told_when_all_attempts_failed() -> None:
    outcome = call(Scripted(BUSY), reader(retries=2))
    assert (outcome.error_code, outcome.detail, outcome.attempts) == ("busy", "busy", 3)


def test_a_mistake_in_a_tool_does_not_end_the_conversation() -> None:
    assert call(Scripted(RuntimeError("personal")), reader()).detail == "RuntimeError in order_status"


def test_a_tool_that_fails_in_a_row_is_left_alone_and_then_tried_once() -> None:
    action = Scripted(*[IN_DOUBT] * (FAILURES + 1), 1.0)
    tool = reader(retries=0)

    async def scene() -> None:
        running = executor(action, tool)

        async def code() -> str:
            return (await running.call(tool.name, {}, idempotency_key="k")).error_code

        assert [await code() for _ in range(FAILURES + 1)] == ["failed"] * FAILURES + ["suspended"]
        await asyncio.sleep(PAUSE_S)
        assert [await code(), await code()] == ["failed", "suspended"]
        await asyncio.sleep(PAUSE_S)
        assert list(await asyncio.gather(code(), code())) == ["", "suspended"]
        assert await code() == ""

    run_virtually(scene())


def test_a_trial_that_is_cancelled_leaves_room_for_another() -> None:
    action = Scripted(*[IN_DOUBT] * FAILURES, 4.0)
    tool = reader(retries=0)

    async def scene() -> None:
        running = executor(action, tool)
        for _ in range(FAILURES):
            await running.call(tool.name, {}, idempotency_key="k")
        await asyncio.sleep(PAUSE_S)
        trial = asyncio.create_task(running.call(tool.name, {}, idempotency_key="k"))
        await asyncio.sleep(1)
        trial.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trial
        assert (await running.call(tool.name, {}, idempotency_key="k")).ok

    run_virtually(scene())


def test_refusals_are_no_sign_of_illness() -> None:
    action, tool = Scripted(CONFLICT), writer()

    async def scene() -> list[str]:
        running = executor(action, tool)
        return [(await running.call(tool.name, {}, idempotency_key="k")).error_code for _ in range(FAILURES + 2)]

    assert set(run_virtually(scene())) == {"conflict"}


def test_tools_that_cannot_be_called() -> None:
    builtin = declared(name="time", builtin="time")
    for name in ("time", "unknown"):
        outcome = call(Scripted(DONE), builtin.model_copy(update={"name": name}))
        assert (outcome.error_code, outcome.attempts) == ("unknown-tool", 0)


def test_wrong_arguments_are_not_sent() -> None:
    action = Scripted(DONE)
    outcome = call(action, writer(parameters={"guests": {"type": "integer"}}), guests="four")
    assert (outcome.error_code, outcome.attempts, outcome.happened) == ("invalid-argument", 0, False)
    assert action.keys == []


def test_tools_of_a_role() -> None:
    tools = [reader(), reader(name="staff_only", roles=["staff"])]
    running = executor(Scripted(DONE), *tools)
    assert [tool.name for tool in running.available("visitor")] == ["order_status"]
    assert [tool.name for tool in running.available("staff")] == ["order_status", "staff_only"]


def test_a_preview_has_the_defaults() -> None:
    tool = reader(parameters={"size": {"default": "small"}, "note": {"required": False}})
    shown = executor(Scripted(DONE), tool).preview(tool.name, {}, idempotency_key="k")
    assert shown == {"size": "small", "note": None, "key": "k"}


PARAMETERS = {
    "text": {"pattern": "[A-Z]-[0-9]+"},
    "choice": {"enum": ["small", "large"]},
    "count": {"type": "integer", "minimum": 1, "maximum": 8},
    "price": {"type": "number"},
    "sure": {"type": "boolean"},
    "note": {"required": False},
    "unit": {"default": "box"},
}
GOOD = {"text": "A-1", "choice": "small", "count": 3, "price": 1.5, "sure": True}


def test_arguments_that_fit() -> None:
    tool = reader(parameters=PARAMETERS)
    assert checked(tool.parameters, GOOD) == {**GOOD, "note": None, "unit": "box"}
    assert checked(tool.parameters, GOOD | {"count": 3.0})["count"] == 3
    jsonschema.validate(GOOD, json_schema(tool))


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": "A-1\n"},
        {"text": "xA-1"},
        {"text": 1},
        {"choice": "Small"},
        {"count": 0},
        {"count": 9},
        {"count": 2.5},
        {"count": True},
        {"count": "3"},
        {"price": float("nan")},
        {"price": float("inf")},
        {"sure": 1},
        {"note": "x" * 2001},
        {"note": "a\0b"},
        {"other": "x"},
        {"text": None},
    ],
)
def test_arguments_that_do_not_fit(wrong: dict[str, object]) -> None:
    with pytest.raises(ToolError) as caught:
        checked(reader(parameters=PARAMETERS).parameters, GOOD | wrong)
    assert caught.value.fault is Fault.INVALID_ARGUMENT


def test_the_schema_of_a_tool() -> None:
    schema = json_schema(reader(parameters=PARAMETERS | {"day": {"format": "date", "description": "The day."}}))
    jsonschema.Draft202012Validator.check_schema(schema)
    properties: Any = schema["properties"]
    assert schema["required"] == ["text", "choice", "count", "price", "sure", "day"]
    assert properties["text"] == {"type": "string", "pattern": "^(?:[A-Z]-[0-9]+)$"}
    assert properties["day"] == {"type": "string", "description": "The day.", "format": "date"}
    assert properties["unit"] == {"type": "string", "default": "box"}


def test_results_are_plain_json_within_bounds() -> None:
    deep: Any = "bottom"
    for _ in range(20):
        deep = {"in": deep}
    wild = {
        "text": "x" * 3000,
        "rows": list(range(80)),
        "deep": deep,
        "day": date(2026, 3, 4),
        "at": datetime(2026, 3, 4, 15, 30, tzinfo=UTC),
        "price": Decimal("9.50"),
        "nan": float("nan"),
        "huge": 10**400,
        "huge decimal": Decimal("1e999"),
        "bytes": b"\xff",
        "object": Path("/x"),
        "half": "\ud800",
        "tuple": (1, 2),
        7: "no text as a name",
    }
    plain: Any = bounded(wild)  # type: ignore[arg-type]
    json.dumps(plain, allow_nan=False).encode()
    assert (len(plain["text"]), len(plain["rows"])) == (2000, 50)
    assert "bottom" not in json.dumps(plain)
    assert (plain["day"], plain["at"]) == ("2026-03-04", "2026-03-04T15:30:00+00:00")
    assert (plain["price"], plain["tuple"], plain["object"]) == (9.5, [1, 2], "/x")
    assert [plain[name] for name in ("nan", "huge", "huge decimal", "bytes")] == [None] * 4
    assert 7 not in plain


def test_a_text_as_long_as_a_book_is_cut_in_the_outcome() -> None:
    outcome = call(Scripted(Result(data={"text": "x" * 10**6})), reader())
    assert outcome.data == {"text": "x" * 2000}


@pytest.mark.parametrize(
    ("result", "said"),
    [(DONE, "A1 is sent."), (Result(data={}, empty=True), "There is no A1."), (CONFLICT, "A1 cannot be looked up.")],
)
def test_what_is_said_about_an_outcome(result: Result | Exception, said: str) -> None:
    phrases = {
        "success": "{{ number }} is {{ state }}.",
        "empty": "There is no {{ number }}.",
        "failure": "{{ number }} cannot be looked up.",
    }
    tool = reader(parameters={"number": {}}, say=phrases)
    assert spoken(tool, {"number": "A1"}, call(Scripted(result), tool, number="A1")) == said
