"""What a person is told and asked about what is kept of the conversation, and how it is forgotten when they want it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from appliance.dialogue.consent import Consent
from appliance.dialogue.floor import Floor
from appliance.dialogue.speaker import Asked

Forget = Callable[[str], Awaitable[bool]]
"""Deletes what was kept of a session; tells whether all of it is gone."""


async def nothing_kept(session_id: str) -> bool:  # noqa: ARG001 - it is a `Forget`
    """Forget a conversation of which nothing is kept."""
    return True


class Disclosure:
    """Says aloud what `Consent` decides."""

    def __init__(self, floor: Floor, forget: Forget) -> None:
        self._settings = floor.config.consent
        self._floor = floor
        self._speaker = floor.speaker
        self._consent = Consent(floor.config.consent, floor.journal)
        self._forget = forget
        self._welcome = ""

    @property
    def allows(self) -> bool:
        """Whether the person knows of it, or has agreed to it, that this conversation is kept."""
        return self._consent.allows

    @property
    def awaits_answer(self) -> bool:
        """Whether a yes would be consent."""
        return self._consent.awaits_answer

    def open(self, greeting: str) -> None:
        """Say what has to be said first, and greet.

        A greeting that asks comes after the answer to the question about consent, so that a yes has one meaning.
        """
        if self._consent.asks:
            self._welcome, greeting = greeting, ""
        self._speaker.say(self._consent.wording, greeting, told=self._consent.told)

    def begin(self) -> None:
        """A conversation begins: nothing is decided."""
        self._consent.begin()

    def end(self) -> None:
        """The conversation is over: a question that was not answered was not agreed to."""
        self._consent.end()

    def take_over(self, other: Disclosure) -> None:
        """Go on from another one's state."""
        self._consent.take_over(other._consent)
        self._welcome = other._welcome

    def concerns(self, text: str) -> bool:
        """Tell whether `answer` would take these words."""
        return self._consent.is_answer(text) or self._consent.is_withdrawal(text)

    def answer(self, text: str) -> bool:
        """Answer words that decide what is kept; tell whether they did."""
        welcome, self._welcome = self._welcome, ""
        if (decided := self._consent.answer(text)) is not None:
            self._speaker.drop()
            self._floor.journal.enter("idle")
            self._speaker.say(decided, welcome, asked=Asked(text=text, prompt=""))
        elif self._consent.is_withdrawal(text):
            self._speaker.drop()
            self._withdraw(text, "voice")
        else:
            return False
        return True

    def touch(self, *, agreed: bool) -> None:
        """Take a decision that was made on a screen or with a button."""
        if self._consent.allows and not agreed:
            self._withdraw("", "touch")
        else:
            self._consent.touch(agreed=agreed)

    def inform(self) -> None:
        """Tell or ask what has to be said, between two turns, unless the person was just asked something else."""
        turns = self._floor.history.turns
        asked = self._floor.responder.awaits_answer or (turns and turns[-1].text.rstrip().endswith("?"))
        if turns and not asked:
            self._speaker.say(self._consent.wording, told=self._consent.told)

    def ask_again(self) -> bool:
        """Repeat the question whose answer was not understood; tell whether there was one to repeat."""
        asked = self._consent.awaits_answer
        self._consent.ask_again()
        if not (asked and self._consent.wording):
            return False
        self._speaker.say(self._consent.wording, told=self._consent.told)
        return True

    def prompt(self, otherwise: str) -> None:
        """Say to a person who says nothing what they have to be told or asked, or else another phrase."""
        self._consent.ask_again()
        self._speaker.say(self._consent.wording or otherwise, told=self._consent.told)

    def _withdraw(self, text: str, how: str) -> None:
        self._floor.tasks.spawn(self._forget_all(text, how), self._floor.journal.report)

    async def _forget_all(self, text: str, how: str) -> None:
        """Forget the conversation so far, here and where it was kept, and say what became of it."""
        self._consent.withdraw(text, how)
        self._floor.history.clear()
        await self._floor.responder.end_session()
        gone = await self._forget(self._floor.journal.session_id)
        said = self._settings.withdrawn_phrase if gone else self._settings.not_deleted_phrase
        self._speaker.say(said, asked=Asked(text=text, prompt=""))
