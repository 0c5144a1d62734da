from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from appliance.engines.log_mel import FFT_SAMPLES, HOP_SAMPLES, WINDOW_SAMPLES, log_mel

RATE = 16_000


def mel_of(hertz: float) -> float:
    return hertz * 3 / 200 if hertz < 1000 else 15 + 27 * np.log(hertz / 1000) / np.log(6.4)


def hertz_of(mel: float) -> float:
    return mel * 200 / 3 if mel < 15 else 1000 * 6.4 ** ((mel - 15) / 27)


def triangles() -> npt.NDArray[np.float64]:
    edges = [hertz_of(mel) for mel in np.linspace(0, mel_of(RATE / 2), 82)]
    weights = np.zeros((80, FFT_SAMPLES // 2 + 1))
    for index, (low, centre, high) in enumerate(zip(edges, edges[1:], edges[2:], strict=False)):
        for bin_, hertz in enumerate(np.linspace(0, RATE / 2, FFT_SAMPLES // 2 + 1)):
            slope = min((hertz - low) / (centre - low), (high - hertz) / (high - centre))
            weights[index, bin_] = max(0.0, slope) * 2 / (high - low)
    return weights


TRIANGLES = triangles()


def plain_log_mel(pcm: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The definition, step by step, on the whole padded window in double precision."""
    sound = np.pad(pcm[-WINDOW_SAMPLES:].astype(np.float64), (max(0, WINDOW_SAMPLES - len(pcm)), 0))
    sound = (sound - sound.mean()) / np.sqrt(sound.var() + 1e-7)
    sound = np.pad(sound, FFT_SAMPLES // 2, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT_SAMPLES) / FFT_SAMPLES)
    starts = range(0, WINDOW_SAMPLES, HOP_SAMPLES)
    power = np.array([np.abs(np.fft.rfft(sound[start : start + FFT_SAMPLES] * window)) ** 2 for start in starts])
    logs = np.log10(np.maximum(TRIANGLES @ power.T, 1e-10))
    result: npt.NDArray[np.float64] = (np.maximum(logs, logs.max() - 8) + 4) / 4
    return result


@pytest.mark.parametrize("samples", [1, 200, 399, 16_037, 127_799, 127_801, 128_000, 200_000])
def test_it_is_whispers_definition_whatever_the_length(samples: int) -> None:
    rng = np.random.default_rng(samples)
    envelope = 0.1 * np.abs(np.sin(np.arange(samples) / 3000))
    pcm = (rng.standard_normal(samples) * envelope + 0.01).astype(np.float32)
    features = log_mel(pcm)
    assert features.shape == (80, 800)
    assert features.dtype == np.float32
    np.testing.assert_allclose(features, plain_log_mel(pcm), atol=1e-4)


def test_digital_silence_has_finite_features() -> None:
    assert np.isfinite(log_mel(np.zeros(WINDOW_SAMPLES, np.float32))).all()
