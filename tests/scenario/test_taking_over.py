"""A conversation that is configured anew between two turns: another session goes on where the first one was."""

from __future__ import annotations

from appliance.config.consent import ConsentConfig, ConsentMode
from appliance.config.models import Config
from appliance.dialogue.gate import Gate
from appliance.dialogue.phrases import PhraseBook, fixed_phrases
from appliance.dialogue.session import Engines, Session
from appliance.engines.ports import Role
from appliance.events import ConsentDecided
from tests.scenario.stage import Stage, perform

ASKING = Config(consent=ConsentConfig(mode=ConsentMode.ASK))


async def successor(stage: Stage) -> Session:
    """Return another session of the same appliance, which has taken over."""
    phrases = PhraseBook()
    await phrases.prepare(stage.voice, fixed_phrases(stage.config))
    engines = Engines(
        transcriber=stage.transcriber, turn_detector=stage.turn_detector, model=stage.model, voice=stage.voice
    )
    session = Session(stage.config, engines, stage.loudspeaker, stage.clock, stage.journal, phrases, stage.responder)
    session.take_over(stage.session)
    return session


async def replace_session(stage: Stage) -> None:
    """Let the successor have all that comes from now on."""
    await stage.until(lambda: stage.session.idle)
    session, old = await successor(stage), stage.session
    await old.close()
    stage.session = session
    stage.gate = Gate(stage.config.attention, session, stage.journal, None, None)


def test_what_was_said_is_known() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("when do you open")
        await stage.answered()
        await replace_session(stage)
        await stage.listen(0.5)
        assert [message.text for message in stage.model.prefills[-1]][-2].startswith("We open at eight")
        stage.say("and on Sundays")
        assert (await stage.answered()).heard_text
        asked = [message.text for message in stage.model.prompts[-1] if message.role is Role.USER]
        assert [text.rpartition("] ")[2] for text in asked] == ["when do you open", "and on Sundays"]

    perform(scene)


def test_who_was_not_understood_is_asked_the_next_time_otherwise() -> None:
    async def scene(stage: Stage) -> None:
        first, second, *_ = stage.config.phrases.not_understood
        stage.say("# #")
        assert (await stage.answered()).heard_text == first
        await replace_session(stage)
        stage.say("# #")
        assert (await stage.answered()).heard_text == second

    perform(scene)


def test_a_yes_answers_the_question_that_was_asked_before_and_the_greeting_comes_then() -> None:
    async def scene(stage: Stage) -> None:
        assert (await stage.answered()).heard_text == stage.config.consent.question
        await replace_session(stage)
        stage.say("yes")
        said = (await stage.answered()).heard_text
        assert said == f"{stage.config.consent.given_phrase} {stage.config.persona.greeting}"
        assert [event.decision for event in stage.of(ConsentDecided)] == ["given"]
        assert stage.session.may_be_kept

    perform(scene, ASKING, greet=True)
