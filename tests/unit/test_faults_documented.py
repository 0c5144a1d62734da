"""docs/recovery.md is the matrix of faults, and each fault is injected somewhere."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from appliance.ops.faults.fault import Fault
from appliance.ops.faults.matrix import FAULTS, documented
from appliance.ops.faults.talking import FAULTS as TALKING

ROOT = Path(__file__).parents[2]
AT_LEAST = 25


def test_the_document_has_the_tables_of_the_matrix() -> None:
    """After a change: .venv/bin/python -c 'from appliance.ops.faults.matrix import documented; print(documented())'."""
    assert documented() in (ROOT / "docs" / "recovery.md").read_text(encoding="utf-8")


def test_there_are_enough_faults_with_names_of_their_own() -> None:
    assert max(Counter(fault.name for fault in FAULTS).values()) == 1
    talking = {row.fault.name for row in TALKING}
    assert sum(fault.check is not None or fault.name in talking for fault in FAULTS) >= AT_LEAST


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_each_fault_is_injected_here_or_in_a_test_that_is_there(fault: Fault) -> None:
    talking = {row.fault.name for row in TALKING}
    assert (fault.check is not None) + (fault.name in talking) + bool(fault.proved_by) == 1
    assert "|" not in f"{fault.injected}{fault.holds}{fault.heard}{fault.seen}"
    if fault.proved_by:
        file, _, name = fault.proved_by.partition("::")
        module = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        tests = {node.name for node in module.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
        assert any(test.startswith(name or "test_") for test in tests)
