"""The commands of `appliance knowledge`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from appliance.cli.knowledge import app
from appliance.knowledge.passage import KnowledgeError

FIXTURES = Path(__file__).parents[1] / "fixtures" / "knowledge"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text("site:\n  facts:\n    - The piano is in the hall.\n    - The [big] hall is open.\n")
    return path


def run(config: Path, *arguments: str, directory: Path = FIXTURES) -> Result:
    return CliRunner().invoke(app, [*arguments, "--config", str(config), "--directory", str(directory)])


def answer(config: Path, *arguments: str) -> Any:
    return json.loads(run(config, *arguments, "--json").stdout)


@pytest.mark.parametrize("command", ["list", "search", "check"])
def test_help_has_an_example(command: str) -> None:
    assert f"appliance knowledge {command}" in CliRunner().invoke(app, [command, "--help"]).stdout


def test_list_shows_facts_and_files_with_their_source(config: Path) -> None:
    result = run(config, "list")
    assert result.exit_code == 0
    assert "facts:2" in result.stdout
    assert "The [big] hall is open." in result.stdout
    assert "visiting.md:22" in result.stdout
    assert answer(config, "list")[0] == {
        "id": "facts:1",
        "source": "facts:1",
        "title": "",
        "text": "The piano is in the hall.",
    }


def test_list_warns_of_files_that_are_not_read(config: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.md").write_bytes(b"\xff")
    result = run(config, "list", directory=tmp_path)
    assert result.exit_code == 0
    assert "Warning: bad.md: this file is not UTF-8" in result.stderr


def test_search_shows_scores_and_words(config: Path) -> None:
    result = run(config, "search", "piano for parrots")
    row = next(line for line in result.stdout.splitlines() if "facts:1" in line)
    score, *cells = [cell.strip() for cell in row.strip("│").split("│")]
    assert 0 < float(score) < 1
    assert cells == ["piano", "parrots", "facts:1", "The piano is in the hall."]
    (hit,) = answer(config, "search", "piano", "--limit", "1")
    assert (hit["score"], hit["covered"], hit["missing"]) == (1.0, ["piano"], [])
    assert hit["passage"]["id"] == "facts:1"


def test_search_says_when_nothing_is_known(config: Path) -> None:
    assert "Nothing is known about this." in run(config, "search", "mount everest").stdout
    assert answer(config, "search", "mount everest") == []


def test_check_is_silent_about_good_files(config: Path) -> None:
    result = run(config, "check")
    assert (result.exit_code, result.stdout.split()[1:]) == (0, ["passages,", "0", "problems"])


def test_check_lists_what_should_be_put_right(config: Path, tmp_path: Path) -> None:
    long = "word " * 61
    (tmp_path / "hall.md").write_text(f"# Hall\n\n## Nothing\n\n## Piano\n\nThe piano is in THE hall!\n\n{long}\n")
    result = run(config, "check", directory=tmp_path)
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [
        "hall.md:3: there is nothing under the heading 'Nothing'",
        "hall.md:9: this sentence has 61 words; cut it, 60 are read and spoken well",
        "hall.md:7: this says the same as facts:1",
        "4 passages, 3 problems",
    ]
    as_json = json.loads(run(config, "check", "--json", directory=tmp_path).stdout)
    assert as_json["problems"][2] == {"source": "hall.md:7", "message": "this says the same as facts:1"}


def test_a_missing_folder_is_an_error_with_a_remedy(config: Path, tmp_path: Path) -> None:
    error = run(config, "list", directory=tmp_path / "none").exception
    assert isinstance(error, KnowledgeError)
    assert (error.code, error.exit_status) == ("knowledge", 3)
    assert error.remedy
