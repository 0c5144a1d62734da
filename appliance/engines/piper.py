"""The voice: Piper on onnxruntime, on a thread of its own."""

from __future__ import annotations

import io
import json
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
import soxr
from piper import AudioChunk, PiperVoice, SynthesisConfig
from piper.config import PiperConfig

from appliance.audio.ports import Samples
from appliance.config.models import TtsConfig
from appliance.engines.alignment import aligned_ends, with_durations
from appliance.engines.kept import Kept, key_of
from appliance.engines.ports import Speech
from appliance.engines.renewal import PROCESSOR, Renewed, Way
from appliance.engines.worker import EngineThread
from appliance.errors import EngineError
from appliance.speakable import SpokenWord, speak_words
from appliance.speakable.timing import word_ends

VOLUME = 0.7
"""Leaves 3 dB for "louder" before the loudspeaker clips."""

SILENCE_LEVEL = 0.01
"""-40 dBFS: Piper's own silence at both ends of a clause lies below it, and costs 30 to 200 ms."""

SHORT_WORDS = 5
SHORT_KEPT = 100
"""About 25 MB at 48 kHz."""

FULL_SCALE = 32_767

LONGEST_CLAUSE = "the appointment in the afternoon is with another doctor, " * 4
"""Longer than any: clauses end after 20 words, at the latest with the next word that may end one."""

LEAD_S = 0.005
PAUSE_S = {".": 0.22, "!": 0.22, "?": 0.25, ":": 0.18, ";": 0.18, ",": 0.10}
"""What a reader pauses after a clause; it replaces Piper's trailing silence, which varies."""


class Voice(Protocol):
    """The part of `PiperVoice` that speaks."""

    def phonemize(self, text: str) -> list[list[str]]:
        """Return the phonemes of each sentence."""

    def synthesize(self, text: str, syn_config: SynthesisConfig, include_alignments: bool) -> Iterable[AudioChunk]:
        """Speak, one sentence after another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """The phrases of the configuration, and where their sound is kept."""

    phrases: Collection[str]
    kept: Kept


class PiperSynthesiser:
    """Implements `Synthesiser`. Raises EngineError when the voice cannot be loaded."""

    def __init__(
        self, voice: Path, config: TtsConfig, *, output_rate: int, threads: int, fixed: Fixed | None = None
    ) -> None:
        self._fixed = fixed
        self._key = key_of("speech", voice, lexicon=config.lexicon, rate=output_rate)
        build = partial(_warm_voice, voice, threads)
        self._voice = Renewed("tts", [Way(where=PROCESSOR, build=build)])
        self._lexicon = config.lexicon
        self._speed = config.speed
        self._short: OrderedDict[tuple[str, float], Speech] = OrderedDict()
        self._rate = output_rate
        self._thread = EngineThread("tts")

    @property
    def worker(self) -> EngineThread:
        """The thread it works on, for the watchdog."""
        return self._thread

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    def set_speed(self, speed: float) -> None:
        """Speak what follows at `speed` times the normal rate, within 0.5 and 2."""
        self._speed = min(max(speed, 0.5), 2.0)

    @property
    def speed(self) -> float:
        """The present rate; 1 is normal."""
        return self._speed

    async def synthesise(self, text: str) -> Speech:
        """Speak one clause at the rate of the loudspeaker; text without a sound gives no samples.

        Short clauses are kept: replies begin with the same few words ("Sure,", "We're open"), and their sound is what
        the person waits for.
        """
        key = (text, self._speed)
        if key in self._short:
            self._short.move_to_end(key)
            return self._short[key]
        speech = await self._thread.run(lambda _: self._recalled(text) or self._speak(text))
        if len(text.split()) <= SHORT_WORDS:
            self._short[key] = speech
            if len(self._short) > SHORT_KEPT:
                self._short.popitem(last=False)
        return speech

    def _recalled(self, text: str) -> Speech | None:
        """Return what was kept of a fixed phrase, or speak it and keep that; None for what was made up just now."""
        if self._fixed is None or text not in self._fixed.phrases:
            return None
        key = f"{self._key} {self._speed} {text}"
        data = self._fixed.kept.get(key)
        if data is not None:
            return _unpacked(text, self._rate, data)
        speech = self._speak(text)
        self._fixed.kept.put(key, _packed(speech))
        return speech

    def _speak(self, text: str) -> Speech:
        words = speak_words(text, self._lexicon)
        settings = SynthesisConfig(length_scale=1.0 / self._speed, volume=VOLUME)
        sound, ends, own_rate = self._voice.call(lambda voice: (*say(voice, words, settings), voice.config.sample_rate))
        scale = self._rate / own_rate
        voiced = soxr.resample(sound, own_rate, self._rate).astype(np.float32)
        pause = np.zeros(int(PAUSE_S.get(text.rstrip()[-1:], 0.0) * self._rate), np.float32)
        return Speech(
            text=text,
            pcm=np.concatenate([voiced, pause]) if len(voiced) else voiced,
            sample_rate=self._rate,
            word_ends=tuple(min(round(end * scale), len(voiced)) for end in ends),
        )


def _packed(speech: Speech) -> bytes:
    buffer = io.BytesIO()
    pcm = np.round(np.clip(speech.pcm, -1.0, 1.0) * FULL_SCALE).astype("<i2")
    np.savez(buffer, pcm=pcm, word_ends=np.array(speech.word_ends, "<i8"))
    return buffer.getvalue()


def _unpacked(text: str, rate: int, data: bytes) -> Speech:
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        pcm, ends = arrays["pcm"], arrays["word_ends"]
    return Speech(
        text=text,
        pcm=pcm.astype(np.float32) / np.float32(FULL_SCALE),
        sample_rate=rate,
        word_ends=tuple(int(end) for end in ends),
    )


def load_voice(voice: Path, threads: int) -> PiperVoice:
    """Load a voice, with the durations of its phonemes where it has them. Raises EngineError."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # A pattern is kept for each length of a clause, and there is no end of lengths: 590 MiB after 300 clauses instead
    # of 485, and nothing is gained in time.
    options.enable_mem_pattern = False
    try:
        settings = json.loads(Path(f"{voice}.json").read_text(encoding="utf-8"))
        model = with_durations(voice.read_bytes())
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        return PiperVoice(session=session, config=PiperConfig.from_dict(settings))
    except Exception as error:  # onnxruntime has no common base class of its errors
        raise EngineError(f"cannot load the voice {voice}: {error}", remedy="run: appliance models verify") from error


