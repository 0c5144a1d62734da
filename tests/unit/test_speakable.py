from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appliance.speakable import SpokenWord, speak_words, speakable

NUMBERS = [
    ("You are number 7 of 12.", "You are number seven of twelve."),
    ("There were 1,204 guests.", "There were one thousand two hundred four guests."),
    ("About 12000 visitors", "About twelve thousand visitors"),
    ("It's 3.14159.", "It's three point one four one five nine."),
    ("-0.1", "minus zero point one"),
    ("See you on the 21st.", "See you on the twenty first."),
    ("the 100th visitor", "the one hundredth visitor"),
    ("1,000th", "one thousandth"),
    ("Take 1/2 tablet with 2 1/2 cups.", "Take one half tablet with two and a half cups."),
    ("½ cup, 2½ cups", "one half cup, two and a half cups"),
    ("3/4 of people, 8/10 cases.", "three quarters of people, eight out of ten cases."),
    ("a 50/50 chance, 4.5/5 stars", "a fifty fifty chance, four point five out of five stars"),
    ("Open 24/7.", "Open twenty four seven."),
    ("2-3 weeks, ages 3–12", "two to three weeks, ages three to twelve"),
    ("9–17", "nine to seventeen"),
    ("no,yes,34!", "no,yes, thirty four!"),
    ("Version 2.0.1", "Version two point zero point one"),
    ("192.168.0.40", "one nine two dot one six eight dot zero dot four zero"),
    ("The ratio is 3:1.", "The ratio is three to one."),
    ("1.5x faster", "one point five times faster"),
    ("0063", "zero zero six three"),
    ("1234567890123124", "one two three four five six seven eight nine zero one two three one two four"),
    ("٣ km", "three kilometers"),
    ("Chapter IV and World War II", "Chapter four and World War two"),
    ("Henry VIII had an IV drip, and I too.", "Henry the eighth had an I.V drip, and I too."),
    ("since 1987, rebuilt in 2005", "since nineteen eighty seven, rebuilt in two thousand five"),
    ("in 1905", "in nineteen oh five"),
    ("It is 2025.", "It is twenty twenty five."),
    ("2000 people", "two thousand people"),
    ("in the 1990s and the '80s", "in the nineteen nineties and the eighties"),
    ("1980-1986 and 1960–80", "nineteen eighty to nineteen eighty six and nineteen sixty to eighty"),
]

DATES_AND_TIMES = [
    ("on 2025-03-04", "on March fourth, twenty twenty five"),
    ("on 3/4/2025 or 12/25", "on March fourth, twenty twenty five or December twenty fifth"),
    ("by 3/4", "by March fourth"),
    ("15.01.2020", "January fifteenth, twenty twenty"),
    ("25/12/2025", "December twenty fifth, twenty twenty five"),
    ("on March 3rd, 2025 at noon", "on March third, twenty twenty five at noon"),
    ("on Jan. 2.", "on January second."),
    ("born on 5 May 1990", "born on the fifth of May nineteen ninety"),
    ("the 25th of July", "the twenty fifth of July"),
    ("March 3–5", "March third to fifth"),
    ("July 2012", "July twenty twelve"),
    ("from Dec. 24 to Jan. 2", "from December twenty fourth to January second"),
    ("Mon-Fri", "Monday to Friday"),
    ("Mon, Wed & Fri", "Monday, Wednesday and Friday"),
    ("Sat & Sun 10am–2pm", "Saturday and Sunday ten AM to two PM"),
    ("Monday–Friday, Tuesday-Thursday, noon–2pm", "Monday to Friday, Tuesday to Thursday, noon to two PM"),
    ("I saw Jan. She came in Jan.", "I saw Jan. She came in January."),
    ("2024/2025", "twenty twenty four to twenty twenty five"),
    ("They sat in the sun.", "They sat in the sun."),
    ("at 14:30", "at fourteen thirty"),
    ("at 2:30pm", "at two thirty PM"),
    ("9 am", "nine AM"),
    ("9am-5pm", "nine AM to five PM"),
    ("from 9-5pm", "from nine to five PM"),
    ("at 9:05 a.m. Please be early.", "at nine oh five AM. Please be early."),
    ("1 p.m. sharp", "one PM sharp"),
    ("That's at 2:30 p.m.", "That's at two thirty PM."),
    ("at 10:00, 17:00 or 00:00", "at ten o'clock, seventeen hundred or midnight"),
    ("Mon–Fri 8:00–17:30, Sat 9–13, Sun closed.",
     "Monday to Friday eight o'clock to seventeen thirty, Saturday nine to thirteen, Sunday closed."),
    ("at 7.30pm", "at seven thirty PM"),
    ("99:99 am", "ninety nine to ninety nine am"),
]  # fmt: skip

