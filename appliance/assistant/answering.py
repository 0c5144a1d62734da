"""Answers by the language model, each clause checked before it is spoken: no claim without a source, no act at all."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from appliance.assistant import wording
from appliance.assistant.claims import claims_an_act
from appliance.config.models import Config
from appliance.dialogue.clauses import ClauseSplitter
from appliance.dialogue.history import FULL_WITH_WORDS
from appliance.engines.ports import LanguageModel, Message
from appliance.knowledge.claims import Evidence
from appliance.knowledge.index import Hit
from appliance.knowledge.reload import SiteKnowledge

REPLY_SHARE = (1 - FULL_WITH_WORDS) / 2
"""Share of the context that passages leave to a reply, however long replies may be: the other half is theirs."""

_ASKS = re.compile(
    r"\?\s*$|^(?:\W*(?:so|and|but|um+|uh+|okay|hello|hi|sorry|please)\W+)*"
    r"(?:what|when|where|who|which|why|how|is|are|does|tell me|explain|give me)\b",
    re.IGNORECASE,
)
_ABOUT_US = re.compile(r"\b(?:you|your|yours|i|my|me|we|here|this|today|now|time|day|date|it|that)\b", re.IGNORECASE)


class Answerer:
    """Lets the model talk within what is known."""

    def __init__(self, config: Config, model: LanguageModel, knowledge: SiteKnowledge) -> None:
        self._config = config
        self._model = model
        self._knowledge = knowledge
        self._fixed = [
            config.persona.name,
            config.site.name,
            config.persona.greeting,
            config.persona.instructions,
            *config.site.facts,
            *(example.assistant for example in config.persona.examples),
        ]

    def sources(self, text: str, messages: Sequence[Message]) -> list[Hit]:
        """Return the passages that are about what the person said, the best first; what has no room is left out."""
        found = self._knowledge.index.search(text, self._config.knowledge.passages)
        fitting = list(found)
        for hit in reversed(found):
            if self._fits(self._with_passages(messages, fitting)[0]):
                break
            if self._is_new(hit):
                fitting.remove(hit)
        return fitting

    async def answer(
        self, text: str, messages: Sequence[Message], hits: Sequence[Hit], on_first: Callable[[], None]
    ) -> AsyncGenerator[str]:
        """Write the answer, clause by clause; `on_first` is called when the model has written its first token."""
        if self._unknown(text, hits):
            yield self._config.knowledge.decline
            return
        prompt, passages = self._with_passages(messages, hits)
        evidence = Evidence([*self._fixed, *passages, *(message.text for message in messages[-9:])])
        async with aclosing(self._clauses(prompt, on_first)) as clauses:
            async for clause in clauses:
                if instead := self._instead(clause, evidence):
                    yield instead
                    return
                yield f"{clause} "

    def _unknown(self, text: str, hits: Sequence[Hit]) -> bool:
        """Tell whether it is a question about something of which nothing here speaks."""
        return not hits and bool(_ASKS.search(text)) and not _ABOUT_US.search(text)

    def _with_passages(self, messages: Sequence[Message], hits: Sequence[Hit]) -> tuple[list[Message], list[str]]:
        """Put passages that are not in the prompt already before the person's words."""
        passages = [hit.passage.text for hit in hits if self._is_new(hit)]
        *before, last = messages
        if not passages:
            return list(messages), []
        facts = " ".join(passages)
        return [*before, Message(last.role, f"Facts: {facts}\n{last.text}")], passages

    def _is_new(self, hit: Hit) -> bool:
        return hit.passage.text not in self._config.site.facts

    def _fits(self, prompt: Sequence[Message]) -> bool:
        """Tell whether a prompt leaves room for a reply."""
        size = self._model.context_tokens
        reply = min(self._config.llm.max_reply_tokens, round(size * REPLY_SHARE))
        return self._model.count_tokens(prompt) <= size - reply

    async def _clauses(self, messages: Sequence[Message], on_first: Callable[[], None]) -> AsyncGenerator[str]:
        splitter = ClauseSplitter()
        begun = False
        async with aclosing(self._model.reply(messages)) as deltas:  # type: ignore[type-var]
            async for delta in deltas:
                if not begun:
                    on_first()
                begun = True
                for clause in splitter.push(delta):
                    yield clause
        for clause in splitter.finish():
            yield clause

    def _instead(self, clause: str, evidence: Evidence) -> str | None:
        """Return what is said instead of a clause that may not be said."""
        if claims_an_act(clause):
            return wording.NOT_ALLOWED_YET
        if self._config.knowledge.check_claims and evidence.unsupported(clause):
            return self._config.knowledge.decline
        return None
