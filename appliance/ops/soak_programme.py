"""What simulated people do to the appliance for hours: they ask, cut in, make a noise, say goodbye, pull the plug."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from appliance.audio.files import read_audio, write_wav
from appliance.audio.levels import noise_at_snr
from appliance.audio.ports import LISTENING_RATE, Samples
from appliance.ops.visit import Recording
from appliance.ops.visitor import SLT, say
from appliance.ops.visitor import Turn as Words

SNR_DB = 15.0
"""How far background noise lies below the voices: a busy entrance hall, a metre from the microphone."""

BACKGROUND_S = 60
KNOCKS_S = 1.2
UNPLUGGED_EVERY = 5
"""Before every fifth person the sound device is lost and comes back."""
_KNOCK_AT_S = (0.1, 0.35, 0.7)
_KNOCK_DECAY_S = 0.04
_KNOCK_PEAK = 0.5
_HUM_POLE = 0.95
"""Pole of the low-pass of the made noise: from 130 Hz on it falls by 6 dB an octave, like that of a ventilation."""


class Part(StrEnum):
    """What a turn is for."""

    QUESTION = "question"
    """Asked when it is quiet."""
    ORDER = "order"
    """Asked about an order: with nothing behind it, the tool of the example site fails."""
    CUT_IN = "cut in"
    """Said while the answer to the turn before is being heard."""
    NOISE = "noise"
    """No words: nobody expects an answer."""
    GOODBYE = "goodbye"
    """The person leaves, and the next one comes."""


PERSON = (
    Part.QUESTION,
    Part.QUESTION,
    Part.QUESTION,
    Part.CUT_IN,
    Part.ORDER,
    Part.NOISE,
    Part.QUESTION,
    Part.CUT_IN,
    Part.QUESTION,
    Part.GOODBYE,
)
"""The turns of one person. Ten of them, so that every tenth turn finds the appliance in the same state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """A WAV file to play into the microphone."""

    path: Path
    last_voiced_s: float
    """Seconds from its start to the last voiced sample."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SoakTurn:
    """One turn of a simulated person."""

    part: Part
    sound: Sound
    background: Sound | None
    """What is to be heard in the background."""
    unplugged: bool = False
    """Whether the sound device is lost before it, and comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """All the sounds there are."""

    questions: Sequence[Sound]
    cut_ins: Sequence[Sound]
    order: Sound
    goodbye: Sound
    noise: Sound
    background: Sound


def prepare(questions: Sequence[Path], cut_ins: Sequence[Path], noise: Path | None, folder: Path) -> Cast:
    """Write every sound into `folder` as WAV. `noise` is a recording, None for a made one.

    Raises AudioFileError when a recording cannot be read, EngineError when the other words cannot be spoken.
    """
    asked = [Recording.load(path) for path in questions]
    cutting = [Recording.load(path) for path in cut_ins]
    order = say(Words("order", SLT, ("Is my order ready? The number is four two seven one.",)))
    farewell = say(Words("goodbye", SLT, ("Goodbye.",)))
    speech = np.concatenate([each.pcm[each.first_voiced : each.last_voiced + 1] for each in asked])
    raw = made_hum() if noise is None else _looped(read_audio(noise))
    return Cast(
        questions=[_write(folder / f"question-{n}.wav", each.pcm, each.last_voiced) for n, each in enumerate(asked)],
        cut_ins=[_write(folder / f"cut-in-{n}.wav", each.pcm, each.last_voiced) for n, each in enumerate(cutting)],
        order=_write(folder / "order.wav", order, len(order)),
        goodbye=_write(folder / "goodbye.wav", farewell, len(farewell)),
        noise=_write(folder / "noise.wav", made_knocks(), 0),
        background=_write(folder / "background.wav", noise_at_snr(raw, speech, LISTENING_RATE, SNR_DB), 0),
    )


def programme(cast: Cast) -> Iterator[SoakTurn]:
    """Yield turns without end: one person after another; behind every second one there is background noise."""
    questions, cut_ins = itertools.cycle(cast.questions), itertools.cycle(cast.cut_ins)
    for person, background in enumerate(itertools.cycle((None, cast.background)), start=1):
        for number, part in enumerate(PERSON):
            match part:
                case Part.QUESTION:
                    sound = next(questions)
                case Part.CUT_IN:
                    sound = next(cut_ins)
                case Part.ORDER:
                    sound = cast.order
                case Part.NOISE:
                    sound = cast.noise
                case Part.GOODBYE:
                    sound = cast.goodbye
            unplugged = number == 0 and person % UNPLUGGED_EVERY == 0
            yield SoakTurn(part=part, sound=sound, background=background, unplugged=unplugged)


def made_knocks() -> Samples:
    """Return something put down on the desk three times, 16 kHz."""
    random = np.random.default_rng(3)
    pcm = np.zeros(round(KNOCKS_S * LISTENING_RATE), np.float32)
    for at_s in _KNOCK_AT_S:
        start = round(at_s * LISTENING_RATE)
        decay = np.exp(-np.arange(len(pcm) - start) / (_KNOCK_DECAY_S * LISTENING_RATE))
        pcm[start:] += (random.standard_normal(len(decay)) * decay).astype(np.float32)
    return np.asarray(pcm * (_KNOCK_PEAK / np.abs(pcm).max()), dtype=np.float32)


def made_hum() -> Samples:
    """Return a minute of ventilation at any level, 16 kHz."""
    white = np.random.default_rng(4).standard_normal(BACKGROUND_S * LISTENING_RATE)
    taps = np.power(_HUM_POLE, np.arange(256))
    return np.asarray(np.convolve(white, taps, mode="same"), dtype=np.float32)


def _looped(pcm: Samples) -> Samples:
    return np.resize(pcm, max(BACKGROUND_S * LISTENING_RATE, len(pcm))).astype(np.float32)


def _write(path: Path, pcm: Samples, last_voiced: int) -> Sound:
    write_wav(path, pcm, LISTENING_RATE)
    return Sound(path=path, last_voiced_s=last_voiced / LISTENING_RATE)
