"""Which models this machine and this configuration run."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from typing import Final

from appliance.config.models import Config, Device, Profile
from appliance.errors import ConfigError, ModelError
from appliance.models.catalogue import Catalogue, Model, Role

NVIDIA_SMI: Final = "nvidia-smi"
PROBE_TIMEOUT_S: Final = 10.0


def nvidia_vram_mib(program: str = NVIDIA_SMI) -> int:
    """Return the video memory of the largest NVIDIA GPU in MiB; 0 without a GPU or a driver that answers."""
    command = [program, "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed argument list
            command, capture_output=True, text=True, timeout=PROBE_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return 0
    lines = (line.strip() for line in answer.stdout.splitlines())
    return max((int(line) for line in lines if line.isdecimal()), default=0)


def choose_profile(config: Config, catalogue: Catalogue, vram_mib: Callable[[], int] = nvidia_vram_mib) -> Profile:
    """Return the configured profile; for `auto` the largest whose video memory is there.

    Args:
        config: The configuration; `device: cpu` always takes the profile `cpu`.
        catalogue: Says how much video memory a profile needs.
        vram_mib: Measures the video memory in MiB; asked only when it matters.
    """
    if config.models.profile is not Profile.AUTO:
        return config.models.profile
    if config.device is Device.CPU:
        return Profile.CPU
    there = vram_mib()
    fitting = [(profile.min_vram_mib, name) for name, profile in catalogue.profiles.items()]
    return max((need, name) for need, name in fitting if need <= there)[1]


def resolve(config: Config, catalogue: Catalogue, vram_mib: Callable[[], int] = nvidia_vram_mib) -> dict[Role, Model]:
    """Return the model of each role: the one the configuration names, else the profile's.

    Raises:
        ConfigError: The configuration names models that are not in the catalogue; all of them are listed.
    """
    named = {
        Role.STT: ("stt.model", config.stt.model),
        Role.LLM: ("llm.model", config.llm.model),
        Role.TTS: ("tts.voice", config.tts.voice),
    }
    chosen = dict(catalogue.profiles[choose_profile(config, catalogue, vram_mib)].models)
    chosen |= {role: model_id for role, (_, model_id) in named.items() if model_id is not None}
    models: dict[Role, Model] = {}
    problems: list[str] = []
    for role in Role:
        try:
            models[role] = catalogue.find(chosen[role], role)
        except ModelError as error:
            problems.append(f"{named[role][0]}: {error}. {error.remedy}")
    if problems:
        raise ConfigError("\n".join(problems), remedy="Name a model from the catalogue, or null for the profile's.")
    return models
