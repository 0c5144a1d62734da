"""The language model: llama.cpp in this process, on a thread of its own."""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from appliance.config.models import LlmConfig
from appliance.engines.kept import Kept
from appliance.engines.llama_context import LlamaContext
from appliance.engines.ports import Message
from appliance.engines.renewal import Renewed, Way
from appliance.engines.worker import CancelToken, EngineThread
from appliance.prompt.template import ChatTemplate

SENTENCE_END = (".", "!", "?", "\n")

WIND_DOWN = 0.7
"""Share of `max_reply_tokens` after which the reply ends with its current sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stable:
    """The head of every prompt, in which there is nothing of a conversation, and where its reading is kept."""

    head: Sequence[Message]
    kept: Kept

    def begins(self, messages: Sequence[Message]) -> bool:
        """Tell whether the messages begin with it."""
        return tuple(messages[: len(self.head)]) == tuple(self.head)


class LlamaLanguageModel:
    """Implements `LanguageModel`. `tokens_read`, `first_token` and speed are visible through the bench."""

    def __init__(self, contexts: Sequence[Way[LlamaContext]], config: LlmConfig, stable: Stable | None = None) -> None:
        """Build the first of the contexts that can be built. Raises EngineError."""
        self._config = config
        self._stable = stable
        self._thread = EngineThread("llm")
        self._reader: _Reader
        self._contexts = Renewed(
            "llm", [replace(way, build=partial(self._built, way.build)) for way in contexts], _free
        )

    def _built(self, build: Callable[[], LlamaContext]) -> LlamaContext:
        """Build a context; the vocabulary of the newest one is used for counting. An older one is never freed."""
        context = build()
        self._reader = _Reader(context)
        return context

    @property
    def context_tokens(self) -> int:
        """The size of the context window."""
        return self._reader.context.context_tokens

    @property
    def fallen(self) -> str:
        """Why it does not compute where it should, in words; empty while it does."""
        return self._contexts.fallen

    @property
    def worker(self) -> EngineThread:
        """The thread it works on, for the watchdog."""
        return self._thread

    def close(self) -> None:
        """End the thread and free the model."""
        self._thread.close()
        self._contexts.close()

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return how many tokens of context the messages take."""
        return len(self._reader.tokens(messages, open_ended=False))

    async def prefill(self, messages: Sequence[Message]) -> None:
        """Read the messages ahead of time; the last one is left open. Cancel the task to stop in the middle."""
        messages = tuple(messages)
        await self._thread.run(lambda cancel: self._read(messages, cancel, open_ended=True))

    async def reply(self, messages: Sequence[Message]) -> AsyncIterator[str]:
        """Stream the assistant's next message as pieces of text; close the iterator to stop it."""
        messages = tuple(messages)
        async with aclosing(self._thread.stream(lambda cancel: self._reply(messages, cancel))) as pieces:
            async for piece in pieces:
                yield piece

    def _read(self, messages: Sequence[Message], cancel: CancelToken, *, open_ended: bool) -> int | None:
        """Read the messages and return how many tokens they are, None when it was stopped half-way."""

        def read(context: LlamaContext) -> int | None:
            tokens = self._reader.tokens(messages, open_ended=open_ended)
            stable = self._stable
            if stable is not None and not context.tokens_read and stable.begins(messages):
                self._read_stable(context, stable, cancel)
            return len(tokens) if context.read(tokens, cancel) else None

        return self._contexts.call(read)

    def _read_stable(self, context: LlamaContext, stable: Stable, cancel: CancelToken) -> None:
        """Read the head of every prompt, which takes seconds, or take it over from an earlier start."""
        tokens = self._reader.tokens(stable.head, open_ended=True)
        if not context.recall(tokens, stable.kept) and context.read(tokens, cancel):
            context.keep(stable.kept)

    def _reply(self, messages: Sequence[Message], cancel: CancelToken) -> Iterator[str]:
        read = self._read(messages, cancel, open_ended=False)
        if read is not None:
            with self._contexts.used() as context:
                yield from self._write(context, read, cancel)

    def _write(self, context: LlamaContext, read: int, cancel: CancelToken) -> Iterator[str]:
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        sampler = context.sampler(self._config.temperature)
        room = min(self._config.max_reply_tokens, context.context_tokens - read - 1)
        try:
            for written in range(1, room + 1):
                token = sampler.next()
                if context.ends_reply(token):
                    return
                text = decoder.decode(context.piece(token))
                if text:
                    yield text
                if text.endswith(SENTENCE_END) and written >= room * WIND_DOWN:
                    return
                if cancel.cancelled or not context.append(token, cancel):
                    return
        finally:
            sampler.close()


class _Reader:
    """Turns messages into the tokens of a model."""

    def __init__(self, context: LlamaContext) -> None:
        self.context = context
        self._template = ChatTemplate(context.chat_template)

    def tokens(self, messages: Sequence[Message], *, open_ended: bool) -> list[int]:
        """Return the tokens of the messages; the last one may be left open."""
        pieces = self._template.render(
            [(message.role.value, message.text) for message in messages], open_ended=open_ended
        )
        return [token for piece in pieces for token in self.context.tokenize(piece.text, special=piece.scaffolding)]


def _free(context: LlamaContext) -> None:
    context.give_up()
