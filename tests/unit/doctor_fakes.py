"""What the tests of the doctor share: a context over a machine that is a folder, and programs that are scripts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from appliance.config.models import Config
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding, State
from tests.unit.storage_fakes import HandClock

INTEL = "model name\t: Intel Xeon\nflags\t\t: fpu sse4_2 avx avx2 fma f16c avx512f amx_tile\n"


def context_of(folder: Path, sections: Mapping[str, Any] | None = None, **more: Any) -> Context:
    """Return a context whose state, models and machine are in `folder`."""
    settings: dict[str, Any] = {"storage": {}, "models": {}} | dict(sections or {})
    settings["storage"] = {"directory": folder / "state"} | settings["storage"]
    settings["models"] = {"directory": folder / "models"} | settings["models"]
    given: dict[str, Any] = {"environ": {"PATH": os.environ["PATH"]}, "clock": HandClock(), "root": folder / "root"}
    config = Config.model_validate(settings)
    return Context(**({"config": config, "file": None} | given | more))


def machine_file(folder: Path, name: str, text: str) -> Path:
    """Write a file of the machine, such as `proc/cpuinfo`."""
    path = folder / "root" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def program(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """Put a program in front of all others."""
    programs = folder / "programs"
    programs.mkdir(exist_ok=True)
    (programs / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")


def states(findings: list[Finding]) -> list[State]:
    return [finding.state for finding in findings]


def only(findings: list[Finding], state: State) -> Finding:
    """Return the one finding of this state; one that asks for something says what to do."""
    (found,) = [finding for finding in findings if finding.state is state]
    assert found.what
    assert bool(found.remedy) is (state is not State.OK)
    return found
