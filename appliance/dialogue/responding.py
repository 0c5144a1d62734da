"""Who finds the answer: what the conversation knows of it, and an answerer that only talks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from appliance.engines.ports import LanguageModel, Message


class Response(Protocol):
    """The answer to one turn of the person. It may be prepared before the turn is over, and be dropped."""

    def pieces(self) -> AsyncIterator[str]:
        """Write the answer piece by piece; close the iterator to stop. Nothing is changed before `commit`."""

    def commit(self) -> None:
        """The turn is over and this is the answer to it: from now on it may act."""

    def ended(self, heard: str, *, interrupted: bool) -> None:
        """It is over; `heard` is what the person heard of it."""


class Responder(Protocol):
    """Finds answers."""

    @property
    def awaits_answer(self) -> bool:
        """Whether "yes" and "okay" are answers now, and no mere signs of listening."""

    def respond(self, text: str, messages: Sequence[Message]) -> Response:
        """Begin the answer to what the person said; `messages` is the prompt for the language model."""

    async def end_session(self) -> None:
        """Forget the person."""


class TalkingResponse:
    """What the language model says, as it is."""

    def __init__(self, model: LanguageModel, messages: Sequence[Message]) -> None:
        self._model = model
        self._messages = messages

    def pieces(self) -> AsyncIterator[str]:
        """Stream the model's reply."""
        return self._model.reply(self._messages)

    def commit(self) -> None:
        """Do nothing: talking changes nothing."""

    def ended(self, heard: str, *, interrupted: bool) -> None:
        """Do nothing."""


class TalkingResponder:
    """Answers with the language model alone."""

    awaits_answer = False

    def __init__(self, model: LanguageModel) -> None:
        self._model = model

    def respond(self, text: str, messages: Sequence[Message]) -> Response:  # noqa: ARG002 - it is in the messages
        """Let the model answer."""
        return TalkingResponse(self._model, messages)

    async def end_session(self) -> None:
        """Do nothing: it remembers nothing."""
