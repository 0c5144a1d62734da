"""A simulated room: what the loudspeaker plays comes back to the microphone, later, quieter and reverberated."""

from __future__ import annotations

import numpy as np

from appliance.audio.ports import Samples

_REVERBERATION_S = 0.2
"""Time in which the sound of the default room decays by 60 dB: a furnished office."""

_REVERBERATION_DB = -15.0
"""Energy of the reverberation relative to the direct sound."""


class EchoPath:
    """From the loudspeaker to the microphone: soft clipping, delay, attenuation, impulse response. Streaming."""

    def __init__(
        self,
        rate: int,
        *,
        delay_ms: float = 80.0,
        attenuation_db: float = -10.0,
        impulse_response: Samples | None = None,
    ) -> None:
        """Simulate a room at `rate` Hz.

        `impulse_response` has shape (n,) and the same rate; its energy is brought to 1, so that `attenuation_db` (0
        or less) is the level of the echo. Without it, a small furnished room is made up.
        """
        response = office_response(rate) if impulse_response is None else impulse_response
        response = np.asarray(response, np.float64)
        response = response / np.sqrt(np.sum(np.square(response))) * 10.0 ** (attenuation_db / 20.0)
        self._response = np.concatenate((np.zeros(round(rate * delay_ms / 1000.0)), response))
        self._pending = np.zeros(len(self._response) - 1)
        self._spectrum_size = 0
        self._spectrum = np.zeros(0, np.complex128)

    def process(self, played: Samples) -> Samples:
        """Take the next block that is played and return the echo heard during it, same shape."""
        size = 1 << (len(played) + len(self._response) - 1).bit_length()
        if size != self._spectrum_size:
            self._spectrum_size, self._spectrum = size, np.fft.rfft(self._response, size)
        total = len(played) + len(self._pending)
        echo = np.fft.irfft(np.fft.rfft(np.tanh(played), size) * self._spectrum, size)[:total]
        echo[: len(self._pending)] += self._pending
        self._pending = echo[len(played) :]
        return echo[: len(played)].astype(np.float32)


def office_response(rate: int) -> Samples:
    """Return the impulse response of a made-up room: the direct sound, then noise that decays. Always the same."""
    time = np.arange(int(rate * _REVERBERATION_S)) / rate
    noise = np.random.default_rng(1).standard_normal(len(time)) * 10.0 ** (-3.0 * time / _REVERBERATION_S)
    noise *= 10.0 ** (_REVERBERATION_DB / 20.0) / np.sqrt(np.sum(np.square(noise)))
    noise[0] = 1.0
    return noise.astype(np.float32)
