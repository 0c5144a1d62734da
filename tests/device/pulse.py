"""A private PulseAudio with a virtual microphone and a virtual loudspeaker, and hands to speak and to listen with."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import numpy as np

from appliance.audio.ports import Samples

RATE = 48_000
MOUTH = "user_mouth"
SPEAKER = "speaker"
_UP_S = 10.0
_SINK = "rate=48000 channels=1 format=s16le norewinds=1"
"""Without `norewinds` a monitor is rendered up to 2 s ahead and leading audio is lost."""


class PulseServer:
    """A PulseAudio server of our own: the monitor of `user_mouth` is the microphone, `speaker` the loudspeaker."""

    def __init__(self, folder: Path) -> None:
        missing = [tool for tool in ("pulseaudio", "pactl", "paplay", "parec") if shutil.which(tool) is None]
        if missing:
            raise AssertionError(f"{', '.join(missing)} not found: run scripts/setup, which installs PulseAudio")
        self.folder = folder
        self.environment = {
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_RUNTIME_PATH": str(folder / "runtime"),
            "PULSE_STATE_PATH": str(folder / "state"),
            "PULSE_COOKIE": str(folder / "cookie"),
            "PULSE_SERVER": f"unix:{folder / 'native'}",
            "PULSE_SOURCE": f"{MOUTH}.monitor",
            "PULSE_SINK": SPEAKER,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        script = self.folder / "ci.pa"
        script.write_text(
            f"load-module module-native-protocol-unix auth-anonymous=1 socket={self.folder / 'native'}\n"
            f"load-module module-null-sink sink_name={MOUTH} {_SINK}\n"
            f"load-module module-null-sink sink_name={SPEAKER} {_SINK}\n"
        )
        command = ["pulseaudio", "-n", "-F", str(script), "--system=false", "--daemonize=no", "--use-pid-file=no"]
        command += ["--exit-idle-time=-1", "--disallow-exit", "--realtime=no", "--high-priority=no"]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(command, env=self.full_environment(), stdout=log, stderr=log)
        deadline = time.monotonic() + _UP_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"PulseAudio did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server, as a crash would."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None

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
        self.pactl("load-module", "module-null-sink", f"sink_name={sink}", *_SINK.split())

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

    def _answers(self) -> bool:
        done = subprocess.run(["pactl", "info"], env=self.full_environment(), capture_output=True, check=False)
        return done.returncode == 0

    def full_environment(self) -> dict[str, str]:
        """Return the environment for a program that is to use this server."""
        return os.environ | self.environment


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
