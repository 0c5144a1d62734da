"""How a conversation ends: by a goodbye, by silence, or because the appliance stops."""

from __future__ import annotations

from appliance.audio.ports import Frame
from appliance.config.models import AttentionMode
from appliance.dialogue.commands import says
from appliance.dialogue.disclosure import Disclosure
from appliance.dialogue.floor import Floor
from appliance.dialogue.reprompts import Reprompts
from appliance.dialogue.silence import SilenceSignal, SilenceWatch
from appliance.dialogue.speaker import Asked
from appliance.events import SessionEnded

FAREWELLS = (
    *("thanks", "thank you", "thanks a lot", "many thanks", "thank you so much", "cheers", "okay", "ok", "all right"),
    *("thanks for your help", "thank you for your help", "you too", "same to you", "take care", "good night"),
    *("see you", "see you soon", "see you later", "have a nice day", "have a good day", "have a good one"),
)
"""What people say to a goodbye besides their own words for it (`session.goodbye_words`)."""


class Ending:
    """Asks for a person who says nothing, says goodbye, and clears the place for the next one."""

    def __init__(self, floor: Floor, disclosure: Disclosure, reprompts: Reprompts) -> None:
        self._floor = floor
        self._phrases = floor.config.phrases
        self._farewells = (*floor.config.session.goodbye_words, *FAREWELLS)
        self._aloud = floor.config.attention.mode is AttentionMode.ALWAYS
        self._disclosure = disclosure
        self._reprompts = reprompts
        self._silence = SilenceWatch(floor.config.session)
        self._reason = ""

    def on_frame(self, frame: Frame, *, idle: bool, person_speaks: bool) -> None:
        """Take the next frame; `idle` is whether nobody speaks and nothing is about to be said."""
        waiting = idle and (bool(self._floor.history.turns) or self._disclosure.awaits_answer)
        match self._silence.on_frame(frame, waiting=waiting, person_speaks=person_speaks):
            case SilenceSignal.PROMPT if self._aloud:
                self._disclosure.prompt(self._phrases.still_there)
            case SilenceSignal.END:
                self._end("silence", "", aloud=self._aloud)

    def goodbye(self, text: str) -> None:
        """Answer the person's goodbye with one: when it was heard, the conversation is over."""
        self._end("goodbye", text, aloud=True)

    def taken_up(self, text: str) -> None:
        """Go on with the conversation if the person has cut into the goodbye with more than one of their own."""
        if not says(text, self._farewells):
            self._reason = ""

    def reply_over(self) -> None:
        """Clear the place if that was the goodbye, and let the model read what was said."""
        self._floor.journal.enter("ended" if self._reason else "idle")
        if self._reason:
            self._clear()
        self._floor.context.settle()

    def stop(self) -> None:
        """End the conversation, if there is one, because the appliance stops."""
        if self._floor.journal.turn_id or self._disclosure.awaits_answer:
            self._disclosure.end()
            self._floor.journal.emit(SessionEnded, reason="stopped")

    def _end(self, reason: str, text: str, *, aloud: bool) -> None:
        self._reason = reason
        self._reprompts.reset()
        if aloud and self._phrases.goodbye:
            self._floor.speaker.say(self._phrases.goodbye, asked=Asked(text=text, prompt=""))
        else:
            self.reply_over()

    def _clear(self) -> None:
        floor = self._floor
        self._disclosure.end()
        floor.journal.emit(SessionEnded, reason=self._reason)
        self._reason = ""
        floor.history.clear()
        floor.tasks.spawn(floor.responder.end_session(), floor.journal.report)
        floor.journal.begin_session()
        self._disclosure.begin()
