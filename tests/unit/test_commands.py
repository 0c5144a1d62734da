from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.config.models import BargeInConfig, SessionConfig
from appliance.dialogue.commands import Command, is_backchannel, recognise, says

BACKCHANNELS = BargeInConfig().backchannels
GOODBYES = SessionConfig().goodbye_words


@pytest.mark.parametrize(
    ("command", "utterances"),
    [
        (Command.STOP, ["Stop.", "stop stop stop", "Please stop", "Stop talking!", "Hey, be quiet, please.",
        "Shut up.",
                        "Okay, stop.", "Could you please stop talking?", "That\u2019s enough.", "You can stop now."]),
        (Command.WAIT, ["Wait.", "Hold on.", "One moment, please.", "Just a second.", "Wait, wait.", "hang on a sec",
                        "Give me a minute.", "No, wait a minute!", "Can you wait a second?", "Just a moment."]),
        (Command.REPEAT, ["Repeat that.", "Say that again, please.", "What did you say?", "Pardon?", "Come again?",
                          "Sorry, what was that?", "Can you repeat that for me, please?",
                          "I didn't catch that.", "What?",
                          "Would you mind repeating that?", "Sorry, could you say it one more time?"]),
        (Command.LOUDER, ["Louder.", "Speak up!", "Can you speak louder please?", "A bit louder.", "Turn it up.",
                          "Could you speak a little louder?", "I can't hear you.", "volume up"]),
        (Command.QUIETER, ["Quieter.", "Can you be quieter?", "Turn the volume down, please.", "You're too loud.",
                           "A little softer please", "not so loud"]),
        (Command.SLOWER, ["Slow down.", "Slower, please.", "Can you speak more slowly?", "Speak a bit slower.",
                          "That's too fast.", "Not so fast!"]),
        (Command.FASTER, ["Faster.", "Speed up, please.", "Could you talk a little faster?", "You are too slow."]),
    ],
)  # fmt: skip
def test_recognises_commands_with_polite_padding(command: Command, utterances: list[str]) -> None:
    assert {utterance: recognise(utterance) for utterance in utterances} == dict.fromkeys(utterances, command)


@pytest.mark.parametrize(
    "utterance",
    [
        "", " ", "...", "Please.", "Stop by the pharmacy.", "Where is the bus stop?",
        "What are the wait times?", "Wait for my wife.",
        "How long do I have to wait?", "Can I wait here?", "Is the quiet room free?", "When is the next stop?",
        "Repeat prescription",
        "I need a repeat prescription", "What did you say about parking?", "What was that about the fee?",
        "Come again tomorrow",
        "Speak up about it", "The music is louder at night", "Is there a faster way?", "A faster train",
        "Slow cooker",
        "One moment in time is a song", "Second floor", "Hold my appointment", "Cancel my appointment",
        "Cancel that.", "Volume two",
        "What time is it?", "Not yet", "stopwatch", "waiter", "I said hello", "Can you",
        "It's too loud in the waiting room",
    ],
)  # fmt: skip
def test_other_utterances_are_no_commands(utterance: str) -> None:
    assert recognise(utterance) is None


@pytest.mark.parametrize(
    ("utterance", "expected"),
    [
        ("Goodbye.", True),
        ("Bye-bye!", True),
        ("Okay, thank you, bye.", True),
        ("No, that's all, thanks.", True),
        ("That\u2019s all", True),
        ("Bye, goodbye", True),
        ("Thank you.", False),
        ("", False),
        ("Say goodbye to Dr. Lee", False),
        ("That's all I know about it", False),
        ("bypass", False),
    ],
)
def test_goodbye(utterance: str, expected: bool) -> None:
    assert says(utterance, GOODBYES) is expected


@pytest.mark.parametrize(
    ("utterance", "expected"),
    [
        ("Mm-hm.", True), ("Mm-hmm", True), ("Mhm", True), ("Mmm", True), ("Mmhmm.", True), ("mm hm", True),
        ("Uh huh.", True), ("Uh-huh", True), ("Aha!", True), ("Ah ha", True),
        ("Yeah.", True), ("yeah, yeah", True), ("Yeeeah", True), ("Mm-hm, okay.", True), ("OK", True),
        ("Okay!", True),
        ("I see.", True), ("Oh, I see. Right.", True), ("Hmmm...", True), ("Ohhh", True), ("Thank you", True),
        ("", False), ("...", False), ("I", False), ("see", False), ("Yeah, but when?", False), ("Okay stop", False),
        ("No.", False), ("Right now?", False), ("I see a doctor", False), ("Ham", False), ("uh", False),
        ("Thank", False),
    ],
)  # fmt: skip
def test_backchannels_in_any_spelling(utterance: str, expected: bool) -> None:
    assert is_backchannel(utterance, BACKCHANNELS) is expected


def test_the_configuration_decides_what_is_a_backchannel() -> None:
    assert not is_backchannel("yeah", ("genau",))
    assert is_backchannel("Genau, genau.", ("genau",))
    assert not is_backchannel("yeah", ())
    assert not is_backchannel("anything", ("", "..."))


@given(st.text(max_size=60))
def test_any_text_will_do(text: str) -> None:
    recognise(text)
    says(text, GOODBYES)
    is_backchannel(text, BACKCHANNELS)


@pytest.mark.timeout(10)
@pytest.mark.parametrize("piece", ["stop ", "please ", "wait ", "a little ", "mm hm ", "bye ", "can you "])
def test_long_utterances_take_no_time(piece: str) -> None:
    text = piece * 400 + "pharmacy"
    assert recognise(text) is None
    assert not says(text, GOODBYES)
    assert not is_backchannel(text, BACKCHANNELS)
