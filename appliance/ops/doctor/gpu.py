"""The graphics card: its driver, its memory against the chosen models, and whether the engines can use it."""

from __future__ import annotations

import asyncio

from appliance.config.models import Device, Profile
from appliance.engines.device import Accelerators, detect
from appliance.errors import EngineError
from appliance.models.catalogue import Role, load_catalogue
from appliance.models.profiles import choose_profile, resolve
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding
from appliance.ops.doctor.programs import line_of

NAME = "gpu"
MIB = 2**20
ON_CARD = (Role.STT, Role.LLM)
MORE = 1.2
"""What a model takes on the card, for each byte of its file: weights and cache."""
SETUP = "Run scripts/setup again with the CUDA compiler (nvcc) there; see docs/troubleshooting.md."


async def check(context: Context) -> list[Finding]:
    """Look at the card; none is fine where the models are for the processor."""
    if context.config.device is Device.CPU:
        return [Finding.ok(NAME, "A graphics card is not used (device: cpu).")]
    try:
        there = await asyncio.to_thread(detect)
    except EngineError as error:
        return [Finding.of_error(NAME, error)]
    except OSError:  # a driver that may not be run is none
        return [_without(context)]
    if not there.gpus:
        return [_without(context)]
    driver = await line_of(["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"])
    cards = ", ".join(f"{gpu.name} with {gpu.memory_mib} MiB" for gpu in there.gpus)
    return [
        Finding.ok(NAME, f"{cards}; driver {driver.splitlines()[0] if driver else 'unknown'}."),
        *_engines(there),
        await asyncio.to_thread(_room, context, there),
    ]


def _without(context: Context) -> Finding:
    wants_card = context.config.device is Device.CUDA or context.config.models.profile in {
        Profile.GPU_8GB,
        Profile.GPU_24GB,
    }
    if wants_card:
        remedy = "Install the driver (nvidia-smi must answer), or set device and models.profile to auto."
        return Finding.fail(NAME, "The configuration wants a graphics card, and there is none with a driver.", remedy)
    return Finding.ok(NAME, "There is no graphics card, and none is needed: the profile is cpu.")


def _engines(there: Accelerators) -> list[Finding]:
    found = []
    if not there.llama_usable:
        found.append(Finding.warn(NAME, "llama.cpp was built without CUDA, so that the card is not used by it.", SETUP))
    if not there.whisper_usable:
        remedy = "Install the CUDA libraries that ctranslate2 wants (cuBLAS and cuDNN)."
        found.append(Finding.warn(NAME, "Recognition cannot use the card: ctranslate2 finds no CUDA device.", remedy))
    return found or [Finding.ok(NAME, "The language model and recognition can use it.")]


def _room(context: Context, there: Accelerators) -> Finding:
    catalogue = load_catalogue()
    models = resolve(context.config, catalogue, lambda: there.memory_mib)
    profile = choose_profile(context.config, catalogue, lambda: there.memory_mib)
    needed = sum(models[role].size for role in ON_CARD) / MIB * MORE
    what = f"The models of the profile {profile} take about {needed:.0f} of its {there.memory_mib} MiB."
    if needed > there.memory_mib:
        return Finding.fail(NAME, what, "Set models.profile to a smaller one, or llm.model to a smaller model.")
    return Finding.ok(NAME, what)
