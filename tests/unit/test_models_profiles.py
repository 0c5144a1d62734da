"""Which models a machine runs."""

from pathlib import Path

import pytest

from appliance.config.models import Config, Profile
from appliance.errors import ConfigError
from appliance.models.catalogue import Role, load_catalogue
from appliance.models.profiles import choose_profile, nvidia_vram_mib, resolve

CATALOGUE = load_catalogue()


def config(**sections: object) -> Config:
    return Config.model_validate(sections)


def never_asked() -> int:
    raise AssertionError("the video memory does not matter here")


@pytest.mark.parametrize(
    ("vram_mib", "profile"),
    [
        (0, Profile.CPU),
        (6144, Profile.CPU),
        (8188, Profile.GPU_8GB),
        (16380, Profile.GPU_8GB),
        (24564, Profile.GPU_24GB),
        (143771, Profile.GPU_24GB),
    ],
)
def test_auto_takes_the_largest_profile_that_fits(vram_mib: int, profile: Profile) -> None:
    assert choose_profile(config(), CATALOGUE, lambda: vram_mib) is profile


def test_a_named_profile_and_the_cpu_need_no_measurement() -> None:
    assert choose_profile(config(models={"profile": "gpu-8gb"}), CATALOGUE, never_asked) is Profile.GPU_8GB
    assert choose_profile(config(device="cpu"), CATALOGUE, never_asked) is Profile.CPU


def test_the_configuration_overrides_the_profile() -> None:
    chosen = resolve(
        config(stt={"model": "whisper-base.en"}, tts={"voice": "piper-en_US-norman-medium"}), CATALOGUE, lambda: 0
    )
    assert {role: model.id for role, model in chosen.items()} == {
        Role.STT: "whisper-base.en",
        Role.LLM: "qwen2.5-coder-1.5b-instruct-q4_k_m",
        Role.TTS: "piper-en_US-norman-medium",
        Role.VAD: "silero-vad-6.2.3",
        Role.TURN: "smart-turn-v3.2-cpu",
        Role.EMBED: "all-minilm-l6-v2",
    }


def test_every_wrong_name_is_told_at_once_with_the_nearest() -> None:
    wrong = config(stt={"model": "whisper-tiny.enn"}, llm={"model": "whisper-tiny.en"}, tts={"voice": "norman-medium"})
    with pytest.raises(ConfigError) as caught:
        resolve(wrong, CATALOGUE, lambda: 0)
    stt, llm, tts = str(caught.value).splitlines()
    assert stt.startswith("stt.model: ")
    assert "Did you mean whisper-tiny.en?" in stt
    assert llm.startswith("llm.model: there is no llm model 'whisper-tiny.en'")
    assert "Did you mean piper-en_US-norman-medium?" in tts


@pytest.mark.parametrize(
    ("script", "vram_mib"),
    [
        ("echo 24564", 24564),
        ("echo 8192; echo 24564", 24564),
        ("echo '[N/A]'", 0),
        ("echo 'No devices were found'; exit 6", 0),
        ("exit 9", 0),
        ("true", 0),
    ],
)
def test_the_driver_is_asked_for_video_memory(tmp_path: Path, script: str, vram_mib: int) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    assert nvidia_vram_mib(str(program)) == vram_mib


def test_a_machine_without_a_driver_has_no_video_memory(tmp_path: Path) -> None:
    assert nvidia_vram_mib(str(tmp_path / "nvidia-smi")) == 0
