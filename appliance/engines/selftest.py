"""One token in a child process: a llama.cpp that crashes on this CPU is a message with a remedy, not a dead daemon.

`python -m appliance.engines.selftest GGUF` tests with that model.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from appliance.errors import ApplianceError, EngineError, ModelError

PROMPT = "A B C D E F G H I J"
EXPECTED = " K"
"""Every language model goes on like this, and a letter is one token in their vocabularies."""

TIMEOUT_S = 180.0
"""A cold 20 GB file from a slow disk is read within this."""

ANOTHER_BUILD = "build llama.cpp with the plainest settings: scripts/setup --llama portable"

_CHILD = "import sys; from appliance.engines.selftest import next_token; print(next_token(sys.argv[1]))"


def check_llama(model_path: Path, *, command: Sequence[str] | None = None, timeout_s: float = TIMEOUT_S) -> None:
    """Let a child process read a short prompt and write one token.

    Args:
        model_path: a GGUF file.
        command: what to run instead of this interpreter's child; it prints the token.
        timeout_s: how long the child may take.

    Raises:
        ModelError: there is no such file.
        EngineError: the child crashed, failed, hung or wrote something else. The remedy fits the cause.
    """
    if not model_path.is_file():
        raise ModelError(f"no model file {model_path}", remedy="run: appliance models fetch")
    argv = command or (sys.executable, "-c", _CHILD, str(model_path))
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter, or what a caller in this program passed
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise EngineError(
            f"llama.cpp wrote no token with {model_path.name} in {timeout_s:.0f} s",
            remedy=f"see whether the machine is busy or out of memory; otherwise {ANOTHER_BUILD}",
        ) from error
    _judge(child, model_path)


def next_token(model_path: str) -> str:
    """Return the token that the model writes after the prompt. Runs in the child."""
    from llama_cpp import Llama, llama_supports_gpu_offload  # noqa: PLC0415 - only the child may load the library

    layers = -1 if llama_supports_gpu_offload() else 0
    model = Llama(model_path, n_ctx=64, n_threads=1, n_threads_batch=1, n_gpu_layers=layers, verbose=False)
    completion: Any = model.create_completion(PROMPT, max_tokens=1, temperature=0.0)
    return str(completion["choices"][0]["text"])


def _judge(child: subprocess.CompletedProcess[str], model_path: Path) -> None:
    if child.returncode < 0:
        raise EngineError(_crash(-child.returncode, model_path), remedy=_crash_remedy(-child.returncode))
    if child.returncode > 0:
        last_line = (child.stderr.strip() or "no message").splitlines()[-1]
        raise EngineError(
            f"llama.cpp does not work with {model_path.name}: {last_line}",
            remedy="run: appliance models verify --full; if the file is whole, run: scripts/setup",
        )
    if child.stdout.rstrip("\n") != EXPECTED:
        raise EngineError(
            f"llama.cpp computes wrongly: after {PROMPT!r} {model_path.name} wrote {child.stdout.rstrip()!r}"
            f" instead of {EXPECTED!r}",
            remedy=f"run: appliance models verify --full; if the file is whole, {ANOTHER_BUILD}",
        )


def _crash(number: int, model_path: Path) -> str:
    return f"llama.cpp crashed with {signal.Signals(number).name} while it wrote one token with {model_path.name}"


def _crash_remedy(number: int) -> str:
    if number == signal.SIGKILL:
        return "most likely the memory was full: close other programs or choose a smaller llm.model"
    if number == signal.SIGILL:
        return (
            "the build does not fit this CPU: run scripts/setup on this machine; if that does not help, "
            + ANOTHER_BUILD
        )
    return ANOTHER_BUILD


def main() -> int:
    """Run the self-test and say how it went. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="selftest", description=__doc__)
    parser.add_argument("model", type=Path, help="a GGUF file")
    model = parser.parse_args().model
    try:
        check_llama(model)
    except ApplianceError as error:
        sys.stderr.write(f"self-test: {error}\n  {error.remedy}\n")
        return error.exit_status
    sys.stderr.write(f"self-test: llama.cpp works ({model.name})\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
