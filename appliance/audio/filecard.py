"""A virtual sound card: recordings are its microphone, memory is its loudspeaker, and its time is the real time."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable

import numpy as np

from appliance.audio.card import BLOCK_S, CardCounters, Failure, OnCapture, OnPlayout
from appliance.audio.ports import Samples
from appliance.audio.resample import resample
from appliance.audio.room import EchoPath
from appliance.audio.tape import Tape
from appliance.clock import Clock, block_thread

UNDERRUN_S = 0.06
"""How late the card may ask for a block before it has run dry: what a device buffers."""


class FileCard:
    """A `SoundCard` with one timeline: input sample n and output sample n belong to the same moment.

    A block that was captured and the block to be played next are exchanged together, every 20 ms, like a card without
    buffers. A thread that comes late catches up; when it is later than `UNDERRUN_S` the card has played silence
    meanwhile and counts an xrun.
    """

    input_latency_s = 0.0
    output_latency_s = 0.0

    def __init__(
        self,
        clock: Clock,
        *,
        rate: int = 48_000,
        bed: Samples | None = None,
        floor_dbfs: float = -80.0,
        echo: EchoPath | None = None,
        wait: Callable[[float], None] = block_thread,
    ) -> None:
        """Make a card at `rate` Hz in a room with an `echo`.

        `bed`, shape (n,) at `rate`, is looped behind everything that is said; under it lies white noise of
        `floor_dbfs`. `wait` suspends the card's thread.
        """
        self.capture_rate = self.playout_rate = rate
        self._block = round(rate * BLOCK_S)
        self._clock = clock
        self._wait = wait
        self._echo = echo
        self._bed = bed if bed is not None and len(bed) else np.zeros(1, np.float32)
        self._floor = np.float32(10.0 ** (floor_dbfs / 20.0)) if floor_dbfs > -math.inf else np.float32(0.0)
        self._random = np.random.default_rng(0)
        self._lock = threading.Lock()
        self._utterances: list[tuple[int, Samples]] = []
        self._input = Tape()
        self._output = Tape()
        self._echo_block: Samples = np.zeros(self._block, np.float32)
        self._begun = 0.0
        self._underruns = 0
        self._on_capture: OnCapture | None = None
        self._on_playout: OnPlayout | None = None
        self._thread: threading.Thread | None = None
        self._running = False

    @property
    def position(self) -> int:
        """Samples captured so far: where on the timeline the card is now, to a block."""
        return self._input.end

    @property
    def counters(self) -> CardCounters:
        """What has happened so far."""
        return CardCounters(captured=self._input.end, played=self._output.end, playout_xruns=self._underruns)

    def speak(self, pcm: Samples, rate: int = 16_000, *, at: int | None = None) -> int:
        """Schedule an utterance, shape (n,), and return the position of its first sample. From any thread.

        It begins at `at`, or at once. Raises ValueError when `at` is in the past.
        """
        utterance = resample(pcm, rate, self.capture_rate)
        with self._lock:
            start = self._input.end if at is None else at
            if start < self._input.end:
                raise ValueError(f"position {start} has been captured already; the card is at {self._input.end}")
            self._utterances.append((start, utterance))
        return start

    def time_of(self, position: int) -> float:
        """Return the clock time of a position; valid once started."""
        return self._begun + position / self.capture_rate

    def position_at(self, t: float) -> int:
        """Return the position of a clock time; valid once started."""
        return round((t - self._begun) * self.capture_rate)

    def input(self, start: int = 0, end: int | None = None) -> Samples:
        """Return what was captured, shape (end - start,); silence where it was forgotten or is still to come."""
        return self._input.read(start, end)

    def output(self, start: int = 0, end: int | None = None) -> Samples:
        """Return what was played, shape (end - start,); silence where it was forgotten or is still to come."""
        return self._output.read(start, end)

    def forget_before(self, position: int) -> None:
        """Free the recordings of everything before `position`."""
        self._input.forget_before(position)
        self._output.forget_before(position)

    def start(self, on_capture: OnCapture, on_playout: OnPlayout) -> None:
        """Let time begin, or go on after `stop`."""
        self.connect(on_capture, on_playout)
        self._running = True
        self._thread = threading.Thread(target=self._run, name="file-card", daemon=True)
        self._thread.start()

    def connect(self, on_capture: OnCapture, on_playout: OnPlayout) -> None:
        """Do as `start` does, but leave it to the caller to drive the card with `step`."""
        self._on_capture, self._on_playout = on_capture, on_playout
        self._begun = self._clock.now() - self._output.end / self.capture_rate

    def stop(self) -> None:
        """Stop the time; what was recorded stays readable."""
        self._running = False
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None

    def failure(self) -> Failure | None:
        """Report nothing: this card does not fail."""
        return None

    def step(self, *, underrun: bool = False) -> None:
        """Exchange one block: deliver what was captured until now, take what is played from now."""
        if self._on_capture is None or self._on_playout is None:
            raise RuntimeError("the card was not started")
        if self._output.end > self._input.end:
            self._on_capture(self._capture())
        out = np.zeros(self._block, np.float32)
        if underrun:
            self._underruns += 1
        else:
            self._on_playout(out)
        self._output.append(out)
        if self._echo is not None:
            self._echo_block = self._echo.process(out)

    def _run(self) -> None:
        while self._running:
            late = self._clock.now() - self.time_of(self._output.end)
            if late < 0.0:
                self._wait(-late)
            self.step(underrun=late > UNDERRUN_S)

    def _capture(self) -> Samples:
        with self._lock:
            start = self._input.end
            block = self._random.standard_normal(self._block, dtype=np.float32) * self._floor
            block += self._bed[np.arange(start, start + self._block) % len(self._bed)]
            block += self._echo_block
            for first, pcm in self._utterances:
                _mix(block, pcm, first - start)
            end = start + self._block
            self._utterances = [(first, pcm) for first, pcm in self._utterances if first + len(pcm) > end]
            np.clip(block, -1.0, 1.0, out=block)
            self._input.append(block)
        return block


def _mix(block: Samples, pcm: Samples, offset: int) -> None:
    """Add `pcm` to `block`, its first sample at `offset` (which may lie before the block or after it)."""
    first, last = max(offset, 0), min(offset + len(pcm), len(block))
    if first < last:
        block[first:last] += pcm[first - offset : last - offset]
