"""Publishes what happens to the sound devices."""

from __future__ import annotations

import logging

from appliance.dialogue.journal import Journal
from appliance.events import AudioRestarted, AudioXrun, DeviceFound, DeviceLost

log = logging.getLogger(__name__)


class DeviceReporter:
    """Publishes what happens to the sound devices."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._restarts = 0

    def lost(self, direction: str, detail: str) -> None:
        """A device went away."""
        log.warning("audio %s lost: %s; trying to open it again every second", direction, detail)
        self._journal.emit(DeviceLost, direction=direction, detail=detail)

    def found(self, direction: str) -> None:
        """It is back."""
        log.warning("audio %s is back", direction)
        self._journal.emit(DeviceFound, direction=direction)

    def xrun(self, direction: str, count: int) -> None:
        """Samples were lost."""
        self._journal.emit(AudioXrun, direction=direction, count=count)

    def restarted(self, reason: str) -> None:
        """The audio path had gone deaf and starts anew."""
        self._restarts += 1
        log.warning("the audio path is restarted (%s), for the %d. time since the start", reason, self._restarts)
        self._journal.emit(AudioRestarted, reason=reason, count=self._restarts)
