from __future__ import annotations

from collections.abc import Sequence

from appliance.dialogue.history import AFTER_TRIM, FULL, FULL_WITH_WORDS, KEPT_TURNS, History
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


def long_history(turns: int) -> History:
    """Return a conversation of turns of ten words each."""
    history = History([SYSTEM])
    for number in range(turns):
        history.commit(f"question {number} of many more", f"answer {number} of many more")
    return history


def test_the_last_turns_stay_where_they_fit() -> None:
    history = long_history(6)
    history.trim(words, 46)
    assert 46 * AFTER_TRIM < words(history.asking("")) <= 46 * FULL
    assert len(history.turns) == 2 * KEPT_TURNS


def test_the_last_turns_go_rather_than_overflow() -> None:
    history = long_history(6)
    history.trim(words, 20)
    assert 0 < words(history.asking("")) <= 20 * FULL
    assert [message.text for message in history.turns] == ["question 5 of many more", "answer 5 of many more"]


def test_a_long_question_makes_old_turns_go_before_it_is_asked() -> None:
    history = long_history(6)
    assert history.trim(words, 100) == 0
    question = "word " * 40
    assert history.trim(words, 100, question) > 0
    assert words(history.asking(question)) <= 100 * FULL_WITH_WORDS


def test_what_was_not_answered_goes_together_with_what_was_said_after_it() -> None:
    history = History([SYSTEM])
    for number in range(8):
        history.commit(f"well {number} and", "")
        history.commit(f"question {number} of many", f"answer {number} of many")
    history.trim(words, 70)
    assert history.turns[0].text.startswith("well")


def test_nothing_is_counted_while_even_a_token_for_each_byte_would_fit() -> None:
    history = long_history(2)
    counted: list[int] = []

    def counting(messages: Sequence[Message]) -> int:
        counted.append(len(messages))
        return words(messages)

    history.trim(counting, 4096)
    assert len(counted) == 1, "what was never counted is unknown"
    history.commit("another question", "and its answer")
    assert history.trim(counting, 4096, "and one more") == 0
    assert len(counted) == 1
    history.restore([Message(Role.USER, "hello")])
    history.trim(counting, 4096)
    assert len(counted) == 2
