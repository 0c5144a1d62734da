"""Whisper on ctranslate2: one pass over up to 30 s of sound, at a cost that grows with the sound.

Whisper was trained on windows of 30 s, so that most of the encoder's work on a short utterance goes into silence, and
simply encoding less makes the decoder repeat itself: it looks for the silence at the end. Here only the utterance and
a second of silence are encoded, and the encoding of a silent window, computed once, is put behind them. The decoder
then sees what it expects. docs/decisions/0006-short-windows.md has the measurements.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ctranslate2
import numpy as np
import numpy.typing as npt
from faster_whisper import WhisperModel
from faster_whisper.tokenizer import Tokenizer

from appliance.audio.ports import LISTENING_RATE, Samples
from appliance.errors import EngineError, ModelError

LANGUAGE = "en"

WINDOW_S = 30.0
"""The window Whisper was trained on."""

FRAMES_PER_S = 100
"""Mel frames; the encoder halves them."""

SILENCE_ENCODED_S = 1.0
"""Silence that is encoded together with the utterance, so that its end is seen in context."""

TOKENS_PER_S = 6
TOKENS_AT_LEAST = 10
"""Bounds what a pass may write; fast English is five tokens a second, and only a loop writes more."""

SAID_BEFORE = "Hello. How can I help you? {}."
"""How the vocabulary is put to the model: as what was said before. Of a bare list it would also take over the style,
and write in lower case with a comma at the end, which turn taking would take for a sentence that goes on."""

MAX_CONTEXT_TOKENS = 160
"""Of the 448 tokens that the decoder has for context and transcript; a longer vocabulary is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What one pass wrote."""

    text: str
    average_logprob: float
    """Natural logarithm, per token."""
    no_speech_probability: float
    """What the model gives its `no speech` token at the start."""


class ShortWindowWhisper:
    """A Whisper model in CTranslate2 format. Not thread-safe."""

    def __init__(
        self,
        folder: Path,
        *,
        threads: int,
        device: str = "cpu",
        compute_type: str = "int8",
        vocabulary: Sequence[str] = (),
    ) -> None:
        """Load the model in `folder`. `vocabulary` holds names and terms to expect.

        Raises ModelError when a file is missing or damaged, EngineError when the device does not work.
        """
        model = _load(folder, device=device, compute_type=compute_type, threads=threads)
        self._model = model.model
        self._features = model.feature_extractor
        self._tokenizer = Tokenizer(
            model.hf_tokenizer, self._model.is_multilingual, task="transcribe", language=LANGUAGE
        )
        self._context = _context(self._tokenizer, vocabulary)
        self._prompt = [*self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]
        self._splicing = device == "cpu"
        self._silence = self._encode(np.zeros((self._features.mel_filters.shape[0], int(WINDOW_S * FRAMES_PER_S))))

    def decode(self, pcm: Samples, *, beam_size: int = 1, as_trained: bool = False) -> Decoded:
        """Transcribe up to 30 s of 16 kHz sound.

        `as_trained` encodes the whole window and gives no context: four times the cost, fewest loops.
        Raises EngineError when the device fails.
        """
        seconds = len(pcm) / LISTENING_RATE
        tokens = TOKENS_AT_LEAST + int(TOKENS_PER_S * seconds)
        prompt = self._prompt if as_trained else [*self._context, *self._prompt]
        whole = as_trained or not self._splicing
        encoded_s = WINDOW_S if whole else min(seconds + SILENCE_ENCODED_S, WINDOW_S)
        encoded = self._listen(pcm, frames=2 * int(encoded_s * FRAMES_PER_S / 2))
        with _failures_explained():
            result = self._model.generate(
                ctranslate2.StorageView.from_array(encoded),
                [prompt],
                beam_size=beam_size,
                max_length=tokens + max(tokens, len(prompt)),  # the prompt may take half of it, or more
                return_scores=True,
                return_no_speech_prob=True,
            )[0]
        written = result.sequences_ids[0]
        return Decoded(
            text=self._tokenizer.decode(written).strip(),
            average_logprob=result.scores[0] * len(written) / (len(written) + 1),
            no_speech_probability=result.no_speech_prob,
        )

    def _listen(self, pcm: Samples, frames: int) -> npt.NDArray[np.floating]:
        """Encode `frames` mel frames of the sound and put silence behind it, shape (1, 1500, width)."""
        mel = self._features(pcm)[:, :frames]
        encoded = self._encode(np.pad(mel, ((0, 0), (0, frames - mel.shape[1]))))
        return np.concatenate([encoded, self._silence[:, encoded.shape[1] :]], axis=1)

    def _encode(self, mel: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        features = np.ascontiguousarray(mel[np.newaxis], dtype=np.float32)
        with _failures_explained():
            return np.array(self._model.encode(ctranslate2.StorageView.from_array(features), to_cpu=True))


@contextmanager
def _failures_explained() -> Iterator[None]:
    try:
        yield
    except (RuntimeError, ValueError) as error:  # what ctranslate2 raises for want of memory or of a GPU library
        raise EngineError(
            f"speech recognition failed: {error}",
            remedy="Restart the appliance; if it stays, set device: cpu in config.yaml.",
        ) from error


def _context(tokenizer: Tokenizer, vocabulary: Sequence[str]) -> list[int]:
    """Return the tokens that tell the model what to expect; none without a vocabulary, for context costs accuracy."""
    if not vocabulary:
        return []
    said = tokenizer.encode(" " + SAID_BEFORE.format(", ".join(vocabulary)))
    return [tokenizer.sot_prev, *said[:MAX_CONTEXT_TOKENS]]


def _load(folder: Path, *, device: str, compute_type: str, threads: int) -> WhisperModel:
    for name in ("model.bin", "tokenizer.json"):  # faster-whisper would look for the tokenizer on the Internet
        if not (folder / name).is_file():
            raise ModelError(f"model file {folder / name} is missing", remedy="Run `appliance models fetch`.")
    try:
        return WhisperModel(
            str(folder), device=device, compute_type=compute_type, cpu_threads=threads, local_files_only=True
        )
    except Exception as error:  # ctranslate2 and tokenizers raise different classes for every kind of damage
        kind = EngineError if device != "cpu" and "model" not in str(error).lower() else ModelError
        raise kind(
            f"cannot load speech recognition from {folder} on {device}: {error}",
            remedy="Run `appliance models verify`, or set device: cpu in config.yaml.",
        ) from error
