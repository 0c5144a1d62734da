"""Real sound devices through PortAudio: the only module that imports `sounddevice`."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import sounddevice as sd

from appliance.audio.card import BLOCK_S, CAPTURE, PLAYOUT, CardCounters, Failure, OnCapture, OnPlayout
from appliance.audio.devices import PLAYOUT_RATES, DeviceInfo, Supported, capture_format, choose_device, playout_format
from appliance.audio.ports import Samples
from appliance.audio.priority import realtime_threads
from appliance.clock import Clock
from appliance.errors import AudioDeviceError

log = logging.getLogger(__name__)

LATENCY = "high"
"""PortAudio's choice for robust streams; `low` underflows."""

STOP_S = 2.0
"""Seconds that closing the streams may take; it is a matter of milliseconds where the sound system answers."""

CLOCK_SLACK = 0.001
"""How much the card's clock may lose on ours: seconds per second, ten times what cheap crystals do."""

_Block = npt.NDArray[np.float32]
"""Interleaved sound, shape (n, channels)."""


def list_devices(*, refresh: bool = False) -> list[DeviceInfo]:
    """Return the devices there are. `refresh` looks again; that ends every open stream.

    Raises AudioDeviceError when the sound system does not answer.
    """
    try:
        if refresh:
            sd._terminate()  # noqa: SLF001 - PortAudio looks for devices only when it is initialised
            sd._initialize()  # noqa: SLF001
        apis = sd.query_hostapis()
        default_api = apis[sd.default.hostapi]
        return [_describe(device, apis, default_api) for device in sd.query_devices()]
    except sd.PortAudioError as error:
        raise AudioDeviceError(f"the sound system does not answer: {error}", remedy="Restart it.") from error


class PortAudioCard:
    """A `SoundCard` of one capture stream and one playout stream, each at its own device's rate."""

    def __init__(self, input_device: str | int | None, output_device: str | int | None, clock: Clock) -> None:
        """Find the devices by number, name, part of the name, or None for the default; nothing is opened yet.

        Raises AudioDeviceError when one is missing, ambiguous, or has no rate that can be used.
        """
        self._wanted = (input_device, output_device)
        self._clock = clock
        self._started = False
        self._streams: dict[str, Any] = {}
        self._closing: threading.Thread | None = None
        """Closes streams that the sound system does not let go of; None when there are none."""
        self._captured = self._played = 0
        self._capture_xruns = self._playout_xruns = 0
        self._offset = 0.0
        """Clock time of the captured sample 0, as the earliest arrivals tell it."""
        self.output_latency_s = 0.0
        self._playout_rates: tuple[int, ...] = PLAYOUT_RATES
        self._find(refresh=False)

    @property
    def counters(self) -> CardCounters:
        """What has happened so far."""
        return CardCounters(
            captured=self._captured,
            played=self._played,
            capture_xruns=self._capture_xruns,
            playout_xruns=self._playout_xruns,
        )

    def start(self, on_capture: OnCapture, on_playout: OnPlayout) -> None:
        """Open both devices; after `stop`, those that are there now. Raises AudioDeviceError."""
        self.stop()
        self._refuse_while_closing()
        if self._started:
            self._find(refresh=True)
        self._started = True
        with realtime_threads():
            self._open(PLAYOUT, self.output.number, self.playout_rate, self._playout_callback(on_playout))
            self._open(CAPTURE, self.input.number, self.capture_rate, self._capture_callback(on_capture))

    def stop(self) -> None:
        """Close both devices at once, without waiting for what is in their buffers; takes at most `STOP_S`.

        A sound system that hangs, or was stopped by a signal, never answers. Its streams are then left to a thread,
        and `start` raises until it has closed them.
        """
        if not self._streams:
            return
        streams, self._streams = list(self._streams.values())[::-1], {}
        self._closing = threading.Thread(target=_close, args=(streams,), name="audio-close", daemon=True)
        self._closing.start()
        self._closing.join(STOP_S)
        if self._closing.is_alive():
            log.warning("the sound system does not close its streams; they are left to it")
            _outlive_streams()

    def failure(self) -> Failure | None:
        """Report a stream that the driver has ended."""
        for direction, stream in self._streams.items():
            if not stream.active:
                return Failure(direction, "the device has gone or the sound system has ended the stream")
        return None

    def time_of(self, position: int) -> float:
        """Return when the captured sample `position` arrived, in seconds of the clock."""
        return self._offset + position / self.capture_rate

    def _refuse_while_closing(self) -> None:
        """Raise AudioDeviceError while streams are being closed: PortAudio must not be initialised beneath them."""
        if self._closing is not None and self._closing.is_alive():
            raise AudioDeviceError(
                "the sound system does not answer: the streams of before are still being closed", remedy="Restart it."
            )
        self._closing = None

    def _find(self, *, refresh: bool) -> None:
        devices = list_devices(refresh=refresh)
        self.input = choose_device(devices, self._wanted[0], CAPTURE)
        self.output = choose_device(devices, self._wanted[1], PLAYOUT)
        capture, playout = (
            _checker(sd.check_input_settings, self.input),
            _checker(sd.check_output_settings, self.output),
        )
        self._capture_channels, self.capture_rate = capture_format(self.input, capture)
        self._playout_channels, self.playout_rate = playout_format(self.output, self._playout_rates, playout)
        self._playout_rates = (self.playout_rate,)

    def _open(self, direction: str, number: int, rate: int, callback: object) -> None:
        kind = sd.InputStream if direction == CAPTURE else sd.OutputStream
        channels = self._capture_channels if direction == CAPTURE else self._playout_channels
        try:
            stream = kind(
                samplerate=rate,
                blocksize=round(rate * BLOCK_S),
                device=number,
                channels=channels,
                dtype="float32",
                latency=LATENCY,
                callback=callback,
            )
            self._streams[direction] = stream
            stream.start()
        except sd.PortAudioError as error:
            self.stop()
            raise AudioDeviceError(
                f"the device {number} cannot be opened for {direction}: {error}",
                remedy="Another program may be using it; see `appliance devices --test`.",
            ) from error
        if direction == PLAYOUT:
            self.output_latency_s = float(stream.latency)

    def _capture_callback(self, on_capture: OnCapture) -> object:
        mono: Samples = np.zeros(round(self.capture_rate * BLOCK_S), np.float32)
        rate = self.capture_rate
        self._offset = self._clock.now() - self._captured / rate

        def callback(block: _Block, count: int, _time: object, status: sd.CallbackFlags) -> None:
            self._capture_xruns += bool(status.input_overflow)
            self._captured += count
            arrived = self._clock.now() - self._captured / rate
            self._offset = min(self._offset + count / rate * CLOCK_SLACK, arrived)
            _to_mono(block, mono[:count])
            on_capture(mono[:count])

        return callback

    def _playout_callback(self, on_playout: OnPlayout) -> object:
        mono: Samples = np.zeros(round(self.playout_rate * BLOCK_S), np.float32)

        def callback(block: _Block, count: int, _time: object, status: sd.CallbackFlags) -> None:
            self._playout_xruns += bool(status.output_underflow)
            on_playout(mono[:count])
            block[:] = mono[:count, np.newaxis]
            self._played += count

        return callback


