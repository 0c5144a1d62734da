"""What this machine computes with: its GPUs and how its CPU cores are shared among the engines."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from appliance.config.models import Config
from appliance.errors import EngineError

NVIDIA_SMI = ("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits")
NVIDIA_SMI_TIMEOUT_S = 10.0

CGROUP_CPU_MAX = Path("/sys/fs/cgroup/cpu.max")
"""`QUOTA PERIOD` in microseconds, or `max PERIOD` (cgroup v2)."""

MAX_STT_THREADS = 4
MAX_TTS_THREADS = 2
"""Whisper tiny/base and Piper gain nothing from more."""

OVERLAP_CORES = 4
"""From so many cores on, transcribing and reading ahead get cores of their own; below they take turns with all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """A graphics card."""

    name: str
    memory_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerators:
    """What there is beside the CPU, and which engine can use it."""

    gpus: tuple[Gpu, ...] = ()
    llama_offload: bool = False
    """llama.cpp was built for the GPU."""
    ctranslate2_devices: int = 0
    """GPUs that ctranslate2 (Whisper) can use."""

    @property
    def memory_mib(self) -> int:
        """Video memory of the largest card; 0 without one."""
        return max((gpu.memory_mib for gpu in self.gpus), default=0)

    @property
    def llama_usable(self) -> bool:
        """Whether the language model can run on a GPU."""
        return bool(self.gpus) and self.llama_offload

    @property
    def whisper_usable(self) -> bool:
        """Whether Whisper can run on a GPU."""
        return bool(self.gpus) and self.ctranslate2_devices > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadPlan:
    """Threads per engine. What works at the same time adds up to the cores: see `plan_threads`."""

    llm_prefill: int
    llm_decode: int
    stt: int
    tts: int
    turn: int


def find_gpus(command: Sequence[str] = NVIDIA_SMI) -> tuple[Gpu, ...]:
    """Return the GPUs that the driver lists; none when there is no driver.

    Raises EngineError when the driver is there and does not answer within 10 s or fails.
    """
    try:
        listing = subprocess.run(  # noqa: S603 - a fixed argument list
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=NVIDIA_SMI_TIMEOUT_S, check=True
        )
    except OSError:  # not there, or not to be run by this user
        return ()
    except (subprocess.TimeoutExpired, subprocess.CalledProcessError) as error:
        raise EngineError(
            f"the graphics driver does not work: {error}",
            remedy="run nvidia-smi and mend the driver, or set device: cpu in config.yaml",
        ) from error
    return tuple(_gpu(line) for line in listing.stdout.splitlines() if line.strip())


def detect(command: Sequence[str] = NVIDIA_SMI) -> Accelerators:
    """Look for GPUs and ask the engines whether they can use them. Loads the engines only when there is a GPU.

    Raises EngineError like `find_gpus`.
    """
    gpus = find_gpus(command)
    if not gpus:
        return Accelerators()
    import ctranslate2  # noqa: PLC0415 - slow to load
    import llama_cpp  # noqa: PLC0415 - slow to load

    return Accelerators(
        gpus=gpus,
        llama_offload=bool(llama_cpp.llama_supports_gpu_offload()),
        ctranslate2_devices=int(ctranslate2.get_cuda_device_count()),
    )


def usable_cores(cpu_max: Path = CGROUP_CPU_MAX) -> int:
    """Return the physical cores this process may use: hyperthreads, affinity and the cgroup's quota considered."""
    allowed = len(os.sched_getaffinity(0))
    cores = min(psutil.cpu_count(logical=False) or allowed, allowed)
    quota = _quota_cores(cpu_max)
    return max(1, min(cores, quota) if quota else cores)


def plan_threads(cores: int, config: Config) -> ThreadPlan:
    """Share `cores` among the engines; a number in the config wins over the plan.

    Three things happen, one after the other, and each has all the cores: the person speaks (Whisper beside
    reading ahead), the prompt is read, the reply is written and spoken. Below four cores the stages take turns with
    all of them, because each alone decides how soon the answer comes: the first clause is written before Piper has
    anything to do. From four cores on Piper has its own. Smart Turn is slower with two threads than with one.
    """
    tts = config.tts.threads or max(1, min(MAX_TTS_THREADS, cores // 4))
    stt = config.stt.threads or min(MAX_STT_THREADS, cores if cores < OVERLAP_CORES else cores // 2)
    prefill = cores if cores < OVERLAP_CORES else max(1, cores - stt)
    return ThreadPlan(
        llm_prefill=prefill,
        llm_decode=config.llm.threads or (cores if cores < OVERLAP_CORES else cores - tts),
        stt=stt,
        tts=tts,
        turn=1,
    )


def _gpu(line: str) -> Gpu:
    name, _, memory = line.rpartition(",")
    try:
        return Gpu(name=name.strip(), memory_mib=int(memory))
    except ValueError as error:
        raise EngineError(
            f"the graphics driver answered {line!r}", remedy="update the driver, or set device: cpu in config.yaml"
        ) from error


def _quota_cores(cpu_max: Path) -> int | None:
    if not cpu_max.is_file():
        return None
    quota, _, period = cpu_max.read_text(encoding="ascii").strip().partition(" ")
    return None if quota == "max" else max(1, int(quota) // int(period))
