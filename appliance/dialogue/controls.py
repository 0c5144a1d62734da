"""Loudness and pace of the assistant, as people ask for them."""

from __future__ import annotations

from appliance.audio.ports import Loudspeaker
from appliance.dialogue.commands import Command
from appliance.engines.ports import Synthesiser

GAIN_STEP_DB = 4.0
GAIN_LIMIT_DB = 12.0
SPEED_STEP = 1.2


class Controls:
    """Keeps what was asked for until somebody asks otherwise."""

    def __init__(self, loudspeaker: Loudspeaker, voice: Synthesiser) -> None:
        self._loudspeaker = loudspeaker
        self._voice = voice
        self._gain_db = 0.0

    def adjust(self, command: Command) -> None:
        """Obey LOUDER, QUIETER, FASTER and SLOWER; other commands change nothing."""
        match command:
            case Command.LOUDER | Command.QUIETER:
                step = GAIN_STEP_DB if command is Command.LOUDER else -GAIN_STEP_DB
                self._gain_db = min(max(self._gain_db + step, -GAIN_LIMIT_DB), GAIN_LIMIT_DB)
                self._loudspeaker.set_gain(self._gain_db)
            case Command.FASTER | Command.SLOWER:
                factor = SPEED_STEP if command is Command.FASTER else 1 / SPEED_STEP
                self._voice.set_speed(self._voice.speed * factor)
