"""The processor: what the engines compute with."""

from __future__ import annotations

from appliance.engines.device import plan_threads, usable_cores
from appliance.ops.doctor.context import Context
from appliance.ops.doctor.finding import Finding

NAME = "cpu"
FEWEST_CORES = 2
"""With one, recognising and reading ahead starve each other."""
GOVERNOR = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"
NEEDED = ("avx2", "fma", "f16c")
"""What the portable build of llama.cpp takes for granted (docs/decisions/0004-how-llama-cpp-is-built.md)."""


async def check(context: Context) -> list[Finding]:
    """Look at the instructions, the cores and the clock rate."""
    return [*_instructions(context), _cores(context), *_governor(context)]


def _instructions(context: Context) -> list[Finding]:
    info = dict(line.split(":", 1) for line in context.read("proc/cpuinfo").splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in info.items()}
    name, flags = fields.get("model name", "a processor"), set(fields.get("flags", "").split())
    if not flags:
        return [Finding.warn(NAME, "What the processor can do is not known.", "It has to be a 64-bit x86 with AVX2.")]
    missing = [flag.upper() for flag in NEEDED if flag not in flags]
    if missing:
        what = f"{name} lacks {', '.join(missing)}: the engines are many times slower, or crash."
        return [Finding.fail(NAME, what, "Take a processor from 2015 or later; in a virtual machine, pass it through.")]
    more = "AVX2 and AVX-512" if "avx512f" in flags else "AVX2"
    found = [Finding.ok(NAME, f"{name} has {more}.")]
    if any(flag.startswith("amx_") for flag in flags):
        found.append(Finding.ok(NAME, "It has AMX, which llama.cpp is built without because it crashes with it."))
    return found


def _cores(context: Context) -> Finding:
    cores = usable_cores()
    plan = plan_threads(cores, context.config)
    what = f"Threads: language model {plan.llm_decode}, recognition {plan.stt}, voice {plan.tts}; cores: {cores}."
    if cores < FEWEST_CORES:
        return Finding.warn(NAME, f"{what} One core is too little for a fluent conversation.", "Give it two or more.")
    most = max(plan.llm_decode, plan.stt, plan.tts)
    if most > cores:
        remedy = "Set llm.threads, stt.threads and tts.threads to null, or to no more than there are cores."
        return Finding.warn(NAME, f"{what} More threads than cores hinder each other.", remedy)
    return Finding.ok(NAME, what)


def _governor(context: Context) -> list[Finding]:
    governor = context.read(GOVERNOR)
    if governor == "powersave" and context.read("sys/devices/system/cpu/cpu0/cpufreq/scaling_driver") != "intel_pstate":
        what = "The processor is kept at its lowest clock rate (governor powersave)."
        return [Finding.warn(NAME, what, "cpupower frequency-set -g performance, and make it permanent.")]
    return [Finding.ok(NAME, f"The governor of its clock rate is {governor}.")] if governor else []
