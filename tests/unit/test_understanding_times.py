from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.speakable import speakable
from appliance.understanding import (
    find_delays,
    find_durations,
    find_parts_of_day,
    find_time_ranges,
    find_times,
)


@pytest.mark.parametrize(
    ("said", "time"),
    [
        ("half past three", "15:30"),
        ("half past 3", "15:30"),
        ("quarter to nine", "08:45"),
        ("a quarter past ten", "10:15"),
        ("quarter of four", "15:45"),
        ("twenty past three", "15:20"),
        ("twenty-five past two", "14:25"),
        ("ten minutes to four", "15:50"),
        ("at ten to four", "15:50"),
        ("three thirty p.m.", "15:30"),
        ("3:30pm", "15:30"),
        ("3:30 PM.", "15:30"),
        ("3.30 pm", "15:30"),
        ("3 30 pm", "15:30"),
        ("330 pm", "15:30"),
        ("3.30", "15:30"),
        ("at 3.30", "15:30"),
        ("at three", "15:00"),
        ("at eight", "08:00"),
        ("At 3, please", "15:00"),
        ("three thirty", "15:30"),
        ("three forty-five", "15:45"),
        ("twelve thirty", "12:30"),
        ("noon", "12:00"),
        ("12 noon", "12:00"),
        ("midnight", "00:00"),
        ("12 pm", "12:00"),
        ("12 am", "00:00"),
        ("fifteen hundred", "15:00"),
        ("fifteen hundred hours", "15:00"),
        ("oh nine hundred", "09:00"),
        ("0900 hours", "09:00"),
        ("at fifteen thirty", "15:30"),
        ("at 1530", "15:30"),
        ("15:30", "15:30"),
        ("12:30", "12:30"),
        ("ten in the morning", "10:00"),
        ("three o'clock", "15:00"),
        ("3 o'clock in the afternoon", "15:00"),
        ("three oclock", "15:00"),
        ("nine in the evening", "21:00"),
        ("eleven at night", "23:00"),
        ("two at night", "02:00"),
        ("seven thirty in the evening", "19:30"),
        ("tonight at eight", "20:00"),
        ("eight tonight", "20:00"),
        ("tomorrow morning at nine", "09:00"),
        ("tomorrow afternoon at three", "15:00"),
        ("Good morning, at three please", "15:00"),
        ("at three, no, four", "16:00"),
        ("at three, no, half past four", "16:30"),
        ("at 3 p.m., I mean 4 p.m.", "16:00"),
        ("not at three, at four", "16:00"),
    ],
)
def test_a_time_that_is_clear(said: str, time: str) -> None:
    found = find_times(said)
    assert [(each.value, each.certain) for each in found] == [(time, True)]
    assert said[found[0].start : found[0].end] == found[0].words


@pytest.mark.parametrize(
    ("said", "time"),
    [
        ("half three", "15:30"),
        ("ten to four", "15:50"),
        ("at seven", "07:00"),
        ("03:30", "03:30"),
        ("at 330", "15:30"),
        ("five fifty-five", "17:55"),
        ("around four", "16:00"),
        ("before four", "16:00"),
        ("after 3 p.m.", "15:00"),
        ("12 in the morning", "00:00"),
        ("at three. No, wait.", "15:00"),
    ],
)
def test_a_time_that_is_asked_back(said: str, time: str) -> None:
    assert [(each.value, each.certain) for each in find_times(said)] == [(time, False)]


@pytest.mark.parametrize(
    "said",
    [
        "",
        "one moment",
        "at one point",
        "for three",
        "three people",
        "at three people",
        "at 3 Main Street",
        "at five dollars",
        "it costs 3.30",
        "version 3.30",
        "four fifty a night",
        "sixteen forty five",
        "5 to 10 people",
        "between two and four",
        "from 9 to 5",
        "25:00",
        "3:75",
        "3 am I right",
        "at 3/4",
        "in the afternoon",
        "I have two questions for you",
        "half a dozen",
        "1:2:3:4",
    ],
)
def test_what_is_no_time(said: str) -> None:
    assert find_times(said) == []


@pytest.mark.parametrize(
    ("said", "time"),
    [
        ("Ten.", "10:00"),
        ("10", "10:00"),
        ("it's three", "15:00"),
        ("um, maybe ten, please", "10:00"),
        ("No, make it ten.", "10:00"),
        ("nine thirty", "09:30"),
        ("ten to four", "15:50"),
    ],
)
def test_an_hour_alone_is_an_answer(said: str, time: str) -> None:
    found = find_times(said, answer=True)
    assert [each.value for each in found] == [time]
    assert said[found[0].start : found[0].end] == found[0].words


