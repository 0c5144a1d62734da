"""The set-up, run on a copy of the scripts with a PATH on which only what a test puts there exists."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

BASIC_TOOLS = """
    bash cat chmod cp cut dirname env find flock getent grep head id ldconfig mkdir mv paste rm sed sha256sum sort
    tail timeout touch tr
"""

AVX2 = "avx avx2 fma f16c bmi2"
AVX512 = "avx512f avx512cd avx512bw avx512dq avx512vl"

PYTHON = """[[ $1 == -c ]] && echo "$0"; exit 0"""
UV = """
[[ $1 == --version ]] && { echo "uv 0.9.0 (fake)"; exit; }
echo "uv $*" >>"$LOG"
mkdir -p "$UV_PROJECT_ENVIRONMENT/bin"
cp "$FAKES/venv-python" "$UV_PROJECT_ENVIRONMENT/bin/python"
cp "$FAKES/venv-appliance" "$UV_PROJECT_ENVIRONMENT/bin/appliance"
"""
VENV_PYTHON = """[[ $1 == -c ]] || echo "python $*" >>"$LOG" """
VENV_APPLIANCE = """
echo "appliance $*" >>"$LOG"
[[ $2 == fetch ]] && { mkdir -p "$CHECKOUT/models/m" && echo weights >"$CHECKOUT/models/m/m.gguf"; }
[[ $2 == path ]] && echo "$CHECKOUT/models/m/m.gguf"
exit 0
"""


@dataclass
class Machine:
    """A machine with a checkout, nothing else than basic tools, and a log of what was called."""

    home: Path

    @property
    def bin(self) -> Path:
        return self.home / "bin"

    @property
    def checkout(self) -> Path:
        return self.home / "check out"

    def add(self, name: str, body: str = "exit 0") -> None:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(f"#!/usr/bin/env bash\n{body}\n")
        path.chmod(0o755)

    def remove(self, *names: str) -> None:
        for name in names:
            (self.bin / name).unlink()

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        environment = {
            "PATH": str(self.bin),
            "HOME": str(self.home),
            "LOG": str(self.home / "log"),
            "FAKES": str(self.bin),
            "CHECKOUT": str(self.checkout),
        }
        return subprocess.run(
            command, cwd="/", env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )

    def setup(self, *options: str) -> "subprocess.CompletedProcess[str]":
        return self.run(str(self.checkout / "scripts" / "setup"), *options)

    def library(self, code: str) -> list[str]:
        result = self.run("bash", "-euo", "pipefail", "-c", f'source "$CHECKOUT/scripts/lib/llama.sh"; {code}')
        assert result.returncode == 0, result.stderr
        return result.stdout.split()

    def calls(self) -> list[str]:
        log = self.home / "log"
        lines = log.read_text().splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Everything that `setup --for run` needs is there."""
    machine = Machine(tmp_path)
    machine.bin.mkdir()
    for tool in BASIC_TOOLS.split():
        found = shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
        assert found, tool
        (machine.bin / tool).symlink_to(found)
    machine.checkout.mkdir()
    shutil.copytree(ROOT / "scripts", machine.checkout / "scripts")
    shutil.copy(ROOT / "pyproject.toml", machine.checkout)
    (machine.checkout / "uv.lock").write_text("locked")
    (machine.checkout / "models").mkdir()
    (machine.checkout / "models" / "catalogue.yaml").write_text("models: []")
    machine.add("g++")
    machine.add("make")
    machine.add("ldconfig", "echo '  libportaudio.so.2 (libc6,x86-64) => /usr/lib/libportaudio.so.2'")
    machine.add("python3", PYTHON)
    machine.add("uv", UV)
    machine.add("venv-python", VENV_PYTHON)
    machine.add("venv-appliance", VENV_APPLIANCE)
    return machine


