"""`appliance devices`: which sound devices there are, and whether they work in this room."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from appliance.audio.card import SoundCard
from appliance.audio.devices import DeviceInfo
from appliance.audio.echo import EchoCanceller
from appliance.audio.files import read_audio
from appliance.audio.levels import dbfs
from appliance.audio.portaudio import PortAudioCard, list_devices
from appliance.audio.soundcheck import (
    LEAD_S,
    BargeIn,
    EchoReport,
    Level,
    exchange,
    judge_echo,
    judge_level,
    speech_like,
    tone,
    tone_heard,
)
from appliance.cli.options import AsJson, ConfigFile
from appliance.clock import Clock, SystemClock
from appliance.config.load import load
from appliance.config.models import AudioConfig
from appliance.errors import AudioDeviceError, UsageError

EXAMPLES = "Examples: appliance devices · appliance devices --test · appliance devices --echo-test --file speech.wav"
RECORD_S = 3.0
TONE_S = 1.0
ECHO_TEST_S = 8.0

_WHERE_TO_LOOK = (
    "Plug it in and switch it on; in a virtual machine, pass it through. If the system has it and it is not listed here"
    " (`cat /proc/asound/cards`), `appliance doctor --only sound` says why: the group `audio`, or the sound server."
)

_LEVEL_ADVICE = {
    Level.SILENT: "Nothing was heard: is the microphone muted, switched off, or another one?",
    Level.QUIET: "Raise the microphone's gain, or bring it nearer to the person.",
    Level.GOOD: "That is a good level.",
    Level.CLIPPING: "It is overdriven: lower the microphone's gain.",
}
_BARGE_IN_ADVICE = {
    BargeIn.WORKS: "People can interrupt the assistant here.",
    BargeIn.LIMITED: "Only people who speak up can interrupt the assistant here. Turn the loudspeaker down, "
    "or move it away from the microphone.",
    BargeIn.FAILS: "The assistant would interrupt itself here. Turn the loudspeaker down, move it away from the "
    "microphone, or set `turn.barge_in.enabled: false`.",
    BargeIn.UNKNOWN: "The microphone does not hear the loudspeaker: with headphones that is right, "
    "otherwise turn the loudspeaker up and test again.",
}


def devices(
    test: Annotated[bool, typer.Option("--test", help="Record 3 s, judge the level, play a tone.")] = False,
    echo_test: Annotated[
        bool, typer.Option("--echo-test", help="Play a sound and tell whether people can interrupt in this room.")
    ] = False,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="FILE", help="Recording to play in the echo test.")
    ] = None,
    as_json: AsJson = False,
    config_file: ConfigFile = None,
) -> None:
    """List the sound devices; with --test or --echo-test, try those of the configuration.

    Exit status: 0 there is a microphone and a loudspeaker, 5 one of them is missing.
    """
    if file is not None and not echo_test:
        raise UsageError("--file is the sound of the echo test", remedy="Add --echo-test.")
    if not test and not echo_test:
        show(list_devices(), as_json=as_json)
        return
    audio = load(config_file).audio
    clock = SystemClock()
    card = PortAudioCard(audio.input_device, audio.output_device, clock)
    report: dict[str, Any] = {"input": card.input.name, "output": card.output.name}
    _tell(f"microphone {card.input.name!r} at {card.capture_rate} Hz, ", as_json, end="")
    _tell(f"loudspeaker {card.output.name!r} at {card.playout_rate} Hz", as_json)
    if test:
        report["test"] = _test(card, clock, as_json=as_json)
    if echo_test:
        report["echo_test"] = _echo_test(card, clock, audio, file, as_json=as_json)
    if as_json:
        print(json.dumps(report, ensure_ascii=False))


def show(found: Sequence[DeviceInfo], *, as_json: bool) -> None:
    """Print what devices there are. Raises AudioDeviceError when people cannot be heard or spoken to with them."""
    if as_json:
        print(json.dumps([asdict(device) for device in found], ensure_ascii=False))
    elif found:
        print(f"{'no.':>4}  {'in':>3} {'out':>3} {'Hz':>7}  {'host API':<12} name")
        for device in found:
            print(_line(device))
        print("< default microphone, > default loudspeaker")
    missing = [
        what
        for what, channels in (("microphone", "inputs"), ("loudspeaker", "outputs"))
        if not any(getattr(device, channels) for device in found)
    ]
    if missing:
        what = " and no ".join(missing) if found else "sound device at all"
        raise AudioDeviceError(f"there is no {what}", remedy=_WHERE_TO_LOOK)


def _line(device: DeviceInfo) -> str:
    marks = ("<" if device.default_input else " ") + (">" if device.default_output else " ")
    channels = f"{device.inputs:>3} {device.outputs:>3}"
    return f"{device.number:>3}{marks} {channels} {device.default_rate:>7}  {device.host_api:<12} {device.name}"


def _test(card: SoundCard, clock: Clock, *, as_json: bool) -> dict[str, Any]:
    _tell(f"Please speak for {RECORD_S:.0f} seconds …", as_json)
    spoken = exchange(card, clock, tone(card.playout_rate, 0.0), RECORD_S)
    level = judge_level(spoken.captured, spoken.capture_rate)
    _tell(f"level: {level} ({dbfs(spoken.captured):.0f} dBFS). {_LEVEL_ADVICE[level]}", as_json)
    _tell("Now a tone …", as_json)
    heard = tone_heard(exchange(card, clock, tone(card.playout_rate, TONE_S), LEAD_S + TONE_S + 1.0))
    _tell(
        "The microphone heard the tone."
        if heard
        else "The microphone did not hear the tone: with headphones that is right, otherwise turn the loudspeaker up.",
        as_json,
    )
    return {"level": level.value, "level_dbfs": round(dbfs(spoken.captured), 1), "tone_heard": heard}


def _echo_test(
    card: SoundCard, clock: Clock, audio: AudioConfig, file: Path | None, *, as_json: bool
) -> dict[str, Any]:
    rate = card.playout_rate
    sound = speech_like(rate, ECHO_TEST_S) if file is None else read_audio(file, rate)
    seconds = LEAD_S + max(len(sound) / rate, 2 * LEAD_S)
    _tell(f"Please be quiet for {seconds:.0f} seconds …", as_json)
    echo = EchoCanceller(
        rate,
        noise_suppression=audio.noise_suppression,
        high_pass=audio.high_pass_filter,
        auto_gain=audio.auto_gain,
    )
    report = judge_echo(exchange(card, clock, sound, seconds), echo)
    _tell(_figures(report), as_json)
    _tell(_BARGE_IN_ADVICE[report.barge_in], as_json)
    return {
        "barge_in": report.barge_in.value,
        "erle_db": None if report.delay_ms is None else round(report.erle_db, 1),
        "delay_ms": None if report.delay_ms is None else round(report.delay_ms),
        "noise_dbfs": round(report.noise_dbfs, 1),
        "echo_dbfs": round(report.echo_dbfs, 1),
        "residual_dbfs": round(report.residual_dbfs, 1),
    }


def _figures(report: EchoReport) -> str:
    levels = f"room {report.noise_dbfs:.0f} dBFS, with the loudspeaker {report.echo_dbfs:.0f} dBFS"
    if report.delay_ms is None:
        return f"{levels}: no echo"
    return f"{levels}; echo reduced by {report.erle_db:.0f} dB, delay {report.delay_ms:.0f} ms"


def _tell(text: str, as_json: bool, end: str = "\n") -> None:
    print(text, end=end, file=sys.stderr if as_json else sys.stdout, flush=True)
