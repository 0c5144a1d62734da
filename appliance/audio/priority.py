"""Precedence for the threads of the sound driver: they need little of a processor, but at once."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)

REALTIME_PRIORITY = 5
"""Of 99; what PulseAudio takes for its own threads."""

SetPolicy = Callable[[int, int], None]
"""Gives the calling thread a scheduling policy and a priority. Raises OSError when that is not allowed."""


def set_policy(policy: int, priority: int, thread: int = 0) -> None:
    """Give a thread, 0 for the calling one, a scheduling policy. Raises OSError when that is not allowed."""
    os.sched_setscheduler(thread, policy, os.sched_param(priority))


@contextmanager
def realtime_threads(set_policy: SetPolicy = set_policy) -> Iterator[None]:
    """Let the threads that are started in the block run before all ordinary ones, and leave the caller as it was.

    A new thread takes over the policy of the one that starts it. Where the system does not allow it (LimitRTPRIO of
    the service, or the right to change priorities), the block runs without.
    """
    try:
        set_policy(os.SCHED_RR, REALTIME_PRIORITY)
    except OSError as error:
        log.info("sound runs without real-time priority (%s): it may drop out when the processors are busy", error)
        yield
        return
    try:
        yield
    finally:
        set_policy(os.SCHED_OTHER, 0)
