"""Tries the sound devices of a place: how loud the microphone is, and what comes back from the loudspeaker."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from appliance.audio.capture import CaptureChain
from appliance.audio.card import BLOCK_S, SoundCard
from appliance.audio.echo import EchoFilter
from appliance.audio.levels import dbfs, window_levels
from appliance.audio.ports import LISTENING_RATE, Samples
from appliance.audio.resample import resample
from appliance.audio.ring import Ring
from appliance.clock import Clock, block_thread
from appliance.errors import AudioDeviceError

LEAD_S = 1.0
"""Seconds of silence before a test sound, to know the noise of the place."""

SETTLE_S = 1.5
"""Seconds of the test sound that the echo canceller may use to learn the room."""

MAX_DELAY_S = 0.5
"""Longer delays from loudspeaker to microphone are not looked for."""

_PATIENCE_S = 5.0
_MAX_RATE = 192_000
_SPEECH_BAND_HZ = (100.0, 6000.0)
_SPEECH_TILT_HZ = 500.0
"""Where the long-term spectrum of speech begins to fall."""
_TONE_HZ = 1000.0
_TONE_RISE_DB = 10.0
_AUDIBLE_ECHO_DB = 6.0
_CLIPPED = 0.99
_CLIPPED_SAMPLES = 5
_SILENT_DBFS = -60.0
_QUIET_DBFS = -40.0


class Level(StrEnum):
    """A microphone's level, in words."""

    SILENT = "silent"
    QUIET = "too quiet"
    GOOD = "good"
    CLIPPING = "clipping"


