"""Days of the calendar as they are meant by somebody who speaks today."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

_DAYS = 7
_MONTHS = 12
_FAR_AHEAD = 300
"""Days: a date without a year that lies farther ahead may as well be the one that has just passed."""
_YEARS_TO_A_LEAP_DAY = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Where the person stands in time."""

    today: date
    prefer_future: bool = True
    """Whether a date without a year is the next one or the last one."""
    month_first: bool = True
    """Whether 3/4 is March 4, as in the United States, or 3 April."""

    def in_days(self, days: int) -> date | None:
        """Return the day so many days from today, None beyond the calendar."""
        try:
            return self.today + timedelta(days=days)
        except OverflowError:
            return None

    def weekday(self, weekday: int) -> date | None:
        """Return the next day of that name after today (or the last before it), Monday being 0."""
        if self.prefer_future:
            return self.in_days((weekday - self.today.weekday() - 1) % _DAYS + 1)
        return self.in_days(-((self.today.weekday() - weekday - 1) % _DAYS + 1))

    def last_weekday(self, weekday: int) -> date | None:
        """Return the last day of that name before today."""
        return self.in_days(-((self.today.weekday() - weekday - 1) % _DAYS + 1))

    def weekday_of_week(self, weekday: int, weeks: int) -> date | None:
        """Return the day of that name in this week (0), the next (1) and so on; weeks begin on Monday."""
        return self.in_days(weekday - self.today.weekday() + _DAYS * weeks)

    def month_day(self, month: int, day: int) -> tuple[date, bool] | None:
        """Return the next (or last) such day, today included, and whether it is clear that this one is meant."""
        years = range(_YEARS_TO_A_LEAP_DAY) if self.prefer_future else range(0, -_YEARS_TO_A_LEAP_DAY, -1)
        for ahead in years:
            found = exact(self.today.year + ahead, month, day)
            if found and (found >= self.today if self.prefer_future else found <= self.today):
                return found, abs((found - self.today).days) <= _FAR_AHEAD
        return None

    def day_of_month(self, day: int, months_ahead: int | None = None) -> date | None:
        """Return the next (or last) day with that number, or the one in a given month, counted from this one."""
        if months_ahead is not None:
            return self._in_month(months_ahead, day)
        for ahead in range(_MONTHS):
            found = self._in_month(ahead if self.prefer_future else -ahead, day)
            if found and (found >= self.today if self.prefer_future else found <= self.today):
                return found
        return None

    def end_of_month(self, months_ahead: int = 0) -> date | None:
        """Return the last day of a month, counted from this one."""
        first = self._in_month(months_ahead, 1)
        return first and first.replace(day=monthrange(first.year, first.month)[1])

    def in_months(self, months: int) -> date | None:
        """Return today's day so many months ahead, or the last day of a shorter month."""
        last = self.end_of_month(months)
        return last and last.replace(day=min(last.day, self.today.day))

    def _in_month(self, months_ahead: int, day: int) -> date | None:
        months = self.today.year * _MONTHS + self.today.month - 1 + months_ahead
        return exact(months // _MONTHS, months % _MONTHS + 1, day)


def exact(year: int, month: int, day: int) -> date | None:
    """Return the date, None where the calendar has none."""
    try:
        return date(year, month, day)
    except ValueError:
        return None
