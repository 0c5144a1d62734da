"""Who is listened to: wake words, buttons, and the tones that tell; in virtual time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import numpy as np

from appliance.config.models import AttentionConfig, AttentionMode, Config, SessionConfig, TurnConfig
from appliance.dialogue.earcons import LISTENING_HZ, THINKING_HZ, tone
from appliance.events import Asleep, Awake, BargeIn, SpeechEnded, SpeechStarted, StateChanged, Transcribed
from tests.scenario.stage import Stage, perform

ANSWER = "We open at eight. The pharmacy is next door."
LONG = "We open at eight in the morning, every day of the week. The pharmacy next door opens at nine. Parking is free."


def attending(scene: Callable[[Stage], Awaitable[None]], **settings: object) -> None:
    perform(scene, Config(attention=AttentionConfig.model_validate(settings)))


def by_wake_word(scene: Callable[[Stage], Awaitable[None]]) -> None:
    attending(scene, mode=AttentionMode.WAKE_WORD, listen_for_s=8.0)


def by_button(scene: Callable[[Stage], Awaitable[None]]) -> None:
    attending(scene, mode=AttentionMode.PUSH_TO_TALK)


def test_unattended_speech_is_ignored() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("when do you open … and where do I park")
        await stage.listen(10.0)
        assert [type(event) for event in stage.events] == [StateChanged]
        assert stage.states == ["idle"]
        assert not stage.model.prompts

    by_wake_word(scene)


def test_after_the_wake_word_a_question_is_answered_and_only_that() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("so I told him Computer … when do you open")
        turn = await stage.answered()
        assert turn.user_text == "when do you open"
        assert turn.heard_text == ANSWER
        assert [event.reason for event in stage.of(Awake)] == ["wake_word"]

    by_wake_word(scene)


def test_a_follow_up_needs_no_wake_word() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("Computer … when do you open")
        await stage.answered()
        await stage.listen(5.0)
        stage.say("and where do I park")
        assert (await stage.answered()).user_text == "and where do I park"
        assert len(stage.of(Awake)) == 1

    by_wake_word(scene)


def test_it_falls_asleep_after_a_while_and_can_be_woken_again() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("Computer … when do you open")
        await stage.answered()
        over = stage.clock.now()
        await stage.until(lambda: stage.of(Asleep))
        assert 8.0 <= stage.clock.now() - over < 8.2
        stage.say("where do I park")
        await stage.listen(3.0)
        assert len(stage.of(SpeechStarted)) == 1
        stage.say("Computer … where do I park")
        assert (await stage.answered()).user_text == "where do I park"

    by_wake_word(scene)


def test_woken_for_nothing_it_falls_asleep_without_a_word() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("Computer")
        await stage.listen(9.0)
        assert len(stage.of(Asleep)) == 1
        assert not stage.loudspeaker.sounds

    by_wake_word(scene)


def test_a_long_answer_and_a_long_question_keep_it_awake() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.default = "word " * 60 + "end."
        stage.say("Computer … " + "please " * 40)
        await stage.answered()
        assert not stage.of(Asleep)

    by_wake_word(scene)


def test_the_assistant_can_be_interrupted_without_the_wake_word() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.default = LONG
        stage.say("Computer … when do you open")
        await stage.until(lambda: stage.session.speaking)
        stage.say("no I mean on Sundays")
        assert (await stage.answered()).interrupted

    by_wake_word(scene)


def test_its_name_silences_the_assistant_and_is_no_part_of_the_question() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.default = LONG
        stage.say("Computer … when do you open")
        await stage.until(lambda: stage.session.speaking)
        await stage.listen(1.0)
        said = stage.clock.now()
        stage.say("Computer where do I park")
        assert (await stage.answered()).interrupted
        assert stage.loudspeaker.audible_until - said < 0.4
        assert (await stage.answered()).user_text == "where do I park"

    by_wake_word(scene)


def test_its_name_in_the_middle_of_a_turn_starts_the_turn_anew() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("Computer … when do no Computer … where do I park")
        assert (await stage.answered()).user_text == "where do I park"
        assert len(stage.model.prompts) == 1

    by_wake_word(scene)


def test_called_in_vain_while_awake_it_is_idle_again() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("Computer … hello Computer")
        await stage.until(lambda: stage.of(Asleep))
        assert stage.states == ["idle", "listening", "idle"]
        assert not stage.loudspeaker.sounds

    by_wake_word(scene)


def test_asleep_the_session_ends_without_a_word() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("Computer … when do you open")
        await stage.answered()
        first, said = stage.journal.session_id, len(stage.loudspeaker.sounds)
        over = stage.clock.now()
        await stage.until(lambda: "ended" in stage.states)
        assert 29.0 < stage.clock.now() - over < 31.0
        assert len(stage.loudspeaker.sounds) == said
        assert stage.journal.session_id != first

    by_wake_word(scene)


def test_after_the_goodbye_it_sleeps() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("Computer … when do you open")
        await stage.answered()
        stage.say("goodbye")
        await stage.answered()
        await stage.until(lambda: stage.of(Asleep), 1.0)
        assert stage.states[-1] == "ended"

    by_wake_word(scene)


def test_the_turn_ends_when_the_button_is_released() -> None:
    async def scene(stage: Stage) -> None:
        stage.gate.talk()
        stage.say("do you open on Saturdays … … … … … … and on Sundays")
        await stage.listen(5.3)
        assert not stage.of(SpeechEnded)
        released = stage.clock.now()
        stage.gate.release()
        turn = await stage.answered()
        assert turn.user_text == "do you open on Saturdays and on Sundays"
        ended = stage.of(SpeechEnded)
        assert [event.reason for event in ended] == ["release"]
        assert ended[0].t == released
        assert [event.reason for event in stage.of(Awake)] == ["button"]
        assert len(stage.of(Asleep)) == 1

    by_button(scene)


def test_without_the_button_nothing_is_heard() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("Computer … when do you open")
        await stage.listen(5.0)
        assert not stage.of(SpeechStarted)

    by_button(scene)


def test_what_is_said_after_the_release_does_not_count() -> None:
    async def scene(stage: Stage) -> None:
        stage.gate.talk()
        stage.say("when do you open")
        await stage.listen(1.1)
        stage.gate.release()
        stage.say("he is over there")
        turn = await stage.answered()
        assert turn.user_text == "when do you open"
        assert turn.heard_text == ANSWER

    by_button(scene)


def test_the_button_silences_the_assistant() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.default = LONG
        stage.gate.talk()
        stage.say("when do you open")
        await stage.listen(1.1)
        stage.gate.release()
        await stage.until(lambda: stage.session.speaking)
        await stage.listen(1.0)
        pressed = stage.clock.now()
        stage.gate.talk()
        await stage.listen(1.0)
        assert stage.loudspeaker.audible_until < pressed + 0.01
        assert len(stage.of(BargeIn)) == 1
        stage.model.default = "On Sundays we are closed."
        stage.say("on Sundays I mean")
        await stage.listen(1.1)
        stage.gate.release()
        assert (await stage.answered()).heard_text == "On Sundays we are closed."

    by_button(scene)


def test_a_button_pressed_for_nothing_changes_nothing() -> None:
    async def scene(stage: Stage) -> None:
        for _ in range(3):
            stage.gate.talk()
            stage.gate.talk()
            await stage.listen(1.0)
            stage.gate.release()
            stage.gate.release()
        await stage.listen(1.0)
        assert stage.states == ["idle"]
        assert len(stage.of(Awake)) == len(stage.of(Asleep)) == 3
        assert not stage.loudspeaker.sounds

    by_button(scene)


def test_a_button_pressed_during_the_goodbye_begins_a_new_session() -> None:
    async def scene(stage: Stage) -> None:
        stage.gate.talk()
        stage.say("goodbye")
        await stage.listen(0.5)
        stage.gate.release()
        await stage.until(lambda: stage.session.speaking)
        stage.gate.talk()
        stage.say("when do you open")
        await stage.listen(1.1)
        assert stage.gate.awake
        stage.gate.release()
        assert (await stage.answered()).heard_text == ANSWER
        await stage.listen(1.0)
        assert stage.states[-1] == "idle"

    by_button(scene)


def test_a_stuck_button_is_taken_for_released() -> None:
    async def scene(stage: Stage) -> None:
        stage.gate.talk()
        await stage.listen(118.0)
        stage.say("when do you open … … … … when do you open")
        assert (await stage.answered()).user_text.startswith("when do you open")
        assert not stage.gate.awake

    by_button(scene)


def test_one_key_presses_and_releases() -> None:
    async def scene(stage: Stage) -> None:
        stage.gate.toggle()
        assert stage.gate.awake
        stage.say("when do you open")
        await stage.listen(1.1)
        stage.gate.toggle()
        assert (await stage.answered()).heard_text == ANSWER

    by_button(scene)


def test_buttons_do_nothing_when_it_always_listens() -> None:
    async def scene(stage: Stage) -> None:
        stage.gate.talk()
        stage.say("when do you open")
        stage.gate.release()
        assert (await stage.answered()).heard_text == ANSWER
        stage.gate.talk()
        assert not stage.of(Awake)
        assert [event.reason for event in stage.of(SpeechEnded)] == ["semantic"]

    perform(scene)


def played(stage: Stage, pitches_hz: tuple[float, ...]) -> int:
    sound = tone(pitches_hz, stage.loudspeaker.sample_rate)
    return sum(len(pcm) == len(sound) and np.allclose(pcm, sound) for pcm in stage.loudspeaker.sounds)


def test_a_tone_tells_that_it_listens() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("Computer … … when do you open")
        turn = await stage.answered()
        assert turn.heard_text == ANSWER
        assert (played(stage, LISTENING_HZ), played(stage, THINKING_HZ)) == (1, 0)

    attending(scene, mode=AttentionMode.WAKE_WORD, earcons=True)


def test_a_tone_tells_that_it_is_still_thinking_and_is_not_remembered() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.token_s = 0.6
        stage.say("when do you open")
        turn = await stage.answered()
        assert played(stage, THINKING_HZ) == 1
        assert turn.heard_text == ANSWER
        stage.say("thank you so much")
        await stage.answered()
        assert ANSWER in [message.text for message in stage.model.prompts[-1]]

    attending(scene, earcons=True)


def test_a_quick_answer_needs_no_tone() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("when do you open")
        await stage.answered()
        assert not played(stage, THINKING_HZ)

    attending(scene, earcons=True)


def test_a_noise_is_not_thought_about() -> None:
    async def scene(stage: Stage) -> None:
        stage.transcriber.delay_s = 0.3
        stage.say("#")
        await stage.until(lambda: stage.of(Transcribed))
        await stage.listen(3.0)
        assert not played(stage, THINKING_HZ)

    attending(scene, earcons=True)


def test_tones_are_off_unless_wanted() -> None:
    async def scene(stage: Stage) -> None:
        stage.model.token_s = 0.6
        stage.say("Computer … when do you open")
        await stage.answered()
        assert not played(stage, THINKING_HZ)
        assert not played(stage, LISTENING_HZ)

    by_wake_word(scene)


def test_without_a_phrase_for_it_the_session_ends_at_its_time() -> None:
    async def scene(stage: Stage) -> None:
        stage.say("when do you open")
        await stage.answered()
        over = stage.clock.now()
        await stage.until(lambda: "ended" in stage.states)
        assert 29.0 < stage.clock.now() - over < 31.0

    silent = Config().phrases.model_copy(update={"still_there": "", "goodbye": ""})
    perform(scene, Config(phrases=silent, session=SessionConfig(), turn=TurnConfig()))
