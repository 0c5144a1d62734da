from __future__ import annotations

from collections.abc import Sequence

from appliance.dialogue.history import AFTER_TRIM, FULL, History
from appliance.engines.ports import Message, Role

SYSTEM = Message(Role.SYSTEM, "be brief")


def words(messages: Sequence[Message]) -> int:
    return sum(len(message.text.split()) for message in messages)


def test_the_prompt_is_preamble_history_question() -> None:
    history = History([SYSTEM])
    history.commit("hello", "hi there")
    assert history.asking("bye") == [
        SYSTEM,
        Message(Role.USER, "hello"),
        Message(Role.ASSISTANT, "hi there"),
        Message(Role.USER, "bye"),
    ]


def test_an_answer_that_nobody_heard_was_never_given() -> None:
    history = History([SYSTEM])
    history.commit("when do you", "")
    assert history.asking("open") == [SYSTEM, Message(Role.USER, "when do you open")]


def test_trim_drops_the_oldest_turns_and_leaves_room() -> None:
    history = History([SYSTEM])
    for number in range(20):
        history.commit(f"question {number} of many", f"answer {number} of many")
    assert history.trim(words, 100) > 0
    assert words(history.asking("")) <= 100 * AFTER_TRIM
    assert history.turns[0].role is Role.USER
    assert history.turns[-1].text == "answer 19 of many"


def test_trim_leaves_a_short_conversation_alone() -> None:
    history = History([SYSTEM])
    history.commit("hello", "hi")
    assert history.trim(words, int(6 / FULL)) == 0


def test_a_preamble_that_fills_the_context_does_not_hang() -> None:
    history = History([Message(Role.SYSTEM, "word " * 100)])
    history.commit("hello", "hi")
    history.trim(words, 50)
    assert history.turns == ()
