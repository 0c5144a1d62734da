import sys
from pathlib import Path

import pytest

from appliance.engines.selftest import EXPECTED, check_llama
from appliance.errors import EngineError, ModelError


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.gguf"
    path.write_bytes(b"GGUF")
    return path


def child(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def test_child_that_writes_the_right_token_passes(model: Path) -> None:
    check_llama(model, command=child(f"print({EXPECTED!r})"))


@pytest.mark.parametrize(
    ("signal_name", "remedy"),
    [
        ("SIGSEGV", "scripts/setup --llama portable"),
        ("SIGILL", "does not fit this CPU"),
        ("SIGABRT", "scripts/setup --llama portable"),
        ("SIGKILL", "memory was full"),
    ],
)
def test_crash_of_the_child_is_a_message_with_a_remedy(model: Path, signal_name: str, remedy: str) -> None:
    with pytest.raises(EngineError, match=f"crashed with {signal_name} .* model.gguf") as caught:
        check_llama(model, command=child(f"import os, signal; os.kill(os.getpid(), signal.{signal_name})"))
    assert remedy in caught.value.remedy


def test_wrong_token_is_an_error(model: Path) -> None:
    with pytest.raises(EngineError, match=r"computes wrongly.*'####'.*instead of ' K'"):
        check_llama(model, command=child("print('####')"))


def test_failure_of_the_child_is_told_in_its_own_words(model: Path) -> None:
    with pytest.raises(EngineError, match=r"does not work with model\.gguf: ValueError: no such tensor"):
        check_llama(model, command=child("raise ValueError('no such tensor')"))


def test_child_that_hangs_is_an_error(model: Path) -> None:
    with pytest.raises(EngineError, match="no token"):
        check_llama(model, command=child("import signal; signal.pause()"), timeout_s=0.3)


def test_missing_model_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model file") as caught:
        check_llama(tmp_path / "absent.gguf")
    assert caught.value.remedy == "run: appliance models fetch"


@pytest.mark.models
def test_file_that_is_no_model_is_reported_by_the_real_library(model: Path) -> None:
    with pytest.raises(EngineError, match=r"does not work with model\.gguf") as caught:
        check_llama(model)
    assert "models verify" in caught.value.remedy
