"""Replies as a small model gives them at the desk of the example clinic, all its passages being the sources."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.knowledge.claims import Evidence
from appliance.knowledge.load import load_knowledge

FOLDER = Path(__file__).parents[1] / "fixtures" / "knowledge"
SPOKEN_OF = ("I am Joe, the voice assistant of Harbour Clinic.", "[Wednesday, November 25, 2026, 10:20 AM]")

GROUNDED = [
    ("When do you open?", "We open at eight on weekdays, and at nine on Saturdays."),
    ("What time do you close on Saturday?", "We close at one on Saturday."),
    ("Are you open on Sunday?", "No, we're closed on Sundays. We open again on Monday at eight."),
    ("Are you open tomorrow?", "Yes, tomorrow is Thursday, so we're open from eight to six."),
    ("When are you open on Wednesday?", "We're open from eight in the morning until six in the evening."),
    ("Are you open on Christmas Eve?", "On the twenty-fourth of December we close at noon."),
    ("Where can I park?", "The car park is behind the building. You get in from Mill Lane."),
    (
        "How much is parking?",
        "The first two hours are free. After that, it's two dollars an hour, or twelve for a day.",
    ),
    ("Is parking free?", "Yes, for two hours. Then you pay $2 an hour."),
    ("Can I charge my car?", "Sure. There are two chargers on level one, and it costs thirty cents a kilowatt-hour."),
    ("My van is 2.3 metres high.", "I'm sorry, it won't fit. The height limit is two point one metres."),
    ("How can I pay for parking?", "With coins or a card, at the machine next to the lift."),
    ("Where do I go for an X-ray?", "X-rays are on the first floor, in room one ten."),
    ("When can I get an X-ray?", "From half past eight to half past four."),
    (
        "Where is blood taken?",
        "In room 104, on the 1st floor. Please come before eleven, you don't need an appointment.",
    ),
    ("Where is physio?", "Physiotherapy is on the second floor, room 203. You need an appointment."),
    ("Who are the physios?", "Our physiotherapists are Mei Tanaka and Tom Byrne."),
    ("Who is the doctor for kids?", "That's Doctor Romero. He is on the second floor, in room two twelve."),
    ("Is Doctor Patel in on Tuesday?", "Yes, Dr. Patel is here from Monday to Thursday."),
    ("Is Doctor Patel here today?", "Yes, today is Wednesday, and Doctor Patel works Monday through Thursday."),
    (
        "Can I see Doctor Smith?",
        "I'm sorry, I don't know a Doctor Smith. My colleagues at the front desk can help you.",
    ),
    ("When can I visit my mother?", "Every day from two to seven. The ward is on the third floor."),
    ("Can we all go up?", "Only two visitors at a time, please."),
    ("Can my son come along?", "How old is he? Children under twelve need an adult with them."),
    ("I'm 11, can I go alone?", "Sorry, at eleven you need an adult with you. That's the rule for children under 12."),
    ("What's your phone number?", "It's 902 555 0142."),
    ("What's the number?", "Nine oh two, five five five, oh one four two."),
    ("What's your e-mail address?", "You can write to info@harbourclinic.example."),
    ("Which bus goes here?", "Bus seven stops right at the door."),
    ("What's the address?", "It's 12 Harbour Street, opposite the ferry terminal."),
    ("What does a doctor cost?", "Without insurance, it's $80. You can pay cash or by card."),
    ("Do you take Blue Cross?", "We accept most private insurance. Please ask at the front desk about Blue Cross."),
    (
        "Where's the pharmacy?",
        "On the ground floor, on your right as you come in. It's open nine to five, Monday to Friday.",
    ),
    ("What's the wifi password?", "The network is Harbour Guest, and the password is seagull."),
    ("Do you speak French?", "I don't, but an interpreter for French can be booked two days ahead."),
    ("When are my results ready?", "After three working days. You can pick them up at the front desk."),
    ("Where is the walk-in clinic?", "On the ground floor, in room six. It's open from 9 to 5."),
    ("What time is it?", "It's twenty past ten."),
    ("What time is it?", "It's 10:20 AM."),
    ("What day is it today?", "Today is Wednesday, November 25th."),
    ("Who are you?", "I'm Joe, the voice assistant at Harbour Clinic."),
    ("Hello?", "Hello! How can I help you today?"),
    ("Can you book Friday at ten for me?", "Sorry, I can't book Friday at ten. Please call 902 555 0142."),
    ("Do you have an MRI?", "I'm sorry, I don't know whether we have an MRI."),
    ("Tell me a joke.", "I'd rather help you with your visit. What would you like to know?"),
    ("Thanks.", "You're welcome. Take care!"),
    ("Hmm.", "Take your time. One moment is no problem."),
    ("What can you do?", "Two things, mostly: I tell you where to go, and when we're open."),
    ("I lost my bag.", "Oh no, I'm sorry. Please ask one of my colleagues at the front desk first."),
    ("I have a bike.", "Great, you can lock it to the racks at the front entrance."),
    ("I'm in a wheelchair.", "There are four wide places by the rear entrance, and a ramp from there to the lift."),
    ("I'm in a hurry.", "Okay, just a second. What do you need?"),
]

WRONG = [
    ("When do you open?", "We open at seven.", "seven"),
    ("When do you open on Saturday?", "On Saturday we open at ten in the morning.", "ten in the morning"),
    ("When do you close?", "We close at eight in the evening.", "eight in the evening"),
    ("When do you close?", "We're open until half past six.", "half past six"),
    ("Are you open tomorrow?", "Yes, we're open around the clock.", "around the clock"),
    ("When are you open?", "Our hours are 8 a.m. to 8 p.m.", "8 p.m."),
    ("Are you open on New Year's Eve?", "Yes, until three.", "three"),
    ("How much is parking?", "It's three dollars an hour.", "three dollars"),
    ("How much is parking?", "It is $2.50 an hour.", "$2.50"),
    ("How much is parking?", "The first three hours are free.", "three hours"),
    ("How much is parking for a day?", "A whole day costs 15 dollars.", "15 dollars"),
    ("What does charging cost?", "It's forty cents per kilowatt-hour.", "forty cents"),
    ("Can I pay online?", "Yes, use the ParkEasy app.", "ParkEasy"),
    ("Where is the X-ray?", "It's on the fourth floor.", "fourth floor"),
    ("Where is the X-ray?", "X-rays are in room 112.", "room 112"),
    ("Where is the X-ray?", "Go to room one oh nine.", "room one oh nine"),
    ("Where is the lab?", "In the basement.", "basement"),
    ("Until when is blood taken?", "Blood is taken until noon or twelve thirty.", "twelve thirty"),
    ("Who is the doctor for children?", "That's Dr. Miller.", "Miller"),
    ("Who runs this place?", "Our director is Susan Clarke.", "Susan"),
    ("How many doctors work here?", "We have nine doctors.", "nine"),
    ("When can I visit?", "You can visit from three in the afternoon.", "three in the afternoon"),
    ("Can my child come?", "Children under ten need an adult.", "ten"),
    ("How many can come?", "Up to five visitors at a time.", "five"),
    ("What's your phone number?", "It's 902 555 0124.", "902 555 0124"),
    ("What's your e-mail?", "Write to contact@harbourclinic.example.", "contact@harbourclinic.example"),
    ("Do you have a website?", "Yes, it's www.harbourclinic.com.", "www.harbourclinic.com"),
    ("Which bus stops here?", "Bus 9 stops at the door.", "Bus 9"),
    ("What's the address?", "We are at 21 Harbour Street.", "21"),
    ("What's the address?", "We're on Water Street.", "Water"),
    ("What does a visit cost?", "A visit costs ninety dollars.", "ninety dollars"),
    ("When are my results ready?", "They are ready within 24 hours.", "24 hours"),
    ("Do you speak Spanish or German?", "Yes, and we also speak Italian.", "Italian"),
    ("What's the capital of France?", "The capital of France is Paris.", "Paris"),
    ("Can I get a discount?", "Students get 10 percent off.", "10 percent"),
    ("When is the next course?", "It starts on the fifth of May.", "fifth of May"),
]


@pytest.fixture(scope="module")
def passages() -> list[str]:
    return [f"{passage.title}: {passage.text}" for passage in load_knowledge(FOLDER).passages]


@pytest.mark.parametrize(("question", "reply"), GROUNDED)
def test_a_grounded_reply_passes(passages: list[str], question: str, reply: str) -> None:
    assert Evidence([*passages, *SPOKEN_OF, question]).unsupported(reply) == []


@pytest.mark.parametrize(("question", "reply", "claim"), WRONG)
def test_a_wrong_reply_is_held_back(passages: list[str], question: str, reply: str, claim: str) -> None:
    assert claim in {each.text for each in Evidence([*passages, *SPOKEN_OF, question]).unsupported(reply)}
