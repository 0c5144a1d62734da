"""What is said to somebody who was not understood."""

from __future__ import annotations

from appliance.dialogue.disclosure import Disclosure
from appliance.dialogue.floor import Floor
from appliance.dialogue.speaker import Asked


class Reprompts:
    """Asks again, asks differently, and then offers a human.

    After that the assistant stays silent until it understands something: it may be listening to a television.
    """

    def __init__(self, floor: Floor, disclosure: Disclosure) -> None:
        self._config = floor.config
        self._speaker = floor.speaker
        self._disclosure = disclosure
        self._misunderstood = 0

    def take_over(self, other: Reprompts) -> None:
        """Go on from another one's state."""
        self._misunderstood = other._misunderstood

    def reset(self) -> None:
        """The person was understood, or is gone."""
        self._misunderstood = 0

    def not_understood(self) -> None:
        """Say so, each time otherwise."""
        if not self._disclosure.ask_again():
            self._ask_again()
        self._misunderstood += 1

    def _ask_again(self) -> None:
        phrases = self._config.phrases.not_understood
        if self._misunderstood < len(phrases):
            self._speaker.say(phrases[self._misunderstood])
        elif self._misunderstood == len(phrases):
            self._give_up()

    def _give_up(self) -> None:
        """Let people take over where they can be reached, else ask the person to go to them."""
        if self._config.handover.chosen() is None:
            self._speaker.say(self._config.phrases.offer_human)
        else:
            self._speaker.prepare(Asked(text="", prompt=""))
            self._speaker.commit()
