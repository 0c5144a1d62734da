"""Finds the passages that fit what a person said: full-text search, and sentence embeddings where there are some."""

from __future__ import annotations

import math
import sqlite3
import weakref
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from appliance.knowledge.passage import KnowledgeError, Passage
from appliance.knowledge.query import Term, Vocabulary, sound, words

TITLE_WEIGHT, TEXT_WEIGHT = 2.0, 1.0
"""A word of a heading counts twice: it says what the passage is about."""
FUSION_CONSTANT = 60
"""k of reciprocal rank fusion, `1 / (k + rank)`, as in Cormack, Clarke and Büttcher 2009."""
CANDIDATES = 50
"""How far down each of the two rankings is read."""
MIN_SIMILARITY = 0.35
"""Below this cosine a passage without a word of the question is not about it. Measured with all-MiniLM-L6-v2 on 55
questions at a clinic desk: those about something else stay below 0.35 but for a few up to 0.42."""

_MIN_PREFIX, _MIN_FUZZY = 4, 5
"""Shorter words have too many neighbours: `high` is near `height`."""
_MIN_SCORE, _MIN_SCORE_ALIKE, _MAX_RESPELT = 85, 55, 2
"""Least percentage of equal letters of a respelt word, the same where all consonants sound alike, and how many."""
_MIN_SOUNDS = 3
_COLUMNS = "CREATE VIRTUAL TABLE passages USING fts5(title, text, tokenize='porter unicode61 remove_diacritics 2')"


class Embedder(Protocol):
    """Turns sentences into vectors whose scalar product says how near they are in meaning."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return an array of shape (len(texts), 384) with rows of unit length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A passage that was found."""

    passage: Passage
    score: float
    """How much of what was asked the passage mentions, from 0 to 1; a rare word counts more than a frequent one."""
    covered: frozenset[str]
    """Words of the person that the passage mentions, or a synonym or near spelling of them."""
    missing: frozenset[str]
    """The other words that were searched for."""
    similarity: float | None = None
    """Cosine of the two embeddings, from -1 to 1; None without an embedder."""


class KnowledgeIndex:
    """Passages that can be searched. It never changes; to change what is known, build another one."""

    def __init__(
        self,
        passages: Sequence[Passage],
        *,
        synonyms: Mapping[str, Iterable[str]] | None = None,
        embedder: Embedder | None = None,
        known: KnowledgeIndex | None = None,
        file: Path | None = None,
    ) -> None:
        """Index `passages`, in memory or in `file`, which is replaced.

        Args:
            passages: What can be found.
            synonyms: Words of the site that stand for each other.
            embedder: Adds a ranking by meaning.
            known: An index whose embeddings are taken over for texts that have not changed.
            file: Where to keep the full-text index, if not in memory.

        Raises:
            KnowledgeError: `file` cannot be written.
        """
        self.passages = tuple(passages)
        self._vocabulary = Vocabulary(synonyms or {})
        self._database = _open(file, self.passages)
        self._end = weakref.finalize(self, self._database.close)
        self._spellings = _by_first_sound(self.passages)
        self._embedder = embedder
        self._vectors = _vectors(self.passages, embedder, known)

    def search(self, text: str, limit: int) -> list[Hit]:
        """Return at most `limit` passages, the best first; none when nothing is about `text`."""
        terms = self._vocabulary.terms(text)
        expressions = {term.word: self._expression(term) for term in terms}
        rows = {word: self._matching(expression) for word, expression in expressions.items()}
        by_words = self._ranked_by_words(expressions.values())
        similarities = self._similarities(text)
        by_meaning: list[int] = []
        if similarities is not None:
            best = np.argsort(-similarities, kind="stable")[:CANDIDATES]
            by_meaning = [int(row) for row in best if similarities[row] >= MIN_SIMILARITY]
        weights = {word: self._rarity(len(found)) for word, found in rows.items()}
        return [
            self._hit(row, rows, weights, None if similarities is None else float(similarities[row]))
            for row in _fused(by_words, by_meaning)[:limit]
        ]

    def embeddings(self) -> dict[str, NDArray[np.float32]]:
        """Return the embedding of each text that was embedded, shape (384,); empty without an embedder."""
        return {} if self._vectors is None else dict(zip(map(_embedded, self.passages), self._vectors, strict=True))

    def close(self) -> None:
        """Give the memory or file back; it also happens when nobody holds the index any more."""
        self._end()

    def _ranked_by_words(self, expressions: Collection[str]) -> list[int]:
        if not expressions:
            return []
        query = "SELECT rowid FROM passages WHERE passages MATCH ? ORDER BY bm25(passages, ?, ?), rowid LIMIT ?"
        match = " OR ".join(expressions)
        return [row for (row,) in self._database.execute(query, (match, TITLE_WEIGHT, TEXT_WEIGHT, CANDIDATES))]

    def _occurs(self, expression: str) -> bool:
        query = "SELECT 1 FROM passages WHERE passages MATCH ? LIMIT 1"
        return self._database.execute(query, (expression,)).fetchone() is not None

    def _matching(self, expression: str) -> frozenset[int]:
        found = self._database.execute("SELECT rowid FROM passages WHERE passages MATCH ?", (expression,))
        return frozenset(row for (row,) in found)

    def _expression(self, term: Term) -> str:
        """Return an FTS5 expression of quoted strings: nothing that a person says is syntax."""
        alternatives = [_quoted(word) for word in (term.word, *term.others)]
        if not self._occurs(alternatives[0]):
            alternatives += self._respelt(term.word)
        return " OR ".join(alternatives)

    def _respelt(self, word: str) -> list[str]:
        """Return expressions for a word that no passage contains, as recognisers cut and misspell words."""
        if not word.isalpha() or len(word) < _MIN_PREFIX:
            return []
        prefix = f"{_quoted(word)} *"
        if self._occurs(prefix):
            return [prefix]
        halves = (_quoted(f"{word[:cut]} {word[cut:]}") for cut in range(1, len(word)))
        if parted := next((phrase for phrase in halves if self._occurs(phrase)), None):
            return [parted]
        return [_quoted(spelling) for spelling in self._near(word)]

    def _near(self, word: str) -> list[str]:
        heard = sound(word)
        alike = self._spellings.get(heard[:1], ())
        near = process.extract(word, alike, scorer=fuzz.ratio, score_cutoff=_MIN_SCORE_ALIKE, limit=None)
        good = [
            spelling
            for spelling, score, _ in near
            if len(spelling) >= _MIN_FUZZY
            and (score >= _MIN_SCORE or (len(heard) >= _MIN_SOUNDS and sound(spelling) == heard))
        ]
        return good[:_MAX_RESPELT] if len(word) >= _MIN_FUZZY else []

    def _rarity(self, passages: int) -> float:
        """Return the inverse document frequency of a term, as BM25 defines it."""
        return math.log(1 + (len(self.passages) - passages + 0.5) / (passages + 0.5))

    def _similarities(self, text: str) -> NDArray[np.float32] | None:
        if self._embedder is None or self._vectors is None:
            return None
        similarities: NDArray[np.float32] = self._vectors @ self._embedder.embed([text])[0]
        return similarities

    def _hit(
        self, row: int, rows: Mapping[str, frozenset[int]], weights: Mapping[str, float], similarity: float | None
    ) -> Hit:
        covered = frozenset(word for word, found in rows.items() if row in found)
        total = sum(weights.values())
        return Hit(
            passage=self.passages[row],
            score=sum(weights[word] for word in covered) / total if total else 0.0,
            covered=covered,
            missing=frozenset(rows) - covered,
            similarity=similarity,
        )