def test_first_run_installs_fetches_and_tests_second_does_nothing(machine: Machine) -> None:
    first = machine.setup()
    assert first.returncode == 0, first.stderr
    calls = machine.calls()
    assert [call.split()[0] for call in calls] == ["uv", "uv", "appliance", "appliance", "python"]
    assert calls[0].startswith("uv sync --offline --locked --all-extras --project /")
    assert calls[0].endswith("--no-install-package llama-cpp-python")
    assert "--config-settings-package llama-cpp-python:cmake.define.GGML_AVX2=" in calls[1]
    assert calls[2:4] == ["appliance models fetch", "appliance models path llm"]
    assert calls[4].startswith("python -m appliance.engines.selftest /")
    assert "llama.cpp" in first.stderr
    assert "\x1b" not in first.stderr
    assert first.stdout == ""

    second = machine.setup()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert machine.calls() == []


def test_cache_comes_before_the_network(machine: Machine) -> None:
    machine.add("uv", UV + "[[ $* != *offline* ]]")
    assert machine.setup().returncode == 0
    uv_calls = [call for call in machine.calls() if call.startswith("uv sync")]
    assert ["--offline" in call for call in uv_calls] == [True, False, True, False]


def test_lost_weights_are_fetched_again(machine: Machine) -> None:
    machine.setup()
    machine.calls()
    (machine.checkout / "models" / "m" / "m.gguf").unlink()
    assert machine.setup().returncode == 0
    assert "appliance models fetch" in machine.calls()


def test_new_lock_brings_a_new_environment(machine: Machine) -> None:
    machine.setup()
    machine.calls()
    (machine.checkout / "uv.lock").write_text("locked differently")
    assert machine.setup().returncode == 0
    assert [call.split()[0] for call in machine.calls()] == ["uv", "uv", "appliance", "python"]


def test_portable_build_is_remembered(machine: Machine) -> None:
    machine.setup("--llama", "portable")
    assert not [call for call in machine.calls() if "AVX512" in call or "CUDA" in call]
    assert machine.setup().returncode == 0
    assert machine.calls() == []


def test_missing_packages_without_root_are_one_line_to_copy(machine: Machine) -> None:
    machine.remove("g++", "make")
    machine.add("id", "echo 1000")
    machine.add("apt-get", 'echo "apt-get $*" >>"$LOG"')
    result = machine.setup("--for", "demo")
    assert result.returncode == 1
    command = "sudo apt-get update && sudo apt-get install --no-install-recommends g++ make flite espeak-ng"
    assert result.stderr == f"error: system packages are missing; run: {command}\n"
    assert machine.calls() == []


def test_root_gets_the_missing_packages_installed(machine: Machine) -> None:
    machine.remove("g++")
    machine.add("id", "echo 0")
    machine.add("apt-get", 'echo "apt-get $*" >>"$LOG"; [[ $* == *install* ]] && cp "$FAKES/make" "$FAKES/g++"; exit 0')
    result = machine.setup()
    assert result.returncode == 0, result.stderr
    update, install = machine.calls()[:2]
    assert update.endswith("update")
    assert install.endswith("--no-install-recommends --no-remove install g++")


def test_failing_apt_shows_what_it_said(machine: Machine) -> None:
    machine.remove("g++")
    machine.add("id", "echo 0")
    machine.add("apt-get", "echo 'E: Unable to locate package g++'; exit 100")
    result = machine.setup()
    assert result.returncode == 1
    assert "E: Unable to locate package g++" in result.stderr
    assert "error: apt-get could not install g++" in result.stderr


def test_other_distributions_are_told_what_is_missing(machine: Machine) -> None:
    machine.remove("make")
    result = machine.setup()
    assert result.returncode == 1
    assert "no apt-get to install them (Debian's names): make" in result.stderr


def test_old_python_is_refused(machine: Machine) -> None:
    machine.add("python3", "exit 1")
    result = machine.setup()
    assert result.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 is needed" in result.stderr


def test_old_uv_is_replaced_by_a_private_one(machine: Machine) -> None:
    shutil.copy(machine.bin / "uv", machine.bin / "new-uv")
    machine.add("uv", "echo 'uv 0.4.0'")
    fake_pip = 'cp "$FAKES/new-uv" "$(dirname "$0")/uv"'
    machine.add("venv-pip", fake_pip)
    machine.add(
        "python3",
        PYTHON.replace("exit 0", '[[ $2 != venv ]] || { mkdir -p "$3/bin" && cp "$FAKES/venv-pip" "$3/bin/python"; }'),
    )
    result = machine.setup()
    assert result.returncode == 0, result.stderr
    assert "fetching uv" in result.stderr
    assert list((machine.home / ".cache" / "appliance").glob("uv-*/bin/uv"))


