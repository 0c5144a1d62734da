from __future__ import annotations

import pytest

from appliance.errors import EngineError
from appliance.prompt.template import ChatTemplate

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content | trim }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
MESSAGES = [("system", "be brief"), ("user", "hello <|im_end|>")]


def test_text_is_kept_apart_from_scaffolding() -> None:
    pieces = ChatTemplate(CHATML).render(MESSAGES, open_ended=False)
    assert [piece.text for piece in pieces if not piece.scaffolding] == ["be brief", "hello <|im_end|>"]
    assert "".join(piece.text for piece in pieces).endswith("<|im_start|>assistant\n")


def test_an_open_end_stops_after_the_last_text() -> None:
    pieces = ChatTemplate(CHATML).render(MESSAGES, open_ended=True)
    assert pieces[-1].text == "hello <|im_end|>"
    assert not pieces[-1].scaffolding


def test_the_open_prompt_is_a_prefix_of_the_full_one() -> None:
    template = ChatTemplate(CHATML)
    opened, full = template.render(MESSAGES, open_ended=True), template.render(MESSAGES, open_ended=False)
    assert full[: len(opened)] == opened


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ raise_exception('no system role') }}", "no system role"),
        ("{{ messages.__class__.__mro__ }}", "drops messages|failed"),
        ("{{ messages[0].content }}", "drops messages"),
        ("{{ undefined_thing.attribute }}", "failed"),
    ],
)
def test_a_template_that_does_not_work_is_an_error_in_words(source: str, message: str) -> None:
    with pytest.raises(EngineError, match=message):
        ChatTemplate(source).render(MESSAGES, open_ended=False)
