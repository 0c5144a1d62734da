"""Consent: what the person was told and has decided about what is kept of this conversation.

Nothing is kept before a decision, and a notice that was cut short counts for as much of it as was heard. Each decision
is an event with its wording: the receipt.
"""

from __future__ import annotations

from enum import StrEnum

from appliance.config.consent import ConsentConfig, ConsentMode
from appliance.dialogue.commands import says
from appliance.dialogue.journal import Journal
from appliance.events import ConsentDecided
from appliance.understanding import Verdict, yes_no

ENOUGH_HEARD = 0.8
"""Share of the question after which a yes is an answer to it."""
MOST_QUESTIONS = 2
"""A question that was drowned or passed over is asked once more, and then left."""


class Stage(StrEnum):
    """How far it has got in this conversation."""

    DUE = "due"
    """The person has to be told or asked."""
    ASKED = "asked"
    """The next words may be the answer."""
    OPEN = "open"
    """Asked in vain: without a yes, nothing is kept."""
    SETTLED = "settled"


class Consent:
    """One decision after another, for one conversation after another."""

    def __init__(self, settings: ConsentConfig, journal: Journal) -> None:
        self._settings = settings
        self._journal = journal
        self.allows = False
        """Whether the conversation may be kept."""
        self.begin()

    def begin(self) -> None:
        """A conversation begins: nothing is decided."""
        self._stage = Stage.SETTLED if self._settings.mode is ConsentMode.NONE else Stage.DUE
        self._questions = 0
        self.allows = False

    def take_over(self, other: Consent) -> None:
        """Go on from another one's state; where another mode holds now, people are told anew."""
        if other._settings.mode is self._settings.mode:
            self._stage, self._questions, self.allows = other._stage, other._questions, other.allows

    @property
    def asks(self) -> bool:
        """Whether it takes a yes."""
        return self._settings.mode is ConsentMode.ASK

    @property
    def wording(self) -> str:
        """What has to be said to the person now; empty when nothing has to be."""
        if self._stage is not Stage.DUE:
            return ""
        return self._settings.question if self.asks else self._settings.notice

    @property
    def awaits_answer(self) -> bool:
        """Whether a yes would be consent."""
        return self._stage is Stage.ASKED

    def told(self, heard: str) -> None:
        """The person has heard so much of what was said with the wording at its head."""
        wording = self.wording
        words = len(wording.split())
        part = " ".join(heard.split()[:words])
        if not wording or not part:
            return
        if not self.asks:
            self._decide("notified", "spoken", wording, part)
            return
        self._questions += 1
        if len(part.split()) >= ENOUGH_HEARD * words:
            self._stage = Stage.ASKED
        else:
            self._pass_over()

    def answer(self, text: str) -> str | None:
        """Take what the person says next; return what to say to that, or None when it is about something else."""
        if self._stage is not Stage.ASKED:
            return None
        match yes_no(text).verdict:
            case Verdict.YES:
                self._decide("given", "voice", self._settings.question, text)
                return self._settings.given_phrase
            case Verdict.NO:
                self._decide("refused", "voice", self._settings.question, text)
                return self._settings.refused_phrase
        self._pass_over()
        return None

    def is_answer(self, text: str) -> bool:
        """Tell whether `answer` would take these words."""
        return self.awaits_answer and yes_no(text).verdict in (Verdict.YES, Verdict.NO)

    def is_withdrawal(self, text: str) -> bool:
        """Tell whether the person wants forgotten what they said."""
        return says(text, self._settings.withdraw_words)

    def withdraw(self, text: str, how: str = "voice") -> None:
        """Keep nothing more; whoever keeps the conversation wipes it."""
        self._decide("withdrawn", how, self._settings.question if self.asks else self._settings.notice, text)

    def touch(self, *, agreed: bool) -> None:
        """Take a decision that was made on a screen or with a button; a no to what is kept already is `withdraw`."""
        if self._settings.mode is not ConsentMode.NONE:
            wording = self._settings.question if self.asks else self._settings.notice
            self._decide("given" if agreed else "refused", "touch", wording, "")

    def ask_again(self) -> None:
        """The answer was not understood, or there was none: what comes next may be the answer to something else."""
        if self._stage is Stage.ASKED:
            self._pass_over()

    def end(self) -> None:
        """The conversation is over: a question that was not answered was not agreed to."""
        if self.asks and self._stage is not Stage.SETTLED:
            self._decide("refused", "silence", self._settings.question, "")

    def _pass_over(self) -> None:
        self._stage = Stage.DUE if self._questions < MOST_QUESTIONS else Stage.OPEN

    def _decide(self, decision: str, how: str, wording: str, heard: str) -> None:
        self._stage = Stage.SETTLED
        self.allows = decision in ("notified", "given")
        self._journal.emit(
            ConsentDecided,
            decision=decision,
            mode=self._settings.mode.value,
            how=how,
            policy_version=self._settings.policy_version,
            wording=wording,
            heard=heard,
        )