@pytest.mark.parametrize(
    "said",
    ["", "ten people", "my number is ten", "ten or eleven", "30", "one moment", "for ten", "room ten", "ten minutes"],
)
def test_an_answer_about_something_else_is_no_time(said: str) -> None:
    assert find_times(said, answer=True) == []


def test_an_hour_alone_that_nobody_asked_for_is_no_time() -> None:
    assert find_times("Ten.") == find_times("No, make it ten.") == []


@pytest.mark.parametrize(
    ("said", "time", "certain"),
    [
        ("at seven", "19:00", True),
        ("at three", "15:00", False),
        ("at noon", "12:00", True),
        ("at 6 a.m.", "06:00", True),
    ],
)
def test_the_hours_of_the_site_decide(said: str, time: str, certain: bool) -> None:
    found = find_times(said, day_start="17:00", day_end="23:00")
    assert [(each.value, each.certain) for each in found] == [(time, certain)]


@pytest.mark.parametrize("hours", [("7", "19:00"), ("07:00", "7 pm"), ("19:00", "07:00"), ("07:00", "24:99")])
def test_hours_that_are_none(hours: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=r"time|day"):
        find_times("at three", day_start=hours[0], day_end=hours[1])


@pytest.mark.parametrize(
    ("said", "ends"),
    [
        ("between two and four", ["14:00/16:00"]),
        ("from 9 to 5", ["09:00/17:00"]),
        ("10 to 2 p.m.", ["10:00/14:00"]),
        ("two to four p.m.", ["14:00/16:00"]),
        ("9:30-11:30", ["09:30/11:30"]),
        ("between two and four people", []),
        ("two to four", []),
        ("one thirty-five", []),
        ("9am-5pm", ["09:00/17:00"]),
    ],
)
def test_ranges(said: str, ends: list[str]) -> None:
    assert [each.value for each in find_time_ranges(said)] == ends


@pytest.mark.parametrize(
    ("said", "minutes"),
    [
        ("half an hour", [30]),
        ("an hour and a half", [90]),
        ("one and a half hours", [90]),
        ("ninety minutes", [90]),
        ("one hour and fifteen minutes", [75]),
        ("three quarters of an hour", [45]),
        ("1.5 hours", [90]),
        ("45 min", [45]),
        ("an hour, no, two hours", [120]),
        ("just a minute", []),
        ("one minute", []),
        ("in two hours", []),
        ("an hour ago", []),
        ("twenty dollars an hour", []),
        ("ten minutes to four", []),
    ],
)
def test_durations(said: str, minutes: list[int]) -> None:
    assert [each.value for each in find_durations(said)] == minutes


@pytest.mark.parametrize(
    ("said", "minutes"), [("in two hours", [120]), ("half an hour from now", [30]), ("an hour", [])]
)
def test_delays(said: str, minutes: list[int]) -> None:
    assert [each.value for each in find_delays(said)] == minutes


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("tomorrow morning", ["06:00/12:00"]),
        ("late afternoon", ["15:00/18:00"]),
        ("Friday night", ["18:00/22:00"]),
        ("in the morning, no, in the afternoon", ["12:00/18:00"]),
        ("Good morning", []),
        ("Morning!", []),
        ("two nights", []),
        ("last night", []),
    ],
)
def test_parts_of_the_day(said: str, parts: list[str]) -> None:
    assert [each.value for each in find_parts_of_day(said)] == parts


_HOURS, _MINUTES = st.integers(0, 23), st.integers(0, 59)


@given(_HOURS, _MINUTES)
def test_a_time_read_aloud_is_found_again(hour: int, minute: int) -> None:
    half = f"{hour % 12 or 12}:{minute:02d} {'ap'[hour >= 12]}.m."
    for said in (half, speakable(half), f"{hour % 12 or 12}:{minute:02d}{'ap'[hour >= 12]}m"):
        assert [each.value for each in find_times(said)] == [f"{hour:02d}:{minute:02d}"]


@given(st.integers(13, 23), _MINUTES)
def test_a_written_time_is_found_again(hour: int, minute: int) -> None:
    found = find_times(f"{hour}:{minute:02d}")
    assert [(each.value, each.certain) for each in found] == [(f"{hour}:{minute:02d}", True)]


@given(st.integers(1, 12))
def test_an_unsaid_half_is_certain_only_when_one_lies_inside(hour: int) -> None:
    readings = [each for each in (hour % 12, hour % 12 + 12) if 7 <= each <= 19]
    assert [each.certain for each in find_times(f"at {hour}")] == [len(readings) == 1]