def _fused(*rankings: Sequence[int]) -> list[int]:
    """Return the rows of all rankings by the sum of their reciprocal ranks."""
    scores: dict[int, float] = {}
    for ranking in rankings:
        for rank, row in enumerate(ranking, start=1):
            scores[row] = scores.get(row, 0.0) + 1 / (FUSION_CONSTANT + rank)
    return sorted(scores, key=lambda row: (-scores[row], row))


def _by_first_sound(passages: Sequence[Passage]) -> dict[str, list[str]]:
    spellings: dict[str, list[str]] = {}
    for word in sorted({word for each in passages for word in words(_embedded(each))}):
        spellings.setdefault(sound(word)[:1], []).append(word)
    return spellings


def _quoted(phrase: str) -> str:
    return '"' + phrase.replace('"', '""') + '"'


def _embedded(passage: Passage) -> str:
    return f"{passage.title}. {passage.text}" if passage.title else passage.text


def _vectors(
    passages: Sequence[Passage], embedder: Embedder | None, known: KnowledgeIndex | None
) -> NDArray[np.float32] | None:
    """Return an array of shape (passages, 384), or None without an embedder."""
    if embedder is None or not passages:
        return None
    kept = known.embeddings() if known is not None else {}
    texts = [_embedded(passage) for passage in passages]
    if new := [text for text in dict.fromkeys(texts) if text not in kept]:
        kept.update(zip(new, embedder.embed(new), strict=True))
    return np.stack([kept[text] for text in texts])


def _open(file: Path | None, passages: Sequence[Passage]) -> sqlite3.Connection:
    """Fill a new index; a file takes its place only when it is complete, for another index may still read the old."""
    if file is None:
        return _filled(":memory:", passages)
    fresh = file.with_name(f"{file.name}.new")
    try:
        fresh.unlink(missing_ok=True)
        with closing(_filled(str(fresh), passages)):
            fresh.replace(file)
        return sqlite3.connect(file, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        remedy = "Choose a file that can be written, or keep the index in memory."
        raise KnowledgeError(f"The index {file} cannot be written: {error}.", remedy=remedy) from error


def _filled(name: str, passages: Sequence[Passage]) -> sqlite3.Connection:
    # It is built by one thread and read by another, never by two at once; SQLite itself serialises its calls.
    database = sqlite3.connect(name, check_same_thread=False)
    database.execute(_COLUMNS)
    rows = ((number, each.title, each.text) for number, each in enumerate(passages))
    database.executemany("INSERT INTO passages (rowid, title, text) VALUES (?, ?, ?)", rows)
    database.commit()
    return database
