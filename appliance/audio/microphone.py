"""The microphone of the conversation: a thread that listens, and frames on the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable

from appliance.audio.card import SoundCard
from appliance.audio.deafness import DeafnessWatch
from appliance.audio.echo import EchoFilter
from appliance.audio.listening import CardListener, DeviceObserver
from appliance.audio.playout import Playout
from appliance.audio.ports import Frame
from appliance.clock import Clock, block_thread
from appliance.engines.ports import VoiceDetector

PULL_S = 0.008
"""Seconds between two looks at what was captured."""


class SilentObserver:
    """Takes no interest in the devices."""

    def lost(self, direction: str, detail: str) -> None:
        """Ignore it."""

    def found(self, direction: str) -> None:
        """Ignore it."""

    def xrun(self, direction: str, count: int) -> None:
        """Ignore it."""

    def restarted(self, reason: str) -> None:
        """Ignore it."""


class StreamMicrophone:
    """A `Microphone` on a sound card. Opening it opens the loudspeaker too; `observer` is told on the event loop.

    No frame is ever dropped: when the event loop stalls they wait for it, and `backlog` says how many do. An error of
    the voice detector or the echo canceller ends the listening and is raised on the event loop.
    """

    def __init__(
        self,
        card: SoundCard,
        playout: Playout,
        detector: VoiceDetector,
        echo: EchoFilter,
        clock: Clock,
        observer: DeviceObserver | None = None,
        deafness: DeafnessWatch | None = None,
    ) -> None:
        self._observer: DeviceObserver = observer or SilentObserver()
        self._listener = CardListener(card, playout, detector, echo, clock, self, deafness)
        self._thread: threading.Thread | None = None
        self._running = False
        self._sent = 0
        self._handled = 0

    @property
    def frames(self) -> int:
        """How many frames of 32 ms there were; it grows as long as the thread listens, also without a device."""
        return self._sent

    @property
    def backlog(self) -> int:
        """Frames of 32 ms that wait for the event loop."""
        return self._sent - self._handled

    def start(self, on_frame: Callable[[Frame], None]) -> None:
        """Open the card and deliver frames to `on_frame` on the running event loop.

        Raises AudioDeviceError when there is nothing to listen with or to speak with.
        """
        self._loop = asyncio.get_running_loop()
        self._on_frame = on_frame
        self._listener.open()
        self._running = True
        self._thread = threading.Thread(target=self._run, name="microphone", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop delivering frames and close the card. May be called twice."""
        if self._thread is None:
            return
        self._running = False
        self._thread.join()
        self._thread = None
        self._listener.close()

    def lost(self, direction: str, detail: str) -> None:
        """Pass the news on to the event loop."""
        self._post(self._observer.lost, direction, detail)

    def found(self, direction: str) -> None:
        """Pass the news on to the event loop."""
        self._post(self._observer.found, direction)

    def xrun(self, direction: str, count: int) -> None:
        """Pass the news on to the event loop."""
        self._post(self._observer.xrun, direction, count)

    def restarted(self, reason: str) -> None:
        """Pass the news on to the event loop."""
        self._post(self._observer.restarted, reason)

    def _run(self) -> None:
        while self._running:
            try:
                for frame in self._listener.pull():
                    self._sent += 1
                    self._post(self._deliver, frame)
            except Exception as error:  # noqa: BLE001 - whatever it is, it must not leave the appliance deaf
                self._post(self._fail, error)
                self._listener.restart("error")
            block_thread(PULL_S)

    def _fail(self, error: Exception) -> None:
        raise error

    def _deliver(self, frame: Frame) -> None:
        self._handled += 1
        if self._running:
            self._on_frame(frame)

    def _post(self, callback: Callable[..., None], *arguments: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed before the microphone: nobody listens any more
            self._loop.call_soon_threadsafe(callback, *arguments)