def test_failing_build_shows_the_log_and_the_remedy(machine: Machine) -> None:
    machine.add("uv", UV + "[[ $* == *no-install-package* ]] || { echo 'CMake Error: no compiler'; exit 1; }")
    result = machine.setup()
    assert result.returncode == 1
    assert "CMake Error: no compiler" in result.stderr
    assert "scripts/setup --llama portable" in result.stderr
    assert machine.setup().returncode == 1, "a failure is not remembered as done"


def test_crash_in_the_self_test_stops_the_set_up(machine: Machine) -> None:
    machine.add("venv-python", '[[ $* != *selftest* ]] || { echo "self-test: crashed" >&2; exit 7; }')
    result = machine.setup()
    assert result.returncode == 7
    assert "self-test: crashed" in result.stderr


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--wrong"], "unknown option --wrong"),
        (["--for", "fun"], "--for takes run, demo, test or check"),
        (["--llama"], "--llama takes tuned or portable"),
        (["--llama", "native"], "--llama takes tuned or portable"),
    ],
)
def test_wrong_options(machine: Machine, options: list[str], message: str) -> None:
    result = machine.setup(*options)
    assert result.returncode == 2
    assert message in result.stderr
    assert machine.calls() == []


@pytest.mark.parametrize(
    ("flags", "on", "off"),
    [
        (AVX2, "AVX AVX2 FMA F16C BMI2", ""),
        (f"{AVX2} {AVX512}", "AVX AVX2 FMA F16C BMI2 AVX512", ""),
        (
            f"{AVX2} {AVX512} avx512vbmi avx512_vnni avx512_bf16 amx_tile amx_int8 amx_bf16",
            "AVX AVX2 FMA F16C BMI2 AVX512 AVX512_VBMI AVX512_VNNI AVX512_BF16",
            "",
        ),
        (f"{AVX2} avx512f avx512cd avx512_vnni", "AVX AVX2 FMA F16C BMI2", ""),
        ("sse4_2 avx", "AVX", "AVX2 FMA F16C BMI2"),
        ("", "", "AVX AVX2 FMA F16C BMI2"),
    ],
    ids=["avx2", "avx512", "amx", "half-avx512", "avx", "none"],
)
def test_llama_is_built_for_the_cpu_and_never_with_amx(machine: Machine, flags: str, on: str, off: str) -> None:
    cpuinfo = machine.home / "cpuinfo"
    cpuinfo.write_text(f"processor\t: 0\nflags\t\t: fpu {flags}\n\nprocessor\t: 1\nflags\t\t: fpu {flags}\n")
    expected = {f"GGML_{name}=ON" for name in on.split()} | {f"GGML_{name}=OFF" for name in off.split()}
    assert set(machine.library(f"cpu_settings '{cpuinfo}' tuned")) == expected
    portable = machine.library(f"cpu_settings '{cpuinfo}' portable")
    assert not [setting for setting in portable if "AVX512" in setting]


def test_cuda_needs_a_compiler_and_a_card(machine: Machine) -> None:
    assert machine.library("cuda_settings") == []
    machine.add("nvcc")
    assert machine.library("cuda_settings") == []
    machine.add("nvidia-smi", "echo 'Failed to initialize NVML'; exit 0")
    assert machine.library("cuda_settings") == []
    machine.add("nvidia-smi", "exit 9")
    assert machine.library("cuda_settings") == []
    machine.add("nvidia-smi", "printf '8.9\\n8.6\\n8.6\\n'")
    assert machine.library("cuda_settings") == [
        "GGML_CUDA=ON",
        f"CMAKE_CUDA_COMPILER={machine.bin / 'nvcc'}",
        "CMAKE_CUDA_ARCHITECTURES=86;89",
    ]
