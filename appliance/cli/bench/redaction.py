"""`appliance bench redaction`: how much personal data is found in what people say, and how much else is taken."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from appliance.cli.options import AsJson
from appliance.clock import SystemClock
from appliance.config.redaction import RedactionConfig
from appliance.ops.bench.redaction import failure_lines, figures_of, redact_cases, redaction_table
from appliance.ops.bench.redaction_cases import load_redaction_cases
from appliance.ops.bench.report import rounded

EXAMPLES = "Examples: appliance bench redaction · appliance bench redaction --cases mine.yaml --country BR --failures"

Cases = Annotated[
    Path,
    typer.Option("--cases", metavar="FILE", help="Marked sentences: groups of strings such as 'I am {name|Ann Lee}'."),
]
Countries = Annotated[
    list[str] | None, typer.Option("--country", help="Whose numbers are known, as in the setting; may be repeated.")
]
Failures = Annotated[bool, typer.Option("--failures", help="Print the sentences that were not redacted as marked.")]


def redaction(
    cases_file: Cases = Path("tests/fixtures/redaction.yaml"),
    countries: Countries = None,
    failures: Failures = False,
    as_json: AsJson = False,
) -> None:
    """Redact marked sentences, and count what was left of the values and what else was changed.

    A value counts as found when at most three of its letters and digits in a row are left. Nothing is kept.
    """
    config = RedactionConfig.model_validate({"countries": countries} if countries else {})
    outcomes = redact_cases(load_redaction_cases(cases_file), config, SystemClock())
    groups = {
        each.case.group: [other for other in outcomes if other.case.group == each.case.group] for each in outcomes
    }
    figures = [figures_of(group, members) for group, members in groups.items()]
    figures += [figures_of("all", outcomes)] if len(groups) > 1 else []
    if as_json:
        print(json.dumps([rounded(asdict(each) | {"altered_share": each.altered_share}) for each in figures], indent=2))
        return
    console = Console()
    for line in failure_lines(outcomes) if failures else ():
        console.print(line, highlight=False, markup=False)
    console.print(redaction_table(figures))
