"""What people are told about what is kept, how they decide, and what becomes of it."""

from __future__ import annotations

import pytest

from appliance.config.consent import ConsentConfig, ConsentMode
from appliance.config.models import Config, PersonaConfig
from appliance.events import ConsentDecided, SessionEnded
from tests.scenario.stage import Stage, perform

NOTICE = Config(consent=ConsentConfig(mode=ConsentMode.NOTICE))
ASK = Config(consent=ConsentConfig(mode=ConsentMode.ASK))
PHRASES = ConsentConfig()


def decisions(stage: Stage) -> list[tuple[str, str, str]]:
    return [(event.decision, event.how, event.heard) for event in stage.of(ConsentDecided)]


async def opened(stage: Stage) -> None:
    """Let the appliance say what it says at its start."""
    await stage.answered()


async def asks(stage: Stage, text: str) -> str:
    stage.say(text)
    turn = await stage.answered()
    assert turn.user_text == text.replace("… ", "")
    return turn.heard_text


def test_a_notice_comes_before_the_greeting_and_settles_it() -> None:
    async def scene(stage: Stage) -> None:
        kept_at_first = stage.session.may_be_kept
        await opened(stage)
        assert decisions(stage) == [("notified", "spoken", PHRASES.notice)]
        assert (kept_at_first, stage.session.may_be_kept) == (False, True)
        assert await asks(stage, "when do you open") == stage.model.default
        assert len(stage.of(ConsentDecided)) == 1

    perform(scene, NOTICE, greet=True)


def test_a_notice_that_is_cut_short_counts_for_what_was_heard() -> None:
    async def scene(stage: Stage) -> None:
        await stage.listen(1.5)
        stage.say("when do you open tomorrow please")
        await stage.until(lambda: stage.of(ConsentDecided))
        ((decision, how, heard),) = decisions(stage)
        assert (decision, how) == ("notified", "spoken")
        assert PHRASES.notice.startswith(heard)
        assert 0 < len(heard) < len(PHRASES.notice)
        receipt = stage.of(ConsentDecided)[0]
        assert (receipt.wording, receipt.policy_version, receipt.mode) == (PHRASES.notice, "1", "notice")

    perform(scene, NOTICE, greet=True)


def test_the_next_person_is_told_after_the_first_answer() -> None:
    async def scene(stage: Stage) -> None:
        await opened(stage)
        await asks(stage, "goodbye")
        assert [event.reason for event in stage.of(SessionEnded)] == ["goodbye"]
        assert not stage.session.may_be_kept
        await asks(stage, "when do you open")
        assert len(stage.of(ConsentDecided)) == 1
        assert (await stage.answered()).heard_text == PHRASES.notice
        first, second = stage.of(ConsentDecided)
        assert first.session_id != second.session_id

    perform(scene, NOTICE, greet=True)


def test_it_waits_with_the_notice_while_the_person_is_asked_something() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.answers["I need an appointment"] = "For which day?"
        await opened(stage)
        await asks(stage, "goodbye")
        await asks(stage, "I need an appointment")
        await stage.listen(3)
        assert len(stage.of(ConsentDecided)) == 1
        await asks(stage, "when do you open")
        await stage.answered()
        assert decisions(stage) == [("notified", "spoken", PHRASES.notice)] * 2

    perform(scene, NOTICE, greet=True)


@pytest.mark.parametrize(
    ("answer", "decision", "said"),
    [("yes please", "given", PHRASES.given_phrase), ("no thank you", "refused", PHRASES.refused_phrase)],
)
def test_the_answer_decides_and_the_greeting_follows(answer: str, decision: str, said: str) -> None:
    async def scene(stage: Stage) -> None:
        await opened(stage)
        assert not stage.of(ConsentDecided)
        assert await asks(stage, answer) == f"{said} {stage.config.persona.greeting}"
        assert decisions(stage) == [(decision, "voice", answer)]
        assert stage.session.may_be_kept is (decision == "given")
        assert await asks(stage, "when do you open") == stage.model.default
        await stage.listen(3)
        assert len(stage.of(ConsentDecided)) == 1

    perform(scene, ASK, greet=True)


