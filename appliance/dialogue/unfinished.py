"""Whether the words so far sound unfinished: the transcript's opinion on the end of a turn."""

from __future__ import annotations

import re
from enum import StrEnum


class Unfinished(StrEnum):
    """Why more is to be expected."""

    HESITATION = "hesitation"
    """The last word is "um", "well", "so"."""
    CONNECTIVE = "connective"
    """The last word wants another: "and", "the", "my", "to"."""
    BROKEN_OFF = "broken-off"
    """The recogniser wrote "...", "-" or "," at the end."""
    CLAUSE = "clause"
    """A sentence that began with "if" or "when" has no main clause yet. Not sure: it may answer a question."""
    NUMBER = "number"
    """A phone or account number is being dictated and is too short to be one."""
    EMAIL = "email"
    """An e-mail address has no domain yet."""
    SPELLING = "spelling"
    """Letters are being spelled."""

    @property
    def dictation(self) -> bool:
        """Whether this stays likely over the next pause, until the transcript says otherwise."""
        return self in {Unfinished.NUMBER, Unfinished.EMAIL, Unfinished.SPELLING}


_HESITATIONS = frozenset({"um", "umm", "uh", "uhm", "er", "erm", "eh"})

_ALWAYS_OPEN = frozenset(
    [
        "and",
        "or",
        "but",
        "because",
        "if",
        "unless",
        "although",
        "the",
        "a",
        "an",
        "my",
        "your",
        "our",
        "their",
        "of",
        "than",
        "whose",
        "i'm",
        "i'd",
        "i'll",
        "i've",
        "we're",
        "we'd",
        "we'll",
        "we've",
        "you're",
        "they're",
        "he's",
        "she's",
        "there's",
        "it's",
        "let's",
    ]
)
"""A sentence does not end in one of these."""

_OPEN_UNLESS_ASKED = frozenset(
    [
        "to",
        "for",
        "with",
        "from",
        "at",
        "about",
        "by",
        "into",
        "is",
        "are",
        "was",
        "were",
        "am",
        "that",
        "which",
        "who",
        "where",
        "when",
        "i",
        "we",
    ]
)
"""These end questions ("Who is it for?"), and little else."""

_DIGIT_WORDS = frozenset(["zero", "oh", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"])
_REPEATS = {"double": 1, "triple": 2}
"""How many digits the word adds to the one that follows it."""

_SUBORDINATE = re.compile(
    r"(?:(?:and|but|so|well|yes|no|um|uh)[, ]+)*(?:even )?(?:if|when|whenever|while|although|though|unless|as soon as)"
    r" (?!(?:do|does|did|is|are|was|were|am|can|could|will|would|shall|should|may|might|must|have|has|had|possible)\b)"
    r"(?!(?:you|i|we) (?:could|would|can|may|might)\b)[^,;:?]+"
)
"""A subordinate clause with nothing behind it. "When does it open" is a question, "if I could see it" a request."""

_PHONE = re.compile(r"\b(phone|cell|mobile|telephone|call me|reach me|number is|number's|my number)\b")
_DIGITS_EXPECTED = (
    (re.compile(r"\b(credit|debit|card)\b"), frozenset(range(1, 15))),
    (re.compile(r"\b(zip|postal)\b"), frozenset(range(1, 5))),
    (re.compile(r"\b(pin|passcode)\b"), frozenset(range(1, 4))),
    (_PHONE, frozenset({1, 2, 3, 4, 5, 6, 8, 9})),
)
"""What is being dictated, and the counts of digits at which it is incomplete (a phone number has 7, or 10 and more)."""
_UNNAMED_NUMBER = frozenset({3, 4, 5, 6, 8, 9})
"""Counts at which digits said one after the other, without a name, are likely to go on."""

_EMAIL_BEGUN = re.compile(r"(\be-?mail( address)? (is|it's|would be)\b|\bemail:|@|\bat [\w ]*\bdot$)")
_EMAIL_DONE = re.compile(r"(@[\w-]+(\.[\w-]+)+|\bdot [a-z]{2,}|\w\.(com|net|org|edu|gov|co|io|de|uk))$")
_SPELLED = re.compile(r"(?:^|[\s-])[a-z](?:[\s,-]+[a-z])+$")


def unfinished(text: str) -> Unfinished | None:
    """Return why `text`, a transcript up to a pause, is likely to go on, or None when nothing says so. English."""
    stripped = text.strip().lower().replace("\u2019", "'")
    question = stripped.endswith("?")
    bare = stripped.rstrip(" .,;:?!-\u2026\u2014\u2013")
    words = re.findall(r"[\w'@.+-]+", bare)
    if not words:
        return None
    if words[-1] in _HESITATIONS:
        return Unfinished.HESITATION
    if dictated := _dictation(bare):
        return dictated
    if words[-1] in _ALWAYS_OPEN or (words[-1] in _OPEN_UNLESS_ASKED and not question and len(words) > 1):
        return Unfinished.CONNECTIVE
    if stripped.endswith(("...", "\u2026", "-", "\u2014", "\u2013", ",")):
        return Unfinished.BROKEN_OFF
    last_sentence = re.split(r"[.!?]\s+", bare)[-1]
    return Unfinished.CLAUSE if _SUBORDINATE.fullmatch(last_sentence) and not question else None


def _dictation(bare: str) -> Unfinished | None:
    if _EMAIL_BEGUN.search(bare) and not _EMAIL_DONE.search(bare):
        return Unfinished.EMAIL
    if _SPELLED.search(bare):
        return Unfinished.SPELLING
    digits, groups = _trailing_digits(bare)
    if not digits:
        return None
    for context, open_counts in _DIGITS_EXPECTED:
        if context.search(bare):
            return Unfinished.NUMBER if digits in open_counts else None
    return Unfinished.NUMBER if groups > 1 and digits in _UNNAMED_NUMBER else None


def _trailing_digits(bare: str) -> tuple[int, int]:
    """Count the digits at the end of the text, and the groups in which they were said."""
    digits = groups = 0
    for token in reversed(re.split(r"[\s,()-]+|\.(?=\s)", bare)):
        if not token:
            continue
        if token in _REPEATS:
            digits += _REPEATS[token]
            continue
        size = 1 if token in _DIGIT_WORDS else len(token.lstrip("+"))
        if token not in _DIGIT_WORDS and not re.fullmatch(r"\+?\d+", token):
            break
        digits, groups = digits + size, groups + 1
    return digits, groups