MONEY_AND_UNITS = [
    ("$4.50", "four dollars and fifty cents"),
    ("$1, $25 and $1,250.00", "one dollar, twenty five dollars and one thousand two hundred fifty dollars"),
    ("$0.20 or $20.01", "twenty cents or twenty dollars and one cent"),
    ("$1.2 million", "one point two million dollars"),
    ("$30B and $5k", "thirty billion dollars and five thousand dollars"),
    ("$5-$10, $5–10", "five to ten dollars, five to ten dollars"),
    ("$3/hour or $20/mo", "three dollars per hour or twenty dollars per month"),
    ("€4,50 or 12.99 €.", "four euros and fifty cents or twelve euros and ninety nine cents."),
    ("£3.05", "three pounds and five pence"),
    ("R$ 45,90", "forty five reais and ninety centavos"),
    ("20 USD", "twenty dollars"),
    ("-$5", "minus five dollars"),
    ("50¢", "fifty cents"),
    ("5 km away", "five kilometers away"),
    ("1 km", "one kilometer"),
    ("20°C, -5 °F", "twenty degrees Celsius, minus five degrees Fahrenheit"),
    ("Take 3 mg, then 2.5ml.", "Take three milligrams, then two point five milliliters."),
    ("10 mg/day", "ten milligrams per day"),
    ("50% or 5-10%", "fifty percent or five to ten percent"),
    ("60 km/h", "sixty kilometers per hour"),
    ("10 m², 3 m3", "ten square meters, three cubic meters"),
    ("25 x 7 cm", "twenty five by seven centimeters"),
    ("a 5-minute walk, a 4-kg bag", "a five minute walk, a four kilogram bag"),
    ("in 5 mins.", "in five minutes."),
    ('6\'2" tall, a 24" screen', "six foot two tall, a twenty four inches screen"),
    ('He\'s "50".', "He's fifty."),
    ("120/80 mmHg", "one hundred twenty over eighty millimeters of mercury"),
]

PHONES_AND_CODES = [
    ("Call (555) 123-4567.", "Call five five five, one two three, four five six seven."),
    ("555-0123", "five five five, zero one two three"),
    ("1-800-555-0199", "one, eight hundred, five five five, zero one nine nine"),
    ("+1 415 555 2671", "plus one, four one five, five five five, two six seven one"),
    ("+49 30 1234567", "plus four nine, three zero, one two three four five six seven"),
    ("5551234567", "five five five, one two three, four five six seven"),
    ("call 911", "call nine one one"),
    ("ext. 204", "extension two zero four"),
    ("4111 1111 1111 1234", "four one one one, one one one one, one one one one, one two three four"),
    ("111-22-3333", "one one one, two two, three three three three"),
    ("a card ending in 4821", "a card ending in four eight two one"),
    ("Your code is 4821.", "Your code is four eight two one."),
    ("confirmation number is AB-12345", "confirmation number is A.B, one two three four five"),
    ("order number 100234", "order number one zero zero two three four"),
    ("zip code 94107", "zip code nine four one zero seven"),
    ("room 204, Room 1204, suite 300", "room two oh four, Room twelve oh four, suite three hundred"),
    ("room 3-112, ID A-10234", "room three, one twelve, ID eigh, one zero two three four"),
    ("Rm. B12", "room B twelve"),
    ("gate A12", "gate eigh twelve"),
    ("booking X7K9P2", "booking X seven K nine P two"),
    ("No. 5 or #7", "number five or number seven"),
    ("at 1428 Elm St., Springfield, IL 62704.",
     "at fourteen twenty eight Elm Street, Springfield, Illinois six two seven zero four."),
    ("at 123 N. Main St. Come in.", "at one twenty three North Main Street. Come in."),
    ("3rd Ave. is near 5th St.", "third Avenue is near fifth Street."),
]  # fmt: skip

