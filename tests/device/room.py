"""A room around the virtual devices: what the loudspeaker plays is heard by the microphone."""

from __future__ import annotations

import subprocess
import threading

import numpy as np

from appliance.audio.room import EchoPath
from tests.device.pulse import MOUTH, RATE, SPEAKER, PulseServer

_BLOCK = RATE // 100
_REFLECTION_MS, _REFLECTION_DB = 23.0, -7.0
_FORMAT = ["--raw", f"--rate={RATE}", "--channels=1", "--format=s16le", "--latency-msec=20"]


class Room:
    """Reads the loudspeaker's monitor, adds the room's echo and a noise floor, and plays it into the microphone."""

    def __init__(self, pulse: PulseServer, *, delay_ms: float, attenuation_db: float, noise: float = 0.0005) -> None:
        self._path = EchoPath(RATE, delay_ms=delay_ms, attenuation_db=attenuation_db)
        self._noise = noise
        env = pulse.full_environment()
        self._ears = subprocess.Popen(
            ["parec", *_FORMAT, f"--device={SPEAKER}.monitor"], env=env, stdout=subprocess.PIPE
        )
        self._mouth = subprocess.Popen(["pacat", *_FORMAT, f"--device={MOUTH}"], env=env, stdin=subprocess.PIPE)
        self._thread = threading.Thread(target=self._run, name="room")
        self._thread.start()

    def close(self) -> None:
        self._ears.terminate()
        self._ears.wait()
        self._thread.join()
        self._mouth.terminate()
        self._mouth.wait()

    def _run(self) -> None:
        assert self._ears.stdout is not None
        assert self._mouth.stdin is not None
        random = np.random.default_rng(0)
        with self._ears.stdout as ears, self._mouth.stdin as mouth:
            while len(data := ears.read(_BLOCK * 2)) == _BLOCK * 2:
                played = np.frombuffer(data, "<i2").astype(np.float32) / np.float32(32_767)
                heard = self._path.process(played) + random.normal(0.0, self._noise, _BLOCK)
                mouth.write(np.round(np.clip(heard, -1.0, 1.0) * 32_767).astype("<i2").tobytes())
                mouth.flush()


class Loopbacks:
    """A room of a direct path and one reflection, later and weaker, made by the sound server itself.

    It keeps time however busy the machine is: a test of a whole conversation takes all the cores for a minute, in which
    a room in Python would stumble, and a canceller cannot follow an echo that comes now sooner and now later.
    """

    def __init__(self, pulse: PulseServer, *, delay_ms: float, attenuation_db: float) -> None:
        self._pulse = pulse
        self._modules = [
            self._path(delay_ms, attenuation_db),
            self._path(delay_ms + _REFLECTION_MS, attenuation_db + _REFLECTION_DB),
        ]

    def close(self) -> None:
        for module in self._modules:
            self._pulse.pactl("unload-module", module)

    def _path(self, delay_ms: float, attenuation_db: float) -> str:
        way = (f"source={SPEAKER}.monitor", f"sink={MOUTH}", f"latency_msec={delay_ms:.0f}", "adjust_time=0")
        module = self._pulse.pactl("load-module", "module-loopback", *way)
        streams = [line.split("\t") for line in self._pulse.pactl("list", "short", "sink-inputs").splitlines()]
        newest = max((fields[0] for fields in streams), key=int)
        self._pulse.pactl("set-sink-input-volume", newest, f"{attenuation_db:.1f}dB")
        return module
