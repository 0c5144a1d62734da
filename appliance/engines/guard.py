"""Tells words that were said from words that Whisper makes up when nobody speaks.

The lines were drawn on recordings of people, clean, quiet, cut off and in kitchen noise, against music, offices,
a kitchen, animals, horns, hum and far-away babble; docs/decisions/0006-short-windows.md has the figures.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

SILENCE_DBFS = -62.0
"""Below this even the loudest part is the noise of the microphone itself."""

SURE_OF_SPEECH = 1.5
"""How many times less probable than the limit the words may be when it is certain that somebody speaks."""

PHANTOM_STRICTNESS = 0.5
"""A phantom has to be this much more probable than other words."""

FAINT_DBFS = -38.0
FAINT_DOUBT = 0.7
"""A model that was given a vocabulary is readier to believe in speech. What is fainter than a person at the appliance
is then more likely talk in the background: there, `no speech` is taken for 1 / 0.7 times as probable."""

MAX_WORDS_PER_S = 7.0
SLACK_WORDS = 2.0
"""Nobody speaks faster: auctioneers reach six words a second."""

LONGEST_PATTERN = 6
REPETITIONS = 5
REPEATED_SHARE = 0.6
"""A loop says a pattern of up to six words at least five times, and little else. People do say "no no no no"."""

PHANTOMS = frozenset(
    {
        "applause",
        "bye",
        "bye bye",
        "i'm so sorry",
        "i'm sorry",
        "music",
        "oh",
        "okay",
        "please",
        "please subscribe",
        "so",
        "thank you",
        "thank you for watching",
        "thank you so much",
        "thank you very much",
        "thanks for watching",
        "the",
        "you",
    }
)
"""What Whisper writes for noise. People say most of it too, so that these only need better evidence."""

_ANNOTATION = re.compile(r"\[[^\]]*\]|\([^)]*\)|\*[^*]*\*|♪[^♪]*♪?")
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


class Rejection(StrEnum):
    """Why something was not understood."""

    SILENCE = "silence"
    NO_SPEECH = "no-speech"
    LOW_CONFIDENCE = "low-confidence"
    REPETITION = "repetition"
    PHANTOM = "phantom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of one pass."""

    text: str
    seconds: float
    """Length of the sound."""
    level_dbfs: float
    """Loudness of its loudest part."""
    average_logprob: float
    """Natural logarithm of the probability, per token."""
    no_speech_probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Where the line is drawn."""

    no_speech_probability: float = 0.6
    average_logprob: float = -1.0
    compression_ratio: float = 2.4
    vocabulary: tuple[str, ...] = ()
    """Words that the model was told to expect, and therefore finds in noise."""


def judge(evidence: Evidence, limits: Limits) -> Rejection | None:
    """Return why the text cannot be trusted, or None when it was said."""
    if evidence.level_dbfs < SILENCE_DBFS:
        return Rejection.SILENCE
    words = _words(evidence.text)
    if not words:
        return Rejection.NO_SPEECH
    if _compression_ratio(evidence.text) > limits.compression_ratio or _loops(words):
        return Rejection.REPETITION
    return _judge_probability(evidence, words, limits)


def _judge_probability(evidence: Evidence, words: Sequence[str], limits: Limits) -> Rejection | None:
    if len(words) > SLACK_WORDS + MAX_WORDS_PER_S * evidence.seconds:
        return Rejection.LOW_CONFIDENCE
    no_speech = _no_speech(evidence, limits)
    needed = _needed_logprob(no_speech, limits)
    if evidence.average_logprob < needed:
        return Rejection.NO_SPEECH if no_speech > limits.no_speech_probability else Rejection.LOW_CONFIDENCE
    if _made_up(words, limits) and evidence.average_logprob < needed * PHANTOM_STRICTNESS:
        return Rejection.PHANTOM
    return None


def _no_speech(evidence: Evidence, limits: Limits) -> float:
    """Return how likely it is that nobody speaks to the appliance."""
    if not limits.vocabulary or evidence.level_dbfs >= FAINT_DBFS:
        return evidence.no_speech_probability
    return min(evidence.no_speech_probability / FAINT_DOUBT, 1.0)


def _needed_logprob(no_speech: float, limits: Limits) -> float:
    """Return how probable words must be: less than the limit where speech is sure, more where there is hardly any."""
    doubt = limits.no_speech_probability
    if no_speech <= doubt:
        sure = 1.0 - no_speech / doubt if doubt else 0.0
        return limits.average_logprob * (1.0 + sure * (SURE_OF_SPEECH - 1.0))
    return limits.average_logprob * (1.0 - no_speech) / (1.0 - doubt)


def _made_up(words: Sequence[str], limits: Limits) -> bool:
    if " ".join(words) in PHANTOMS:
        return True
    expected = {word for term in limits.vocabulary for word in _words(term)}
    return expected.issuperset(words)


def _words(text: str) -> list[str]:
    """Return the words in lower case, without what stands in brackets: that is a description of a noise."""
    return _WORD.findall(_ANNOTATION.sub(" ", text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")).casefold())


def _compression_ratio(text: str) -> float:
    data = text.encode()
    return len(data) / len(zlib.compress(data))


def _loops(words: Sequence[str]) -> bool:
    return any(
        length * run >= REPEATED_SHARE * len(words)
        for length in range(1, LONGEST_PATTERN + 1)
        if (run := _longest_run(words, length)) >= REPETITIONS
    )


def _longest_run(words: Sequence[str], length: int) -> int:
    """Return how often a pattern of `length` words is said in a row at most."""
    best = same = 0
    for here in range(length, len(words)):
        same = same + 1 if words[here] == words[here - length] else 0
        best = max(best, same // length)
    return best + 1