WORDS = [
    ("Dr. Smith and Mrs. Jones", "Doctor Smith and Missus Jones"),
    ("St. Mary's on Main St.", "Saint Mary's on Main Street."),
    ("Mr. J. R. Smith Jr. is here.", "Mister J R Smith junior is here."),
    ("It's plan B. It works.", "It's plan B. It works."),
    ("e.g. debit, i.e. a card, etc.", "for example, debit, that is, a card, et cetera."),
    ("cats vs. dogs", "cats versus dogs"),
    ("Ask for Max. He knows.", "Ask for Max. He knows."),
    ("max. 5 people", "maximum five people"),
    ("w/ or w/o", "with or without"),
    ("The U.S. is big.", "The U.S is big."),
    ("The ICU has FAQs.", "The I.C.U has F.A.Q's."),
    ("The ATM needs a PIN.", "The ATM needs a PIN."),
    ("Take plan A or vitamin B12.", "Take plan eigh or vitamin B twelve."),
    ("COVID-19", "COVID nineteen"),
    ("info@clinic.com", "info at clinic dot com"),
    ("j.smith42@mail.example.de.", "J dot smith four two at mail dot example dot D.E."),
    ("www.clinic.org/visit", "W.W.W dot clinic dot org slash visit"),
    ("see https://example.com/docs?id=3.", "see example dot com slash docs."),
    ("form.pdf", "form dot P.D.F"),
    ("R&D and Q&A", "R and D and Q and A"),
    ("C++ and C#", "C plus plus and C sharp"),
    ("2 + 2 = 4", "two plus two equals four"),
    ("< 5 minutes, ~30 minutes", "less than five minutes, about thirty minutes"),
    ("food and/or drinks, he/she", "food and or drinks, he or she"),
    ("@clinic #health", "at clinic hashtag health"),
]

MARKUP = [
    ("**Bring** your *ID* card", "Bring your ID card"),
    ("- Bring your ID\n- Bring your card", "Bring your ID, Bring your card"),
    ("1. Fill in the form.\n2. Wait here.", "one, Fill in the form. two, Wait here."),
    ("# Opening hours", "Opening hours"),
    ("See [our site](https://example.com).", "See our site."),
    ("Use `this` and ```that```", "Use this and that"),
    ("| a | b |\n|---|---|\n| c | d |", "a, b, c, d"),
    ("> quoted\n\n---\n\nrest", "quoted, rest"),
    ("Great! 😀👍🏽 :)", "Great!"),
    ("The café — next door – is open.", "The café, next door, is open."),
    ("Well - maybe.", "Well, maybe."),
    ("Wait... what?", "Wait, what?"),
    ("The price (incl. tax) is good (really).", "The price, including tax, is good, really."),
    ("“You can't”, she said.", "You can't, she said."),
    ("fish &amp; chips<br>now", "fish and chips now"),
    ("snake_case and **unfinished", "snake case and unfinished"),
    ("", ""),
    (" \n\t ", ""),
    ("***", ""),
]


@pytest.mark.parametrize(
    ("written", "spoken"), [*NUMBERS, *DATES_AND_TIMES, *MONEY_AND_UNITS, *PHONES_AND_CODES, *WORDS, *MARKUP]
)
def test_reads_what_a_front_desk_says(written: str, spoken: str) -> None:
    assert speakable(written) == spoken


