"""The daemon: the appliance with everything that looks after it, from its start to its orderly end."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from appliance.app.assisting import beside
from appliance.app.reloading import Reloaded, Reloader
from appliance.app.running import Appliance, running
from appliance.audio.card import SoundCard
from appliance.bus import Bus
from appliance.clock import Clock
from appliance.config.consent import ConsentMode
from appliance.config.models import Config
from appliance.ops.notify import Notifier
from appliance.ops.status import Monitor
from appliance.ops.supervision import Work, supervising
from appliance.ops.watchdog import watchdog_period_s
from appliance.ops.web import Controls, serving

START_STEP_S = 120.0
"""What one step of the start may take before the service manager gives up."""


@asynccontextmanager
async def serving_people(
    config: Config,
    load: Callable[[], Config],
    card: SoundCard,
    clock: Clock,
    bus: Bus,
    on_step: Callable[[str], None],
) -> AsyncIterator[Appliance]:
    """Run the appliance as a service until the block is left. `load` reads the configuration anew.

    Raises ApplianceError when something is missing.
    """
    notifier, monitor = Notifier.from_environment(clock), Monitor(config, clock)
    monitor.attach(bus)
    desk = Desk(notifier)

    def told(step: str) -> None:
        on_step(step)
        monitor.step(step)
        notifier.extend_timeout(START_STEP_S, f"Starting: {step}")

    async with (
        serving(monitor, config.monitoring.http_port, lambda: desk.controls, clock),
        running(config, card, clock, bus, resume=True, monitor=monitor, on_step=told) as appliance,
        beside(*_watched(appliance, notifier, clock), desk.serve(config, load, appliance)),
    ):
        notifier.ready("Listening")
        yield appliance
        notifier.stopping("Stopping")


class Desk:
    """Where the daemon is asked for something while it runs: over HTTP, or by SIGHUP."""

    def __init__(self, notifier: Notifier) -> None:
        self._notifier = notifier
        self.controls = Controls()
        """What can be asked for at the moment."""

    async def serve(self, config: Config, load: Callable[[], Config], appliance: Appliance) -> None:
        """Take requests until cancelled."""

        async def apply(changed: Config) -> None:
            await appliance.reconfigure(changed)
            logging.getLogger().setLevel(changed.log.level.value.upper())

        def report(who: str, reloaded: Reloaded) -> None:
            appliance.kept.admin("reload", who, reloaded.as_json())

        async def reload(who: str) -> Mapping[str, object]:
            self._notifier.reloading()
            try:
                return (await reloader.reload(who)).as_json()
            finally:
                self._notifier.ready("Listening")

        def decide(agreed: bool) -> None:
            appliance.session.decide_by_touch(agreed=agreed)

        def notice() -> Mapping[str, object]:
            told = reloader.config.consent
            wording = {ConsentMode.NONE: "", ConsentMode.NOTICE: told.notice, ConsentMode.ASK: told.question}
            return {
                "mode": told.mode,
                "policy_version": told.policy_version,
                "wording": wording[told.mode],
                "kept": appliance.session.may_be_kept,
            }

        reloader = Reloader(config, load, apply, report)
        hangup = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, hangup.set)
        self.controls = Controls(reload=reload, decide=decide, notice=notice)
        try:
            while await hangup.wait():
                hangup.clear()
                await reload("SIGHUP")
        finally:
            loop.remove_signal_handler(signal.SIGHUP)
            self.controls = Controls()


def _watched(appliance: Appliance, notifier: Notifier, clock: Clock) -> tuple[Work, ...]:
    return supervising(
        notifier,
        watchdog_period_s(),
        clock,
        microphone=appliance.microphone,
        workers=appliance.workers,
        ask_database=lambda: appliance.database.read(lambda connection: connection.execute("SELECT 1").fetchone()),
    )
