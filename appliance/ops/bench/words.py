"""Word error rate after the usual normalisation: spelling, digits and contractions do not count as errors."""

from __future__ import annotations

import re

from num2words import num2words
from rapidfuzz.distance import Levenshtein

CONTRACTIONS = {
    "can't": "can not",
    "cannot": "can not",
    "gonna": "going to",
    "he's": "he is",
    "i'm": "i am",
    "it's": "it is",
    "let's": "let us",
    "she's": "she is",
    "that's": "that is",
    "there's": "there is",
    "wanna": "want to",
    "what's": "what is",
    "where's": "where is",
    "who's": "who is",
    "won't": "will not",
}
ENDINGS = {"n't": " not", "'re": " are", "'ll": " will", "'ve": " have", "'d": " would"}
SYMBOLS = {"%": " percent ", "&": " and ", "+": " plus ", "\N{RIGHT SINGLE QUOTATION MARK}": "'"}

_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3})")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)\b")
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_OTHER = re.compile(r"[^a-z' ]")


def normalise(text: str) -> list[str]:
    """Return the words of English `text` in lower case, numbers spelled out, contractions expanded, no punctuation."""
    text = text.casefold()
    for symbol, name in SYMBOLS.items():
        text = text.replace(symbol, name)
    text = _THOUSANDS.sub("", text)
    text = _ORDINAL.sub(lambda match: num2words(int(match[1]), to="ordinal"), text)
    text = _NUMBER.sub(lambda match: f" {num2words(match[0])} ", text)
    words = (word.strip("'") for word in _OTHER.sub(" ", text).split())
    return " ".join(_expand(word) for word in words if word).split()


def word_errors(reference: str, hypothesis: str) -> tuple[int, int]:
    """Return the words that are wrong, missing or too many, and the words of the reference."""
    expected = normalise(reference)
    return Levenshtein.distance(expected, normalise(hypothesis)), len(expected)


def _expand(word: str) -> str:
    if word in CONTRACTIONS:
        return CONTRACTIONS[word]
    for ending, spelled in ENDINGS.items():
        if word.endswith(ending):
            return word.removesuffix(ending) + spelled
    return word
