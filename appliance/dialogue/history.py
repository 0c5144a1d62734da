"""What the model is told: the persona, what was said, and what was really heard."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence

from appliance.engines.ports import Message, Role

FULL = 0.75
"""Share of the context that the prompt may take after a reply before old turns are dropped."""

FULL_WITH_WORDS = 0.85
"""The same together with what the person says now; the rest is for passages and for the reply."""

AFTER_TRIM = 0.5
"""Share it is brought down to; well below FULL, because every trim makes the model read the rest again."""

KEPT_TURNS = 3
"""The last turns, which are dropped only where they do not fit at all: what people refer to is in them."""

SCAFFOLDING_TOKENS = 16
"""More than any chat template puts around a message."""


class History:
    """The messages of one session.

    Nothing that changes stands at the head, so that the model's KV cache stays good from turn to turn.
    """

    def __init__(self, preamble: Sequence[Message]) -> None:
        self._preamble = tuple(preamble)
        self._turns: list[Message] = []
        self._tokens_at_most = math.inf
        """As last counted, and a token for each byte since: no tokeniser makes more of them."""

    def asking(self, user_text: str) -> list[Message]:
        """Return the prompt for a person who says `user_text` now."""
        return self._prompt(self._turns, user_text)

    def commit(self, user_text: str, heard_text: str) -> None:
        """Remember a turn; an answer of which nothing was heard was never given."""
        for role, text in ((Role.USER, user_text), (Role.ASSISTANT, heard_text)):
            if text:
                self._turns.append(Message(role, text))
                self._tokens_at_most += _most_tokens(text)

    def trim(self, count_tokens: Callable[[Sequence[Message]], int], context_tokens: int, user_text: str = "") -> int:
        """Drop the oldest turns when the prompt has grown too long for the context; return how many messages went.

        With `user_text` for a person who says that now. Only what may be too long is counted, which takes
        milliseconds.
        """
        limit = context_tokens * (FULL_WITH_WORDS if user_text else FULL)
        if self._tokens_at_most + _most_tokens(user_text) <= limit:
            return 0

        def tokens(cut: int) -> int:
            return count_tokens(self._prompt(self._turns[cut:], user_text))

        self._tokens_at_most = tokens(0)
        if self._tokens_at_most <= limit:
            return 0
        cut = self._cut(tokens, context_tokens * AFTER_TRIM, limit)
        del self._turns[:cut]
        self._tokens_at_most = tokens(0)
        return cut

    def _cut(self, tokens: Callable[[int], int], wanted: float, limit: float) -> int:
        """Return how many messages have to go so that `wanted` tokens stay, or `limit` where it is for the last turns.

        `tokens` tells how many the prompt has without the first so many messages.
        """
        cuts = [*self._beginnings()[1:], len(self._turns)]

        def first_within(room: float) -> int:
            index = bisect_left(cuts, -room, key=lambda cut: -tokens(cut))
            return cuts[min(index, len(cuts) - 1)]

        spared = cuts[-1 - KEPT_TURNS] if len(cuts) > KEPT_TURNS else 0
        cut = min(first_within(wanted), spared)
        return cut if tokens(cut) <= limit else first_within(limit)

    def _beginnings(self) -> list[int]:
        """Return where each turn begins: with the person's words after an answer, or with the first message."""
        roles = [message.role for message in self._turns]
        return [i for i, role in enumerate(roles) if not i or (role is Role.USER and roles[i - 1] is not Role.USER)]

    def _prompt(self, turns: Sequence[Message], user_text: str) -> list[Message]:
        return [*self._preamble, *_merged([*turns, Message(Role.USER, user_text)])]

    def restore(self, turns: Sequence[Message]) -> None:
        """Remember what was said before."""
        self._turns = list(turns)
        self._tokens_at_most = math.inf

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


def _most_tokens(text: str) -> int:
    return len(text.encode()) + SCAFFOLDING_TOKENS
