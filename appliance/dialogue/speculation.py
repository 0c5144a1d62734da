"""Work that runs ahead of the end of a turn: reading the person's words, and preparing the reply to them."""

from __future__ import annotations

from appliance.clock import Clock
from appliance.dialogue.floor import Floor
from appliance.dialogue.speaker import Asked
from appliance.prompt.preamble import moment


class Speculation:
    """Prepares answers while the person may still go on, and gives the right one when the turn is over."""

    def __init__(self, floor: Floor, clock: Clock) -> None:
        self._settings = floor.config.turn
        self._timezone = floor.config.site.timezone
        self._speaker = floor.speaker
        self._context = floor.context
        self._clock = clock
        self._moment = ""
        self._prepared = 0

    def turn_began(self) -> None:
        """Note when that was, and read it."""
        self._moment = moment(self._clock.local_time(self._timezone))
        if self._speaker.preparing is None:
            self._context.read(self._prompt(""))

    def read(self, text: str) -> None:
        """Read the words ahead of the end of the turn.

        Also those that may still change: the model has nothing else to do, and what was misheard costs only the words
        from there on. A word less to read when the answer is awaited is worth 20 ms on two cores.
        """
        if not self._speaker.active and self._speaker.preparing is None:
            self._context.read(self._prompt(text))

    def prepare(self, text: str) -> None:
        """Prepare the reply, in case this was the end."""
        if self._settings.speculation and self._prepared <= self._settings.max_speculations:
            self._prepared += 1
            self._speaker.prepare(self._asked(text))

    def turn_over(self) -> None:
        """It was, or it was no turn: the next one may be prepared for as often."""
        self._prepared = 0

    def answer(self, text: str) -> None:
        """Let the prepared reply be heard if it answers these words, else one that is written now."""
        if self._speaker.preparing != text:
            self._speaker.drop()
            self._speaker.prepare(self._asked(text))
        self._speaker.commit()

    def _asked(self, text: str) -> Asked:
        return Asked(text=text, prompt=self._prompt(text))

    def _prompt(self, text: str) -> str:
        """Return what the model reads as the person's words; the time stands before them."""
        return f"{self._moment} {text}"
