"""Which sound device is meant."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from appliance.audio.card import CAPTURE, PLAYOUT
from appliance.errors import AudioDeviceError

PLAYOUT_RATES = (48_000, 24_000)
"""Hz, best first: rates with whole 10 ms frames, which echo cancellation needs."""

CAPTURE_RATES = (48_000, 44_100, 16_000)
"""Hz, tried when a microphone refuses its own default."""

Supported = Callable[[int, int], bool]
"""Whether the device takes this many channels at this rate."""

_WHAT = {CAPTURE: "microphone", PLAYOUT: "loudspeaker"}
_SETTING = {CAPTURE: "audio.input_device", PLAYOUT: "audio.output_device"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceInfo:
    """A sound device as the driver knows it."""

    number: int
    name: str
    host_api: str
    inputs: int
    """Channels it can capture."""
    outputs: int
    """Channels it can play."""
    default_rate: int
    """Hz."""
    default_input: bool
    default_output: bool

    def channels(self, direction: str) -> int:
        """Return the channels in one direction, `capture` or `playout`."""
        return self.inputs if direction == CAPTURE else self.outputs

    def is_default(self, direction: str) -> bool:
        """Tell whether this is the system's choice for `capture` or `playout`."""
        return self.default_input if direction == CAPTURE else self.default_output


def choose_device(devices: Sequence[DeviceInfo], wanted: str | int | None, direction: str) -> DeviceInfo:
    """Return the device that `wanted` names: a number, a name, a part of one, or None for the system's default.

    Raises AudioDeviceError, which names the devices there are, when there is none or more than one.
    """
    usable = [device for device in devices if device.channels(direction) > 0]
    what = _WHAT[direction]
    if not usable:
        raise AudioDeviceError(
            f"there is no {what}",
            remedy="Plug one in and look with `appliance devices`. "
            "A service may need to be in the group `audio`; a user session, PulseAudio or PipeWire running.",
        )
    remedy = f"Set `{_SETTING[direction]}` to one of: {'; '.join(f'{d.number} {d.name!r}' for d in usable)}."
    if wanted is None:
        return next((device for device in usable if device.is_default(direction)), usable[0])
    matches = _matches(usable, wanted)
    if not matches:
        raise AudioDeviceError(f"there is no {what} {wanted!r}", remedy=remedy)
    if len(matches) > 1:
        raise AudioDeviceError(f"{wanted!r} is the name of {len(matches)} {what}s", remedy=remedy)
    return matches[0]


def capture_format(device: DeviceInfo, supported: Supported) -> tuple[int, int]:
    """Return the channels and the rate to capture with: the device's own rate and one channel where it can.

    Raises AudioDeviceError when it can do nothing that is of use.
    """
    for rate in (device.default_rate, *CAPTURE_RATES):
        for channels in (1, min(2, device.inputs), device.inputs):
            if supported(channels, rate):
                return channels, rate
    raise AudioDeviceError(
        f"the microphone {device.name!r} supports neither {device.default_rate} Hz nor {_either(CAPTURE_RATES)}",
        remedy="Choose another with `appliance devices`, or listen through PulseAudio or PipeWire, which convert.",
    )


def playout_format(device: DeviceInfo, rates: Sequence[int], supported: Supported) -> tuple[int, int]:
    """Return the channels and the first of the `rates` to play with. Raises AudioDeviceError when there is none."""
    for rate in rates:
        for channels in (1, min(2, device.outputs), device.outputs):
            if supported(channels, rate):
                return channels, rate
    raise AudioDeviceError(
        f"the loudspeaker {device.name!r} does not support {_either(rates)}",
        remedy="Choose another with `appliance devices`, or play through PulseAudio or PipeWire, which convert.",
    )


def _either(rates: Sequence[int]) -> str:
    return " or ".join(f"{rate} Hz" for rate in rates)


def _matches(devices: Sequence[DeviceInfo], wanted: str | int) -> list[DeviceInfo]:
    if isinstance(wanted, int) or wanted.isdecimal():
        return [device for device in devices if device.number == int(wanted)]
    exact = [device for device in devices if device.name.casefold() == wanted.casefold()]
    return exact or [device for device in devices if wanted.casefold() in device.name.casefold()]
