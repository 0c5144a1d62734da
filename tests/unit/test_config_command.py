"""`appliance config check|show|schema`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from appliance.cli.config import app
from appliance.errors import ConfigError


def run(*arguments: str, **environ: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments), env=environ, catch_exceptions=False)
    return result.exit_code, result.stdout


def settings(*arguments: str, **environ: str) -> dict[str, Any]:
    status, output = run("show", "--json", *arguments, **environ)
    assert status == 0
    return {setting["key"]: setting for setting in json.loads(output)}


@pytest.fixture
def good(tmp_path: Path) -> str:
    file = tmp_path / "good.yaml"
    mirrored = "models:\n  mirror: https://joe:s3cret@box/models\n"
    file.write_text(f"{mirrored}turn:\n  clear_end_ms: 250\nnetwork: {{allow: [box]}}\n")
    return str(file)


@pytest.fixture
def bad(tmp_path: Path) -> str:
    file = tmp_path / "bad.yaml"
    file.write_text("turn:\n  clear_end: 250\n")
    return str(file)


def test_check_says_that_all_is_well(good: str) -> None:
    assert run("check", good) == (0, f"{good} is valid\n")
    status, output = run("check", "--json", good)
    assert (status, json.loads(output)) == (0, {"valid": True, "file": good, "problems": []})


def test_check_lists_problems_and_exits_with_3(bad: str) -> None:
    status, output = run("check", bad)
    assert status == 3
    assert f"{bad}:2:3: there is no setting turn.clear_end; did you mean turn.clear_end_ms?" in output


def test_check_lists_problems_as_json(bad: str) -> None:
    status, output = run("check", "--json", bad)
    report = json.loads(output)
    assert (status, report["valid"]) == (3, False)
    assert report["problems"] == [
        {
            "file": bad,
            "variable": None,
            "line": 2,
            "column": 3,
            "key": "turn.clear_end",
            "message": "there is no setting turn.clear_end; did you mean turn.clear_end_ms?",
            "text": "  clear_end: 250",
        }
    ]


def test_check_without_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    status, output = run("check", APPLIANCE_CONFIG="")
    assert status == 3
    assert "There is no configuration" in output


def test_show_says_where_each_value_comes_from(good: str) -> None:
    shown = settings(good, APPLIANCE__TURN__MAX_SILENCE_MS="1500")
    assert shown["turn.clear_end_ms"]["value"] == 250
    assert shown["turn.clear_end_ms"]["origin"] == {"kind": "file", "file": good, "line": 4, "column": 17}
    assert shown["turn.max_silence_ms"]["origin"] == {
        "kind": "environment",
        "variable": "APPLIANCE__TURN__MAX_SILENCE_MS",
    }
    assert shown["vad.threshold"] == {"key": "vad.threshold", "value": 0.5, "origin": {"kind": "default"}}


def test_show_prints_one_setting_a_line_for_people(good: str) -> None:
    status, output = run("show", good)
    assert status == 0
    assert f"turn.clear_end_ms = 250  ({good}:4:17)" in output.splitlines()
    assert 'device = "auto"  (default)' in output.splitlines()


def test_show_masks_credentials(good: str) -> None:
    assert settings(good)["models.mirror"]["value"] == "https://***@box/models"
    assert "s3cret" not in run("show", good)[1]


def test_show_defaults_needs_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert {setting["origin"]["kind"] for setting in settings("--defaults").values()} == {"default"}


def test_show_of_a_wrong_configuration_is_an_error(bad: str) -> None:
    with pytest.raises(ConfigError, match=r"turn\.clear_end_ms"):
        run("show", bad)


def test_schema_is_draft_2020_12_and_finds_mistakes() -> None:
    status, output = run("schema")
    schema = json.loads(output)
    assert status == 0
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid({"turn": {"clear_end_ms": 250}, "vad": None})
    assert not validator.is_valid({"turn": {"clear_end_ms": "fast"}})
    assert not validator.is_valid({"turn": {"clear_end": 250}})
    assert schema["$defs"]["TurnConfig"]["properties"]["clear_end_ms"]["description"]
