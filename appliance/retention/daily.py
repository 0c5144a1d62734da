"""The purge of every day, beside the conversation."""

from __future__ import annotations

import logging
from datetime import datetime, time, timedelta

from appliance.clock import Clock
from appliance.events import AnyEvent, BargeIn, PlayoutEnded, PlayoutStarted, SpeechStarted, TurnCommitted
from appliance.retention.errors import DoubtfulClockError
from appliance.retention.purge import Purger
from appliance.storage.errors import StorageError

log = logging.getLogger(__name__)

HOUR_S = 3600.0
QUIET_S = 60.0
"""Nobody has spoken for so long."""


class Quiet:
    """Observes the events and knows when nobody speaks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last = clock.now() - QUIET_S

    def __call__(self, event: AnyEvent) -> None:
        """Take note of a sign of life."""
        if isinstance(event, SpeechStarted | PlayoutStarted | PlayoutEnded | TurnCommitted | BargeIn):
            self._last = self._clock.now()

    async def wait(self) -> None:
        """Return when nobody has spoken for a minute."""
        while (remaining := self._last + QUIET_S - self._clock.now()) > 0:
            await self._clock.sleep(remaining)


async def run_daily(purger: Purger, clock: Clock, at: time, timezone: str) -> None:
    """Purge each day at a local time until cancelled; one that was missed is made up for.

    It looks every hour, so that the clock is watched and a wrong one is told in the log.
    """
    while True:
        now = clock.local_time(timezone)
        try:
            if await purger.is_due(last_moment(now, at).timestamp()):
                report = await purger.purge()
                log.info("purged %d records", report.count)
            elif doubt := await purger.doubt():
                log.warning("the clock may be wrong: %s", doubt)
        except DoubtfulClockError as error:
            log.error("%s. %s", error, error.remedy)  # noqa: TRY400 - what happened is all in the message
        except StorageError as error:
            log.warning("what is too old could not be deleted at the moment: %s", error)
        await clock.sleep(min(HOUR_S, seconds_until(clock.local_time(timezone), at)))


def last_moment(now: datetime, at: time) -> datetime:
    """Return when it was `at` the last time, in the zone of `now`."""
    today = datetime.combine(now.date(), at, tzinfo=now.tzinfo)
    return today if today <= now else datetime.combine(now.date() - timedelta(days=1), at, tzinfo=now.tzinfo)


def seconds_until(now: datetime, at: time) -> float:
    """Return the seconds until it is `at` the next time; a second at least."""
    following = datetime.combine(last_moment(now, at).date() + timedelta(days=1), at, tzinfo=now.tzinfo)
    return max(1.0, following.timestamp() - now.timestamp())
