"""`appliance run`: the daemon."""

from __future__ import annotations

import asyncio
import faulthandler
import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Annotated

import typer
from rich.console import Console

from appliance.app.assisting import beside
from appliance.app.running import Appliance, running
from appliance.audio.portaudio import PortAudioCard
from appliance.bus import Bus
from appliance.cli.captions import show_turn
from appliance.cli.keys import space_bar
from appliance.cli.options import ConfigFile, start_logging, tell_step
from appliance.clock import SystemClock
from appliance.config.load import load
from appliance.config.models import Config
from appliance.dialogue.gate import Gate
from appliance.egress.guard import Guard
from appliance.egress.policy import Policy
from appliance.events import AnyEvent, TurnCommitted
from appliance.ops.notify import Notifier
from appliance.ops.records import TurnLog, summarise
from appliance.ops.supervision import Work, supervising
from appliance.ops.watchdog import watchdog_period_s

START_STEP_S = 120.0
"""What one step of the start may take before the service manager gives up."""
EXAMPLES = "Examples: appliance run | appliance run --captions | appliance run --config /etc/appliance/config.yaml"


def run(
    captions: Annotated[bool, typer.Option("--captions", help="Show what is said, and each turn's waterfall.")] = False,
    config_file: ConfigFile = None,
) -> None:
    """Listen and answer until stopped (Ctrl-C or SIGTERM)."""
    config = load(config_file)
    start_logging(config, daemon=not captions)
    Guard(Policy.of(config.network)).install()
    faulthandler.enable()
    asyncio.run(_run(config, captions=captions))


async def _run(config: Config, *, captions: bool) -> None:
    clock, bus = SystemClock(), Bus()
    if captions:
        bus.subscribe(_Captions(config.persona.name))
    card = PortAudioCard(config.audio.input_device, config.audio.output_device, clock)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    notifier = Notifier.from_environment(clock)

    def on_step(step: str) -> None:
        tell_step(step)
        notifier.extend_timeout(START_STEP_S, f"Starting: {step}")

    async with running(config, card, clock, bus, resume=True, on_step=on_step) as appliance:
        async with beside(*_watched(appliance, notifier, clock)):
            with _talk_key(config, appliance.gate, captions=captions) as has_key:
                tell_step(f"listening;{' talk with the space bar,' if has_key else ''} stop with Ctrl-C")
                notifier.ready("Listening")
                await stop.wait()
        notifier.stopping("Stopping")


def _watched(appliance: Appliance, notifier: Notifier, clock: SystemClock) -> tuple[Work, ...]:
    return supervising(
        notifier,
        watchdog_period_s(),
        clock,
        microphone=appliance.microphone,
        workers=appliance.workers,
        ask_database=lambda: appliance.database.read(lambda connection: connection.execute("SELECT 1").fetchone()),
    )


def _talk_key(config: Config, gate: Gate, *, captions: bool) -> AbstractContextManager[bool]:
    if captions and config.attention.by_hand:
        return space_bar(sys.stdin.fileno(), gate.toggle)
    return nullcontext(False)


class _Captions:
    """Shows each turn when it is over."""

    def __init__(self, assistant: str) -> None:
        self._console = Console()
        self._assistant = assistant
        self._log = TurnLog()

    def __call__(self, event: AnyEvent) -> None:
        self._log(event)
        if isinstance(event, TurnCommitted):
            show_turn(self._console, summarise(event.turn_id, self._log.of([event.turn_id])), "You", self._assistant)
            self._log.forget_before(event.turn_id)
