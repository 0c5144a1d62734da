"""A recording in memory that grows, can be read from any thread, and can be forgotten from its beginning."""

from __future__ import annotations

import threading

import numpy as np
import numpy.typing as npt

from appliance.audio.ports import Samples

_FULL_SCALE = 32_767.0


class Tape:
    """Mono sound kept as 16-bit samples."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks: list[tuple[int, npt.NDArray[np.int16]]] = []
        self._end = 0

    @property
    def end(self) -> int:
        """Samples recorded so far, forgotten ones too."""
        return self._end

    def append(self, block: Samples) -> None:
        """Record `block`, shape (n,), in [-1, 1]."""
        pcm = np.round(block * _FULL_SCALE).astype(np.int16)
        with self._lock:
            self._blocks.append((self._end, pcm))
            self._end += len(pcm)

    def read(self, start: int = 0, end: int | None = None) -> Samples:
        """Return the samples from `start` to `end` (now, when None); silence where there are none."""
        with self._lock:
            last = self._end if end is None else end
            blocks = [(first, pcm) for first, pcm in self._blocks if first < last and first + len(pcm) > start]
        recording = np.zeros(max(last - start, 0), np.float32)
        for first, pcm in blocks:
            begin, stop = max(first, start), min(first + len(pcm), last)
            recording[begin - start : stop - start] = pcm[begin - first : stop - first] / np.float32(_FULL_SCALE)
        return recording

    def forget_before(self, position: int) -> None:
        """Free the blocks that end before `position`."""
        with self._lock:
            self._blocks = [(first, pcm) for first, pcm in self._blocks if first + len(pcm) > position]
