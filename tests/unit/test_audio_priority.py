import logging
import os

import pytest

from appliance.audio.priority import REALTIME_PRIORITY, realtime_threads

REALTIME, ORDINARY = (os.SCHED_RR, REALTIME_PRIORITY), (os.SCHED_OTHER, 0)


class Scheduler:
    def __init__(self, *, allows: bool = True) -> None:
        self.calls: list[tuple[int, int]] = []
        self._allows = allows

    def __call__(self, policy: int, priority: int) -> None:
        if not self._allows:
            raise PermissionError("not permitted")
        self.calls.append((policy, priority))


def test_the_caller_is_realtime_only_within_the_block() -> None:
    scheduler = Scheduler()
    with realtime_threads(scheduler):
        assert scheduler.calls == [REALTIME]
    assert scheduler.calls == [REALTIME, ORDINARY]


def test_the_caller_is_as_it_was_when_the_block_raises() -> None:
    scheduler = Scheduler()
    with pytest.raises(ValueError, match="no device"), realtime_threads(scheduler):
        raise ValueError("no device")
    assert scheduler.calls[-1] == ORDINARY


def test_without_the_right_the_block_runs_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    scheduler, ran = Scheduler(allows=False), False
    with caplog.at_level(logging.INFO), realtime_threads(scheduler):
        ran = True
    assert ran
    assert "not permitted" in caplog.text
