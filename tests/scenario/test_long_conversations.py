"""Conversations that are longer than the model's context: nothing overflows, and what is talked about is not lost."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from appliance.dialogue.history import FULL_WITH_WORDS, KEPT_TURNS
from appliance.engines.ports import Message, Role
from appliance.events import BargeIn, EngineFailed
from tests.scenario.stage import Stage, perform

TURNS = 60
CONTEXT_TOKENS = 1024
SMALL_CONTEXT_TOKENS = 600
FAST = 2.0
WORDS = 24
REPLY = "it is on the second floor to the right of the lift and open from eight to six " * 3
MONOLOGUE_WORDS = 220
"""Nearly a minute, after which a turn is ended in any case."""


def question(number: int, words: int = WORDS) -> str:
    return " ".join(f"word{number}x{index}" for index in range(words))


def said(prompt: Sequence[Message]) -> str:
    return " ".join(message.text for message in prompt if message.role is not Role.SYSTEM)


def rendered(prompt: Sequence[Message]) -> list[str]:
    """Return what the model reads, word by word; the end of the last message is open."""
    marked = [f"<{message.role}> {message.text}" for message in prompt]
    return " </> ".join(marked).split()


def kept(before: Sequence[Message], after: Sequence[Message]) -> int:
    """Return how many words of the second prompt the KV cache has from the first."""
    pairs = list(zip(rendered(before), rendered(after), strict=False))
    return next((index for index, (a, b) in enumerate(pairs) if a != b), len(pairs))


def started(stage: Stage, context_tokens: int) -> None:
    stage.model.context_tokens = context_tokens
    stage.model.default = REPLY.strip() + "."
    stage.voice.set_speed(FAST)


def check_prompts(stage: Stage, context_tokens: int) -> None:
    """Nothing was too long for the model, and in the end not everything was in the prompt."""
    assert not stage.of(EngineFailed)
    sizes = [stage.model.count_tokens(prompt) for prompt in (*stage.model.prompts, *stage.model.prefills)]
    assert max(sizes) <= context_tokens * FULL_WITH_WORDS
    assert question(0) not in said(stage.model.prompts[-1])


def check_recent(stage: Stage, number: int) -> None:
    last = said(stage.model.prompts[-1])
    recent = range(max(number - KEPT_TURNS, 0), number + 1)
    assert all(question(each) in last for each in recent), f"turn {number} does not know what was just said"


async def talk(stage: Stage, number: int, words: int = WORDS) -> None:
    stage.say(question(number, words))
    await stage.answered()


async def cut_in(stage: Stage, number: int) -> None:
    """Ask, and stop listening in the middle of the answer."""
    count = len(stage.model.prompts)
    stage.say(question(number))
    await stage.until(lambda: len(stage.model.prompts) > count and stage.session.speaking)
    await stage.listen(4.0)


def test_sixty_long_turns_fit_and_are_read_anew_only_when_turns_are_dropped() -> None:
    async def scene(stage: Stage) -> None:
        started(stage, CONTEXT_TOKENS)
        for number in range(TURNS):
            await talk(stage, number)
            check_recent(stage, number)
        check_prompts(stage, CONTEXT_TOKENS)
        head = len(rendered(stage.model.prefills[0][:-1]))
        drops = 0
        for before, after in pairwise(stage.model.prompts):
            if after[1].text == before[1].text:
                assert kept(before, after) == len(rendered(before)), "something before the new words has changed"
            else:
                drops += 1
                assert kept(before, after) >= head, "the head of the prompt has changed"
        assert 0 < drops <= TURNS / 4, "every reading of the rest takes seconds"

    perform(scene)


def test_sixty_answers_that_are_all_interrupted_fit_too() -> None:
    async def scene(stage: Stage) -> None:
        started(stage, SMALL_CONTEXT_TOKENS)
        for number in range(TURNS):
            await cut_in(stage, number)
            check_recent(stage, number)
        assert len(stage.of(BargeIn)) == TURNS - 1
        check_prompts(stage, SMALL_CONTEXT_TOKENS)

    perform(scene)


def test_a_minute_of_talking_after_a_long_conversation_is_answered() -> None:
    async def scene(stage: Stage) -> None:
        started(stage, SMALL_CONTEXT_TOKENS)
        for number in range(6):
            await talk(stage, number)
        before = stage.model.count_tokens(stage.session.turns)
        await talk(stage, 6, MONOLOGUE_WORDS)
        assert before + MONOLOGUE_WORDS + stage.model.count_tokens(stage.model.prefills[0]) > stage.model.context_tokens
        assert not stage.of(EngineFailed)
        assert question(6, MONOLOGUE_WORDS) in said(stage.model.prompts[-1])

    perform(scene)


def test_a_conversation_that_is_continued_fits_from_the_start() -> None:
    turns = [Message(role, question(number)) for number in range(TURNS) for role in (Role.USER, Role.ASSISTANT)]

    async def scene(stage: Stage) -> None:
        started(stage, SMALL_CONTEXT_TOKENS)
        stage.session.restore(turns)
        await stage.session.start(greet=False)
        assert stage.session.turns
        assert stage.session.turns[-1] == turns[-1]

    perform(scene)
