"""Renders messages with the model's own chat template, so that no text can pose as a control token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jinja2 import Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from appliance.errors import EngineError

MARK = "\ue000{}\ue001"
"""Stands for the text of a message while the template is rendered (private-use characters)."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a prompt: scaffolding of the template (control tokens count) or text (they do not)."""

    text: str
    scaffolding: bool


class ChatTemplate:
    """A chat template taken from a model file; it runs in a sandbox, because a model file is foreign input."""

    def __init__(self, source: str) -> None:
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.globals["raise_exception"] = _refuse
        environment.globals["strftime_now"] = lambda _format: ""
        self._environment = environment
        self._template: Template = environment.from_string(source)

    def render(self, messages: Sequence[tuple[str, str]], *, open_ended: bool) -> list[Piece]:
        """Return the prompt for (role, text) messages in pieces.

        With `open_ended` it stops right after the text of the last message, of which more may follow; else it goes on
        to where the assistant begins to write. Raises EngineError when the template does not work.
        """
        marks = [MARK.format(index) for index in range(len(messages))]
        marked = [{"role": role, "content": mark} for (role, _), mark in zip(messages, marks, strict=True)]
        try:
            rest = self._template.render(
                messages=marked, add_generation_prompt=not open_ended, enable_thinking=False, tools=None, bos_token=""
            )
        except TemplateError as error:
            raise EngineError(f"the chat template of the model failed: {error}") from error
        pieces: list[Piece] = []
        for mark, (_, text) in zip(marks, messages, strict=True):
            scaffolding, found, rest = rest.partition(mark)
            if not found:
                raise EngineError("the chat template of the model drops messages", remedy="choose another llm.model")
            pieces += [Piece(scaffolding, scaffolding=True), Piece(text, scaffolding=False)]
        if not open_ended:
            pieces.append(Piece(rest, scaffolding=True))
        return [piece for piece in pieces if piece.text]


def _refuse(message: str) -> None:
    raise TemplateError(message)
