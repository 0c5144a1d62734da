"""Which time of day is meant by an hour from one to twelve."""

from __future__ import annotations

from dataclasses import dataclass

NOON = 12 * 60
DAY = 24 * 60
_PARTS = {
    "morning": (0, NOON),
    "afternoon": (NOON, 19 * 60),
    "evening": (16 * 60, DAY),
    "tonight": (17 * 60, DAY),
    "night": (18 * 60, DAY + 6 * 60),
}
"""When a part of the day can name a time, in minutes: "five in the evening", "two at night"."""
_LAST_HOUR, _LAST_MINUTE = 23, 59


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A time as it was said."""

    hour: int
    minute: int = 0
    half: str = ""
    """ "a" or "p", or the part of the day that was said, or nothing."""
    exact: bool = False
    """Whether it was said on the clock of twenty-four hours."""
    certain: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """The hours that decide between morning and afternoon where neither was said, in minutes; both ends belong."""

    start: int
    end: int

    @classmethod
    def of(cls, start: str, end: str) -> Hours:
        """Read "07:00" and "19:00".

        Raises:
            ValueError: One of them is not of this form, or they are not in order.
        """
        hours = cls(start=minutes_of(start), end=minutes_of(end))
        if hours.start >= hours.end:
            raise ValueError(f"the day ends at {end}, which is not after its start at {start}")
        return hours

    def resolve(self, said: Said) -> tuple[int, bool] | None:
        """Return the time in minutes after midnight and whether it is the only one that can be meant."""
        if said.hour > _LAST_HOUR + 1 or said.minute > _LAST_MINUTE:
            return None
        minutes = (said.hour * 60 + said.minute) % DAY
        if said.half:
            return self._with_half(said, minutes)
        if said.exact or said.hour > NOON // 60 or said.hour == 0:
            wrong_clock = 0 < said.hour <= NOON // 60 and not self.start <= minutes <= self.end
            return minutes, said.certain and not wrong_clock
        readings = sorted({minutes % NOON, minutes % NOON + NOON})
        inside = [reading for reading in readings if self.start <= reading <= self.end]
        if len(inside) == 1:
            return inside[0], said.certain
        return (inside[0] if inside else min(readings, key=self._distance)), False

    def _distance(self, minutes: int) -> int:
        return max(self.start - minutes, minutes - self.end)

    def _with_half(self, said: Said, minutes: int) -> tuple[int, bool] | None:
        on_half_day = 1 <= said.hour <= NOON // 60
        if said.half in {"a", "p"}:
            if not on_half_day:
                return (minutes, said.certain) if said.half == "p" and said.hour > NOON // 60 else None
            return minutes % NOON + NOON * (said.half == "p"), said.certain
        start, end = _PARTS[said.half]
        readings = [minutes % NOON, minutes % NOON + NOON] if on_half_day else [minutes]
        inside = {
            reading % DAY for reading in (*readings, *(each + DAY for each in readings)) if start <= reading < end
        }
        if not inside:
            return None
        doubtful = said.half == "morning" and said.hour == NOON // 60
        return min(inside), said.certain and len(inside) == 1 and not doubtful


def minutes_of(written: str) -> int:
    """Return "15:30" in minutes after midnight.

    Raises:
        ValueError: It is not of this form.
    """
    hour, _, minute = written.partition(":")
    if not (hour.isdecimal() and minute.isdecimal() and int(hour) <= _LAST_HOUR + 1 and int(minute) <= _LAST_MINUTE):
        raise ValueError(f"{written!r} is no time such as 15:30")
    return int(hour) * 60 + int(minute)


def written(minutes: int) -> str:
    """Return minutes after midnight as "15:30"."""
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
