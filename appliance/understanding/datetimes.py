"""A date and a time that were said together, on the clock of the place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from appliance.understanding.clock_times import Hours
from appliance.understanding.correction import standing, taken_back
from appliance.understanding.dates import find_dates
from appliance.understanding.durations import find_delays
from appliance.understanding.found import Found, Span
from appliance.understanding.times import all_times, without_days
from appliance.understanding.words import plain

_BETWEEN = re.compile(
    r"(?:[\s,-]+|\b(?:at|around|about|by|on|for|the|in|this|morning|afternoon|evening|night|say|maybe|preferably|like"
    r"|exactly|please)\b)*"
)
_CORRECTING = re.compile(r"\b(?:make (?:that|it)|no|sorry|i mean|actually|wait)\b")


def find_datetimes(text: str, now: datetime, *, day_start: str = "07:00", day_end: str = "19:00") -> list[Found]:
    """Return the moments in `text`, each as "2026-03-04T15:30" on the clock of the place.

    A date and a time belong together where nothing but small words stands between them. "In two hours" is a moment by
    itself. Uncertain is a moment whose date or time is, one that has passed today, and one that the clock does not
    show, or shows twice, because summer time begins or ends.

    Args:
        text: What was said.
        now: When it was said, with the time zone of the place.
        day_start: See `find_times`.
        day_end: See `find_times`.

    Raises:
        ValueError: `now` has no time zone, or the hours are not such as "07:00" and "19:00".
    """
    if now.tzinfo is None:
        raise ValueError(f"{now} has no time zone")
    hours = Hours.of(day_start, day_end)
    found = [*_delays(text, now), *_pairs(text, now, hours)]
    return standing(text, found)


def _delays(text: str, now: datetime) -> Iterator[Found]:
    for delay in find_delays(text):
        if not isinstance(delay.value, int):
            continue
        moment = (now.astimezone(UTC) + timedelta(minutes=delay.value)).astimezone(now.tzinfo)
        start = _start_of_delay(text, delay)
        yield Found(
            value=moment.strftime("%Y-%m-%dT%H:%M"),
            start=start,
            end=delay.end,
            words=text[start : delay.end],
            certain=delay.certain and _shown_once(moment.replace(tzinfo=None, fold=0), now),
        )


def _start_of_delay(text: str, delay: Found) -> int:
    lead = re.search(r"\bin(?:\s+(?:about|around|exactly))?\s*$", plain(text)[: delay.start])
    return lead.start() if lead else delay.start


def _pairs(text: str, now: datetime, hours: Hours) -> list[Found]:
    dates = find_dates(text, now.date())
    times = all_times(text, hours)
    without_dates = without_days(text)
    gone = taken_back(without_dates, [each.span for each in times])
    kept = [each for each in standing(without_dates, times) if not _inside(each, dates)]
    paired: set[int] = set()
    moments = []
    for first, second in pairwise(sorted([*dates, *kept], key=lambda each: each.start)):
        day, clock = (first, second) if first in dates else (second, first)
        if day not in dates or clock not in kept or first.start in paired:
            continue
        if first.end <= second.start and _BETWEEN.fullmatch(_between(text, first, second, gone)):
            paired |= {first.start, second.start}
            moments.append(_moment(text, day, clock, now))
    alone = [each for each in kept if each.start not in paired]
    return [replace(each, certain=each.certain and not alone) for each in moments]


def _inside(found: Found, others: Sequence[Found]) -> bool:
    return any(found.start < other.end and other.start < found.end for other in others)


def _between(text: str, first: Found, second: Found, gone: Sequence[Span]) -> str:
    """Return what stands between two values, less a time that was taken back there and the words that did so."""
    between = plain(text)[first.end : second.start]
    inside = [(start - first.end, end - first.end) for start, end in gone if first.end <= start and end <= second.start]
    for start, end in inside:
        between = between[:start] + " " * (end - start) + between[end:]
    return _CORRECTING.sub(" ", between) if inside else between


def _moment(text: str, day: Found, clock: Found, now: datetime) -> Found:
    start, end = min(day.start, clock.start), max(day.end, clock.end)
    local = datetime.combine(date.fromisoformat(str(day.value)), time.fromisoformat(str(clock.value)))
    passed = local.date() == now.date() and local <= now.replace(tzinfo=None)
    return Found(
        value=local.strftime("%Y-%m-%dT%H:%M"),
        start=start,
        end=end,
        words=text[start:end],
        certain=day.certain and clock.certain and not passed and _shown_once(local, now),
    )


def _shown_once(local: datetime, now: datetime) -> bool:
    """Tell whether the clock of the place shows this time exactly once on that day."""
    first, second = (local.replace(tzinfo=now.tzinfo, fold=fold) for fold in (0, 1))
    exists = first.astimezone(UTC).astimezone(now.tzinfo).replace(tzinfo=None, fold=0) == local
    return exists and first.utcoffset() == second.utcoffset()
