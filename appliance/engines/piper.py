"""The voice: Piper on onnxruntime, on a thread of its own."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime
import soxr
from piper import PiperVoice, SynthesisConfig
from piper.config import PiperConfig

from appliance.audio.ports import Samples
from appliance.config.models import TtsConfig
from appliance.engines.ports import Speech
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

LEAD_S = 0.005
PAUSE_S = {".": 0.22, "!": 0.22, "?": 0.25, ":": 0.18, ";": 0.18, ",": 0.10}
"""What a reader pauses after a clause; it replaces Piper's trailing silence, which varies."""


class PiperSynthesiser:
    """Implements `Synthesiser`. Raises EngineError when the voice cannot be loaded."""

    def __init__(self, voice: Path, config: TtsConfig, *, output_rate: int, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        try:
            settings = json.loads(Path(f"{voice}.json").read_text(encoding="utf-8"))
            session = onnxruntime.InferenceSession(str(voice), options, providers=["CPUExecutionProvider"])
            self._voice = PiperVoice(session=session, config=PiperConfig.from_dict(settings))
        except Exception as error:  # onnxruntime has no common base class of its errors
            raise EngineError(
                f"cannot load the voice {voice}: {error}", remedy="run: appliance models verify"
            ) from error
        self._lexicon = config.lexicon
        self._speed = config.speed
        self._short: OrderedDict[tuple[str, float], Speech] = OrderedDict()
        self._rate = output_rate
        self._thread = EngineThread("tts")

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
        speech = await self._thread.run(lambda _: self._speak(text))
        if len(text.split()) <= SHORT_WORDS:
            self._short[key] = speech
            if len(self._short) > SHORT_KEPT:
                self._short.popitem(last=False)
        return speech

    def _speak(self, text: str) -> Speech:
        words = speak_words(text, self._lexicon)
        spoken = " ".join(word.spoken for word in words if word.spoken)
        settings = SynthesisConfig(length_scale=1.0 / self._speed, volume=VOLUME)
        chunks = [chunk.audio_float_array for chunk in self._voice.synthesize(spoken, settings)] if spoken else []
        sound = _trim(np.concatenate(chunks)) if chunks else np.zeros(0, np.float32)
        voiced = soxr.resample(sound, self._voice.config.sample_rate, self._rate).astype(np.float32)
        pause = np.zeros(int(PAUSE_S.get(text.rstrip()[-1:], 0.0) * self._rate), np.float32)
        return Speech(
            text=text,
            pcm=np.concatenate([voiced, pause]) if len(voiced) else voiced,
            sample_rate=self._rate,
            word_ends=word_ends(self._weights(words), 0, len(voiced)),
        )

    def _weights(self, words: Sequence[SpokenWord]) -> list[float]:
        """Return the number of phonemes of each written word: what its share of the sound is taken to be."""
        return [
            float(sum(len(sentence) for sentence in self._voice.phonemize(word.spoken))) if word.spoken else 0.0
            for word in words
        ]


def _trim(pcm: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(pcm) > SILENCE_LEVEL)
    if not len(loud):
        return pcm[:0]
    lead = int(LEAD_S * 22_050)
    return pcm[max(loud[0] - lead, 0) : loud[-1] + lead]
