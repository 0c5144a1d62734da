"""Cutting in, backchannels, false alarms and voice commands, in virtual time."""

from __future__ import annotations

import pytest

from appliance.audio.ports import FRAME_S
from appliance.config.models import BargeInConfig, Config, PhrasesConfig, TurnConfig
from appliance.engines.ports import Role
from appliance.events import BargeIn, BargeInRefused, PlayoutEnded, PlayoutStarted, SessionEnded, TurnCommitted
from tests.scenario.stage import Stage, perform

LONG = "We open at eight in the morning, every day of the week. The pharmacy next door opens at nine. Parking is free."

WARM = Config(phrases=PhrasesConfig(goodbye="Goodbye and have a very nice day, it was a pleasure to talk to you."))


async def ask(stage: Stage, text: str = "when do you open") -> None:
    stage.say(text)
    await stage.until(lambda: stage.session.speaking)


def test_the_person_can_cut_in_and_only_what_was_heard_is_remembered() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.default = LONG
        await ask(stage)
        await stage.listen(1.0)
        stage.say("no I mean on Sundays")
        turn = await stage.answered()
        assert turn.interrupted
        assert LONG.startswith(turn.heard_text)
        assert 0 < len(turn.heard_text) < len(LONG)
        stage.model.default = "On Sundays we are closed."
        second = await stage.answered()
        assert second.user_text == "no I mean on Sundays"
        prompt = [m.text for m in stage.model.prompts[-1] if m.role is Role.ASSISTANT]
        assert prompt == [turn.heard_text]

    perform(scene)


def test_an_appliance_that_is_stopped_remembers_what_was_heard_of_its_sentence() -> None:
    async def scene(stage: Stage) -> None:
        stage.session.break_off()
        await stage.clock.sleep(0)
        assert not stage.of(TurnCommitted)
        stage.model.default = LONG
        await ask(stage)
        await stage.listen(1.0)
        stage.session.break_off()
        await stage.clock.sleep(0)
        (turn,) = stage.of(TurnCommitted)
        assert turn.interrupted
        assert 0 < len(turn.heard_text) < len(LONG)
        assert [each.text for each in stage.session.turns if each.role is Role.ASSISTANT] == [turn.heard_text]
        assert not stage.of(BargeIn)

    perform(scene)


def test_an_appliance_that_is_stopped_in_its_goodbye_has_ended_the_conversation() -> None:
    async def scene(stage: Stage) -> None:
        await ask(stage)
        await stage.answered()
        await ask(stage, "goodbye")
        stage.session.break_off()
        await stage.clock.sleep(0)
        assert [ended.reason for ended in stage.of(SessionEnded)] == ["goodbye"]
        assert not stage.session.turns

    perform(scene)


def test_a_question_into_the_goodbye_goes_on_with_the_conversation() -> None:
    async def scene(stage: Stage) -> None:
        await ask(stage)
        await stage.answered()
        session = stage.journal.session_id
        await ask(stage, "goodbye")
        stage.say("wait what about Sundays")
        assert (await stage.answered()).interrupted
        assert (await stage.answered()).user_text == "wait what about Sundays"
        await stage.listen(1.0)
        assert not stage.of(SessionEnded)
        assert stage.journal.session_id == session
        await ask(stage, "and on the day before")
        asked = [message.text.split()[-1] for message in stage.model.prompts[-1] if message.role is Role.USER]
        assert asked == ["open", "Sundays", "before"]
        await stage.answered()
        await ask(stage, "goodbye")
        await stage.answered()
        assert [ended.reason for ended in stage.of(SessionEnded)] == ["goodbye"]

    perform(scene, WARM)


