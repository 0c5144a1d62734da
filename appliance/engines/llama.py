"""The language model: llama.cpp in this process, on a thread of its own."""

from __future__ import annotations

import codecs
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from pathlib import Path

from appliance.config.models import LlmConfig
from appliance.engines.llama_context import LlamaContext
from appliance.engines.ports import Message
from appliance.engines.worker import CancelToken, EngineThread
from appliance.prompt.template import ChatTemplate

SENTENCE_END = (".", "!", "?", "\n")

WIND_DOWN = 0.7
"""Share of `max_reply_tokens` after which the reply ends with its current sentence."""


class LlamaLanguageModel:
    """Implements `LanguageModel`. `tokens_read`, `first_token` and speed are visible through the bench."""

    def __init__(
        self, path: Path, config: LlmConfig, *, decode_threads: int, prefill_threads: int, gpu_layers: int = 0
    ) -> None:
        self._config = config
        self._context = LlamaContext(
            path,
            context_tokens=config.context_tokens,
            decode_threads=decode_threads,
            prefill_threads=prefill_threads,
            gpu_layers=gpu_layers,
        )
        self._template = ChatTemplate(self._context.chat_template)
        self._thread = EngineThread("llm")

    @property
    def context_tokens(self) -> int:
        """The size of the context window."""
        return self._context.context_tokens

    @property
    def worker(self) -> EngineThread:
        """The thread it works on, for the watchdog."""
        return self._thread

    def close(self) -> None:
        """End the thread and free the model."""
        self._thread.close()
        self._context.close()

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Return how many tokens of context the messages take."""
        return len(self._tokens(messages, open_ended=False))

    async def prefill(self, messages: Sequence[Message]) -> None:
        """Read the messages ahead of time; the last one is left open. Cancel the task to stop in the middle."""
        tokens = self._tokens(messages, open_ended=True)
        await self._thread.run(lambda cancel: self._context.read(tokens, cancel))

    async def reply(self, messages: Sequence[Message]) -> AsyncIterator[str]:
        """Stream the assistant's next message as pieces of text; close the iterator to stop it."""
        tokens = self._tokens(messages, open_ended=False)
        async with aclosing(self._thread.stream(lambda cancel: self._write(tokens, cancel))) as pieces:
            async for piece in pieces:
                yield piece

    def _tokens(self, messages: Sequence[Message], *, open_ended: bool) -> list[int]:
        pieces = self._template.render(
            [(message.role.value, message.text) for message in messages], open_ended=open_ended
        )
        return [token for piece in pieces for token in self._context.tokenize(piece.text, special=piece.scaffolding)]

    def _write(self, tokens: list[int], cancel: CancelToken) -> Iterator[str]:
        if not self._context.read(tokens, cancel):
            return
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        sampler = self._context.sampler(self._config.temperature)
        room = min(self._config.max_reply_tokens, self._context.context_tokens - len(tokens) - 1)
        try:
            for written in range(1, room + 1):
                token = sampler.next()
                if self._context.ends_reply(token):
                    return
                text = decoder.decode(self._context.piece(token))
                if text:
                    yield text
                if text.endswith(SENTENCE_END) and written >= room * WIND_DOWN:
                    return
                if cancel.cancelled or not self._context.append(token, cancel):
                    return
        finally:
            sampler.close()
