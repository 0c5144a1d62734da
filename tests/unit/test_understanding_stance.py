"""Whether words wish for something, or only speak of it."""

from __future__ import annotations

import pytest

from appliance.understanding import Stance, stance, without_refusals


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Book me an X-ray.", Stance.OPEN),
        ("I was told to come back, can we arrange that?", Stance.OPEN),
        ("I ordered glasses here, are they done?", Stance.OPEN),
        ("Something came up and I have to call off Thursday.", Stance.OPEN),
        ("I booked an X-ray yesterday.", Stance.DONE),
        ("My neighbour booked one last week.", Stance.DONE_BY_OTHERS),
        ("I picked it up this morning, thanks.", Stance.PAST),
        ("I've already got one.", Stance.PAST),
        ("She told me to book an X-ray.", Stance.REPORTED),
        ("If I wanted to book one, how would I do that?", Stance.IMAGINED),
        ("I don't need an appointment.", Stance.REFUSED),
        ("Please don't book anything.", Stance.DENIED),
        ("Are you able to book appointments?", Stance.GENERAL),
        ("They complained about it and booked one.", Stance.PAST),
        ("You used to have those for free, didn't you.", Stance.PAST),
        ("How many of these can I give my four year old", Stance.ADVICE),
        ("Why do people need this in winter?", Stance.ADVICE),
        ("Is it safe for children?", Stance.ADVICE),
        ("This one or that one, which is better for the skin?", Stance.ADVICE),
        ("My husband said to me, book one, and I said no way.", Stance.REPORTED),
        ("On the news they said that everybody books one.", Stance.REPORTED),
        ("She said you can help, could you book one?", Stance.OPEN),
        ("I did book one last week.", Stance.PAST),
        ("I made a booking last week.", Stance.DONE),
        ("How many of these do you have?", Stance.OPEN),
        ("Why is my order not ready?", Stance.OPEN),
        ("", Stance.OPEN),
    ],
)
def test_how_people_speak_of_a_thing(text: str, expected: Stance) -> None:
    assert stance(text, ["book"]) is expected


def test_what_is_refused_is_left_out() -> None:
    assert without_refusals("I don't need an X-ray, I need a blood test.") == "I need a blood test."
    assert without_refusals("I don't need an X-ray.") == "I don't need an X-ray."