@pytest.mark.parametrize(
    "farewell", ["bye", "thanks", "okay thank you very much bye bye", "thanks a lot", "thank you have a nice day"]
)
def test_who_says_goodbye_into_the_goodbye_has_gone(farewell: str) -> None:
    async def scene(stage: Stage) -> None:
        await ask(stage)
        await stage.answered()
        await ask(stage, "goodbye")
        stage.say(farewell)
        await stage.until(lambda: stage.of(SessionEnded), limit_s=10.0)
        assert [ended.reason for ended in stage.of(SessionEnded)] == ["goodbye"]
        assert not stage.session.turns

    perform(scene, WARM)


def test_the_sound_stops_within_the_time_of_the_policy() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.default = LONG
        await ask(stage)
        await stage.listen(1.0)
        began = stage.clock.now()
        stage.say("no I mean on Sundays")
        await stage.until(lambda: stage.of(BargeIn))
        await stage.listen(1.0)
        assert stage.loudspeaker.audible_until - began < 0.7
        assert stage.of(BargeIn)[0].t - began < 0.5 + 0.1

    perform(scene)


def test_an_interruption_stops_the_model() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.default = "word " * 400
        await ask(stage)
        stage.say("stop it now please Joe")
        await stage.until(lambda: stage.of(BargeIn))
        await stage.listen(1.0)
        said = len(stage.voice.said)
        assert stage.model.stopped >= 1
        await stage.listen(0.5)
        assert len(stage.voice.said) <= said + 2

    perform(scene)


@pytest.mark.parametrize("sound", ["yeah", "mm-hm", "okay", "#"])
def test_backchannels_and_coughs_do_not_stop_it(sound: str) -> None:
    async def scene(stage: Stage) -> None:
        stage.model.default = LONG
        await ask(stage)
        await stage.listen(1.0)
        stage.say(sound)
        turn = await stage.answered()
        assert turn.heard_text == LONG
        assert not turn.interrupted
        assert not stage.of(BargeIn)
        assert stage.of(BargeInRefused)

    perform(scene)


def test_a_false_alarm_resumes_without_losing_or_repeating_a_word() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.default = LONG
        await ask(stage)
        await stage.listen(1.0)
        stage.say("# # #")
        turn = await stage.answered()
        assert stage.of(BargeIn), "a long noise holds the reply"
        assert stage.of(BargeInRefused)
        assert turn.heard_text == LONG
        clauses = [clause for clause in stage.voice.said if clause in LONG]
        assert len(clauses) == len(set(clauses))

    perform(scene)


def test_going_on_before_the_answer_is_heard_makes_one_turn_of_it() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.token_s = 0.3
        stage.say("when do you open")
        await stage.until(lambda: "thinking" in stage.states)
        stage.say("on Sundays I mean")
        await stage.until(lambda: [turn for turn in stage.of(TurnCommitted) if turn.heard_text])
        asked = [message.text for message in stage.model.prompts[-1] if message.role is Role.USER]
        assert len(asked) == 1
        assert "when do you open" in asked[0]
        assert "on Sundays I mean" in asked[0]
        assert not [turn for turn in stage.of(PlayoutEnded) if turn.cut]

    perform(scene)


@pytest.mark.parametrize("frames", range(24))
def test_no_answer_begins_into_a_voice(frames: int) -> None:
    """Whenever the person goes on, the answer has begun before that, or they are let finish."""

    async def scene(stage: Stage) -> None:
        stage.say("when do you open")
        await stage.until(lambda: "thinking" in stage.states)
        await stage.listen(frames * FRAME_S)
        began = stage.clock.now()
        stage.say("on Sundays I mean")
        await stage.listen(FRAME_S)
        begun = stage.session.speaking
        await stage.listen(0.2)
        assert begun or not stage.session.speaking
        await stage.until(
            lambda: [turn for turn in stage.of(TurnCommitted) if turn.heard_text and not turn.interrupted]
        )
        assert len(stage.of(PlayoutEnded)) == 1 + begun
        assert stage.clock.now() > began + 1.0

    perform(scene)


