"""The delivery: takes entries out of the outbox, channel by channel, until each has arrived or was given up."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from appliance.clock import Clock
from appliance.handover.message import Channel, DeliveryError, Handover
from appliance.storage.errors import StorageError
from appliance.storage.outbox import Entry, Outbox

log = logging.getLogger(__name__)

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to wait and when to give up.

    `first_delay_s` doubles with each attempt up to `longest_delay_s`, less a random part of up to a half, so that many
    appliances do not come back together. An entry is given up when an attempt fails after `max_age_days`: never
    without a last one, because clocks jump. After `suspect_after` failures it is tried whether the channel takes the
    next entry. `poll_s` is how soon it is seen that `appliance outbox` has changed something.
    """

    first_delay_s: float = 2.0
    longest_delay_s: float = 300.0
    max_age_days: float = 14.0
    keep_keys_days: float = 90.0
    suspect_after: int = 8
    poll_s: float = 10.0

    def delay_s(self, attempts: int, random: Random) -> float:
        """Return the seconds to wait after so many failed attempts (1 and more)."""
        doubled = self.first_delay_s * 2.0 ** min(attempts - 1, 32)
        return min(doubled, self.longest_delay_s) * random.uniform(0.5, 1.0)


class Delivery:
    """Delivers in the order of the entries, each channel on its own, so that one that is down holds up no other."""

    def __init__(
        self,
        outbox: Outbox,
        channels: Mapping[str, Channel],
        clock: Clock,
        random: Random,
        patience: Patience = Patience(),
    ) -> None:
        self._outbox = outbox
        self._channels = dict(channels)
        self._clock = clock
        self._random = random
        self._patience = patience

    async def run(self) -> None:
        """Deliver until cancelled. What is being sent at that moment is sent again, with its key, at the next start."""
        await self._persist(lambda: self._outbox.recover(self._channels))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._expire(), name="outbox expiry")
            for name, channel in self._channels.items():
                group.create_task(self._serve(name, channel), name=f"outbox {name}")

    async def _serve(self, name: str, channel: Channel) -> None:
        bell = self._outbox.bell(name)
        busy = False
        while True:
            bell.clear()
            wait_s = self._patience.poll_s
            try:
                if await self._deliver_first(name, channel):
                    busy = True
                    continue
                if busy:
                    await self._outbox.wipe()
                    busy = False
                wait_s = min(wait_s, await self._outbox.wait_s(name))
            except StorageError as error:
                log.warning("the outbox cannot be used at the moment: %s", error)
            await self._wait(bell, wait_s)

    async def _deliver_first(self, name: str, channel: Channel) -> bool:
        """Return whether there was an entry whose time had come."""
        entry = await self._outbox.claim(name)
        if entry is None:
            return False
        failure = await self._attempt(entry, channel)
        await self._settle(entry, failure)
        if failure is not None and not failure.permanent and entry.attempts >= self._patience.suspect_after:
            await self._let_next_pass(entry, channel)
        return True

    async def _let_next_pass(self, suspect: Entry, channel: Channel) -> None:
        """Try the entry behind one that fails again and again, so that one bad entry does not stop the channel.

        If that arrives, the suspect is tried at once: perhaps the channel has just come back.
        """
        following = await self._outbox.claim(suspect.channel, behind=suspect.id)
        if following is None:
            return
        failure = await self._attempt(following, channel)
        await self._settle(following, failure)
        if failure is None:
            log.warning("outbox entry %d was refused and the next one has arrived", suspect.id)
            await self._persist(lambda: self._outbox.retry(suspect))

    async def _attempt(self, entry: Entry, channel: Channel) -> DeliveryError | None:
        try:
            await channel.deliver(Handover.from_dict(_content(entry)), entry.key)
        except DeliveryError as error:
            return error
        except ValueError as error:
            return DeliveryError(str(error), permanent=True)
        except Exception as error:
            log.exception("channel %s failed in a way that it should not", entry.channel)
            return DeliveryError(f"internal error ({type(error).__name__})")
        return None

    async def _settle(self, entry: Entry, failure: DeliveryError | None) -> None:
        """Note how an attempt ended; while the disk is full this waits, because else it would be forgotten."""
        if failure is None:
            await self._persist(lambda: self._outbox.deliver(entry))
            return
        reason = str(failure)
        level = logging.WARNING if entry.attempts == 1 or failure.permanent else logging.DEBUG
        log.log(level, "outbox entry %d for %s: %s", entry.id, entry.channel, reason)
        if failure.permanent:
            await self._persist(lambda: self._outbox.set_aside(entry, reason))
        elif self._now() - entry.created_at > self._patience.max_age_days * DAY_S:
            log.error("outbox entry %d for %s is given up: %s", entry.id, entry.channel, reason)
            await self._persist(lambda: self._outbox.drop(entry, reason))
        else:
            delay = max(self._patience.delay_s(entry.attempts, self._random), failure.retry_after_s)
            await self._persist(lambda: self._outbox.postpone(entry, reason, delay))

    async def _expire(self) -> None:
        keep_keys_s = self._patience.keep_keys_days * DAY_S
        while True:
            await self._persist(lambda: self._outbox.expire(keep_keys_s))
            await self._clock.sleep(DAY_S / 24)

    async def _persist(self, change: Callable[[], Awaitable[Any]]) -> None:
        while True:
            try:
                await change()
            except StorageError as error:
                log.warning("the outbox cannot be written at the moment: %s", error)
                await self._clock.sleep(self._patience.poll_s)
            else:
                return

    async def _wait(self, bell: asyncio.Event, wait_s: float) -> None:
        waiting = [asyncio.ensure_future(bell.wait()), asyncio.ensure_future(self._clock.sleep(wait_s))]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    def _now(self) -> float:
        return self._clock.local_time("UTC").timestamp()


def _content(entry: Entry) -> Mapping[str, Any]:
    """Return the payload. Raises ValueError when it is not an object of JSON: another program has written it."""
    content = json.loads(entry.payload or "null")
    if not isinstance(content, dict):
        raise ValueError("this is no handover")  # noqa: TRY004 - the value is wrong, whatever its type
    return content
