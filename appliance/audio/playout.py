"""The loudspeaker: pieces of speech on one permanent output stream, and a ledger of what was heard."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from appliance.audio.card import SoundCard
from appliance.audio.ports import Played, Samples
from appliance.audio.ring import Ring
from appliance.clock import Clock

FADE_S = 0.005
"""Seconds of every fade: short enough to be instant, long enough not to click."""

GAIN_RAMP_S = 0.05
"""Seconds in which the gain changes by 1."""

REFERENCE_S = 4.0
"""Seconds of played sound kept for the echo canceller."""

LEDGER_PIECES = 256
"""How many pieces the ledger remembers."""

_CHUNK = 1024
_NOTHING: Samples = np.zeros(0, np.float32)


class _Ramp:
    """A factor that moves to its target in a straight line. Allocates nothing after it was made."""

    def __init__(self, value: float, per_sample: float) -> None:
        self.value = value
        self._per_sample = per_sample
        self._count: Samples = np.arange(1, _CHUNK + 1, dtype=np.float32)
        self._factors: Samples = np.zeros(_CHUNK, np.float32)

    def samples_to(self, target: float) -> int:
        return math.ceil(abs(target - self.value) / self._per_sample - 1e-6)

    def apply(self, block: Samples, target: float) -> None:
        """Multiply `block` in place while moving towards `target`."""
        if self.value == target:
            if target != 1.0:
                np.multiply(block, target, out=block)
            return
        factors = self._factors[: len(block)]
        step = self._per_sample if target > self.value else -self._per_sample
        np.multiply(self._count[: len(block)], step, out=factors)
        np.add(factors, self.value, out=factors)
        np.clip(factors, min(self.value, target), max(self.value, target), out=factors)
        np.multiply(block, factors, out=block)
        arrived = len(block) >= self.samples_to(target)
        self.value = target if arrived else float(factors[-1])


class _Piece:
    __slots__ = ("delivered", "epoch", "number", "pcm", "spans", "total")

    def __init__(self, number: int, epoch: int, pcm: Samples) -> None:
        self.number = number
        self.epoch = epoch
        self.pcm = pcm
        self.total = len(pcm)
        self.delivered = 0
        self.spans: list[tuple[int, int]] = []
        """Where in the output stream its samples went: position and count, adjoining ones merged."""

    def deliver(self, count: int, position: int) -> None:
        self.delivered += count
        if self.spans and sum(self.spans[-1]) == position:
            first, length = self.spans[-1]
            self.spans[-1] = (first, length + count)
        else:
            self.spans.append((position, count))

    def heard(self, position: int) -> int:
        return sum(min(max(position - first, 0), length) for first, length in tuple(self.spans))


class Playout:
    """A `Loudspeaker` on a sound card.

    The event loop appends pieces and writes three numbers (epoch, held, gain); `fill`, the card's callback, reads them.
    A piece of an older epoch is faded out and forgotten. `drop` ends a `hold` too: what is queued next is heard.
    """

    def __init__(self, card: SoundCard, clock: Clock) -> None:
        self._card = card
        self._clock = clock
        rate = card.playout_rate
        self.reference = Ring(int(rate * REFERENCE_S))
        """Everything that was given to the device, silence too, for the echo canceller."""
        self._queue: deque[_Piece] = deque()
        self._ledger: dict[int, _Piece] = {}
        self._spent: deque[Samples] = deque()
        self._next_number = 1
        self._epoch = 0
        self._held = False
        self._target_gain = 1.0
        self._envelope = _Ramp(0.0, 1.0 / (FADE_S * rate))
        self._gain = _Ramp(1.0, 1.0 / (GAIN_RAMP_S * rate))
        self._playing_epoch = 0
        self._tail = _Ramp(0.0, 1.0 / (FADE_S * rate))
        self._tail_sample = 0.0
        self._tail_block: Samples = np.zeros(_CHUNK, np.float32)
        self._last = 0.0
        self._block = (0, 0, -math.inf)
        """First position, length and time of the block the device was given last."""
        self._heard = 0

    @property
    def sample_rate(self) -> int:
        """Hz of the PCM that `enqueue` takes: the card's."""
        return self._card.playout_rate

    def enqueue(self, pcm: Samples) -> int:
        """Append a piece, shape (n,), and return its number (1, 2, 3 …). The samples are copied."""
        self._spent.clear()
        piece = _Piece(self._next_number, self._epoch, np.array(pcm, np.float32).reshape(-1))
        self._next_number += 1
        self._ledger[piece.number] = piece
        if len(self._ledger) > LEDGER_PIECES:
            del self._ledger[next(iter(self._ledger))]
        self._queue.append(piece)
        return piece.number

    def played(self, piece: int) -> Played:
        """Report how much of a piece has been heard. Raises KeyError for a piece that the ledger has forgotten."""
        entry = self._ledger[piece]
        return Played(piece=piece, samples=entry.heard(self._heard_position()), total=entry.total)

    def hold(self) -> None:
        """Fade out in the next callback and keep what is queued."""
        self._held = True

    def release(self) -> None:
        """Fade in from the sample at which `hold` fell silent."""
        self._held = False

    def drop(self) -> None:
        """Fade out in the next callback and forget what is queued."""
        self._epoch += 1
        self._held = False

    def set_gain(self, gain_db: float) -> None:
        """Move to a new loudness; 0 dB is as synthesised. What then exceeds full scale is clipped."""
        self._target_gain = 10.0 ** (gain_db / 20.0)

    def fill(self, out: Samples) -> None:
        """Write what is heard next into `out`, shape (n,). The card's callback: no lock, no wait."""
        position = sum(self._block[:2])
        self._block = (position, len(out), self._clock.now())
        done = 0
        while done < len(out):
            done += self._fill_some(out[done : done + _CHUNK], position + done)
        self.reference.write(out)

    def _fill_some(self, out: Samples, position: int) -> int:
        piece = self._head()
        wanted = piece is not None and not self._held and piece.epoch == self._epoch
        if piece is None or (not wanted and self._envelope.value == 0.0):
            out[:] = 0.0
            self._gain.value = self._target_gain
            return self._finish(out)
        count = min(len(out), piece.total - piece.delivered)
        if not wanted:
            count = min(count, self._envelope.samples_to(0.0))
        out = out[:count]
        out[:] = piece.pcm[piece.delivered : piece.delivered + count]
        self._envelope.apply(out, 1.0 if wanted else 0.0)
        self._gain.apply(out, self._target_gain)
        np.clip(out, -1.0, 1.0, out=out)
        piece.deliver(count, position)
        return self._finish(out)

    def _head(self) -> _Piece | None:
        """Return the piece to play from, after forgetting those that are finished or stale and faded out."""
        while self._queue:
            piece = self._queue[0]
            faded = piece.epoch != self._epoch and self._envelope.value == 0.0
            if piece.delivered < piece.total and not faded:
                if piece.epoch != self._playing_epoch:
                    self._break_off()
                    self._playing_epoch = piece.epoch
                return piece
            self._queue.popleft()
            self._spent.append(piece.pcm)
            piece.pcm = _NOTHING
        self._break_off()
        return None

    def _break_off(self) -> None:
        """Let what was playing end here: its last sample decays, what comes next fades in."""
        if self._envelope.value > 0.0:
            self._tail_sample, self._tail.value = self._last, 1.0
            self._envelope.value = 0.0

    def _finish(self, out: Samples) -> int:
        if self._tail.value > 0.0:
            tail = self._tail_block[: len(out)]
            tail[:] = self._tail_sample
            self._tail.apply(tail, 0.0)
            np.add(out, tail, out=out)
        self._last = float(out[-1])
        return len(out)

    def _heard_position(self) -> int:
        first, length, begun = self._block
        elapsed = max(self._clock.now() - begun, 0.0) - self._card.output_latency_s
        if length:
            position = min(first + round(elapsed * self.sample_rate), first + length)
            self._heard = max(self._heard, position)
        return self._heard