def test_a_click_delays_the_answer_by_no_more_than_itself() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.token_s = 0.3
        stage.say("when do you open")
        await stage.until(lambda: "thinking" in stage.states)
        while not stage.session.speaking:
            stage.say("* …")
            await stage.listen(3 * FRAME_S)
        turn = await stage.answered()
        assert not turn.interrupted
        assert len(stage.of(PlayoutStarted)) == 1

    perform(scene)


def test_a_noise_before_the_answer_is_heard_does_not_lose_it() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.token_s = 0.3
        stage.say("when do you open")
        await stage.until(lambda: "thinking" in stage.states)
        stage.say("#")
        turn = await stage.answered()
        assert turn.heard_text == "We open at eight. The pharmacy is next door."

    perform(scene)


def test_stop_is_obeyed_without_the_model() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.default = LONG
        await ask(stage)
        await stage.listen(0.5)
        stage.say("stop")
        turn = await stage.answered()
        assert turn.interrupted
        await stage.listen(3.0)
        assert len(stage.model.prompts) == 1
        assert not stage.session.speaking

    perform(scene)


def test_repeat_louder_and_slower_work_without_the_model() -> None:
    async def scene(stage: Stage) -> None:
        await ask(stage)
        first = await stage.answered()
        for command in ("say that again", "speak louder please", "speak slower please"):
            stage.say(command)
            assert (await stage.answered()).heard_text == first.heard_text
        assert stage.loudspeaker.gain_db > 0
        assert stage.voice.speed < 1
        assert len(stage.model.prompts) == 1

    perform(scene)


def test_nothing_to_repeat_is_said() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("say that again")
        assert (await stage.answered()).heard_text == stage.config.phrases.nothing_to_repeat

    perform(scene)


def test_barge_in_can_be_turned_off() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.default = LONG
        await ask(stage)
        stage.say("# # #")
        turn = await stage.answered()
        assert turn.heard_text == LONG
        assert not stage.of(BargeIn)

    perform(scene, Config(turn=TurnConfig(barge_in=BargeInConfig(enabled=False))))


def test_a_cough_makes_a_short_gap_and_nothing_is_lost() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.default = LONG
        await ask(stage)
        await stage.listen(1.0)
        stage.say("#")
        await stage.until(lambda: stage.loudspeaker.held)
        began = stage.clock.now()
        await stage.until(lambda: not stage.loudspeaker.held)
        assert stage.clock.now() - began < 0.5
        turn = await stage.answered()
        assert turn.heard_text == LONG
        assert not turn.interrupted
        assert not stage.of(BargeIn)

    perform(scene)


@pytest.mark.parametrize("slow_s", [0.5, 1.0, 2.0])
def test_with_a_slow_recogniser_the_reply_still_falls_silent_in_time(slow_s: float) -> None:
    """On a busy machine the words come late: who cuts in is heard by their sound, and nobody is talked over."""

    async def scene(stage: Stage) -> None:
        stage.model.default = LONG
        await ask(stage)
        await stage.listen(1.0)
        stage.transcriber.delay_s = 2 * slow_s
        began = stage.clock.now()
        stage.say("no I mean on Sundays in the morning")
        await stage.listen(0.6)
        assert stage.loudspeaker.audible_until - began < 0.5
        assert (await stage.answered()).interrupted
        second = await stage.answered()
        assert second.user_text == "no I mean on Sundays in the morning"

    perform(scene)


@pytest.mark.parametrize("slow_s", [0.5, 1.0])
def test_with_a_slow_recogniser_a_backchannel_makes_a_gap_and_no_more(slow_s: float) -> None:
    async def scene(stage: Stage) -> None:
        stage.model.default = LONG
        await ask(stage)
        await stage.listen(1.0)
        stage.transcriber.delay_s = 2 * slow_s
        stage.say("mm-hm")
        turn = await stage.answered()
        assert turn.heard_text == LONG
        assert not turn.interrupted

    perform(scene)
