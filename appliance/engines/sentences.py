"""Sentence embeddings: sentences that mean the same lie close together.

all-MiniLM-L6-v2 (Wang et al. 2020, Reimers and Gurevych 2019) in NumPy: six layers on a dozen tokens are a few
milliseconds of matrix products, which no further runtime would make shorter.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from appliance.engines.kept import Kept, key_of
from appliance.engines.worker import EngineThread
from appliance.errors import EngineError

log = logging.getLogger(__name__)

Matrix = NDArray[np.float32]

LAYERS = 6
HEADS = 12
DIMENSIONS = 384
LONGEST_TOKENS = 128
"""Longer texts are cut: the model was trained on 128 tokens."""
TOGETHER = 64
"""Texts that are embedded in one go, so that memory stays bounded."""
SAME = 0.999
"""Likeness from which two vectors of a text come from the same model."""
EPSILON = np.float32(1e-12)
"""As in BERT's layer normalisation."""


class MiniLmEncoder:
    """Turns sentences into unit vectors on a thread of its own. Raises EngineError when it cannot be loaded."""

    def __init__(self, folder: Path, kept: Kept | None = None, known: Path | None = None) -> None:
        """Load the model. The vectors of many texts at once, which nobody says, are kept between starts in `kept`.

        `known` has vectors of texts that are always among them, as `save_vectors` writes them.
        """
        self._kept = kept
        try:
            self._weights: dict[str, Matrix] = load_file(folder / "model.safetensors")
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        except (OSError, SafetensorError, ValueError) as error:
            message = f"the sentence model in {folder} cannot be loaded: {error}"
            raise EngineError(message, remedy="run: appliance models verify --full") from error
        self._key = key_of("sentences", folder / "model.safetensors")
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(LONGEST_TOKENS)
        self._thread = EngineThread("sentences")
        self._last = {} if known is None else self._loaded(known)

    @property
    def worker(self) -> EngineThread:
        """The thread it works on, for the watchdog."""
        return self._thread

    def close(self) -> None:
        """End the thread."""
        self._thread.close()

    async def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector a text, shape (len(texts), 384)."""
        return await self._thread.run(lambda _: self._recalled(texts))

    def _loaded(self, known: Path) -> dict[str, Matrix]:
        """Return vectors from a file; none where it is damaged or of another model."""
        try:
            with np.load(known, allow_pickle=False) as arrays:
                texts, vectors = arrays["texts"].tolist(), arrays["vectors"].astype(np.float32)
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            log.warning("%s is damaged, so that the next start takes longer: %s", known, error)
            return {}
        if not texts or float(self._embed(texts[:1])[0] @ vectors[0]) < SAME:
            return {}
        return dict(zip(texts, vectors, strict=True))

    def _recalled(self, texts: Sequence[str]) -> Matrix:
        """Embed the texts; those of the configuration come by the hundred, those of a person one by one."""
        if len(texts) < TOGETHER:
            return self._embed(texts)
        key = f"{self._key} {json.dumps(list(texts))}"
        data = self._kept.get(key) if self._kept else None
        if data is not None and len(data) == len(texts) * DIMENSIONS * 4:
            vectors = np.frombuffer(data, "<f4").reshape(len(texts), DIMENSIONS).copy()
        else:
            vectors = self._embed_changed(texts)
            if self._kept:
                self._kept.put(key, vectors.astype("<f4").tobytes())
        self._last = dict(zip(texts, vectors, strict=True))
        return vectors

    def _embed_changed(self, texts: Sequence[str]) -> Matrix:
        """Embed the texts that were not among the last many: a reload changes few of the configuration's."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._last]
        known = self._last | dict(zip(fresh, self._embed(fresh), strict=True))
        return np.stack([known[text] for text in texts])

    def _embed(self, texts: Sequence[str]) -> Matrix:
        """Embed all texts together: the products of the layers take the tokens of all, attention those of each."""
        vectors = [self._embed_some(texts[start : start + TOGETHER]) for start in range(0, len(texts), TOGETHER)]
        return np.concatenate(vectors) if vectors else np.zeros((0, DIMENSIONS), np.float32)

    def _embed_some(self, texts: Sequence[str]) -> Matrix:
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        bounds = np.cumsum([0, *map(len, tokens)])
        spans = [slice(start, end) for start, end in pairwise(bounds.tolist())]
        states = np.concatenate([self._embeddings(each) for each in tokens])
        for layer in range(LAYERS):
            states = self._layer(f"encoder.layer.{layer}.", states, spans)
        pooled = np.stack([states[span].mean(axis=0) for span in spans])
        return np.asarray(pooled / np.linalg.norm(pooled, axis=1, keepdims=True).clip(1e-9), np.float32)

    def _embeddings(self, tokens: list[int]) -> Matrix:
        weights = self._weights
        states = weights["embeddings.word_embeddings.weight"][tokens]
        states = states + weights["embeddings.position_embeddings.weight"][: len(tokens)]
        states = states + weights["embeddings.token_type_embeddings.weight"][0]
        return self._norm("embeddings.LayerNorm", states)

    def _layer(self, name: str, states: Matrix, spans: Sequence[slice]) -> Matrix:
        query, key, value = (self._linear(f"{name}attention.self.{part}", states) for part in ("query", "key", "value"))
        attended = np.concatenate([_attention(query[span], key[span], value[span]) for span in spans])
        attended = self._linear(f"{name}attention.output.dense", attended)
        states = self._norm(f"{name}attention.output.LayerNorm", states + attended)
        inner = _gelu(self._linear(f"{name}intermediate.dense", states))
        return self._norm(f"{name}output.LayerNorm", states + self._linear(f"{name}output.dense", inner))

    def _linear(self, name: str, states: Matrix) -> Matrix:
        return np.asarray(states @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"], np.float32)

    def _norm(self, name: str, states: Matrix) -> Matrix:
        centred = states - states.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + EPSILON)
        return np.asarray(scaled * self._weights[f"{name}.weight"] + self._weights[f"{name}.bias"], np.float32)


def save_vectors(path: Path, texts: Sequence[str], vectors: Matrix) -> None:
    """Write vectors for `MiniLmEncoder(known=…)`, in half precision: that changes a likeness by less than 0.001."""
    np.savez_compressed(path, texts=np.array(texts), vectors=vectors.astype(np.float16))


def _attention(query: Matrix, key: Matrix, value: Matrix) -> Matrix:
    """Return scaled dot-product attention of one text, shape (tokens, 384), in heads."""
    queries, keys, values = (each.reshape(len(each), HEADS, -1).transpose(1, 0, 2) for each in (query, key, value))
    scores = queries @ keys.transpose(0, 2, 1) / np.float32(math.sqrt(queries.shape[-1]))
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.asarray((weights @ values).transpose(1, 0, 2).reshape(query.shape), np.float32)


def _gelu(values: Matrix) -> Matrix:
    """Return the tanh form of GELU (Hendrycks and Gimpel 2016); it differs from the exact one by less than 0.001."""
    cubic = values + np.float32(0.044715) * values**3
    return np.asarray(np.float32(0.5) * values * (1 + np.tanh(np.float32(math.sqrt(2 / math.pi)) * cubic)), np.float32)