def _outlive_streams() -> None:
    """Let the program end while streams are stuck: nothing waits for them, and their code stays loaded."""
    atexit.unregister(sd._exit_handler)  # noqa: SLF001 - it would wait for them for ever
    ctypes.CDLL(sd._libname)  # noqa: SLF001 - never unloaded, as cffi does at the end, beneath their threads


def _close(streams: Iterable[Any]) -> None:
    """Close streams one by one: PortAudio's list of open streams is not made for two threads."""
    for stream in streams:
        with contextlib.suppress(sd.PortAudioError):  # a device that is gone cannot be closed properly
            stream.abort()
        with contextlib.suppress(sd.PortAudioError):
            stream.close()


def _describe(device: Any, apis: Any, default_api: Any) -> DeviceInfo:  # noqa: ANN401 - dictionaries of sounddevice
    return DeviceInfo(
        number=device["index"],
        name=device["name"],
        host_api=apis[device["hostapi"]]["name"],
        inputs=device["max_input_channels"],
        outputs=device["max_output_channels"],
        default_rate=round(device["default_samplerate"]),
        default_input=device["index"] == default_api["default_input_device"],
        default_output=device["index"] == default_api["default_output_device"],
    )


def _to_mono(block: _Block, mono: Samples) -> None:
    """Write one channel: the mean of a stereo pair, the first (processed) channel of a microphone array."""
    if block.shape[1] == 2:  # noqa: PLR2004 - stereo
        np.add(block[:, 0], block[:, 1], out=mono)
        np.multiply(mono, 0.5, out=mono)
    else:
        mono[:] = block[:, 0]


def _checker(check: Callable[..., None], device: DeviceInfo) -> Supported:
    def supported(channels: int, rate: int) -> bool:
        try:
            check(device=device.number, channels=channels, samplerate=rate, dtype="float32")
        except sd.PortAudioError:
            return False
        return True

    return supported
