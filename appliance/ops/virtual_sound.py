"""A private PulseAudio with a virtual microphone and a virtual loudspeaker, for machines without a sound card."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from appliance.audio.priority import REALTIME_PRIORITY, set_policy
from appliance.clock import Clock, SystemClock, block_thread
from appliance.errors import AudioDeviceError

RATE = 48_000
"""Hz of both devices."""
MOUTH = "user_mouth"
"""The sink whose monitor is the microphone."""
SPEAKER = "speaker"
"""The sink that is the loudspeaker."""

SINK = f"rate={RATE} channels=1 format=s16le norewinds=1"
"""Without `norewinds` a monitor is rendered up to 2 s ahead and leading audio is lost."""

PLAY_LATENCY_MS = 40
"""Milliseconds that `play` keeps ahead."""

_UP_S = 10.0
_LOOK_S = 0.05
_REMEDY = "run: scripts/setup --for test"
_TOOLS = ("pulseaudio", "pactl", "paplay", "parec")


class VirtualSound:
    """A PulseAudio server of our own: the monitor of `user_mouth` is the microphone, `speaker` the loudspeaker.

    It lives in `folder` and shares nothing with a PulseAudio of the user. Its processes are in a group of their own,
    so that Ctrl-C does not end them before those who use them.
    """

    def __init__(self, folder: Path, clock: Clock | None = None) -> None:
        """Raises AudioDeviceError when PulseAudio is not installed."""
        missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
        if missing:
            raise AudioDeviceError(f"PulseAudio is not installed: no {', '.join(missing)}", remedy=_REMEDY)
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
        """What a program needs in its environment to use this server."""
        self._clock = clock or SystemClock()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait until it answers. Raises AudioDeviceError when it does not."""
        script = self.folder / "ci.pa"
        script.write_text(
            f"load-module module-native-protocol-unix auth-anonymous=1 socket={self.folder / 'native'}\n"
            f"load-module module-null-sink sink_name={MOUTH} {SINK}\n"
            f"load-module module-null-sink sink_name={SPEAKER} {SINK}\n",
            encoding="utf-8",
        )
        command = ["pulseaudio", "-n", "-F", str(script), "--system=false", "--daemonize=no", "--use-pid-file=no"]
        command += ["--exit-idle-time=-1", "--disallow-exit", "--realtime=no", "--high-priority=no"]
        log = self.folder / "log"
        with log.open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603 - the fixed command above
                command, env=self.full_environment(), stdout=output, stderr=output, start_new_session=True
            )
        deadline = self._clock.now() + _UP_S
        while not self._answers():
            if self._process.poll() is not None or self._clock.now() > deadline:
                self.stop()
                said = log.read_text(encoding="utf-8", errors="replace").strip()
                raise AudioDeviceError(f"the private PulseAudio did not start: {said}", remedy=_REMEDY)
            block_thread(_LOOK_S)
        self._take_precedence(self._process.pid)

    def stop(self) -> None:
        """End the server at once, as a crash would. May be called twice."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Let the server hang: it keeps its connections and answers nobody."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def play(self, recording: Path) -> subprocess.Popen[bytes]:
        """Play a WAV file into the microphone, beside whatever plays there, without waiting for its end.

        The process ends when all of it has been captured; it may be ended before.
        """
        command = ["paplay", f"--device={MOUTH}", f"--latency-msec={PLAY_LATENCY_MS}", str(recording)]
        return subprocess.Popen(  # noqa: S603 - a fixed command
            command, env=self.full_environment(), stdin=subprocess.DEVNULL, start_new_session=True
        )

    def full_environment(self) -> dict[str, str]:
        """Return the environment for a program that is to use this server."""
        return os.environ | self.environment

    def _take_precedence(self, process: int) -> None:
        """Let the server run before ordinary programs where that is allowed: a sound card waits for no processor.

        PulseAudio can do so itself, but not for the thread that serves its clients.
        """
        with contextlib.suppress(OSError):
            for thread in Path(f"/proc/{process}/task").iterdir():
                set_policy(os.SCHED_RR, REALTIME_PRIORITY, int(thread.name))

    def _answers(self) -> bool:
        done = subprocess.run(
            ["pactl", "info"],  # noqa: S607 - wherever it is installed
            env=self.full_environment(),
            capture_output=True,
            check=False,
        )
        return done.returncode == 0

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
