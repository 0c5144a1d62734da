from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from rich.console import Console

from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.models import Config
from appliance.errors import UsageError
from appliance.ops.bench.tool_cases import Category, Expectation, ExpectedCall, ToolCase
from appliance.ops.bench.tool_report import (
    failure_lines,
    figures,
    for_tuning,
    judge,
    parameters_of,
    tool_table,
    tools_json,
    wants_nothing,
)
from appliance.ops.bench.tools import TALK, Dialogue, Exchange, FixedTalker, Made, ToolBench, play_cases

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "scripts" / "clinic"
ORDER = "order_status"
BOOK = "book_appointment"
WORDS = ("order", "file", "stock", "appointment", "cancel", "complain", "hello", "open")


class KeywordEncoder:
    """Sentences are alike when they share one of a few words."""

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        counts = np.array([[word in text.lower() for word in WORDS] + [0.1] for text in texts], np.float32)
        return np.asarray(counts / np.linalg.norm(counts, axis=1, keepdims=True), np.float32)


@pytest.fixture
def config() -> Config:
    return load(ROOT / "config.yaml")


def case(*turns: str, category: Category = Category.RIGHT_TOOL, **expected: object) -> ToolCase:
    expect = Expectation.model_validate({"calls": (), **expected})
    return ToolCase(id="a-case", category=category, turns=turns or ("Is order 4271 ready?",), expect=expect)


def made(name: str = ORDER, number: str = "4271", words: str = "4271", *, writes: bool = False) -> Made:
    arguments, evidence = {"order_number": number}, {"order_number": words}
    return Made(turn=1, name=name, arguments=arguments, evidence=evidence, writes=writes)


def played(played_case: ToolCase, *exchanges: Exchange) -> Dialogue:
    return Dialogue(case=played_case, exchanges=list(exchanges))


def exchange(answer: str = "It is ready.", *done: Made, **fields: object) -> Exchange:
    return Exchange(person="Is order 4271 ready?", answer=answer, made=list(done), **fields)  # type: ignore[arg-type]


WANTED: dict[str, Any] = {"calls": (ExpectedCall(tool=ORDER, arguments={"order_number": "4271"}),)}


async def test_a_dialogue_is_played_on_the_clinic(config: Config, tmp_path: Path) -> None:
    bench = ToolBench(
        config=config, scripts=SCRIPTS, model=FixedTalker(), encoder=KeywordEncoder(), clock=SystemClock()
    )
    cases = [case("Is my order ready?", "It's 4271."), case("Hello."), case("Can I talk to a human?")]
    asked, greeted, human = await play_cases(bench, tmp_path, cases)
    assert asked.exchanges[0].asked == ["order_number"]
    assert [(each.name, each.arguments) for each in asked.made] == [(ORDER, {"order_number": "4271"})]
    assert "reading glasses" in asked.exchanges[1].answer
    assert asked.exchanges[1].succeeded
    assert greeted.exchanges[0].answer == TALK
    assert human.exchanges[0].handovers == ["escalation"]
    assert not human.made


async def test_every_dialogue_has_a_clinic_of_its_own(config: Config, tmp_path: Path) -> None:
    bench = ToolBench(
        config=config, scripts=SCRIPTS, model=FixedTalker(), encoder=KeywordEncoder(), clock=SystemClock()
    )
    words = "Cancel the appointment, cancel it. My name is Anna Petrov and it is on Friday."
    first, second = await play_cases(bench, tmp_path, [case(words, "Yes."), case(words, "Yes.")])
    assert first.exchanges[1].succeeded
    assert second.exchanges[1].succeeded
    assert second.made[0].arguments == {"day": "2026-03-06", "name": "Anna Petrov"}


async def test_a_folder_without_the_clinic_is_refused(config: Config, tmp_path: Path) -> None:
    bench = ToolBench(
        config=config, scripts=tmp_path, model=FixedTalker(), encoder=KeywordEncoder(), clock=SystemClock()
    )
    with pytest.raises(UsageError, match="is not the clinic's"):
        await play_cases(bench, tmp_path, [case()])


def test_the_right_call_is_right(config: Config) -> None:
    verdict = judge(played(case(**WANTED), exchange("It is ready.", made(), succeeded=True)), parameters_of(config))
    assert not verdict.failed
    assert figures([verdict]).right.value == 1.0


