from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance import understanding

_NEW_YORK = ZoneInfo("America/New_York")
_NOW = datetime(2026, 3, 2, 10, 30, tzinfo=_NEW_YORK)  # a Monday


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("tomorrow at half past three", "2026-03-03T15:30"),
        ("at three on Friday", "2026-03-06T15:00"),
        ("Friday afternoon at three", "2026-03-06T15:00"),
        ("tomorrow morning at nine thirty", "2026-03-03T09:30"),
        ("tonight at eight", "2026-03-02T20:00"),
        ("March 4th, 3:30 pm", "2026-03-04T15:30"),
        ("the 4th at three p.m.", "2026-03-04T15:00"),
        ("in two hours", "2026-03-02T12:30"),
        ("half an hour from now", "2026-03-02T11:00"),
        ("tomorrow, no, Friday at three", "2026-03-06T15:00"),
        ("tomorrow at three, no, four", "2026-03-03T16:00"),
        ("Friday at three, actually no, Saturday at four", "2026-03-07T16:00"),
    ],
)
def test_a_moment_that_is_clear(said: str, moment: str) -> None:
    found = understanding.find_datetimes(said, _NOW)
    assert [(each.value, each.certain) for each in found] == [(moment, True)]
    assert said[found[0].start : found[0].end] == found[0].words


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("March 8th at 2:30 am", "2026-03-08T02:30"),
        ("November 1st at 1:30 am", "2026-11-01T01:30"),
        ("today at nine", "2026-03-02T09:00"),
        ("next Friday at 10", "2026-03-13T10:00"),
        ("Friday at seven", "2026-03-06T07:00"),
        ("tomorrow at 3 or at 4", "2026-03-03T15:00"),
    ],
)
def test_a_moment_that_is_asked_back(said: str, moment: str) -> None:
    assert [(each.value, each.certain) for each in understanding.find_datetimes(said, _NOW)] == [(moment, False)]


@pytest.mark.parametrize(
    "said", ["", "tomorrow", "at three", "I called on Friday, can I come at three?", "next week at 3"]
)
def test_no_moment(said: str) -> None:
    assert understanding.find_datetimes(said, _NOW) == []


def test_hours_are_counted_through_the_change_to_summer_time() -> None:
    before = datetime(2026, 3, 8, 1, 30, tzinfo=_NEW_YORK)
    assert [each.value for each in understanding.find_datetimes("in one hour", before)] == ["2026-03-08T03:30"]


def test_a_moment_in_the_repeated_hour_is_uncertain() -> None:
    before = datetime(2026, 11, 1, 0, 30, tzinfo=_NEW_YORK)
    found = understanding.find_datetimes("in one hour", before)
    assert [(each.value, each.certain) for each in found] == [("2026-11-01T01:30", False)]


def test_the_time_zone_of_the_place_is_needed() -> None:
    with pytest.raises(ValueError, match="time zone"):
        understanding.find_datetimes("tomorrow at three", _NOW.replace(tzinfo=None))


def _everything(said: str) -> list[Any]:
    today = _NOW.date()
    return [
        *understanding.find_numbers(said),
        *understanding.find_ordinals(said),
        *understanding.find_number_ranges(said),
        *understanding.find_digits(said),
        *understanding.find_phones(said),
        *understanding.find_codes(said, r"[A-Z0-9-]+"),
        *understanding.find_emails(said),
        *understanding.find_dates(said, today),
        *understanding.find_dates(said, today, birth=True),
        *understanding.find_times(said),
        *understanding.find_time_ranges(said),
        *understanding.find_durations(said),
        *understanding.find_parts_of_day(said),
        *understanding.find_datetimes(said, datetime(2026, 3, 2, tzinfo=UTC)),
        *understanding.find_choices(said, {"red": ["crimson"]}),
    ]


_PIECES = st.sampled_from([
    "a", "the", "one", "two", "twenty", "hundred", "thousand", "and", "half", "past", "to", "at", "on", "in",
    "dot", "dash", "double", "oh", "no", "sorry", "i", "mean", "actually", "not", "Friday", "March", "May",
    "4th", "3", "30", "0142", "3:30", "pm", "o'clock", "week", "month", "day", "after", "next", "quarter",
    "point", "dozen", ",", ".", "?", "-", "/", "@", "+", "...", "uh", "S", "ORD", "bravo", "as", "like",
    "born", "morning", "tonight", "noon", "minutes", "from", "between", "red", "é", "İ", "ß", "🙂",
])  # fmt: skip


@given(st.lists(_PIECES, max_size=14).map(" ".join))
def test_whatever_is_said_the_evidence_is_in_the_text(said: str) -> None:
    for found in _everything(said):
        assert said[found.start : found.end] == found.words
        assert found.words.strip()


@given(st.text(max_size=60))
def test_any_text_is_read(said: str) -> None:
    for found in _everything(said):
        assert said[found.start : found.end] == found.words
