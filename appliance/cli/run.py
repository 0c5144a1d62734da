"""`appliance run`: the daemon."""

from __future__ import annotations

import asyncio
import faulthandler
import signal
import sys
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from appliance.app.daemon import serving_people
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
from appliance.ops.records import TurnLog, summarise
from appliance.storage.lock import InstanceLock

EXAMPLES = "Examples: appliance run · appliance run --captions · appliance run --config /etc/appliance/config.yaml"


def run(
    captions: Annotated[bool, typer.Option("--captions", help="Show what is said, and each turn's waterfall.")] = False,
    config_file: ConfigFile = None,
) -> None:
    """Listen and answer until stopped (Ctrl-C or SIGTERM); load the configuration anew on SIGHUP."""
    config = load(config_file)
    start_logging(config, daemon=not captions)
    faulthandler.enable()
    Guard(Policy.of(config.network)).install()
    with InstanceLock(config.storage.database):
        asyncio.run(_run(config, config_file, captions=captions))


async def _run(config: Config, config_file: Path | None, *, captions: bool) -> None:
    clock, bus = SystemClock(), Bus()
    if captions:
        bus.subscribe(_Captions(config.persona.name))
    card = PortAudioCard(config.audio.input_device, config.audio.output_device, clock)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signum, stop.set)
    async with serving_people(config, partial(load, config_file), card, clock, bus, tell_step) as appliance:
        with _talk_key(config, appliance.gate, captions=captions) as has_key:
            tell_step(f"listening;{' talk with the space bar,' if has_key else ''} stop with Ctrl-C")
            await stop.wait()


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
            turn = self._log.last
            show_turn(self._console, summarise(turn, self._log.of([turn])), "You", self._assistant)
            self._log.forget_before(turn)
