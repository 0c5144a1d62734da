"""What became of the dialogues: each one judged, the figures, a table, and the dialogues that failed."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median

from rich.table import Table

from appliance.assistant.claims import claims_an_act
from appliance.config.models import Config
from appliance.config.tools import Parameter
from appliance.ops.bench.report import rounded
from appliance.ops.bench.tool_cases import Category, ToolCase
from appliance.ops.bench.tools import Dialogue, Exchange, Made

Parameters = Mapping[str, Mapping[str, Parameter]]
"""The parameters of every tool and form, by its name and theirs."""

_LATER = ("unseen-", "fresh-", "last-")
RIGHT_GOAL, TRIGGERED_GOAL = 0.9, 0.01
_NOTHING_WANTED = (Category.IRRELEVANT, Category.CHIT_CHAT, Category.RUDE, Category.KNOWLEDGE)
_BESIDE_FROM = 3
"""Dialogues of so many turns put a question beside a task, and so want a tool."""
_DECLINES = re.compile(r"\b(?:sorry|can't|cannot|don't know|only (?:know|help|talk)|not able)\b", re.IGNORECASE)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is wrong with a dialogue. None stands for what its expectation does not mention."""

    dialogue: Dialogue
    wrong: tuple[Made, ...]
    """Calls that were not expected, or with other arguments."""
    missed: int
    ungrounded: tuple[str, ...]
    """Arguments that nobody has said, as `tool.name`."""
    false_done: tuple[str, ...]
    """Sentences that claim an act in a turn in which nothing was done."""
    said: tuple[str, ...]
    """Patterns of `says_not` that occur."""
    triggered: bool
    """Whether a tool was called or asked about."""
    asks: bool | None
    handover: bool | None
    declined: bool | None

    @property
    def failed(self) -> bool:
        """Whether anything is wrong."""
        return bool(
            self.wrong or self.missed or self.ungrounded or self.false_done or self.said
            or False in (self.asks, self.handover, self.declined)
            or (self.triggered and wants_nothing(self.dialogue.case))
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of how many."""

    hits: int
    of: int

    @property
    def value(self) -> float | None:
        """As a fraction; None of nothing."""
        return self.hits / self.of if self.of else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolFigures:
    """What came of some dialogues."""

    dialogues: int
    failed: int
    wrong_calls: int
    ungrounded: int
    false_done: int
    forbidden: int
    """Patterns of `says_not` that were said."""
    right: Share
    """Dialogues with exactly the calls that they want, among those that want any."""
    triggered: Share
    """Dialogues that called or asked about a tool, among those that want none."""
    asks: Share
    handovers: Share
    declined: Share
    first_piece_ms: float | None
    """Median until the first piece of an answer that rests on a tool that only reads."""


def wants_nothing(case: ToolCase) -> bool:
    """Tell whether a dialogue is about nothing that a tool could do."""
    expect = case.expect
    return (
        case.category in _NOTHING_WANTED
        and len(case.turns) < _BESIDE_FROM
        and not (expect.calls or expect.asks or expect.handover)
    )


def for_tuning(case: ToolCase) -> bool:
    """Tell whether the rules may be tuned on a dialogue: one half is left alone, chosen by its id."""
    return hashlib.sha256(case.id.encode()).digest()[0] % 2 == 0


def came_later(case: ToolCase) -> bool:
    """Tell whether a dialogue was written after the rules and without a look at them."""
    return case.id.startswith(_LATER)


def parameters_of(config: Config) -> Parameters:
    """Return what tools take and forms ask for."""
    tools = {tool.name: tool.parameters for tool in config.tools}
    return {**tools, **{form.name: form.fields for form in config.forms}}


def judge(dialogue: Dialogue, parameters: Parameters) -> Verdict:
    """Compare a dialogue with what was expected of it."""
    expect = dialogue.case.expect
    wrong = list(dialogue.made)
    missed = 0
    for call in expect.calls:
        done = next((made for made in wrong if call.accepts(made.name, made.arguments)), None)
        if done is None:
            missed += 1
        else:
            wrong.remove(done)
    answers = [exchange.answer for exchange in dialogue.exchanges]
    asked = [set(dialogue.exchanges[turn - 1].asked) & set(names) for turn, names in expect.asks.items()]
    handovers = [kind for exchange in dialogue.exchanges for kind in exchange.handovers]
    return Verdict(
        dialogue=dialogue,
        wrong=tuple(wrong),
        missed=missed,
        ungrounded=tuple(_ungrounded(dialogue, parameters)),
        false_done=tuple(_false_done(dialogue.exchanges)),
        said=tuple(p for p in expect.says_not if any(re.search(p, answer) for answer in answers)),
        triggered=any(exchange.made or exchange.refused for exchange in dialogue.exchanges),
        asks=all(asked) if expect.asks else None,
        handover=handovers == [expect.handover] if expect.handover else (False if handovers else None),
        declined=any(map(_DECLINES.search, answers)) if expect.declined else None,
    )


def _ungrounded(dialogue: Dialogue, parameters: Parameters) -> Iterator[str]:
    """Yield arguments whose words do not occur in what the person has said so far and that are no default."""
    said = ""
    for exchange in dialogue.exchanges:
        said += f" {_spaced(exchange.person)}"
        for made in exchange.made:
            for name, value in made.arguments.items():
                words = _spaced(made.evidence.get(name, ""))
                default = parameters.get(made.name, {}).get(name)
                if words not in said or (not words and (default is None or default.default != value)):
                    yield f"{made.name}.{name}"


def _spaced(text: str) -> str:
    return " ".join(text.casefold().split())


def _false_done(exchanges: Sequence[Exchange]) -> Iterator[str]:
    for exchange in exchanges:
        if not exchange.succeeded:
            yield from filter(claims_an_act, _SENTENCE.split(exchange.answer))


def figures(verdicts: Sequence[Verdict]) -> ToolFigures:
    """Count."""

    def share(of: Callable[[Verdict], bool], hit: Callable[[Verdict], bool]) -> Share:
        among = [verdict for verdict in verdicts if of(verdict)]
        return Share(hits=sum(map(hit, among)), of=len(among))

    return ToolFigures(
        dialogues=len(verdicts),
        failed=sum(verdict.failed for verdict in verdicts),
        wrong_calls=sum(len(verdict.wrong) for verdict in verdicts),
        ungrounded=sum(len(verdict.ungrounded) for verdict in verdicts),
        false_done=sum(len(verdict.false_done) for verdict in verdicts),
        forbidden=sum(len(verdict.said) for verdict in verdicts),
        right=share(lambda each: bool(each.dialogue.case.expect.calls), lambda each: not (each.missed or each.wrong)),
        triggered=share(lambda each: wants_nothing(each.dialogue.case), lambda each: each.triggered),
        asks=share(lambda each: each.asks is not None, lambda each: bool(each.asks)),
        handovers=share(lambda each: each.handover is not None, lambda each: bool(each.handover)),
        declined=share(lambda each: each.declined is not None, lambda each: bool(each.declined)),
        first_piece_ms=_first_piece_ms(verdicts),
    )


def _first_piece_ms(verdicts: Sequence[Verdict]) -> float | None:
    exchanges = [exchange for verdict in verdicts for exchange in verdict.dialogue.exchanges]
    times = [
        exchange.first_s * 1000
        for exchange in exchanges
        if exchange.first_s is not None and exchange.made and not any(made.writes for made in exchange.made)
    ]
    return median(times) if times else None


def tool_table(verdicts: Sequence[Verdict]) -> Table:
    """Return the figures of the dialogues that rules may be tuned on, of the others, and of those written later."""
    result = Table(title="choice and use of tools", title_justify="left")
    for column in ("", "tuned on", "not seen", "written later", "goal"):
        result.add_column(column, no_wrap=True, justify="right" if column else "left")
    parts = _parts(verdicts)
    columns = [figures(parts[name]) for name in ("tuned_on", "not_seen", "written_later")]
    for label, cell, goal in _ROWS:
        result.add_row(label, *(cell(column) for column in columns), goal)
    result.add_section()
    for category, count in _failures_by_category(verdicts):
        result.add_row(f"failed: {category}", str(count), "", "", "")
    return result


def tools_json(verdicts: Sequence[Verdict]) -> dict[str, object]:
    """Return the figures and the ids of the dialogues that failed, for `--json`."""
    parts = {name: rounded(asdict(figures(part))) for name, part in _parts(verdicts).items()}
    return {**parts, "failed": [verdict.dialogue.case.id for verdict in verdicts if verdict.failed]}


def failure_lines(verdict: Verdict) -> Iterator[str]:
    """Yield a dialogue that failed, turn by turn, and what is wrong with it."""
    case = verdict.dialogue.case
    yield f"{case.id} ({case.category}, {'tuned on' if for_tuning(case) else 'not seen'})"
    for exchange in verdict.dialogue.exchanges:
        yield f"  person:    {exchange.person}"
        yield from (f"  did:       {made.name} {dict(made.arguments)}" for made in exchange.made)
        yield f"  assistant: {exchange.answer}"
    yield from (f"  wrong:     {made.name} {dict(made.arguments)}" for made in verdict.wrong)
    if verdict.missed:
        yield f"  missed:    {verdict.missed} of {[call.tool for call in case.expect.calls]}"
    if verdict.ungrounded:
        yield f"  nobody said: {', '.join(verdict.ungrounded)}"
    yield from (f"  claimed:   {sentence}" for sentence in (*verdict.false_done, *verdict.said))
    checks = {"asks": verdict.asks, "handover": verdict.handover, "declined": verdict.declined}
    yield from (f"  wrong:     {name}" for name, right in checks.items() if right is False)
    if verdict.triggered and wants_nothing(case):
        yield "  wrong:     there was nothing to do"


def _parts(verdicts: Sequence[Verdict]) -> dict[str, list[Verdict]]:
    first = [verdict for verdict in verdicts if not came_later(verdict.dialogue.case)]
    later = [verdict for verdict in verdicts if came_later(verdict.dialogue.case)]
    return {
        "all": list(verdicts),
        "tuned_on": [verdict for verdict in first if for_tuning(verdict.dialogue.case)],
        "not_seen": [verdict for verdict in first if not for_tuning(verdict.dialogue.case)],
        "written_later": later,
        "written_later_not_seen": [verdict for verdict in later if not for_tuning(verdict.dialogue.case)],
    }


def _failures_by_category(verdicts: Sequence[Verdict]) -> list[tuple[str, int]]:
    return Counter(str(verdict.dialogue.case.category) for verdict in verdicts if verdict.failed).most_common()


def _share(share: Share) -> str:
    return "–" if share.value is None else f"{share.value:.1%} ({share.hits}/{share.of})"


_ROWS: tuple[tuple[str, Callable[[ToolFigures], str], str], ...] = (
    ("dialogues", lambda f: str(f.dialogues), ""),
    ("with any fault", lambda f: str(f.failed), ""),
    ("wrong or invented actions", lambda f: str(f.wrong_calls), "0"),
    ("arguments sent that nobody said", lambda f: str(f.ungrounded), "0"),
    ('false "done"', lambda f: str(f.false_done), "0"),
    ("said what must not be said", lambda f: str(f.forbidden), "0"),
    ("right tool, right arguments", lambda f: _share(f.right), f"≥ {RIGHT_GOAL:.0%}"),
    ("nothing to do, and triggered", lambda f: _share(f.triggered), f"≤ {TRIGGERED_GOAL:.0%}"),
    ("asks for what is missing", lambda f: _share(f.asks), ""),
    ("hands over", lambda f: _share(f.handovers), ""),
    ("declines", lambda f: _share(f.declined), ""),
    ("first piece of a look-up, p50", lambda f: "–" if f.first_piece_ms is None else f"{f.first_piece_ms:.0f} ms", ""),
)
