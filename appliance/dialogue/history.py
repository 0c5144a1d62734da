"""What the model is told: the persona, what was said, and what was really heard."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from appliance.engines.ports import Message, Role

FULL = 0.75
"""Share of the context that the prompt may take before old turns are dropped."""

AFTER_TRIM = 0.5
"""Share it is brought down to; well below FULL, because every trim makes the model read the rest again."""


class History:
    """The messages of one session.

    Nothing that changes stands at the head, so that the model's KV cache stays good from turn to turn.
    """

    def __init__(self, preamble: Sequence[Message]) -> None:
        self._preamble = tuple(preamble)
        self._turns: list[Message] = []

    def asking(self, user_text: str) -> list[Message]:
        """Return the prompt for a person who says `user_text` now."""
        return [*self._preamble, *_merged([*self._turns, Message(Role.USER, user_text)])]

    def commit(self, user_text: str, heard_text: str) -> None:
        """Remember a turn; an answer of which nothing was heard was never given."""
        if user_text:
            self._turns.append(Message(Role.USER, user_text))
        if heard_text:
            self._turns.append(Message(Role.ASSISTANT, heard_text))

    def trim(self, count_tokens: Callable[[Sequence[Message]], int], context_tokens: int) -> int:
        """Drop the oldest turns when the prompt has grown too long for the context; return how many messages went."""
        if count_tokens(self.asking("")) <= context_tokens * FULL:
            return 0
        before = len(self._turns)
        while self._turns and count_tokens(self.asking("")) > context_tokens * AFTER_TRIM:
            del self._turns[0]
            while self._turns and self._turns[0].role is not Role.USER:
                del self._turns[0]
        return before - len(self._turns)

    def restore(self, turns: Sequence[Message]) -> None:
        """Remember what was said before."""
        self._turns = list(turns)

    def clear(self) -> None:
        """Forget the person."""
        self._turns.clear()

    @property
    def turns(self) -> Sequence[Message]:
        """What was said so far, oldest first."""
        return tuple(self._turns)


def _merged(messages: Sequence[Message]) -> list[Message]:
    """Join neighbours of the same role: the person went on after an answer that nobody heard."""
    merged: list[Message] = []
    for message in messages:
        if merged and merged[-1].role is message.role:
            merged[-1] = Message(message.role, f"{merged[-1].text} {message.text}".strip())
        else:
            merged.append(message)
    return merged
