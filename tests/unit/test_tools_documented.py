"""The examples of docs/tools.md are complete and sound, and its table of codes has every code."""

import re
from pathlib import Path

import pytest

from appliance.config.load import load
from appliance.config.tools import ACTIONS
from appliance.tools.check import check
from appliance.tools.errors import Fault
from appliance.tools.secrets import Secrets

TEXT = (Path(__file__).parents[2] / "docs/tools.md").read_text()
EXAMPLES: list[str] = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
NOT_HERE = {"sql.database", "python.entry_point"}
"""Fields that name something of the site."""


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_sound(tmp_path: Path, example: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(example)
    config = load(file, {})
    problems = check(config.tools, config.forms, tmp_path, Secrets({"APPLIANCE_SECRET_SHOP_TOKEN": "x"}))
    assert [problem for problem in problems if problem.field not in NOT_HERE] == []


def test_every_kind_has_an_example() -> None:
    everything = "\n".join(EXAMPLES)
    assert all(f"    {action}:" in everything for action in ACTIONS)
    assert "forms:" in everything


@pytest.mark.parametrize("fault", list(Fault))
def test_every_code_is_explained(fault: Fault) -> None:
    assert f"`{fault}`" in TEXT
