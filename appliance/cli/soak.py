"""`scripts/soak`: simulated people talk with the appliance for hours, through real PortAudio."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import psutil
import typer

from appliance import __version__
from appliance.app.running import running
from appliance.audio.portaudio import PortAudioCard, list_devices
from appliance.bus import Bus
from appliance.cli.bench.options import prepared_visitor
from appliance.cli.options import AsJson, ConfigFile, start_logging, tell_step
from appliance.clock import Clock, SystemClock
from appliance.config.load import load
from appliance.config.models import AttentionMode, Config
from appliance.errors import ApplianceError, UsageError
from appliance.ops.bench.conversation import conditions
from appliance.ops.soak import Course, Length, Soak
from appliance.ops.soak_programme import SNR_DB, Cast, prepare, programme
from appliance.ops.soak_report import Conditions, SoakFigures, as_json, as_markdown, figures
from appliance.ops.soak_watch import WatchedCard, Witness, sample
from appliance.ops.virtual_sound import VirtualSound

DEFAULT_MINUTES = 10.0
DEVICE = "pulse"
"""What ALSA calls the private sound server."""
SUFFIXES = frozenset({".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a"})
PROGRESS_S = 60.0

Hours = Annotated[float | None, typer.Option("--hours", min=0.0, help="Talk for so many hours.")]
Minutes = Annotated[float | None, typer.Option("--minutes", min=0.0, help="Talk for so many minutes; 10 by default.")]
Turns = Annotated[int | None, typer.Option("--turns", min=1, help="Talk for so many turns.")]
Speech = Annotated[
    Path | None, typer.Option("--speech", metavar="DIR", help="Recordings that ask; else the prepared visitor.")
]
NoiseFile = Annotated[
    Path | None, typer.Option("--noise", metavar="FILE", help="Background noise; else a ventilation is made.")
]
Report = Annotated[Path | None, typer.Option("--report", metavar="FILE.md", help="Also write the report there.")]


def soak(
    hours: Hours = None,
    minutes: Minutes = None,
    turns: Turns = None,
    speech: Speech = None,
    noise: NoiseFile = None,
    report: Report = None,
    as_json_: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """Let simulated people talk, and report what suffered. Ctrl-C ends it, and the report is written all the same.

    The exit status is 1 when sound was lost, memory grew by more than 2 % after ten turns, threads or file
    descriptors leaked, answers became slower, or less than 95 % of the questions were answered.
    """
    length = chosen_length(hours, minutes, turns)
    config = load(config_file)
    start_logging(config)
    if config.attention.mode is not AttentionMode.ALWAYS:
        raise UsageError(
            "the simulated people press no button and say no wake word",
            remedy="set APPLIANCE__ATTENTION__MODE=always for the soak",
        )
    asked, cut_ins = recordings(config, speech)
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder, VirtualSound(Path(folder), clock) as sound:
        cast = prepare(asked, cut_ins, noise, Path(folder))
        os.environ.update(sound.environment)
        list_devices(refresh=True)
        result = asyncio.run(_soak(config, sound, cast, length, clock, named=speech, noise=noise))
    text = as_markdown(result)
    if report is not None:
        report.write_text(text, encoding="utf-8")
    print(json.dumps(as_json(result), indent=2) if as_json_ else text, end="\n" if as_json_ else "")
    raise typer.Exit(1 if result.faults else 0)


def chosen_length(hours: float | None, minutes: float | None, turns: int | None) -> Length:
    """Return how long to talk. Raises UsageError when more than one limit is given."""
    if sum(limit is not None for limit in (hours, minutes, turns)) > 1:
        raise UsageError("--hours, --minutes and --turns exclude each other", remedy="give one of them")
    if turns is not None:
        return Length(turns=turns)
    if hours is not None:
        return Length(seconds=hours * 3600)
    return Length(seconds=(DEFAULT_MINUTES if minutes is None else minutes) * 60)


def recordings(config: Config, speech: Path | None) -> tuple[list[Path], list[Path]]:
    """Return the recordings that ask, and those that cut in. Raises UsageError when there are none."""
    if speech is None:
        asked = prepared_visitor(config)
        cut_ins = sorted((asked[0].parent.parent / "interruption").glob("*.wav"))
        return asked, cut_ins or asked
    if not speech.is_dir():
        raise UsageError(f"{speech} is not a folder", remedy="name a folder with recordings")
    files = sorted(path for path in speech.iterdir() if path.suffix.lower() in SUFFIXES)
    if not files:
        raise UsageError(
            f"there are no recordings in {speech}", remedy=f"put some there: {', '.join(sorted(SUFFIXES))}"
        )
    return files, files


def without_folder(argument: str) -> str:
    """Return an argument as a report may show it: where files lie on this machine is nobody's business."""
    return Path(argument).name if argument.startswith("/") else argument