def _warm_voice(path: Path, threads: int) -> PiperVoice:
    """Load a voice and let it speak as long a clause as there is.

    ONNX Runtime keeps the memory of the longest clause so far: what it needs, it takes now and not in the middle of a
    day (450 MiB after loading and 465 after 180 clauses, instead of 230 and 450).
    """
    voice = load_voice(path, threads)
    say(voice, speak_words(LONGEST_CLAUSE), SynthesisConfig())
    return voice


def say(voice: Voice, words: Sequence[SpokenWord], settings: SynthesisConfig) -> tuple[Samples, tuple[int, ...]]:
    """Return the sound of `words` at the rate of the voice, and for each of them the sample at which it has been said.

    The voice says how long each phoneme lasts; where it does not, the words share the sound by their phonemes.
    """
    spoken = " ".join(word.spoken for word in words if word.spoken)
    chunks = list(voice.synthesize(spoken, settings, include_alignments=True)) if spoken else []
    if not chunks:
        return np.zeros(0, np.float32), (0,) * len(words)
    whole: Samples = np.concatenate([chunk.audio_float_array for chunk in chunks])
    first, end = _loud(whole, chunks[0].sample_rate)
    phonemes = [_phonemes(voice, word) for word in words]
    ends = aligned_ends(phonemes, _timed(chunks)) or word_ends([float(len(word)) for word in phonemes], first, end)
    return whole[first:end], tuple(min(max(at, first), end) - first for at in ends)


def _timed(chunks: Iterable[AudioChunk]) -> list[tuple[str, int]]:
    """Return the phonemes and their samples, nothing when the voice does not tell them all."""
    alignments = [chunk.phoneme_alignments for chunk in chunks]
    if None in alignments:
        return []
    return [(each.phoneme, int(each.num_samples)) for alignment in alignments for each in alignment or ()]


def _phonemes(voice: Voice, word: SpokenWord) -> list[str]:
    return [phoneme for sentence in voice.phonemize(word.spoken) for phoneme in sentence] if word.spoken else []


def _loud(pcm: Samples, rate: int) -> tuple[int, int]:
    """Return where the sound begins and ends without the silence around it."""
    loud = np.flatnonzero(np.abs(pcm) > SILENCE_LEVEL)
    if not len(loud):
        return 0, 0
    lead = int(LEAD_S * rate)
    return max(int(loud[0]) - lead, 0), min(int(loud[-1]) + lead, len(pcm))
