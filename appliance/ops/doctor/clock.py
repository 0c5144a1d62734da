"""The clock: kept by the network, believable against what is on disk, and kept over a power failure."""

from __future__ import annotations

import asyncio
import ctypes
from contextlib import suppress
from datetime import UTC, datetime

from appliance.ops.doctor.context import Context
from appliance.ops.doctor.database import reading
from appliance.ops.doctor.finding import Finding
from appliance.retention.clockwatch import peek
from appliance.storage.driver import Error

NAME = "clock"
RTC = "sys/class/rtc/rtc0/since_epoch"
RTC_OFF_S = 60
UNSYNCHRONISED = 0x0040
"""STA_UNSYNC of adjtimex(2): the kernel's own word, whichever program keeps the clock."""
_TIMEX_BYTES, _STATUS_AT = 512, 40
"""Room for `struct timex`, and where its `status` is on 64-bit Linux (modes, offset, freq, maxerror, esterror)."""
BUILT = datetime(2025, 1, 1, tzinfo=UTC)
"""No appliance is older."""
REMEDY = "Let the network keep the clock: timedatectl set-ntp true, or chrony. Without a network, set it by hand."


async def check(context: Context) -> list[Finding]:
    """Look at the clock from all sides."""
    now = context.clock.local_time("UTC")
    if now < BUILT:
        return [Finding.fail(NAME, f"The clock says {now:%Y-%m-%d}, which cannot be.", REMEDY)]
    return [_kept(), *_hardware(context, now), *await asyncio.to_thread(_believed, context, now)]


def _kept() -> Finding:
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    state = ctypes.CDLL(None, use_errno=True).adjtimex(buffer)
    status = ctypes.c_int.from_buffer(buffer, _STATUS_AT).value
    if state < 0:
        return Finding.warn(NAME, "Whether the network keeps the clock cannot be told.", REMEDY)
    if status & UNSYNCHRONISED:
        what = "Nothing keeps the clock right: appointments, records and purges go by it."
        return Finding.warn(NAME, what, REMEDY)
    return Finding.ok(NAME, "The network keeps the clock.")


def _hardware(context: Context, now: datetime) -> list[Finding]:
    if not (context.root / "sys/class/rtc/rtc0").exists():
        what = "There is no hardware clock: after a power failure the time is wrong until the network sets it."
        return [Finding.ok(NAME, what)]
    written = context.read(RTC)
    if written.isdecimal() and abs(int(written) - now.timestamp()) > RTC_OFF_S:
        what = f"The hardware clock is off by {abs(int(written) - now.timestamp()):.0f} s."
        return [Finding.warn(NAME, what, "hwclock --systohc; if it comes back, change its battery.")]
    return []


def _believed(context: Context, now: datetime) -> list[Finding]:
    """Hold the clock against the newest record; a database that cannot be read is told by another check."""
    doubt = ""
    with suppress(Error), reading(context) as connection:
        if connection is not None:
            doubt = peek(context.config.retention.clock_gap_days, now.timestamp(), connection)
    if not doubt:
        return []
    remedy = "Set the clock. If it is right, `appliance retention purge --force` says so."
    return [Finding.fail(NAME, f"The clock may be wrong: {doubt}.", remedy)]
