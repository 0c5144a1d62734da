"""Listens to a sound card and looks after it: frames follow each other without a gap, whatever the device does."""

from __future__ import annotations

import contextlib
from typing import Protocol

import numpy as np

from appliance.audio.capture import CaptureChain
from appliance.audio.card import CAPTURE, PLAYOUT, Failure, SoundCard
from appliance.audio.deafness import DeafnessWatch
from appliance.audio.echo import EchoFilter
from appliance.audio.playout import Playout
from appliance.audio.ports import FRAME_SAMPLES, LISTENING_RATE, Frame, Samples
from appliance.audio.ring import Ring
from appliance.clock import Clock
from appliance.engines.ports import VoiceDetector
from appliance.errors import AudioDeviceError

STALL_S = 1.0
"""A stream that moves no sample for so long is lost."""

RETRY_S = 1.0
"""Seconds between two attempts to open a lost device."""

_RING_SAMPLES = 400_000
"""More than 8 s at 48 kHz: longer than anything holds up the thread."""


class DeviceObserver(Protocol):
    """Whoever wants to know what happens to the devices."""

    def lost(self, direction: str, detail: str) -> None:
        """Hear that a device (`capture` or `playout`) went away."""

    def found(self, direction: str) -> None:
        """Hear that the lost device is back."""

    def xrun(self, direction: str, count: int) -> None:
        """Hear that sound was lost `count` times."""

    def restarted(self, reason: str) -> None:
        """Hear that the audio path is being restarted, because it was `deaf` or raised an `error`."""


class CardListener:
    """Turns a card into frames. `pull` is called every few milliseconds by one thread, which also gets the news."""

    def __init__(
        self,
        card: SoundCard,
        playout: Playout,
        detector: VoiceDetector,
        echo: EchoFilter,
        clock: Clock,
        observer: DeviceObserver,
        deafness: DeafnessWatch | None = None,
    ) -> None:
        self._card = card
        self._playout = playout
        self._detector = detector
        self._echo = echo
        self._clock = clock
        self._observer = observer
        self._deafness = deafness
        self._end = 0
        """Position after the last frame."""
        self._end_t = 0.0
        """When the last sample of the last frame was captured."""
        self._failure: Failure | None = None
        self._retry_t = 0.0

    def open(self) -> None:
        """Start the card. Raises AudioDeviceError when there is no device."""
        self._ring = Ring(_RING_SAMPLES)
        self._ring_lost = 0
        self._playout.reference.clear()
        self._detector.reset()
        self._origin = (self._card.counters.captured, self._end)
        """Where in the card's stream and in ours this opening begins."""
        self._card.start(self._ring.write, self._playout.fill)
        self._chain = CaptureChain(self._card.capture_rate, self._echo, self._detector, self._deafness)
        self._counters = self._card.counters
        self._end_t = self._clock.now()
        self._moved_t = {CAPTURE: self._end_t, PLAYOUT: self._end_t}

    def close(self) -> None:
        """Stop the card."""
        self._card.stop()

    def pull(self) -> list[Frame]:
        """Return the frames that are complete now; silent ones while the device is lost."""
        if self._failure is not None:
            frames = self._silence()
            self._retry()
            return frames
        frames = self._listen()
        failure = self._watch()
        if failure is not None:
            self._give_up(failure)
            self._observer.lost(failure.direction, failure.detail)
        elif self._chain.deaf:
            self.restart("deaf")
        return frames

    def restart(self, reason: str) -> None:
        """Close the card, forget the stream and all that was learnt from it, and open the card again a second later."""
        self._give_up(Failure(CAPTURE, reason))
        self._echo.reset()
        self._observer.restarted(reason)

    def _give_up(self, failure: Failure) -> None:
        self._failure = failure
        self._retry_t = self._clock.now()
        self._card.stop()

    def _listen(self) -> list[Frame]:
        captured = self._ring.read()
        if self._ring.lost > self._ring_lost:
            captured = np.concatenate((np.zeros(self._ring.lost - self._ring_lost, np.float32), captured))
            self._ring_lost = self._ring.lost
        heard = self._chain.process(captured, self._playout.reference.read())
        return [self._frame(pcm, probability) for pcm, probability in heard]

    def _frame(self, pcm: Samples, probability: float) -> Frame:
        start, self._end = self._end, self._end + FRAME_SAMPLES
        card_begin, begin = self._origin
        position = card_begin + (self._end - begin) * self._card.capture_rate // LISTENING_RATE
        self._end_t = self._card.time_of(position)
        return Frame(pcm=pcm, start=start, speech_probability=probability, t=self._end_t)

    def _silence(self) -> list[Frame]:
        frames = []
        while (t := self._end_t + FRAME_SAMPLES / LISTENING_RATE) <= self._clock.now():
            pcm = np.zeros(FRAME_SAMPLES, np.float32)
            frames.append(Frame(pcm=pcm, start=self._end, speech_probability=0.0, t=t))
            self._end, self._end_t = self._end + FRAME_SAMPLES, t
        return frames

    def _watch(self) -> Failure | None:
        before, after = self._counters, self._card.counters
        self._counters = after
        now = self._clock.now()
        for direction, moved, xruns in (
            (CAPTURE, after.captured - before.captured, after.capture_xruns - before.capture_xruns),
            (PLAYOUT, after.played - before.played, after.playout_xruns - before.playout_xruns),
        ):
            if xruns:
                self._observer.xrun(direction, xruns)
            if moved:
                self._moved_t[direction] = now
            elif now - self._moved_t[direction] > STALL_S:
                return Failure(direction, f"the device has not moved a sample for {STALL_S:.0f} s")
        return self._card.failure()

    def _retry(self) -> None:
        if self._failure is None or self._clock.now() - self._retry_t < RETRY_S:
            return
        direction = self._failure.direction
        with contextlib.suppress(AudioDeviceError):  # still away: `lost` has been told, the next attempt is in 1 s
            self.open()
            self._failure = None
        self._retry_t = self._clock.now()
        if self._failure is None:
            self._observer.found(direction)
