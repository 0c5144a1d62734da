"""Which task a person wants, with a probability, from the examples that the administrator wrote.

What speaks for a task are its examples, what speaks against it are its counter-examples, the examples of the others,
and everything people say that wants no task at all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from appliance.assistant.small_talk import small_talk
from appliance.assistant.teaching import not_wanting, wanting
from appliance.config.tools import Task
from appliance.understanding import neutral

Matrix = NDArray[np.float32]

LIKENESS = 12.0
"""How much the likeness to the nearest sentence of a task counts: a task has several ways to be asked for, which a
plane cannot all have on one side."""
ANOTHER = 0.6
"""From so much likeness on, a counter-example of one task is what people say who want another."""
SCALE = 8.0
"""Unit vectors are too short for a logistic regression with weights of a moderate size."""
SHRINKAGE = 1e-2
STEPS = 400
STEP, MOMENTUM = 0.1, 0.9


class Encoder(Protocol):
    """Sentences to unit vectors."""

    async def embed(self, texts: Sequence[str]) -> Matrix:
        """Return one unit vector a text, shape (len(texts), dimensions)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """A task and how likely it is wanted."""

    name: str
    probability: float


class Intents:
    """Ranks the tasks for an utterance.

    Multinomial logistic regression on sentence embeddings, as in SetFit (Tunstall et al. 2022) without its fine-tuning,
    and the likeness to the nearest example: a dozen examples a task suffice. Numbers, names and days are left out.
    """

    def __init__(self, encoder: Encoder, names: Sequence[str], weights: Matrix, examples: Sequence[Matrix]) -> None:
        """Take `weights` of shape (dimensions + 1, names + 1), and the sentences of each column.

        The last column stands for no task.
        """
        self._encoder = encoder
        self._names = list(names)
        self._weights = weights
        self._examples = list(examples)

    @classmethod
    async def learn(cls, encoder: Encoder, tasks: Sequence[Task], background: Sequence[str]) -> Intents:
        """Take the `tasks` and `background`: sentences that want none of them, such as questions about the site."""
        none = len(tasks)
        wanted = [(text, label, label) for label, task in enumerate(tasks) for text in wanting(task)]
        refused = [(text, none, label) for label, task in enumerate(tasks) for text in not_wanting(task)]
        said = [*((text, none, none) for text in (*small_talk(), *background)), *wanted, *refused]
        vectors = await encoder.embed([neutral(text) for text, _, _ in said])
        labels = np.array([label for _, label, _ in said])
        kept = ~_speaks_for_another(vectors, labels, np.array([owner for _, _, owner in said]), none)
        vectors, labels = vectors[kept], labels[kept]
        weights = await asyncio.to_thread(_fit, vectors, labels, none + 1)
        examples = [vectors[labels == label] for label in range(none + 1)]
        return cls(encoder, [task.name for task in tasks], weights, examples)

    async def rank(self, text: str) -> list[Intent]:
        """Return every task with the probability that `text` wants it, the likeliest first."""
        if not self._names or not text.strip():
            return []
        vectors = await self._encoder.embed([neutral(text.strip())])
        likeness = np.array([(each @ vectors[0]).max(initial=0) for each in self._examples], np.float32)
        probabilities = _softmax(_inputs(vectors) @ self._weights + LIKENESS * likeness)[0]
        ranked = [
            Intent(name=name, probability=float(probability))
            for name, probability in zip(self._names, probabilities, strict=False)
        ]
        return sorted(ranked, key=lambda intent: -intent.probability)


def _speaks_for_another(
    vectors: Matrix, labels: NDArray[np.int64], owners: NDArray[np.int64], none: int
) -> NDArray[np.bool_]:
    """Return which sentences speak against one task and for another: "I want to cancel one" of a tool that books."""
    against = (labels == none) & (owners != none)
    likeness = vectors @ vectors.T
    others = (labels != none)[None, :] & (labels[None, :] != owners[:, None])
    chatter = (labels == none) & (owners == none)
    nearest = np.where(others, likeness, -1).max(axis=1, initial=-1)
    talk = np.where(chatter, likeness, -1).max(axis=1, initial=-1)
    return np.asarray(against & (nearest >= ANOTHER) & (nearest > talk), np.bool_)


def _fit(vectors: Matrix, labels: NDArray[np.int64], classes: int) -> Matrix:
    """Return the weights by gradient descent; classes with few examples count for more."""
    inputs = _inputs(vectors)
    wanted = np.eye(classes, dtype=np.float32)[labels]
    importance = 1 / np.sqrt(np.bincount(labels, minlength=classes).clip(1))[labels]
    importance = (importance / importance.mean() / len(labels))[:, None].astype(np.float32)
    weights = np.zeros((inputs.shape[1], classes), np.float32)
    shrinkage = np.full_like(weights, SHRINKAGE)
    shrinkage[-1] = 0  # not the bias
    momentum = np.zeros_like(weights)
    for _ in range(STEPS):
        error = (_softmax(inputs @ weights) - wanted) * importance
        momentum = MOMENTUM * momentum + inputs.T @ error + shrinkage * weights
        weights -= STEP * momentum
    return weights


def _inputs(vectors: Matrix) -> Matrix:
    return np.concatenate([vectors * np.float32(SCALE), np.ones((len(vectors), 1), np.float32)], axis=1)


def _softmax(logits: Matrix) -> Matrix:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)
