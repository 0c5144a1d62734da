"""Every fault of the matrix is injected, and what must hold is looked at; then the daemon is killed while it speaks.

One appliance serves all the rows that need a whole one.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from appliance.app.trial import on_trial
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.ops.faults.matrix import FAULTS, Result, inject
from appliance.ops.faults.talking import FAULTS as TALKING
from appliance.ops.visitor import ERRANDS, VISIT
from tests.device.daemon import ANSWER_S, CPU_TO_LISTENING_S, Daemon, wait_until
from tests.device.pulse import PulseServer
from tests.device.test_run import loud, spoken

pytestmark = [pytest.mark.device, pytest.mark.models, pytest.mark.timeout(900)]

log = logging.getLogger(__name__)

INJECTED = [row.fault.name for row in TALKING] + [fault.name for fault in FAULTS if fault.check is not None]


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Result]]:
    """Inject everything, once."""
    clock, config = SystemClock(), load()

    async def injected() -> dict[str, Result]:
        faults = inject(INJECTED, config, clock, lambda folder: on_trial(config, folder, lambda _: None))
        return {result.name: result async for result in faults}

    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CACHE_DIRECTORY", str(tmp_path_factory.mktemp("cache")))
        yield asyncio.run(injected())


@pytest.mark.parametrize("name", INJECTED)
def test_what_must_hold_holds(results: Mapping[str, Result], name: str) -> None:
    assert results[name].held, results[name].seen
    assert results[name].seen


def test_killed_in_the_middle_of_a_sentence_it_listens_again_and_goes_on(pulse: PulseServer, tmp_path: Path) -> None:
    first = Daemon(pulse, tmp_path / "state")
    again: Daemon | None = None
    try:
        first.listens()
        pulse.speak(spoken(ERRANDS, "book")).wait()
        first.says("For which day?", ANSWER_S)
        recorder = pulse.listen()
        pulse.speak(spoken(VISIT, "saturday")).wait()
        wait_until(lambda: loud(recorder.heard()), ANSWER_S, lambda: f"it said nothing:\n{first.output}")
        recorder.stop()
        first.kill()
        clock = SystemClock()
        begun = clock.now()
        again = Daemon(pulse, tmp_path / "state")
        again.says("listening", ANSWER_S)
        spent_s = again.cpu_s
        log.info("listening after %.1f s, %.1f s of the processor", clock.now() - begun, spent_s)
        assert "going on with a conversation" in again.output
        assert spent_s < CPU_TO_LISTENING_S
        again.listens()
        pulse.speak(spoken(ERRANDS, "day")).wait()
        again.says("At what time?", ANSWER_S)
        assert again.interrupt() == 0
        assert not re.search(r"Traceback", again.output)
    finally:
        first.kill()
        if again is not None:
            again.kill()
