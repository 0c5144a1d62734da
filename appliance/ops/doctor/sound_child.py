"""The sound devices, in a process of its own: a sound server that hangs must not hang the doctor.

`python -m appliance.ops.doctor.sound_child INPUT OUTPUT SECONDS` (the devices as JSON) prints a line of JSON.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from appliance.audio.levels import dbfs
from appliance.audio.portaudio import PortAudioCard
from appliance.audio.soundcheck import exchange, judge_level, tone
from appliance.clock import SystemClock
from appliance.errors import AudioDeviceError


def look(input_device: str | int | None, output_device: str | int | None, seconds: float) -> dict[str, Any]:
    """Return names and rates of the devices and, after recording so many seconds, the level; or the error."""
    clock = SystemClock()
    try:
        card = PortAudioCard(input_device, output_device, clock)
        told: dict[str, Any] = {
            "input": card.input.name,
            "output": card.output.name,
            "host_api": card.input.host_api,
            "capture_rate": card.capture_rate,
            "playout_rate": card.playout_rate,
        }
        if seconds:
            recorded = exchange(card, clock, tone(card.playout_rate, 0.0), seconds)
            level = judge_level(recorded.captured, recorded.capture_rate)
            told |= {"level": level.value, "dbfs": round(dbfs(recorded.captured), 1)}
    except AudioDeviceError as error:
        return {"error": str(error), "remedy": error.remedy}
    return told


if __name__ == "__main__":
    wanted_input, wanted_output, duration = (json.loads(argument) for argument in sys.argv[1:])
    print(json.dumps(look(wanted_input, wanted_output, duration)))  # noqa: T201 - the parent reads it
