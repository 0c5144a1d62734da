"""demo, test, check and .ci/run, with a set-up and an environment that only write down how they were called."""

import os
import pty
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

RECORD = '#!/usr/bin/env bash\nprintf "%s\\n" "${0##*/} $*" >>"$LOG"\n'


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    checkout = tmp_path / "check out"
    shutil.copytree(ROOT / "scripts", checkout / "scripts")
    shutil.copytree(ROOT / ".ci", checkout / ".ci")
    executable(
        checkout / "scripts" / "setup", RECORD + 'printf "mirror=%s\\n" "${APPLIANCE__MODELS__MIRROR-}" >>"$LOG"\n'
    )
    for name in ("python", "appliance", "ruff", "mypy", "lint-imports"):
        executable(checkout / ".venv" / "bin" / name, RECORD)
    executable(tmp_path / "bin" / "shellcheck", RECORD)
    for name in ("visit/01-a.wav", "visit/02-b.wav", "errands/01-d.wav", "interruption/01-c.wav"):
        file = checkout / ".cache" / "visitor" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    (checkout / "models" / "m").mkdir(parents=True)
    (checkout / "models" / "m" / "m.gguf").write_text("weights")
    return checkout


def run(
    checkout: Path, script: str, *options: str, terminal: int = subprocess.DEVNULL
) -> "tuple[subprocess.CompletedProcess[str], list[str]]":
    home = checkout.parent
    environment = {"PATH": f"{home / 'bin'}:/usr/bin:/bin", "HOME": str(home), "LOG": str(home / "log")}
    result = subprocess.run(
        [checkout / script, *options],
        cwd="/",
        env=environment,
        stdin=terminal,
        stdout=subprocess.PIPE if terminal == subprocess.DEVNULL else terminal,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    log = home / "log"
    lines = log.read_text().splitlines() if log.exists() else []
    return result, [line.replace(f"{checkout}/", "") for line in lines if line != "mirror="]


def test_demo_without_a_terminal_lets_the_visitor_talk_and_cut_in(checkout: Path) -> None:
    result, calls = run(checkout, "scripts/demo", "--greet")
    assert result.returncode == 0, result.stderr
    visit, interruption = ".cache/visitor/visit", ".cache/visitor/interruption"
    assert calls == [
        "setup --for demo",
        f"appliance converse --out out/demo/visit --greet --user {visit}/01-a.wav {visit}/02-b.wav",
        "appliance converse --out out/demo/errands --greet --user .cache/visitor/errands/01-d.wav",
        f"appliance converse --out out/demo/interruption --greet --barge-in-after 1.5 --user {interruption}/01-c.wav",
    ]


def test_demo_takes_any_recordings(checkout: Path) -> None:
    _, calls = run(checkout, "scripts/demo", "--no-mic", "--user", "a b.wav", "c.flac", "--json")
    assert calls == [
        "setup --for demo",
        "appliance converse --out out/demo/recordings --user a b.wav c.flac --json",
    ]


@pytest.mark.parametrize(
    ("devices", "options", "last"),
    [
        ('[{"inputs": 0, "outputs": 2}, {"inputs": 1, "outputs": 0}]', [], "appliance run --captions"),
        ('[{"inputs": 0, "outputs": 2}]', [], "appliance converse"),
        ("[]", [], "appliance converse"),
        ('[{"inputs": 1, "outputs": 2}]', ["--no-mic"], "appliance converse"),
    ],
    ids=["microphone", "loudspeaker only", "nothing", "not wanted"],
)
def test_demo_on_a_terminal_listens_to_you_where_it_can(
    checkout: Path, devices: str, options: list[str], last: str
) -> None:
    executable(checkout / ".venv" / "bin" / "appliance", RECORD + f"[[ $1 != devices ]] || echo '{devices}'\n")
    controller, terminal = pty.openpty()
    result, calls = run(checkout, "scripts/demo", *options, terminal=terminal)
    os.close(terminal)
    os.close(controller)
    assert result.returncode == 0, result.stderr
    assert calls[-1].startswith(last)


def test_demo_stops_when_the_set_up_fails(checkout: Path) -> None:
    executable(checkout / "scripts" / "setup", "#!/bin/sh\nexit 1\n")
    result, calls = run(checkout, "scripts/demo")
    assert result.returncode == 1
    assert calls == []


def test_test_passes_options_to_pytest(checkout: Path) -> None:
    _, calls = run(checkout, "scripts/test", "-k", "ring or echo")
    assert calls == ["setup --for test", "python -m pytest -k ring or echo"]


def test_check_runs_everything_and_names_what_failed(checkout: Path) -> None:
    result, calls = run(checkout, "scripts/check")
    assert result.returncode == 0, result.stderr
    tools = [call.split()[0] for call in calls]
    assert tools == ["setup", "ruff", "ruff", "mypy", "lint-imports", "shellcheck"]

    executable(checkout / ".venv" / "bin" / "mypy", "#!/bin/sh\nexit 1\n")
    executable(checkout.parent / "bin" / "shellcheck", "#!/bin/sh\nexit 1\n")
    result, _ = run(checkout, "scripts/check")
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == "error: failed: mypy shellcheck"


def test_ci_checks_tests_and_keeps_the_models(checkout: Path) -> None:
    result, calls = run(checkout, ".ci/run")
    assert result.returncode == 0, result.stderr
    store = checkout.parent / ".cache" / "appliance" / "models"
    assert (store / "m" / "m.gguf").read_text() == "weights"
    assert calls.index("setup --for check") < calls.index(f"mirror={store}") < calls.index("python -m pytest")
    assert calls[-1] == "python -m pytest"


@pytest.mark.parametrize("script", ["setup", "demo", "test", "check"])
def test_help(script: str) -> None:
    result = subprocess.run([ROOT / "scripts" / script, "--help"], capture_output=True, text=True, check=True)
    assert result.stdout.startswith(f"usage: scripts/{script}")
    assert result.stderr == ""
