"""What is answered without the model: decisions about what is kept, voice commands, and a goodbye."""

from __future__ import annotations

from appliance.dialogue.commands import Command, recognise, says
from appliance.dialogue.controls import Controls
from appliance.dialogue.disclosure import Disclosure
from appliance.dialogue.ending import Ending
from appliance.dialogue.floor import Floor
from appliance.dialogue.speaker import Asked


class Reflexes:
    """Answers at once what needs no thought."""

    def __init__(self, floor: Floor, controls: Controls, disclosure: Disclosure, ending: Ending) -> None:
        self._config = floor.config
        self._speaker = floor.speaker
        self._journal = floor.journal
        self._controls = controls
        self._disclosure = disclosure
        self._ending = ending

    def apply_to(self, text: str) -> bool:
        """Tell whether `answer` would take these words."""
        return recognise(text) is not None or self._is_goodbye(text) or self._disclosure.concerns(text)

    def answer(self, text: str) -> bool:
        """Answer these words if they need no model; tell whether they were answered."""
        if self._disclosure.answer(text):
            return True
        command = recognise(text)
        if command is None and not self._is_goodbye(text):
            return False
        self._speaker.drop()
        if command is not None:
            self._obey(command, Asked(text=text, prompt=""))
        else:
            self._ending.goodbye(text)
        return True

    def _is_goodbye(self, text: str) -> bool:
        return says(text, self._config.session.goodbye_words)

    def _obey(self, command: Command, asked: Asked) -> None:
        if command in (Command.STOP, Command.WAIT):
            self._journal.enter("idle")
            return
        self._controls.adjust(command)
        if self._speaker.last:
            self._speaker.play(self._speaker.last, asked)
        else:
            self._speaker.say(self._config.phrases.nothing_to_repeat, asked=asked)
