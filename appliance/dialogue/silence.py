"""When a person who says nothing is asked for, and when they have gone: a pure function of frames, in stream time."""

from __future__ import annotations

from enum import StrEnum

from appliance.audio.ports import LISTENING_RATE, Frame
from appliance.config.dialogue import SessionConfig


class SilenceSignal(StrEnum):
    """What a silence means."""

    PROMPT = "prompt"
    """Ask once whether anybody is still there."""
    END = "end"
    """Nobody is: the conversation is over."""


class SilenceWatch:
    """Counts the silence in which nobody has the floor."""

    def __init__(self, settings: SessionConfig) -> None:
        self._before_prompt = round(settings.still_there_after_s * LISTENING_RATE)
        self._before_end = round((settings.end_after_s - settings.still_there_after_s) * LISTENING_RATE)
        self._quiet_since: int | None = None
        self._prompted = False

    def on_frame(self, frame: Frame, *, waiting: bool, person_speaks: bool) -> SilenceSignal | None:
        """Take the next frame; `waiting` is whether a conversation has begun and it is the person's turn."""
        if person_speaks:
            self._prompted = False
        if not waiting:
            self._quiet_since = None
            return None
        if self._quiet_since is None:
            self._quiet_since = frame.start
        if frame.end - self._quiet_since < (self._before_end if self._prompted else self._before_prompt):
            return None
        signal = SilenceSignal.END if self._prompted else SilenceSignal.PROMPT
        self._quiet_since = None
        self._prompted = not self._prompted
        return signal