def test_who_passes_over_the_question_is_served_and_asked_once_more() -> None:
    async def scene(stage: Stage) -> None:
        await opened(stage)
        assert await asks(stage, "when do you open") == stage.model.default
        assert (await stage.answered()).heard_text == PHRASES.question
        assert await asks(stage, "where are the toilets") == stage.model.default
        await stage.listen(3)
        assert await asks(stage, "yes") == stage.model.default
        assert not stage.of(ConsentDecided)
        await asks(stage, "goodbye")
        assert decisions(stage) == [("refused", "silence", "")]

    perform(scene, ASK, greet=True)


def test_a_yes_with_something_else_to_it_is_no_consent() -> None:
    async def scene(stage: Stage) -> None:
        await opened(stage)
        assert await asks(stage, "yes but only for today") == stage.model.default
        assert not stage.of(ConsentDecided)

    perform(scene, ASK, greet=True)


def test_a_yes_to_something_else_is_no_consent() -> None:
    async def scene(stage: Stage) -> None:
        await opened(stage)
        stage.say("# #")
        assert (await stage.answered()).heard_text == PHRASES.question
        stage.say("# #")
        assert (await stage.answered()).heard_text == stage.config.phrases.not_understood[1]
        assert await asks(stage, "yes") == stage.model.default
        assert not stage.of(ConsentDecided)

    async def silent(stage: Stage) -> None:
        await opened(stage)
        assert (await stage.answered()).heard_text == PHRASES.question
        await stage.until(lambda: stage.of(SessionEnded))
        assert decisions(stage) == [("refused", "silence", "")]

    perform(scene, ASK, greet=True)
    perform(silent, ASK, greet=True)


def test_who_speaks_before_the_question_was_heard_is_asked_later() -> None:
    async def scene(stage: Stage) -> None:
        await stage.listen(0.6)
        stage.say("yes hello when do you open")
        await stage.until(lambda: stage.model.prompts)
        await stage.answered()
        assert not stage.of(ConsentDecided)

    perform(scene, ASK, greet=True)


@pytest.mark.parametrize("config", [NOTICE, ASK, Config()])
def test_forget_what_i_said(config: Config) -> None:
    async def scene(stage: Stage) -> None:
        stage.forgotten = True
        await opened(stage)
        if config is ASK:
            await asks(stage, "yes")
        await asks(stage, "my name is Miller")
        assert await asks(stage, "forget what I said please") == PHRASES.withdrawn_phrase
        assert stage.forgot == [stage.journal.session_id]
        assert decisions(stage)[-1] == ("withdrawn", "voice", "forget what I said please")
        assert not stage.session.may_be_kept
        await asks(stage, "what is my name")
        assert not [message for message in stage.model.prompts[-1] if "Miller" in message.text]

    perform(scene, config, greet=True)


def test_what_could_not_be_deleted_is_not_called_deleted() -> None:
    async def scene(stage: Stage) -> None:
        stage.forgotten = False
        await opened(stage)
        assert await asks(stage, "stop recording") == PHRASES.not_deleted_phrase
        assert not stage.session.may_be_kept

    perform(scene, NOTICE, greet=True)


@pytest.mark.parametrize(("agreed", "decision"), [(True, "given"), (False, "refused")])
def test_a_touch_decides(agreed: bool, decision: str) -> None:
    async def scene(stage: Stage) -> None:
        await opened(stage)
        stage.session.decide_by_touch(agreed=agreed)
        await stage.listen(0.2)
        assert decisions(stage) == [(decision, "touch", "")]
        assert stage.session.may_be_kept is agreed
        assert await asks(stage, "yes") == stage.model.default
        if agreed:
            stage.session.decide_by_touch(agreed=False)
            assert (await stage.answered()).heard_text == PHRASES.withdrawn_phrase
            assert decisions(stage)[-1] == ("withdrawn", "touch", "")

    perform(scene, ASK, greet=True)


def test_without_consent_nothing_is_said_or_decided() -> None:
    async def scene(stage: Stage) -> None:
        await opened(stage)
        await asks(stage, "when do you open")
        await asks(stage, "goodbye")
        assert not stage.of(ConsentDecided)
        assert not stage.session.may_be_kept

    perform(scene, Config(persona=PersonaConfig(greeting="Hello.")), greet=True)
