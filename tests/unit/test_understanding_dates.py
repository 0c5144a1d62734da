from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from appliance.speakable import speakable
from appliance.understanding import find_dates

_TODAY = date(2026, 3, 2)  # a Monday


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("today", "2026-03-02"),
        ("tonight", "2026-03-02"),
        ("tomorrow", "2026-03-03"),
        ("the day after tomorrow", "2026-03-04"),
        ("yesterday", "2026-03-01"),
        ("on Friday", "2026-03-06"),
        ("Wensday", "2026-03-04"),
        ("this Friday", "2026-03-06"),
        ("last Friday", "2026-02-27"),
        ("Friday next week", "2026-03-13"),
        ("next week on Friday", "2026-03-13"),
        ("Friday week", "2026-03-13"),
        ("a week from Friday", "2026-03-13"),
        ("tomorrow week", "2026-03-10"),
        ("Friday the 13th", "2026-03-13"),
        ("Friday, March 6th", "2026-03-06"),
        ("the 4th", "2026-03-04"),
        ("on the 31st", "2026-03-31"),
        ("the 4th of next month", "2026-04-04"),
        ("March 4th", "2026-03-04"),
        ("march fourth", "2026-03-04"),
        ("march forth", "2026-03-04"),
        ("the forth of March", "2026-03-04"),
        ("4 March 2026", "2026-03-04"),
        ("the fourth of March", "2026-03-04"),
        ("twenty first of March", "2026-03-21"),
        ("the twenty third of May", "2026-05-23"),
        ("the 20 third of May", "2026-05-23"),
        ("May twenty 3rd", "2026-05-23"),
        ("on the thirty first", "2026-03-31"),
        ("the twenty-first of June", "2026-06-21"),
        ("fourth of March ten o'clock", "2026-03-04"),
        ("March 4 at 10", "2026-03-04"),
        ("December twenty-fifth twenty twenty-six", "2026-12-25"),
        ("the 3rd of May two thousand and one", "2001-05-03"),
        ("may fourth", "2026-05-04"),
        ("March 4th. May I come?", "2026-03-04"),
        ("in two weeks", "2026-03-16"),
        ("in three days", "2026-03-05"),
        ("in a fortnight", "2026-03-16"),
        ("two weeks from tomorrow", "2026-03-17"),
        ("two days ago", "2026-02-28"),
        ("2026-03-04", "2026-03-04"),
        ("3/14", "2026-03-14"),
        ("14/3/2026", "2026-03-14"),
        ("3/3", "2026-03-03"),
        ("Friday's appointment", "2026-03-06"),
        ("on Friday, no, Thursday", "2026-03-05"),
        ("for Friday at three for four people, no, Saturday", "2026-03-07"),
        ("Friday, sorry, make that Thursday", "2026-03-05"),
        ("not Friday, Thursday", "2026-03-05"),
        ("Friday, not Thursday", "2026-03-06"),
        ("Friday, no, not Friday, Thursday", "2026-03-05"),
        ("Thursday instead of Friday", "2026-03-05"),
        ("the 5th", "2026-03-05"),
        ("I was born in Berlin. My birthday is May 3rd 1981", "1981-05-03"),
        ("born the third of May nineteen eighty one", "1981-05-03"),
    ],
)
def test_a_day_that_is_clear(said: str, day: str) -> None:
    found = find_dates(said, _TODAY)
    assert [(each.value, each.certain) for each in found] == [(day, True)]
    assert said[found[0].start : found[0].end] == found[0].words


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("next Friday", "2026-03-13"),
        ("Monday", "2026-03-09"),
        ("a week from Monday", "2026-03-16"),
        ("Friday March 7th", "2026-03-07"),
        ("March 4th, no, the 5th", "2026-03-05"),
        ("May 4th, I mean the 5th", "2026-05-05"),
        ("3/4", "2026-03-04"),
        ("end of the month", "2026-03-31"),
        ("the end of February", "2027-02-28"),
        ("before Friday", "2026-03-06"),
        ("March 1", "2027-03-01"),
        ("the fort of March", "2026-03-04"),
        ("in a month", "2026-04-02"),
        ("the fourth of May ninety eight", "2026-05-04"),
        ("May 4th oh five", "2026-05-04"),
        ("in a couple of days", "2026-03-04"),
        ("on Friday. No.", "2026-03-06"),
        ("my date of birth is oh three oh five eighty one", "1981-03-05"),
        ("born 03051981", "1981-03-05"),
        ("born on 5/3/81", "1981-05-03"),
    ],
)
def test_a_day_that_is_asked_back(said: str, day: str) -> None:
    assert [(each.value, each.certain) for each in find_dates(said, _TODAY)] == [(day, False)]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "May I come in March?",
        "May 4 people come in?",
        "march 4 miles",
        "one moment",
        "I have two questions for you",
        "Sunday roast",
        "Do you have the Sunday roast?",
        "every Friday",
        "on Fridays",
        "is that a Friday?",
        "Black Friday",
        "the first Monday in May",
        "last Friday of the month",
        "the day after Friday",
        "Monday after next",
        "next week",
        "24/7",
        "the first time",
        "the second",
        "on the fourth floor",
        "within two weeks",
        "February 30th",
        "2026-02-30",
        "tomorrow's special",
        "My birthday is May 3rd",
        "I may second that",
        "the sun is out",
        "1/2 cup of sugar",
    ],
)
def test_what_names_no_day(said: str) -> None:
    assert find_dates(said, _TODAY) == []


