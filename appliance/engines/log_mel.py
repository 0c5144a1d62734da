"""Whisper's log-mel features of the last 8 s, as Smart Turn v3 was trained on them.

The constants are those of the Whisper feature extractor (25 ms Hann windows every 10 ms, 80 Slaney mel filters). The
frames that lie wholly in the padding all look the same, so that only one of them is computed.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from appliance.audio.ports import LISTENING_RATE, Samples

WINDOW_SAMPLES = 8 * LISTENING_RATE
FFT_SAMPLES = 400
HOP_SAMPLES = 160
MELS = 80
FRAMES = WINDOW_SAMPLES // HOP_SAMPLES

_EDGE = FFT_SAMPLES // 2
_FLOOR = 1e-10
_VARIANCE_FLOOR = 1e-7
_DYNAMIC_RANGE = 8.0

_LINEAR_MEL_HZ = 200.0 / 3.0
_LOG_START_HZ = 1000.0
_LOG_START_MEL = _LOG_START_HZ / _LINEAR_MEL_HZ
_LOG_STEP = np.log(6.4) / 27.0


def _slaney_hertz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    linear = _LINEAR_MEL_HZ * mel
    logarithmic = _LOG_START_HZ * np.exp(_LOG_STEP * (mel - _LOG_START_MEL))
    return np.where(mel < _LOG_START_MEL, linear, logarithmic)


def _mel_filters() -> npt.NDArray[np.float32]:
    """Return triangular filters of equal area, shape (201, 80)."""
    nyquist = LISTENING_RATE / 2
    top = _LOG_START_MEL + np.log(nyquist / _LOG_START_HZ) / _LOG_STEP
    edges = _slaney_hertz(np.linspace(0.0, top, MELS + 2))
    bins = np.linspace(0.0, nyquist, FFT_SAMPLES // 2 + 1)[:, np.newaxis]
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    rising = (bins - low) / (centre - low)
    falling = (high - bins) / (high - centre)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * 2.0 / (high - low)).astype(np.float32)


_HANN: npt.NDArray[np.float32] = np.hanning(FFT_SAMPLES + 1)[:-1].astype(np.float32)
_FILTERS = _mel_filters()


def log_mel(pcm: Samples) -> npt.NDArray[np.float32]:
    """Return features of shape (80, 800) for the last 8 s of `pcm`, 16 kHz; shorter sound is padded before it."""
    sound = np.asarray(pcm[-WINDOW_SAMPLES:], dtype=np.float32)
    silence, sound = _normalise(sound)
    padding = WINDOW_SAMPLES - len(sound)
    first = min(FRAMES, max(0, (padding - _EDGE) // HOP_SAMPLES))
    energies = np.empty((FRAMES, MELS), dtype=np.float32)
    if first:
        energies[:first] = _mel_energies(np.full(FFT_SAMPLES, silence, dtype=np.float32), 1)
    lead = np.full(max(0, padding - first * HOP_SAMPLES), silence, dtype=np.float32)
    tail = np.pad(np.concatenate((lead, sound)), _EDGE, mode="reflect")
    energies[first:] = _mel_energies(tail, FRAMES - first)
    logs = np.log10(np.maximum(energies, _FLOOR))
    np.maximum(logs, logs.max() - _DYNAMIC_RANGE, out=logs)
    return np.ascontiguousarray((logs.T + 4.0) / 4.0)


def _normalise(sound: Samples) -> tuple[np.float32, Samples]:
    """Give the padded window zero mean and unit variance; return what a padding sample becomes, and the sound."""
    mean = sound.sum(dtype=np.float64) / WINDOW_SAMPLES
    variance = np.square(sound, dtype=np.float64).sum() / WINDOW_SAMPLES - mean**2
    scale = 1.0 / np.sqrt(variance + _VARIANCE_FLOOR)
    return np.float32(-mean * scale), ((sound - mean) * scale).astype(np.float32)


def _mel_energies(sound: Samples, frames: int) -> npt.NDArray[np.float32]:
    """Return mel energies, shape (frames, 80), of windows that start every 10 ms from the first sample."""
    windows = np.lib.stride_tricks.sliding_window_view(sound, FFT_SAMPLES)[::HOP_SAMPLES][:frames]
    spectrum = np.fft.rfft(windows * _HANN, axis=-1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return power.astype(np.float32) @ _FILTERS