async def _soak(
    config: Config,
    sound: VirtualSound,
    cast: Cast,
    length: Length,
    clock: Clock,
    *,
    named: Path | None,
    noise: Path | None,
) -> SoakFigures:
    stop = _Stop()
    bus, witness = Bus(), Witness()
    bus.subscribe(witness)
    device = PortAudioCard(DEVICE, DEVICE, clock)
    card = WatchedCard(device, clock)
    load_meter = _Others(clock)
    async with running(config, card, clock, bus, on_step=tell_step) as appliance:
        tell_step("people talk; Ctrl-C ends it")
        soak = Soak(appliance.session, _Mouth(sound), clock, witness, sample)
        talking = asyncio.create_task(soak.run(programme(cast), length, _Progress(clock, witness)))
        stopped = asyncio.create_task(stop.event.wait())
        await asyncio.wait({talking, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (talking, stopped):
            task.cancel()
        await asyncio.gather(talking, stopped, return_exceptions=True)
        if talking.done() and not talking.cancelled():
            talking.result()
        sounds = f"{len(cast.questions)} recordings of {'your own' if named else 'the prepared visitor'}"
        behind = noise.name if noise else "a made ventilation"
        told = Conditions(
            command=shlex.join(["scripts/soak", *(without_folder(argument) for argument in sys.argv[1:])]),
            version=__version__,
            cpu=str(conditions(config, [])["cpu"]),
            cores=psutil.cpu_count() or 0,
            others_percent=load_meter.percent(),
            settings=f"voice speed {config.tts.speed:g}, answers of at most {config.llm.max_reply_tokens} tokens",
            recordings=f"{sounds}; background: {behind}, {SNR_DB:g} dB below the voices",
            sound=f"PortAudio: capture {device.capture_rate} Hz, playout {device.playout_rate} Hz, "
            f"{device.output_latency_s * 1000:.0f} ms latency",
            broken_off=stop.signal,
        )
        return figures(soak.course, witness, card, told)


class _Mouth:
    """The virtual microphone."""

    def __init__(self, sound: VirtualSound) -> None:
        self._sound = sound
        self.play = sound.play

    async def replug(self) -> None:
        """Kill the sound server and start it again, without holding up the appliance."""
        self._sound.stop()
        await asyncio.to_thread(self._sound.start)


class _Stop:
    """Ctrl-C, or whatever else asks the program to end."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.signal = ""
        for each in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(each, self._on_signal, each)

    def _on_signal(self, received: signal.Signals) -> None:
        self.signal = received.name
        self.event.set()


class _Others:
    """Measures the share of the processors that other programs take, from now on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._begun = self._read()

    def percent(self) -> float:
        """Return it in percent of all processors."""
        whole, idle, own = (now - then for now, then in zip(self._read(), self._begun, strict=True))
        return max((whole - idle - own) / whole * 100, 0.0) if whole > 0 else 0.0

    def _read(self) -> tuple[float, float, float]:
        times = psutil.cpu_times()
        return sum(times[:8]), times.idle + times.iowait, self._clock.cpu_seconds()


class _Progress:
    """A line that is written over on a terminal, one line a minute elsewhere."""

    def __init__(self, clock: Clock, witness: Witness) -> None:
        self._clock = clock
        self._witness = witness
        self._told = clock.now()
        self._live = sys.stderr.isatty()

    def __call__(self, course: Course) -> None:
        now = self._clock.now()
        if not self._live and now - self._told < PROGRESS_S:
            return
        self._told = now
        answered = sum(each.answered for each in course.outcomes)
        memory = f", {course.samples[-1].rss_mib:.0f} MiB" if course.samples else ""
        line = (
            f"{(now - course.begun) / 60:.1f} min: {len(course.outcomes)} turns, {answered} answered, "
            f"{sum(self._witness.xruns.values())} xruns{memory}"
        )
        sys.stderr.write(f"\r\x1b[K{line}" if self._live else f"{line}\n")
        sys.stderr.flush()


def main() -> None:
    """Run the command; an error is said in words and gives its own exit status."""
    try:
        typer.run(soak)
    except ApplianceError as error:
        print(f"error: {error}\n  → {error.remedy}", file=sys.stderr)
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