def test_two_days_are_both_returned() -> None:
    assert [each.value for each in find_dates("Friday or Thursday", _TODAY)] == ["2026-03-06", "2026-03-05"]


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("from the 4th to the 7th of May", ["2026-05-04", "2026-05-07"]),
        ("between May 4th and 7th", ["2026-05-04", "2026-05-07"]),
        ("May 1st or May 2nd", ["2026-05-01", "2026-05-02"]),
        ("the 4th or the 5th", ["2026-03-04", "2026-03-05"]),
    ],
)
def test_a_month_is_shared(said: str, days: list[str]) -> None:
    assert [(each.value, each.certain) for each in find_dates(said, _TODAY)] == [(day, True) for day in days]


def test_a_day_before_its_neighbour_is_asked_back() -> None:
    assert [each.certain for each in find_dates("from May 28th to the 2nd", _TODAY)] == [True, False]


def test_the_past_can_be_meant() -> None:
    assert [each.value for each in find_dates("on Friday", _TODAY, prefer_future=False)] == ["2026-02-27"]
    assert [each.value for each in find_dates("on May 3rd", _TODAY, prefer_future=False)] == ["2025-05-03"]


def test_the_order_of_day_and_month_belongs_to_the_place() -> None:
    assert find_dates("3/4/2027", _TODAY, month_first=False)[0].value == "2027-04-03"


def test_the_answer_to_a_question_for_the_birth_is_in_the_past() -> None:
    assert [each.value for each in find_dates("May 3rd, 81", _TODAY, birth=True)] == ["1981-05-03"]
    assert find_dates("May 3rd, 2027", _TODAY, birth=True) == []


@pytest.mark.parametrize(
    ("said", "day", "certain"),
    [
        ("Twenty third.", "2026-03-23", True),
        ("um, the 23rd, please", "2026-03-23", True),
        ("twenty-first then", "2026-03-21", True),
        ("third", "2026-03-03", False),
        ("it's the second", "2026-03-02", False),
    ],
)
def test_an_ordinal_alone_answers_a_question_for_the_day(said: str, day: str, certain: bool) -> None:
    assert [(each.value, each.certain) for each in find_dates(said, _TODAY, asked=True)] == [(day, certain)]


@pytest.mark.parametrize("said", ["twenty third floor", "twenty", "the third quarter", "the second one"])
def test_an_ordinal_of_something_else_is_no_day(said: str) -> None:
    assert find_dates(said, _TODAY, asked=True) == []


def test_an_ordinal_that_nobody_asked_for_is_no_day() -> None:
    assert find_dates("twenty third", _TODAY) == []


def test_the_end_of_the_calendar_is_no_error() -> None:
    assert find_dates("in two weeks", date.max) == []
    assert find_dates("yesterday", date.min) == []


_DAYS = st.dates(date(2026, 3, 3), date(2026, 12, 20))


@given(_DAYS)
def test_a_date_read_aloud_is_found_again(day: date) -> None:
    for written in (f"{day:%B} {day.day}, {day.year}", day.isoformat(), f"{day.day} {day:%B} {day.year}"):
        assert [each.value for each in find_dates(speakable(written), _TODAY)] == [day.isoformat()]
        assert [each.value for each in find_dates(written, _TODAY)] == [day.isoformat()]


@given(_DAYS)
def test_a_date_without_a_year_is_the_next(day: date) -> None:
    ordinal = num2words(day.day, to="ordinal")
    for said in (f"on {day:%B} {ordinal}", f"the {ordinal} of {day:%B}", f"{day:%A} {day:%B} {day.day}"):
        assert [each.value for each in find_dates(said, _TODAY)] == [day.isoformat()]


@given(st.dates(date(1930, 1, 1), date(2025, 12, 31)))
def test_a_date_of_birth_is_found_again(day: date) -> None:
    said = speakable(f"I was born on {day:%B} {day.day}, {day.year}")
    assert [each.value for each in find_dates(said, _TODAY)] == [day.isoformat()]


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.integers(0, 6))
def test_a_weekday_is_within_the_next_seven_days(today: date, ahead: int) -> None:
    day = today + timedelta(days=ahead + 1)
    assert [each.value for each in find_dates(f"{day:%A}", today)] == [day.isoformat()]
