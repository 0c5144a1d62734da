"""Whole conversations in virtual time: asking, answering, being remembered, ending."""

from __future__ import annotations

from appliance.config.models import Config, LlmConfig, SessionConfig, TurnConfig, TurnMode
from appliance.engines.ports import Role
from appliance.events import (
    EngineFailed,
    PartialTranscript,
    SpeechEnded,
    Transcribed,
    TurnDropped,
    TurnStarted,
)
from tests.scenario.stage import Stage, perform


def test_a_question_is_answered() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("when do you open")
        turn = await stage.answered()
        assert turn.user_text == "when do you open"
        assert turn.heard_text == "We open at eight. The pharmacy is next door."
        assert not turn.interrupted
        assert turn.turn_id == 1
        assert stage.states == ["idle", "listening", "thinking", "speaking", "idle"]

    perform(scene)


def test_the_reply_is_prepared_during_the_first_silence() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("when do you open")
        await stage.answered()
        started, ended = stage.of(TurnStarted)[0], stage.of(SpeechEnded)[0]
        assert started.speculative
        assert started.t < ended.t

    perform(scene)


def test_words_are_read_ahead_while_the_person_speaks() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("I would like to know when you open on Saturdays please")
        await stage.answered()
        assert stage.of(PartialTranscript)
        stable = [messages[-1].text.rpartition("] ")[2] for messages in stage.model.prefills]
        assert any(stable)
        assert all("I would like to know when you open on Saturdays please".startswith(text) for text in stable)

    perform(scene)


def test_a_person_who_goes_on_after_a_pause_is_not_answered_twice() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("do you open on Saturdays and … on Sundays")
        turn = await stage.answered()
        assert turn.user_text == "do you open on Saturdays and on Sundays"
        assert len(stage.of(TurnDropped)) == 1
        assert stage.voice.said.count("We open at eight.") <= 2

    perform(scene)


def test_nothing_of_a_dropped_reply_is_remembered() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("do you open on Saturdays and … on Sundays")
        await stage.answered()
        stage.say("thank you so much")
        await stage.answered()
        texts = [message.text for message in stage.model.prompts[-1] if message.role is not Role.SYSTEM]
        assert texts == [
            "[Monday, March 2, 2026, 10:05 AM] do you open on Saturdays and on Sundays",
            "We open at eight. The pharmacy is next door.",
            "[Monday, March 2, 2026, 10:05 AM] thank you so much",
        ]

    perform(scene)


def test_without_speculation_the_reply_begins_after_the_end() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("when do you open")
        await stage.answered()
        assert stage.of(TurnStarted)[0].t >= stage.of(SpeechEnded)[0].t

    perform(scene, Config(turn=TurnConfig(speculation=False, mode=TurnMode.VAD)))


def test_what_is_not_understood_is_asked_again_and_then_a_human_is_offered() -> None:
    async def scene(stage: Stage) -> None:
        phrases = stage.config.phrases
        for expected in (*phrases.not_understood, phrases.offer_human):
            stage.say("# #")
            turn = await stage.answered()
            assert turn.heard_text == expected
        stage.say("# #")
        await stage.until(lambda: len(stage.of(Transcribed)) == 4)
        await stage.listen(5.0)
        assert len(stage.voice.said) == len(set(stage.voice.said)), "it went on to ask"
        stage.say("when do you open")
        assert (await stage.answered()).user_text == "when do you open"
        assert not [message for message in stage.model.prompts[-1] if "catch" in message.text]

    perform(scene)


def test_a_failing_model_is_admitted_and_the_next_turn_works() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.fail_next = True
        stage.say("when do you open")
        turn = await stage.answered()
        assert turn.heard_text == stage.config.phrases.engine_error
        assert stage.of(EngineFailed)[0].code == "engine"
        assert stage.of(EngineFailed)[0].detail == "out of memory"
        stage.say("when do you open")
        assert (await stage.answered()).heard_text == "We open at eight. The pharmacy is next door."

    perform(scene)


def test_a_failing_recogniser_is_admitted_and_the_next_turn_works() -> None:
    async def scene(stage: Stage) -> None:
        stage.transcriber.failing = True
        stage.say("hello there Joe")
        turn = await stage.answered()
        assert turn.heard_text == stage.config.phrases.engine_error
        stage.transcriber.failing = False
        stage.say("when do you open")
        assert (await stage.answered()).heard_text == "We open at eight. The pharmacy is next door."

    perform(scene)


def test_silence_is_asked_about_once_and_then_ends_the_session() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("when do you open")
        await stage.answered()
        first_session = stage.journal.session_id
        assert (await stage.answered()).heard_text == stage.config.phrases.still_there
        assert (await stage.answered()).heard_text == stage.config.phrases.goodbye
        await stage.listen(0.5)
        assert stage.states[-1] == "ended"
        assert stage.journal.session_id != first_session
        count = len(stage.events)
        await stage.listen(120.0)
        assert len(stage.events) == count, "it spoke to an empty room"
        stage.say("hello again")
        await stage.answered()
        texts = [message.text for message in stage.model.prompts[-1] if message.role is not Role.SYSTEM]
        assert texts == ["[Monday, March 2, 2026, 10:05 AM] hello again"], "a new session remembers the old one"

    perform(scene)


def test_goodbye_ends_the_session_without_the_model() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("when do you open")
        await stage.answered()
        stage.say("goodbye")
        assert (await stage.answered()).heard_text == "Goodbye."
        await stage.listen(0.5)
        assert stage.states[-1] == "ended"
        assert len(stage.model.prompts) == 1

    perform(scene)


def test_ten_minutes_of_silence_leave_the_appliance_alone() -> None:
    async def scene(stage: Stage) -> None:
        await stage.listen(600.0)
        assert [type(event).__name__ for event in stage.events] == ["StateChanged"]

    perform(scene)


def test_ten_minutes_of_music_do_not_make_it_talk_for_ever() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("# " * 1200)
        await stage.listen(640.0)
        assert len(stage.model.prompts) == 0
        phrases = {*stage.config.phrases.not_understood, stage.config.phrases.offer_human}
        said = [turn.heard_text for turn in stage.events if hasattr(turn, "heard_text")]
        assert len(said) <= len(phrases)

    perform(scene)


def test_a_long_conversation_stays_within_the_context() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.context_tokens = 512
        stage.model.default = "word " * 40 + "end."
        for number in range(30):
            stage.say(f"question number {number} please")
            await stage.answered()
        sizes = [stage.model.count_tokens(prompt) for prompt in stage.model.prompts]
        assert max(sizes) < 512
        assert "question number 29 please" in stage.model.prompts[-1][-1].text
        assert len(stage.model.prompts[-1]) > 3, "everything was forgotten"

    perform(scene, Config(llm=LlmConfig(context_tokens=512), session=SessionConfig()))