@pytest.mark.parametrize(
    ("done", "wrong", "missed"),
    [
        ([], 0, 1),
        ([made(number="9999")], 1, 1),
        ([made(), made()], 1, 0),
        ([made(name="check_stock")], 1, 1),
    ],
)
def test_other_calls_are_wrong(config: Config, done: list[Made], wrong: int, missed: int) -> None:
    verdict = judge(played(case(**WANTED), exchange("It is ready.", *done, succeeded=True)), parameters_of(config))
    assert (len(verdict.wrong), verdict.missed) == (wrong, missed)
    assert verdict.failed
    assert figures([verdict]).right.value == 0.0


@pytest.mark.parametrize(
    ("words", "nobody_said"), [("4271", False), ("Order  4271", False), ("3306", True), ("", True)]
)
def test_what_nobody_said_is_noticed(config: Config, words: str, *, nobody_said: bool) -> None:
    verdict = judge(played(case(**WANTED), exchange("", made(words=words))), parameters_of(config))
    assert verdict.ungrounded == ((f"{ORDER}.order_number",) if nobody_said else ())


def test_later_words_are_no_evidence_for_an_earlier_call(config: Config) -> None:
    later = Exchange(person="It is 3306.")
    verdict = judge(played(case(), exchange("", made(words="3306")), later), parameters_of(config))
    assert verdict.ungrounded


@pytest.mark.parametrize(("succeeded", "claims"), [(False, 1), (True, 0)])
def test_a_claim_without_an_act_is_false(config: Config, claims: int, *, succeeded: bool) -> None:
    dialogue = played(case(), exchange("All right. I have booked it for you.", succeeded=succeeded))
    assert len(judge(dialogue, parameters_of(config)).false_done) == claims


def test_asking_handing_over_declining_and_silence_are_judged(config: Config) -> None:
    parameters = parameters_of(config)
    asks = case(asks={1: ("order_number",)})
    assert judge(played(asks, exchange(asked=["order_number"])), parameters).asks is True
    assert judge(played(asks, exchange(asked=["phone"])), parameters).asks is False
    over = case(handover="emergency")
    assert judge(played(over, exchange(handovers=["emergency"])), parameters).handover is True
    assert judge(played(over, exchange(handovers=["escalation"])), parameters).handover is False
    assert judge(played(case(), exchange(handovers=["escalation"])), parameters).handover is False
    declines = case(declined=True)
    assert judge(played(declines, exchange("Sorry, I only know the clinic.")), parameters).declined is True
    assert judge(played(declines, exchange("It is Paris.")), parameters).declined is False
    silent = case(says_not=("Paris",))
    assert judge(played(silent, exchange("It is Paris.")), parameters).said == ("Paris",)


def test_a_needless_question_is_a_trigger(config: Config) -> None:
    nothing = case("My lift is out of order.", category=Category.IRRELEVANT)
    assert wants_nothing(nothing)
    verdict = judge(played(nothing, exchange(refused=[ORDER], asked=["order_number"])), parameters_of(config))
    assert verdict.failed
    assert figures([verdict]).triggered.value == 1.0
    assert not wants_nothing(case(category=Category.IRRELEVANT, **WANTED))
    assert not wants_nothing(case("A", "B", "C", category=Category.KNOWLEDGE))


def test_the_median_is_over_look_ups_only(config: Config) -> None:
    dialogue = played(
        case(),
        exchange("", made(), first_s=0.2),
        exchange("", made(BOOK, writes=True), first_s=9.0),
        exchange("", first_s=9.0),
    )
    assert figures([judge(dialogue, parameters_of(config))]).first_piece_ms == pytest.approx(200)
    assert figures([]).first_piece_ms is None
    assert figures([]).right.value is None


def test_a_half_is_left_alone() -> None:
    halves = [for_tuning(ToolCase(id=f"case-{n}", category=Category.RUDE, turns=("A",), expect=Expectation(calls=())))
              for n in range(200)]  # fmt: skip
    assert 60 < sum(halves) < 140


def test_the_report_names_what_failed(config: Config) -> None:
    verdict = judge(played(case(**WANTED), exchange("Sorry.", made(number="9999"))), parameters_of(config))
    lines = "\n".join(failure_lines(verdict))
    assert "person:    Is order 4271 ready?" in lines
    assert "wrong:     order_status {'order_number': '9999'}" in lines
    assert "missed:    1 of ['order_status']" in lines
    console = Console(width=120)
    with console.capture() as captured:
        console.print(tool_table([verdict]))
    assert "0.0% (0/1)" in captured.get()
    assert "failed: right_tool" in captured.get()
    report = tools_json([verdict])
    assert report["failed"] == ["a-case"]
