"""The dialogues that measure the tools fit the clinic of config.yaml, and mistakes in them are named."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date, time
from pathlib import Path

import pytest
import yaml

from appliance.config.load import load
from appliance.config.models import Config
from appliance.config.tools import Effect, Format, Parameter, Task
from appliance.errors import UsageError
from appliance.ops.bench.tool_cases import NOW, Category, ExpectedCall, ToolCase, load_cases, unknown_names

ROOT = Path(__file__).parents[2]
HELD_OUT = ROOT / "tests" / "fixtures" / "intents_heldout.yaml"
SITUATIONS_WITHOUT_TOOLS = {Category.IRRELEVANT, Category.CHIT_CHAT, Category.RUDE}


@pytest.fixture(scope="module")
def clinic() -> Config:
    return load(ROOT / "config.yaml", {})


@pytest.fixture(scope="module")
def cases() -> list[ToolCase]:
    return load_cases()


def tasks(config: Config) -> dict[str, dict[str, Parameter]]:
    return {tool.name: tool.parameters for tool in config.tools} | {form.name: form.fields for form in config.forms}


def normalised(text: str) -> str:
    return " ".join(re.findall(r"[a-z0-9']+", text.lower()))


def utterances(task: Task) -> set[str]:
    return {normalised(text) for text in (*task.examples, *task.counter_examples)}


def test_there_are_enough_of_every_category(cases: list[ToolCase]) -> None:
    counts = Counter(case.category for case in cases)
    assert len(cases) >= 170
    assert set(counts) == set(Category)
    assert min(counts.values()) >= 5
    assert counts[Category.INJECTION] >= 10
    quiet = [case for case in cases if case.category in SITUATIONS_WITHOUT_TOOLS and not case.expect.calls]
    assert len(quiet) >= 35


def test_expectations_name_what_the_clinic_has(cases: list[ToolCase], clinic: Config) -> None:
    assert [(case.id, name) for case in cases for name in unknown_names(case, tasks(clinic))] == []


def test_required_arguments_are_all_expected(cases: list[ToolCase], clinic: Config) -> None:
    known = tasks(clinic)
    calls = [(case.id, call) for case in cases for call in case.expect.calls]
    assert [name for name, call in calls if call.arguments.keys() != known[call.tool].keys()] == []


def test_expected_arguments_are_normalised(cases: list[ToolCase], clinic: Config) -> None:
    read = {Format.DATE: date.fromisoformat, Format.TIME: time.fromisoformat}
    for case in cases:
        for call in case.expect.calls:
            for name, value in call.arguments.items():
                parameter = tasks(clinic)[call.tool][name]
                if parameter.format in read:
                    assert str(read[parameter.format](str(value)))[: len(str(value))] == value, case.id
                if parameter.format is Format.PHONE:
                    assert re.fullmatch(r"\+\d{11,15}", str(value)), case.id
                if parameter.pattern:
                    assert re.fullmatch(parameter.pattern, str(value)), case.id


def test_nothing_is_written_without_another_turn(cases: list[ToolCase], clinic: Config) -> None:
    writes = {tool.name for tool in clinic.tools if tool.effect is Effect.WRITE} | {form.name for form in clinic.forms}
    hasty = [
        case.id
        for case in cases
        if len(case.turns) <= sum(call.tool in writes for call in case.expect.calls)
        and any(call.tool in writes for call in case.expect.calls)
    ]
    assert hasty == []


def test_appointments_lie_ahead(cases: list[ToolCase]) -> None:
    days = [str(call.arguments["day"]) for case in cases for call in case.expect.calls if "day" in call.arguments]
    assert days
    assert [day for day in days if not NOW.date() <= date.fromisoformat(day) <= date(2026, 4, 30)] == []


def test_held_out_utterances_are_new_and_name_what_there_is(clinic: Config, cases: list[ToolCase]) -> None:
    pairs = yaml.safe_load(HELD_OUT.read_text(encoding="utf-8"))
    said = [normalised(pair["text"]) for pair in pairs]
    assert len(pairs) >= 60
    assert len(set(said)) == len(said)
    assert {pair["intent"] for pair in pairs} == {*tasks(clinic), None}
    taught = set().union(*(utterances(task) for task in (*clinic.tools, *clinic.forms)))
    measured = {normalised(turn) for case in cases for turn in case.turns}
    assert set(said) & (taught | measured) == set()


def test_dialogues_are_no_copies_of_the_examples(clinic: Config, cases: list[ToolCase]) -> None:
    taught = set().union(*(utterances(task) for task in (*clinic.tools, *clinic.forms)))
    openings = {normalised(case.turns[0]) for case in cases if case.expect.calls}
    assert openings & taught == set()


def test_a_call_is_compared_without_regard_to_case() -> None:
    call = ExpectedCall.model_validate({"tool": "order", "arguments": {"name": "Anna", "item": {"matches": "spray"}}})
    assert call.accepts("order", {"name": "anna", "item": "any nasal Spray"})
    assert not call.accepts("book", {"name": "Anna", "item": "spray"})
    assert not call.accepts("order", {"name": "Anne", "item": "spray"})
    assert not call.accepts("order", {"name": "Anna", "item": "syrup"})
    assert not call.accepts("order", {"name": "Anna"})


GOOD = "- {id: a, category: rude, turns: [Hey], expect: {calls: []}}\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (GOOD * 2, "two dialogues have the id a"),
        (GOOD.replace("rude", "odd"), "0.category"),
        (GOOD.replace("[Hey]", "[]"), "0.turns"),
        (GOOD.replace("calls: []", "calls: [], asks: {2: [day]}"), "names turn 2; there are 1"),
        (GOOD.replace("calls: []", "calls: [], says_not: ['(']"), "no regular expression"),
        (GOOD.replace("turns:", "now: 2026-03-04 10:05:00, turns:"), "time zone"),
        (GOOD.replace("calls: []", ""), "0.expect"),
        ("- {id: [", "while parsing"),
        ("", "valid tuple"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "cases.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=re.escape(problem)):
        load_cases(tmp_path)


def test_a_folder_without_dialogues_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no dialogues"):
        load_cases(tmp_path)


def test_names_that_the_clinic_does_not_have_are_found(clinic: Config) -> None:
    call = {"tool": "check_stock", "arguments": {"colour": "red"}}
    other = {"tool": "fly", "arguments": {}}
    booking = {"tool": "book_appointment", "arguments": {"department": "dentist"}}
    expect = {"calls": [call, other, booking], "asks": {1: ["mood"]}}
    case = ToolCase.model_validate({"id": "a", "category": "rude", "turns": ["Hey"], "expect": expect})
    assert list(unknown_names(case, tasks(clinic))) == [
        "check_stock.colour",
        "tool fly",
        "book_appointment.department: dentist",
        "parameter mood",
    ]
