"""The private PulseAudio of the product with what tests do to it, and an ear at its loudspeaker."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import numpy as np

from appliance.audio.ports import Samples
from appliance.ops.virtual_sound import MOUTH, RATE, SINK, SPEAKER, VirtualSound

__all__ = ["MOUTH", "RATE", "SPEAKER", "PulseServer", "Recorder"]

_UP_S = 10.0


class PulseServer(VirtualSound):
    """Devices come and go; what is said is raw samples; what is played is recorded."""

    def pactl(self, *arguments: str) -> str:
        """Run `pactl` and return what it prints."""
        done = subprocess.run(
            ["pactl", *arguments], env=self.full_environment(), capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def unplug(self, sink: str) -> None:
        """Take a device away."""
        modules = [line.split("\t") for line in self.pactl("list", "short", "modules").splitlines()]
        number = next(module[0] for module in modules if len(module) > 2 and f"sink_name={sink} " in f"{module[2]} ")
        self.pactl("unload-module", number)

    def plug_in(self, sink: str) -> None:
        """Bring a device back."""
        self.pactl("load-module", "module-null-sink", f"sink_name={sink}", *SINK.split())

    def speak(self, pcm: Samples, rate: int = RATE) -> subprocess.Popen[bytes]:
        """Play `pcm`, shape (n,), into the virtual microphone, without waiting for its end."""
        command = ["paplay", "--raw", f"--device={MOUTH}", f"--rate={rate}", "--channels=1", "--format=s16le"]
        process = subprocess.Popen([*command, "--latency-msec=40"], env=self.full_environment(), stdin=subprocess.PIPE)
        assert process.stdin is not None
        data = np.round(np.clip(pcm, -1.0, 1.0) * 32_767).astype("<i2").tobytes()
        process.stdin.write(data)
        process.stdin.close()
        return process

    def listen(self) -> Recorder:
        """Begin to record what the virtual loudspeaker plays."""
        return Recorder(self.full_environment(), self.folder / "heard.raw")


class Recorder:
    """Records the virtual loudspeaker's monitor, from the moment it is made."""

    def __init__(self, env: dict[str, str], path: Path) -> None:
        self._path = path
        with path.open("wb") as file:
            command = ["parec", "--raw", f"--device={SPEAKER}.monitor", f"--rate={RATE}", "--channels=1"]
            command += ["--format=s16le", "--latency-msec=10"]
            self._process = subprocess.Popen(command, env=env, stdout=file)
        deadline = time.monotonic() + _UP_S
        while not path.stat().st_size:
            if time.monotonic() > deadline:
                raise AssertionError("the recorder hears nothing, not even silence")
            time.sleep(0.01)

    def heard(self) -> Samples:
        """Return what was recorded so far, shape (n,), 48 kHz."""
        data = self._path.read_bytes()
        return np.frombuffer(data[: len(data) // 2 * 2], "<i2").astype(np.float32) / np.float32(32_767)

    def stop(self) -> Samples:
        """End the recording and return it."""
        self._process.terminate()
        self._process.wait()
        return self.heard()
