"""A ring buffer between one sound callback and one thread, without locks."""

from __future__ import annotations

import numpy as np

from appliance.audio.ports import Samples


class Ring:
    """Single producer, single consumer. The producer never waits: when the consumer is too slow the oldest is lost.

    The producer announces what it is about to overwrite (`_claimed`) before it writes and publishes (`_written`)
    after; the consumer looks at both after it has copied, and gives up what was overwritten meanwhile.
    """

    def __init__(self, capacity: int) -> None:
        self._buffer: Samples = np.zeros(capacity, np.float32)
        self._capacity = capacity
        self._claimed = 0
        self._written = 0
        self._read = 0
        self._lost = 0

    @property
    def written(self) -> int:
        """Samples written so far."""
        return self._written

    @property
    def available(self) -> int:
        """Samples that can be read, some of which may be lost before they are."""
        return self._written - self._read

    @property
    def lost(self) -> int:
        """Samples that were overwritten before they were read; `read` and `clear` count them."""
        return self._lost

    def write(self, block: Samples) -> None:
        """Append `block`, shape (n,). Called by the producer only; allocates nothing."""
        end = self._written + len(block)
        self._claimed = end
        kept = min(len(block), self._capacity)
        self._copy_in(block[len(block) - kept :], end - kept)
        self._written = end

    def read(self, limit: int | None = None) -> Samples:
        """Take the oldest samples, at most `limit`. Called by the consumer only."""
        end = self._written
        start = max(self._read, end - self._capacity)
        self._lost += start - self._read
        if limit is not None:
            end = min(end, start + limit)
        block = self._copy_out(start, end)
        torn = min(max(self._claimed - self._capacity - start, 0), end - start)
        self._lost += torn
        self._read = end
        return block[torn:]

    def clear(self) -> None:
        """Forget what is there. Called by the consumer only; what is forgotten on purpose does not count as lost."""
        self._read = self._written

    def _copy_in(self, block: Samples, position: int) -> None:
        at = position % self._capacity
        first = min(len(block), self._capacity - at)
        self._buffer[at : at + first] = block[:first]
        self._buffer[: len(block) - first] = block[first:]

    def _copy_out(self, start: int, end: int) -> Samples:
        at = start % self._capacity
        count = end - start
        first = min(count, self._capacity - at)
        return np.concatenate((self._buffer[at : at + first], self._buffer[: count - first]))