@pytest.mark.parametrize(
    ("text", "lexicon", "spoken"),
    [
        ("Ask Nguyen.", {"nguyen": "win"}, "Ask win."),
        ("NGUYEN's desk", {"Nguyen": "win"}, "win's desk"),
        ("Nguyens", {"Nguyen": "win"}, "Nguyens"),
        ("the C++ course", {"C++": "see double plus"}, "the see double plus course"),
        ("Dr. Lee at St. Mary", {"St. Mary": "Saint Marie"}, "Doctor Lee at Saint Marie"),
        ("go to St.   Mary now", {"St. Mary": "Saint Marie"}, "go to Saint Marie now"),
        ("room 12", {"room 12": "the blue room"}, "the blue room"),
        ("GP", {"GP": "24h doctor #1"}, "twenty four hours doctor number one"),
        ("either", {"": "nothing"}, "either"),
        ("new york city", {"York": "x", "New York": "the apple"}, "the apple city"),
    ],
)
def test_lexicon_wins_on_whole_words_in_any_case(text: str, lexicon: dict[str, str], spoken: str) -> None:
    assert speakable(text, lexicon) == spoken


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("9 am sharp", [("9", "nine"), ("am", "AM"), ("sharp", "sharp")]),
        ("March 3rd, 2025", [("March", "March"), ("3rd,", "third,"), ("2025", "twenty twenty five")]),
        ("$1.2 million!", [("$1.2", "one point two"), ("million!", "million dollars!")]),
        ("+1 415 555 2671", [("+1", "plus one,"), ("415", "four one five,"), ("555", "five five five,"),
                             ("2671", "two six seven one")]),
        ("12.99 €, then", [("12.99", "twelve euros and ninety nine cents,"), ("€,", ""), ("then", "then")]),
        ("- **Bring** it", [("-", ""), ("**Bring**", "Bring"), ("it", "it")]),
        ("a - b", [("a", "a,"), ("-", ""), ("b", "b")]),
        ("9 - 17", [("9", "nine"), ("-", "to"), ("17", "seventeen")]),
    ],
)  # fmt: skip
def test_every_written_word_keeps_what_is_said_for_it(text: str, words: list[tuple[str, str]]) -> None:
    assert speak_words(text) == [SpokenWord(*pair) for pair in words]


ODD_PIECES = st.sampled_from(
    [
        *"0123456789.,:-–/$€%°#*_`[]()@&+=<>|'\" \nAaPpMmxsZ",
        *("am", " St.", " Dr. ", "http://", "www.", "Jan ", " kg", "mg/", " IV", "No. ", "**", "1,000", "a@b.co"),
        *("\ue000", "²", "Ⅷ", "\u200d", "\x00", "\u2028", ".mp3"),
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | st.lists(ODD_PIECES, max_size=25).map("".join))
def test_any_text_becomes_words_without_digits_or_symbols(text: str) -> None:
    words = speak_words(text)
    spoken = speakable(text)
    assert [word.written for word in words] == text.split()
    assert spoken == " ".join(word.spoken for word in words if word.spoken)
    assert not [char for char in spoken if unicodedata.category(char).startswith(("N", "C", "S"))]
    assert not re.search(r"[*_`#\[\]()<>|~^$%=+@/\\{}&\"\n]|  ", spoken)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=20), st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=4))
def test_any_lexicon_will_do(text: str, lexicon: dict[str, str]) -> None:
    assert [word.written for word in speak_words(text, lexicon)] == text.split()


@pytest.mark.timeout(20)
@pytest.mark.parametrize("piece", ["a", "1", "1,", "a.b", " ", "[", "<", "9:", "A. ", "-1", "#", "1 ", "/a", "_"])
def test_takes_time_in_proportion_even_for_hostile_text(piece: str) -> None:
    speak_words(piece * (1500 // len(piece)))
