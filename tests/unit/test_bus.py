from __future__ import annotations

import asyncio
import logging

import pytest

from appliance.bus import BACKLOG, Bus
from appliance.events import AnyEvent, StateChanged


def changed(state: str) -> StateChanged:
    return StateChanged(session_id="s", turn_id=0, epoch=0, t=0.0, state=state)


async def test_observers_see_events_in_order_and_later() -> None:
    bus, seen = Bus(), list[AnyEvent]()
    bus.subscribe(seen.append)
    bus.publish(changed("a"))
    bus.publish(changed("b"))
    assert seen == []
    await asyncio.sleep(0)
    assert [event.state for event in seen if isinstance(event, StateChanged)] == ["a", "b"]


async def test_a_failing_observer_is_logged_and_hurts_nobody(caplog: pytest.LogCaptureFixture) -> None:
    bus, seen = Bus(), list[AnyEvent]()

    def broken(_: AnyEvent) -> None:
        raise RuntimeError("observer broke")

    bus.subscribe(broken)
    bus.subscribe(seen.append)
    with caplog.at_level(logging.ERROR):
        bus.publish(changed("a"))
        await asyncio.sleep(0)
    assert len(seen) == 1
    assert "StateChanged" in caplog.text


async def test_the_backlog_is_bounded() -> None:
    bus, seen = Bus(), list[AnyEvent]()
    bus.subscribe(seen.append)
    for number in range(BACKLOG + 10):
        bus.publish(changed(str(number)))
    await asyncio.sleep(0)
    assert len(seen) == BACKLOG
    assert bus.lost == 10
