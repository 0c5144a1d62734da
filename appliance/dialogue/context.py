"""The conversation in the model's context: it always fits, and it is read before an answer is awaited."""

from __future__ import annotations

import asyncio

from appliance.dialogue.history import History
from appliance.dialogue.journal import Journal
from appliance.dialogue.tasks import TaskSet
from appliance.engines.ports import LanguageModel, Message


class Context:
    """Keeps the model's KV cache at the conversation; one reading at a time."""

    def __init__(self, model: LanguageModel, history: History, tasks: TaskSet, journal: Journal) -> None:
        self._model = model
        self._history = history
        self._tasks = tasks
        self._journal = journal
        self._reading: asyncio.Task[None] | None = None
        self._next_words: str | None = None

    async def open(self) -> None:
        """Read what is known before anybody has spoken. Raises EngineError."""
        await self._model.prefill(self.asking(""))

    def asking(self, words: str) -> list[Message]:
        """Return the prompt for a person who says `words`; old turns are dropped that do not fit beside them."""
        self._history.trim(self._model.count_tokens, self._model.context_tokens, words)
        return self._history.asking(words)

    def read(self, words: str) -> None:
        """Let the model read the history, and the person's first `words`.

        A reading under way is not cut short, because nearly all of it will be needed; the latest `words` come next.
        """
        self._next_words = words
        if self._reading is None or self._reading.done():
            self._reading = self._tasks.spawn(self._read(), self._journal.report)

    def leave(self) -> None:
        """Begin no other reading: a reply is written now, and reads the rest itself."""
        self._next_words = None

    def settle(self) -> None:
        """After a reply: make room for the next turn, and read what is left."""
        self._history.trim(self._model.count_tokens, self._model.context_tokens)
        self.read("")

    async def _read(self) -> None:
        while (words := self._next_words) is not None:
            self._next_words = None
            await self._model.prefill(self.asking(words))
