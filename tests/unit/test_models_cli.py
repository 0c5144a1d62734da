"""The commands of `appliance models`, on the real catalogue."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from appliance.cli.models import app
from appliance.errors import ApplianceError, ConfigError, ModelError
from appliance.models.catalogue import load_catalogue

REPOSITORY = Path(__file__).parents[2]
SILERO = load_catalogue().find("silero-vad-6.2.3")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A site without weights and without the Internet."""
    path = tmp_path / "config.yaml"
    path.write_text("device: cpu\nmodels: {directory: weights, offline: true}\n")
    return path


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--config", str(config)])


def answer(config: Path, *arguments: str) -> Any:
    return json.loads(run(config, *arguments, "--json").stdout)


def error_of(result: Result) -> ApplianceError:
    assert isinstance(result.exception, ApplianceError)
    return result.exception


@pytest.mark.parametrize("command", ["list", "fetch", "verify", "path"])
def test_help_has_an_example(command: str) -> None:
    assert f"appliance models {command}" in CliRunner().invoke(app, [command, "--help"]).stdout


def test_list_shows_the_passport_and_what_is_in_use(config: Path) -> None:
    result = run(config, "list", "--kind", "tts")
    joe = next(line for line in result.stdout.splitlines() if "piper-en_US-joe-medium" in line)
    assert [cell.strip() for cell in joe.strip("│").split("│")] == [
        *("piper-en_US-joe-medium", "tts", "63.2 MB", "CC0-1.0", "lineage-risk", "cpu", "", "yes")
    ]
    assert "whisper" not in result.stdout
    assert "Licence: piper-en_US-joe-medium is free by its own licence" in result.stderr


def test_list_for_scripts(config: Path) -> None:
    models = {model["id"]: model for model in answer(config, "list")}
    assert len(models) == len(load_catalogue().models)
    assert models["qwen2.5-coder-1.5b-instruct-q4_k_m"]["in_use"]
    assert not models["whisper-base.en"]["in_use"]
    assert not models["whisper-tiny.en"]["here"]


def test_a_dry_run_says_what_would_come_and_brings_nothing(config: Path) -> None:
    plan = answer(config, "fetch", "--dry-run", "--profile", "gpu-24gb")
    assert {file["model"] for file in plan["files"]} >= {"gemma-4-26b-a4b-it-qat-q4_0", "whisper-large-v3-turbo"}
    assert plan["bytes"] == sum(file["size"] for file in plan["files"])
    assert "1 files, 2.3 MB to fetch" in run(config, "fetch", "--dry-run", SILERO.id).stdout
    assert not (config.parent / "weights").exists()


def test_what_cannot_be_had_is_listed(config: Path) -> None:
    error = error_of(run(config, "fetch", SILERO.id))
    assert isinstance(error, ModelError)
    assert str(config.parent / "weights" / SILERO.id / "silero_vad.onnx") in str(error)
    told = answer(config, "fetch", SILERO.id)
    assert told["error"] == {"code": "model", "message": str(error), "remedy": error.remedy}
    assert run(config, "fetch", SILERO.id, "--json").exit_code == 4


def test_verify_fails_when_files_are_missing(config: Path) -> None:
    result = run(config, "verify", "--profile", "cpu")
    assert result.exit_code == 4
    assert result.stdout.count("is missing") == 11
    assert "appliance models fetch" in result.stderr
    told = answer(config, "verify", SILERO.id, "--full")
    assert told["intact"] is False
    assert told["files"][0]["state"] == "missing"


def test_a_path_is_given_only_for_what_is_there(config: Path) -> None:
    assert isinstance(error_of(run(config, "path", "llm")), ModelError)
    assert "Did you mean whisper-tiny.en?" in error_of(run(config, "path", "whisper-tinyen")).remedy


def test_an_unknown_voice_in_the_configuration(config: Path) -> None:
    config.write_text("tts: {voice: piper-en_US-jo-medium}\n")
    assert isinstance(error_of(run(config, "verify")), ConfigError)


@pytest.mark.models
def test_models_come_from_a_folder(config: Path) -> None:
    config.write_text(f"models: {{directory: weights, mirror: '{REPOSITORY / 'models'}', offline: true}}\n")
    result = run(config, "fetch", SILERO.id)
    place = config.parent / "weights" / SILERO.id / "silero_vad.onnx"
    assert result.exit_code == 0
    assert f"{SILERO.id}: done" in result.stderr
    assert f"{place}: 2.3 MB from mirror {REPOSITORY / 'models'}" in result.stdout
    assert answer(config, "fetch", SILERO.id)["fetched"] == []
    assert run(config, "verify", SILERO.id).exit_code == 0
    assert run(config, "path", "vad").stdout.strip() == str(place)
