"""Whether personal data is found in what people say, and nothing else is taken out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from rich.table import Table

from appliance.clock import Clock
from appliance.config.redaction import Kind, RedactionConfig
from appliance.ops.bench.redaction_cases import Marked, RedactionCase
from appliance.redaction.folding import PLACEHOLDER
from appliance.redaction.redactor import Redactor

LONGEST_REST = 3
"""Letters and digits in a row that may be left of a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a sentence."""

    case: RedactionCase
    redacted: str
    missed: tuple[Marked, ...]
    """Values of which too much was left."""
    misnamed: tuple[Marked, ...]
    """Values that were replaced as another kind."""
    beyond: bool
    """Whether more than three letters or digits in a row were taken that belong to no value."""
    milliseconds: float
    """Of processor time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionFigures:
    """The result of `appliance bench redaction` for a group of sentences."""

    group: str
    sentences: int
    clean: int
    altered: int
    """Clean sentences that were changed."""
    beyond: int
    """Other sentences of which more was taken than the values."""
    values: dict[str, int]
    """Number of values by kind, and by form where it is marked."""
    recall: dict[str, float]
    """Share of values that were replaced, by kind and form."""
    right_kind: float
    """Share of the replaced values that have the placeholder of their kind."""
    median_ms: float
    """Of processor time a sentence."""
    slowest_ms: float

    @property
    def altered_share(self) -> float:
        """Share of the clean sentences that were changed."""
        return self.altered / self.clean if self.clean else 0.0


def redact_cases(cases: Sequence[RedactionCase], config: RedactionConfig, clock: Clock) -> list[Outcome]:
    """Redact each sentence in a session of its own, and compare."""
    Redactor(config).redact("call 415 555 2671, born on May 4th 1980, or write to a@example.org")
    return [_outcome(case, config, clock) for case in cases]


def figures_of(group: str, outcomes: Sequence[Outcome]) -> RedactionFigures:
    """Count what became of some sentences."""
    clean = [each for each in outcomes if not each.case.marked]
    dirty = [each for each in outcomes if each.case.marked]
    values = Counter(name for each in dirty for marked in each.case.marked for name in _names(marked))
    missed = Counter(name for each in dirty for marked in each.missed for name in _names(marked))
    replaced = sum(len(each.case.marked) - len(each.missed) for each in dirty)
    times = [each.milliseconds for each in outcomes]
    return RedactionFigures(
        group=group,
        sentences=len(outcomes),
        clean=len(clean),
        altered=sum(each.redacted != each.case.text for each in clean),
        beyond=sum(each.beyond for each in dirty),
        values=dict(values),
        recall={name: 1 - missed[name] / count for name, count in values.items()},
        right_kind=1 - sum(len(each.misnamed) for each in dirty) / replaced if replaced else 1.0,
        median_ms=median(times),
        slowest_ms=max(times),
    )


def redaction_table(figures: Sequence[RedactionFigures]) -> Table:
    """Return the figures, one column a group."""
    table = Table("", *(each.group for each in figures))
    kinds = [kind.value for kind in Kind]
    forms = sorted({name for each in figures for name in each.values} - set(kinds))
    for name in [*kinds, *forms]:
        table.add_row(f"recall, {name}", *(_recall(each, name) for each in figures))
    table.add_row("clean sentences altered", *(f"{each.altered_share:.1%} of {each.clean}" for each in figures))
    table.add_row("more taken than marked", *(f"{each.beyond} of {each.sentences - each.clean}" for each in figures))
    table.add_row("placeholder of the right kind", *(f"{each.right_kind:.1%}" for each in figures))
    table.add_row("median, slowest", *(f"{each.median_ms:.2f}, {each.slowest_ms:.2f} ms" for each in figures))
    return table


def failure_lines(outcomes: Sequence[Outcome]) -> list[str]:
    """Return what went wrong, two lines a sentence."""
    return [
        line
        for each in outcomes
        if each.missed or each.misnamed or each.beyond or (not each.case.marked and each.redacted != each.case.text)
        for line in (f"- {each.case.text}", f"  {each.redacted}")
    ]


def _names(marked: Marked) -> list[str]:
    return [marked.kind.value, *([marked.form] if marked.form else [])]


def _recall(figures: RedactionFigures, name: str) -> str:
    return f"{figures.recall[name]:.1%} of {figures.values[name]}" if name in figures.recall else "–"


def _outcome(case: RedactionCase, config: RedactionConfig, clock: Clock) -> Outcome:
    redactor = Redactor(config)
    began = clock.cpu_seconds()
    redacted = redactor.redact(case.text)
    took = clock.cpu_seconds() - began
    taken = _taken(case.text, redacted)
    missed = tuple(each for each in case.marked if _rest(case.text, each, taken) > LONGEST_REST)
    misnamed = tuple(each for each in case.marked if each not in missed and not _named(each, taken))
    return Outcome(
        case=case,
        redacted=redacted,
        missed=missed,
        misnamed=misnamed,
        beyond=bool(case.marked) and _beyond(case, taken) > LONGEST_REST,
        milliseconds=took * 1000,
    )


_Taken = tuple[int, int, str]
"""First character that was replaced, the one after the last, and the name of the placeholder."""


def _taken(text: str, redacted: str) -> list[_Taken]:
    kept = PLACEHOLDER.split(redacted)
    names = [name[1:].rpartition("_")[0].lower() for name in PLACEHOLDER.findall(redacted)]
    found = re.fullmatch("(.+?)".join(map(re.escape, kept)), text, re.DOTALL)
    if found is None:
        raise ValueError(f"{redacted!r} does not come of {text!r}")
    return [(*found.span(index), name) for index, name in enumerate(names, start=1)]


def _longest_word(text: str) -> int:
    """Return the most letters and digits in a row, spaces and signs left out."""
    return max(map(len, re.sub(r"[^\w\0]|_", "", text).split("\0")))


def _rest(text: str, marked: Marked, taken: Sequence[_Taken]) -> int:
    """Return how much of a value can still be read in a row."""
    left = "".join(
        "\0" if any(start <= place < end for start, end, _ in taken) else text[place]
        for place in range(marked.start, marked.end)
    )
    return _longest_word(left)


def _beyond(case: RedactionCase, taken: Sequence[_Taken]) -> int:
    """Return how much was taken in a row that is no part of a value."""
    edges = [0, *(edge for each in case.marked for edge in (each.start, each.end)), len(case.text)]
    outside = [(first, after) for first, after in list(pairwise(edges))[::2]]
    return max(
        _longest_word(case.text[max(start, first) : min(end, after)])
        for start, end, _ in [*taken, (0, 0, "")]
        for first, after in outside
    )


def _named(marked: Marked, taken: Sequence[_Taken]) -> bool:
    return any(name == marked.kind and start < marked.end and marked.start < end for start, end, name in taken)
