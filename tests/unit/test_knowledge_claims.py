"""What a reply claims and no source says, across spellings."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.knowledge.claims import Claim, Evidence, Kind, first_unsupported_sentence, unsupported

SUPPORTED = [
    # times
    ("We close at six.", "We are open until 18:00."),
    ("We close at 6.", "open from eight in the morning to six in the evening"),
    ("We close at 18:00.", "to six in the evening"),
    ("We close at 6 pm.", "We close at six o'clock."),
    ("We close at six in the evening.", "Closes: 18:00"),
    ("We open at nine.", "from 9 a.m. to 5 p.m."),
    ("We open at 9 AM.", "On Saturday we are open from nine to one."),
    ("It closes at noon.", "closes at 12:00"),
    ("It starts at half past eight.", "8:30 to 16:30"),
    ("It starts at eight thirty.", "Hours: 8:30 to 16:30"),
    ("Until a quarter to five.", "from nine to 4:45 pm"),
    ("It ends at four thirty p.m.", "8:30 to 16:30"),
    ("We're open eight to six.", "Monday to Friday 08:00-18:00"),
    ("We are open 8-18.", "from eight in the morning to six in the evening"),
    ("It's open between nine and five.", "open from nine to five on weekdays"),
    ("Blood is taken until eleven.", "Blood tests, Hours: 8:00 to 11:00, no appointment."),
    ("You can come before eleven.", "Blood is taken until eleven in the morning."),
    ("Yes, we're still open at five.", "The person said: are you open at five?"),
    ("We reopen on Monday at eight.", "Monday to Friday we are open from eight."),
    ("We're closed until eight.", "We are open from eight in the morning."),
    ("The train leaves at ten past six.", "Departure 6:10"),
    ("We close at one on Saturday.", "Saturday 9:00 - 13:00"),
    # days and dates
    ("We are closed on Sundays.", "On Sunday we are closed."),
    ("We are open on Wednesday.", "Monday to Friday we are open."),
    ("We're open Monday through Thursday.", "Mon-Fri 8 to 18"),
    ("We're open on weekdays.", "Monday to Friday we are open."),
    ("You can visit on Sunday.", "Patients can be visited every day."),
    ("We're open every day.", "Monday to Sunday"),
    ("We're open on weekends.", "on Saturday and Sunday"),
    ("That's on the 24th of December.", "On 24 and 31 December we close at noon."),
    ("On December 31st we close early.", "On 24 and 31 December we close at noon."),
    ("It's March 3.", "[Tuesday, March 3, 2026, 9:20 AM]"),
    ("It's Tuesday, the third of March.", "[Tuesday, March 3, 2026, 9:20 AM]"),
    ("It's nine twenty.", "[Tuesday, March 3, 2026, 9:20 AM]"),
    ("The course starts in May.", "courses from 12 May"),
    ("You may come in.", ""),
    ("It has been there since twenty twenty six.", "since 2026"),
    # prices and amounts
    ("It costs $2 an hour.", "two dollars an hour"),
    ("It costs two dollars an hour.", "it costs $2.00/hour"),
    ("A visit is 80 dollars.", "a visit costs eighty dollars"),
    ("That is eighty.", "a visit costs eighty dollars"),
    ("It is two dollars fifty.", "It costs $2.50."),
    ("It's two dollars and fifty cents an hour.", "$2.50"),
    ("It's fifty cents.", "$0.50 per copy"),
    ("It's 1,200 euros.", "€1200"),
    ("A visit costs eighty dollars.", "Service: visit, Price: 80."),
    ("The first two hours are free.", "The first 2 hours are free."),
    ("It takes sixty minutes.", "It takes one hour."),
    ("It takes half an hour.", "about 30 minutes"),
    ("It takes an hour and a half.", "90 minutes"),
    ("Results take two to three days.", "after 2-3 working days"),
    ("That's twenty percent off.", "20% discount"),
    ("Children under twelve need an adult.", "Children under 12 come with an adult."),
    ("At most two visitors at a time.", "at most 2 visitors"),
    ("There are a hundred and twenty places.", "120 places"),
    # phones, addresses
    ("Call 902 555 0142.", "The phone number is (902) 555-0142."),
    ("Call nine oh two, five five five, oh one four two.", "902 555 0142"),
    ("The number is 555-0142.", "+1 902 555 0142"),
    ("Call nine one one.", "call 911"),
    ("Call 911 at once.", "call nine one one"),
    ("Write to info at harbour clinic dot ca.", "info@harbourclinic.ca"),
    ("Write to Info@HarbourClinic.ca.", "e-mail info@harbourclinic.ca"),
    ("See harbour clinic dot ca.", "www.harbourclinic.ca"),
    ("We're at twelve Harbour Street.", "The address is 12 Harbour Street."),
    # floors and rooms
    ("It's on the third floor.", "3rd floor"),
    ("It's on floor three.", "The ward is on the third floor."),
    ("It's on level 1.", "on the first floor"),
    ("On the first and second floors.", "1st floor; second floor"),
    ("It's on the ground floor.", "Floor: ground floor, Room: 4"),
    ("It's in room one oh four.", "Room: 104"),
    ("It's in room 12.", "room twelve"),
    ("It's in office B12.", "Room B 12"),
    ("Take bus seven.", "Bus 7 stops at the door."),
    ("Take the second door on the left.", "2nd door left"),
    ("Go to building C.", "Building C is behind the garden."),
    # names
    ("Ask for Doctor Patel.", "Dr. Anna Patel, family medicine"),
    ("Anna Patel works here.", "Dr. Anna Patel, family medicine"),
    ("You can see the X-rays at Harbor Clinic.", "X-ray; Harbour Clinic"),
    ("It's Patel's office.", "Dr. Patel"),
    ("We speak French.", "do you speak french"),
    # nothing is claimed
    ("One moment, please.", ""),
    ("There are two things you can do.", ""),
    ("I'm sorry, I don't know that.", ""),
    ("Could you say it one more time?", ""),
    ("First, take a seat. Second, fill in the form.", ""),
    ("Good Morning! How can I help you?", ""),
    ("No one is there right now, I'm afraid.", ""),
    ("One of my colleagues can help you.", ""),
    ("Just a second. Oh, OK.", ""),
    ("WE ARE CLOSED NOW.", ""),
    ("It's at one of the desks.", ""),
    ("1. Go straight on.", ""),
    ("That's a good question, Sir.", ""),
    ("", ""),
]


@pytest.mark.parametrize(("reply", "source"), SUPPORTED)
def test_what_a_source_says_in_other_words_passes(reply: str, source: str) -> None:
    assert unsupported(reply, [source]) == []


UNSUPPORTED = [
    # times
    ("We open at seven.", "from eight in the morning to six in the evening", Kind.TIME, "seven"),
    ("We open at seven.", "We open at eight. Visits are from two to seven in the evening.", Kind.TIME, "seven"),
    ("We close at 8 pm.", "from eight in the morning to six in the evening", Kind.TIME, "8 pm"),
    ("We close at half past six.", "until 18:00", Kind.TIME, "half past six"),
    ("It's open until six thirty.", "until six", Kind.TIME, "six thirty"),
    ("We close at eight.", "We are open from eight to six.", Kind.TIME, "eight"),
    ("From nine to five.", "from nine to one", Kind.TIME, "five"),
    ("It closes at noon.", "closes at one", Kind.TIME, "noon"),
    ("We open at twelve.", "The address is 12 Harbour Street.", Kind.TIME, "twelve"),
    ("We close at seven.", "Bus 7 stops at the door.", Kind.TIME, "seven"),
    # days and dates
    ("We are open on Saturday.", "Monday to Friday", Kind.DAY, "Saturday"),
    ("We're open Monday to Saturday.", "Monday to Friday", Kind.DAY, "Monday to Saturday"),
    ("We're open every day.", "Monday to Friday", Kind.DAY, "every day"),
    ("We're open 24/7.", "Monday to Friday", Kind.DAY, "24/7"),
    ("It's on March 4.", "March 3", Kind.DATE, "March 4"),
    ("We're closed in August.", "We are closed in July.", Kind.DATE, "August"),
    # prices and amounts
    ("It costs three dollars.", "two dollars an hour, open from three", Kind.PRICE, "three dollars"),
    ("It costs $8.", "We open at eight.", Kind.PRICE, "$8"),
    ("It costs 2 euros.", "two dollars", Kind.PRICE, "2 euros"),
    ("The first three hours are free.", "The first two hours are free. Open from three.", Kind.NUMBER, "three hours"),
    ("It takes two hours.", "Results come after two days.", Kind.NUMBER, "two hours"),
    ("There are eight doctors.", "from eight to six", Kind.NUMBER, "eight"),
    ("You get 20 percent off.", "20 places", Kind.NUMBER, "20 percent"),
    ("Children under ten need an adult.", "Children under 12 come with an adult.", Kind.NUMBER, "ten"),
    # phones, addresses
    ("Call 902 555 0143.", "902 555 0142", Kind.PHONE, "902 555 0143"),
    ("Call nine oh two five five five oh one four three.", "902 555 0142", Kind.PHONE, None),
    ("Call 999.", "call 911", Kind.NUMBER, "999"),
    ("Write to info@harbour.ca.", "info@harbourclinic.ca", Kind.EMAIL, "info@harbour.ca"),
    ("See www.clinic.com.", "harbourclinic.ca", Kind.WEB, None),
    ("It's 14 Harbour Street.", "12 Harbour Street", Kind.NUMBER, "14"),
    # floors and rooms
    ("It's on the second floor.", "on the third floor", Kind.FLOOR, "second floor"),
    ("It's on the ground floor.", "on the first floor", Kind.FLOOR, "ground floor"),
    ("On the first and second floors.", "on the first floor", Kind.FLOOR, "first and second floors"),
    ("It's in room eight.", "open from eight", Kind.ROOM, "room eight"),
    ("Go to room 12.", "12 Harbour Street", Kind.ROOM, "room 12"),
    ("It's in building B.", "building A", Kind.ROOM, "building B"),
    ("Take bus eight.", "Bus 7", Kind.NUMBER, "bus eight"),
    ("Take the third door on the left.", "the second door", Kind.ROOM, "third door"),
    # names
    ("Ask for Doctor Smith.", "Dr. Patel", Kind.NAME, "Smith"),
    ("Dr. Smith is here.", "Dr. Patel", Kind.NAME, "Smith"),
    ("Maria Patel is here.", "Anna Patel", Kind.NAME, "Maria"),
    ("It's on Main Street.", "Harbour Street", Kind.NAME, "Main"),
    ("We speak German.", "We speak French.", Kind.NAME, "German"),
    ("The capital of France is Paris.", "", Kind.NAME, "France"),
]


@pytest.mark.parametrize(("reply", "source", "kind", "text"), UNSUPPORTED)
def test_what_no_source_says_is_found(reply: str, source: str, kind: Kind, text: str | None) -> None:
    claims = unsupported(reply, [source])
    assert claims
    assert claims[0].kind is kind
    assert text in {None, claims[0].text}
    assert reply[claims[0].start :].startswith(claims[0].text)


def test_claims_come_in_the_order_of_the_reply() -> None:
    claims = unsupported("Doctor Who is in room 3. Call 999.", [])
    assert [(claim.kind, claim.text) for claim in claims] == [(Kind.ROOM, "room 3"), (Kind.NUMBER, "999")]


def test_the_first_unsupported_sentence_says_where_it_begins() -> None:
    reply = "Sure. We open at eight. We close at nine. Ask Bob."
    found = first_unsupported_sentence(reply, ["from eight to six"])
    assert found is not None
    assert found.text == "We close at nine."
    assert reply[: found.start] == "Sure. We open at eight. "
    assert found.claims == (Claim(kind=Kind.TIME, text="nine", start=reply.index("nine")),)
    assert first_unsupported_sentence("We open at eight.", ["from eight to six"]) is None


def test_evidence_of_several_sources_adds_up() -> None:
    evidence = Evidence(["from eight to six", "I am Joe", "Harbour Clinic"])
    assert evidence.unsupported("This is Joe at Harbour Clinic, we open at 8.") == []
    assert [claim.text for claim in evidence.unsupported("This is Jim, we open at 9.")] == ["Jim", "9"]


@given(st.text(max_size=200))
def test_any_text_supports_itself(text: str) -> None:
    assert unsupported(text, [text]) == []


VOCABULARY = (
    "six 6 18:00 half past quarter to seven and a the third floor room $2 two dollars hours at from until open close "
    "Monday Sat - 902 555 0142 oh double hundred thousand noon p.m. . , ! dot com Dr. Patel March 3rd % between"
)
WORDS = st.sampled_from(VOCABULARY.split())


@given(st.lists(WORDS, max_size=25))
def test_any_mixture_of_such_words_supports_itself(words: list[str]) -> None:
    text = " ".join(words)
    assert unsupported(text, [text]) == []
