"""Which sentences claim an act, and which only talk."""

from __future__ import annotations

import pytest

from appliance.assistant.claims import claims_an_act

CLAIMS = [
    "I have booked your appointment.",
    "I've booked it for Friday.",
    "I booked you in.",
    "I've just sent you an e-mail.",
    "I have already cancelled it.",
    "I canceled your order.",
    "I\u2019ve noted that.",
    "I've noted your complaint.",
    "I have informed my colleagues.",
    "I've passed that on to the doctor.",
    "I've forwarded your request.",
    "I just updated your phone number.",
    "I've successfully registered you.",
    "We have reserved a table for you.",
    "We've scheduled your visit.",
    "I'll book that for you.",
    "I will book that for you now.",
    "I'll let them know.",
    "I'll let the doctor know.",
    "I will send you a confirmation.",
    "I'm going to cancel it.",
    "I am booking that now.",
    "I'm transferring you now.",
    "I'm connecting you to a colleague.",
    "I'll have someone call you back.",
    "I'll check that for you.",
    "I will look that up.",
    "I'll now put you through.",
    "Sure, I'll arrange that.",
    "Okay, I have added it to your order.",
    "Your appointment is booked.",
    "Your appointment has been rescheduled.",
    "Your order was cancelled.",
    "Your request has been forwarded.",
    "Your booking is now confirmed.",
    "Your appointments are all set.",
    "Your appointment for Friday is confirmed.",
    "You're booked for three o'clock.",
    "You are all set.",
    "You've been registered.",
    "That's done.",
    "It's been taken care of.",
    "It is cancelled now.",
    "It has been sent.",
    "All done.",
    "I've booked you in after lunch.",
    "I've booked it, don't worry.",
    "I can't call them, but I've sent a message.",
    "When you arrive, I'll call the doctor.",
    "I'm cancelling it.",
    "Done!",
    "Booked.",
    "Cancelled, as you wished.",
]

INNOCENT = [
    "We open at eight.",
    "You can book an appointment by phone.",
    "Would you like to book an appointment?",
    "Shall I book it?",
    "I can't book appointments.",
    "I cannot cancel your order from here.",
    "I'm not able to send e-mails.",
    "I haven't booked anything.",
    "I have not sent anything yet.",
    "I won't call anybody.",
    "I couldn't find that.",
    "I'm happy to help.",
    "I'm sorry to hear that.",
    "I am Joe, the assistant here.",
    "I'll be here if you need me.",
    "I would call the front desk.",
    "Your prescription has to be signed by a doctor.",
    "Orders can be changed until noon.",
    "Please call us before you come.",
    "Please confirm your phone number.",
    "The pharmacy is located on the ground floor.",
    "Appointments are made at the front desk.",
    "If your appointment is cancelled, you get an e-mail.",
    "Once your order is confirmed, you get a number.",
    "After I have booked it you get a number.",
    "Your appointment can be moved.",
    "That's right.",
    "That is a good question.",
    "It's on the second floor.",
    "It is recommended by the doctor.",
    "It's made in Italy.",
    "It is closed on Sundays.",
    "You are welcome.",
    "You're in the right place.",
    "All vaccinations are free.",
    "Of course.",
    "What would you like to change?",
    "On which day should it be?",
    "My colleagues can book that for you.",
    "My colleagues will call you back if you leave your number.",
    "The results are sent by post.",
    "Blood tests are done in the morning.",
    "We make our own cream.",
    "Do you want me to check that?",
    "I don't think that your appointment is booked.",
    "I found that we have none left.",
    "Confirmed cases must stay at home.",
    "",
]


@pytest.mark.parametrize("sentence", CLAIMS)
def test_a_claim_is_found(sentence: str) -> None:
    assert claims_an_act(sentence)


@pytest.mark.parametrize("sentence", INNOCENT)
def test_what_claims_nothing_may_be_said(sentence: str) -> None:
    assert not claims_an_act(sentence)


def test_case_and_apostrophes_make_no_difference() -> None:
    assert claims_an_act("I\u2019LL BOOK IT")
