import sys
from pathlib import Path

import pytest

from appliance.config.models import Config, LlmConfig, SttConfig, TtsConfig
from appliance.engines.device import Accelerators, Gpu, ThreadPlan, detect, find_gpus, plan_threads, usable_cores
from appliance.errors import EngineError


def answering(text: str) -> list[str]:
    return [sys.executable, "-c", f"print({text!r})"]


def test_two_cards() -> None:
    gpus = find_gpus(answering("NVIDIA RTX 4060, 8188\nNVIDIA GeForce RTX 3090, 24576"))
    assert gpus == (
        Gpu(name="NVIDIA RTX 4060", memory_mib=8188),
        Gpu(name="NVIDIA GeForce RTX 3090", memory_mib=24576),
    )
    assert Accelerators(gpus=gpus).memory_mib == 24576


def test_no_driver_is_no_gpu() -> None:
    assert detect(["no-such-program-anywhere"]) == Accelerators()


def test_gpu_without_an_engine_that_can_use_it_is_not_usable() -> None:
    gpu = Gpu(name="NVIDIA RTX 4060", memory_mib=8188)
    assert not Accelerators(gpus=(gpu,)).llama_usable
    assert Accelerators(gpus=(gpu,), llama_offload=True).llama_usable
    assert not Accelerators(llama_offload=True, ctranslate2_devices=1).whisper_usable


@pytest.mark.parametrize(
    "command",
    [answering("No devices were found"), [sys.executable, "-c", "raise SystemExit(9)"]],
    ids=["nonsense", "fails"],
)
def test_broken_driver_is_an_error_with_a_remedy(command: list[str]) -> None:
    with pytest.raises(EngineError, match="graphics driver") as caught:
        find_gpus(command)
    assert "device: cpu" in caught.value.remedy


@pytest.mark.parametrize(
    ("cores", "plan"),
    [
        (1, ThreadPlan(llm_prefill=1, llm_decode=1, stt=1, tts=1, turn=1)),
        (2, ThreadPlan(llm_prefill=2, llm_decode=2, stt=2, tts=1, turn=1)),
        (4, ThreadPlan(llm_prefill=2, llm_decode=3, stt=2, tts=1, turn=1)),
        (8, ThreadPlan(llm_prefill=4, llm_decode=6, stt=4, tts=2, turn=1)),
        (16, ThreadPlan(llm_prefill=12, llm_decode=14, stt=4, tts=2, turn=1)),
    ],
)
def test_plan(cores: int, plan: ThreadPlan) -> None:
    assert plan_threads(cores, Config()) == plan


@pytest.mark.parametrize("cores", range(2, 65))
def test_what_works_at_the_same_time_adds_up_to_the_cores(cores: int) -> None:
    plan = plan_threads(cores, Config())
    assert plan.llm_decode == cores if cores < 4 else plan.llm_decode + plan.tts == cores
    assert plan.stt <= cores
    assert plan.llm_prefill == cores if cores < 4 else plan.llm_prefill + plan.stt == cores


def test_numbers_in_the_config_win() -> None:
    config = Config(llm=LlmConfig(threads=3), stt=SttConfig(threads=1), tts=TtsConfig(threads=2))
    plan = plan_threads(8, config)
    assert (plan.llm_decode, plan.stt, plan.tts) == (3, 1, 2)


@pytest.mark.parametrize(("content", "limit"), [("100000 100000", 1), ("50000 100000", 1)])
def test_quota_of_the_cgroup_limits_the_cores(tmp_path: Path, content: str, limit: int) -> None:
    cpu_max = tmp_path / "cpu.max"
    cpu_max.write_text(content + "\n")
    assert usable_cores(cpu_max) == limit


def test_cgroup_without_a_quota_changes_nothing(tmp_path: Path) -> None:
    cpu_max = tmp_path / "cpu.max"
    cpu_max.write_text("max 100000\n")
    assert usable_cores(cpu_max) == usable_cores(tmp_path / "absent") >= 1