class BargeIn(StrEnum):
    """Whether people can interrupt the assistant in a room."""

    WORKS = "works"
    LIMITED = "limited"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What was played and what was captured meanwhile, from the same moment on."""

    played: Samples
    playout_rate: int
    captured: Samples
    capture_rate: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EchoReport:
    """What an echo test found."""

    barge_in: BargeIn
    noise_dbfs: float
    """The microphone before the test sound."""
    echo_dbfs: float
    """The microphone during it."""
    residual_dbfs: float
    """The same after echo cancellation."""
    delay_ms: float | None
    """From the playout callback to the capture callback; None when no echo was heard."""

    @property
    def erle_db(self) -> float:
        """Echo return loss enhancement: how much of the echo the canceller takes away. The noise limits it."""
        return self.echo_dbfs - self.residual_dbfs


def exchange(card: SoundCard, clock: Clock, sound: Samples, seconds: float) -> Exchange:
    """Play `sound`, shape (n,) at the card's rate, after 1 s of silence, and capture `seconds` in all.

    Raises AudioDeviceError when a device is missing or moves no samples. Blocks the calling thread.
    """
    lead = np.zeros(int(LEAD_S * card.playout_rate), np.float32)
    rest = np.zeros(int(seconds * card.playout_rate), np.float32)
    source = np.concatenate((lead, sound, rest))
    ring = Ring(int((seconds + 1.0) * _MAX_RATE))
    played = 0

    def fill(out: Samples) -> None:
        nonlocal played
        part = source[played : played + len(out)]
        out[: len(part)], out[len(part) :] = part, 0.0
        played += len(out)

    card.start(ring.write, fill)
    try:
        wanted = int(seconds * card.capture_rate)
        deadline = clock.now() + seconds + _PATIENCE_S
        while ring.written < wanted:
            if clock.now() > deadline:
                raise AudioDeviceError("the sound card delivers no sound", remedy="Plug it in again or choose another.")
            block_thread(BLOCK_S)
    finally:
        card.stop()
    return Exchange(
        played=source[: int(seconds * card.playout_rate)],
        playout_rate=card.playout_rate,
        captured=ring.read(wanted),
        capture_rate=card.capture_rate,
    )


def judge_level(pcm: Samples, rate: int) -> Level:
    """Say in a word how a recording of somebody who speaks came out."""
    if np.count_nonzero(np.abs(pcm) >= _CLIPPED) > _CLIPPED_SAMPLES:
        return Level.CLIPPING
    levels = window_levels(pcm, rate)
    loudest = float(np.percentile(levels, 95)) if len(levels) else -np.inf
    if loudest < _SILENT_DBFS:
        return Level.SILENT
    return Level.QUIET if loudest < _QUIET_DBFS else Level.GOOD


def tone(rate: int, seconds: float) -> Samples:
    """Return a soft tone of 1 kHz with faded ends."""
    time = np.arange(int(rate * seconds)) / rate
    fade = np.clip(np.minimum(time, seconds - time) / 0.02, 0.0, 1.0)
    sound: Samples = (0.25 * fade * np.sin(2.0 * np.pi * _TONE_HZ * time)).astype(np.float32)
    return sound


def tone_heard(tried: Exchange) -> bool:
    """Tell whether the 1 kHz in what was captured rises when the tone plays."""
    lead = int(LEAD_S * tried.capture_rate)
    before, during = tried.captured[lead // 4 : lead], tried.captured[lead:]
    rise = _tone_level(during, tried.capture_rate) - _tone_level(before, tried.capture_rate)
    return rise > _TONE_RISE_DB


def speech_like(rate: int, seconds: float) -> Samples:
    """Return noise in the band and with the rhythm of speech: it holds all frequencies that a voice has."""
    noise = np.random.default_rng(3).standard_normal(int(seconds * LISTENING_RATE))
    spectrum = np.fft.rfft(noise)
    frequency = np.fft.rfftfreq(len(noise), 1.0 / LISTENING_RATE)
    lowest, highest = _SPEECH_BAND_HZ
    spectrum *= ((frequency > lowest) & (frequency < highest)) / np.maximum(frequency, _SPEECH_TILT_HZ)
    rhythm = 0.55 - 0.45 * np.cos(2.0 * np.pi * 4.0 * np.arange(len(noise)) / LISTENING_RATE)
    shaped = np.fft.irfft(spectrum, len(noise)) * rhythm
    return resample((0.5 * shaped / np.max(np.abs(shaped))).astype(np.float32), LISTENING_RATE, rate)


def judge_echo(tried: Exchange, echo: EchoFilter) -> EchoReport:
    """Say whether `echo` cancels what the microphone captured of the loudspeaker."""
    captured = resample(tried.captured, tried.capture_rate, LISTENING_RATE)
    residual = _cancel(tried, echo)
    lead, settled = int(LEAD_S * LISTENING_RATE), int((LEAD_S + SETTLE_S) * LISTENING_RATE)
    noise_dbfs, echo_dbfs = dbfs(captured[lead // 4 : lead]), dbfs(captured[settled : len(residual)])
    delay_ms = _delay_ms(tried) if echo_dbfs > noise_dbfs + _AUDIBLE_ECHO_DB else None
    residual_dbfs = dbfs(residual[settled:])
    return EchoReport(
        barge_in=_verdict(echo_dbfs - residual_dbfs, residual_dbfs - noise_dbfs, audible=delay_ms is not None),
        noise_dbfs=noise_dbfs,
        echo_dbfs=echo_dbfs,
        residual_dbfs=residual_dbfs,
        delay_ms=delay_ms,
    )


def _verdict(erle_db: float, residual_over_noise_db: float, *, audible: bool) -> BargeIn:
    """20 dB keep the voice detector quiet; 10 dB do when the person is louder than the loudspeaker."""
    if not audible:
        return BargeIn.UNKNOWN
    if erle_db >= 20.0 or residual_over_noise_db <= 0.0:  # noqa: PLR2004 - explained above
        return BargeIn.WORKS
    return BargeIn.LIMITED if erle_db >= 10.0 else BargeIn.FAILS  # noqa: PLR2004 - explained above


def _cancel(tried: Exchange, echo: EchoFilter) -> Samples:
    chain = CaptureChain(tried.capture_rate, echo, _NoDetector())
    captured, played = round(tried.capture_rate * BLOCK_S), round(tried.playout_rate * BLOCK_S)
    frames = []
    for block in range(len(tried.captured) // captured):
        frames += chain.process(
            tried.captured[block * captured : (block + 1) * captured],
            tried.played[block * played : (block + 1) * played],
        )
    return np.concatenate([np.zeros(0, np.float32), *(pcm for pcm, _ in frames)])


def _delay_ms(tried: Exchange) -> float:
    captured = resample(tried.captured, tried.capture_rate, LISTENING_RATE)
    played = resample(tried.played, tried.playout_rate, LISTENING_RATE)
    size = 1 << (len(captured) + len(played)).bit_length()
    spectrum = np.fft.rfft(captured, size) * np.conj(np.fft.rfft(played, size))
    correlation = np.abs(np.fft.irfft(spectrum, size)[: int(MAX_DELAY_S * LISTENING_RATE)])
    return float(np.argmax(correlation)) / LISTENING_RATE * 1000.0


def _tone_level(pcm: Samples, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm)))) / max(len(pcm), 1)
    near = np.abs(np.fft.rfftfreq(len(pcm), 1.0 / rate) - _TONE_HZ) < 20.0  # noqa: PLR2004 - Hz around the tone
    return 20.0 * float(np.log10(np.max(spectrum[near], initial=1e-9)))


class _NoDetector:
    def probability(self, frame: Samples) -> float:  # noqa: ARG002 - nobody is to be detected
        return 0.0

    def reset(self) -> None:
        pass
