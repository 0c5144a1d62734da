"""The sentences that a declaration teaches the choice of a task: what speaks for it, and what against it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.config.tools import Task

_PERSON = re.compile(
    r"^(?:(?:a |the |some )?(?:people|persons?|callers?|visitors?|patients?|guests?|customers?)|somebody|someone"
    r"|they)\b",
    re.IGNORECASE,
)
_MINE = {"their": "my", "theirs": "mine", "them": "me", "they": "I", "themselves": "myself"}
_FIRST = {"wants": "want", "has": "have", "needs": "need", "asks": "ask", "is": "am", "are": "am", "doesn't": "don't"}
_VERB = r"(?:want|ask|give|describe|end|only|need|have|am|are|can't|don't)s?"
_PART = re.compile(rf",\s*(?:or\s+)?|\s+or\s+(?=(?:{_VERB}|to|when|where|what|how)\b)|;\s*")
_ASKING = re.compile(r"^I (?:ask|want to know)(?: for)?\s+(?:whether\s+)?", re.IGNORECASE)
_FEWEST_WORDS = 3


def wanting(task: Task) -> list[str]:
    """Return what is said by people who want the task."""
    return [text for text in (*task.examples, task.use_when, task.description) if text]


def not_wanting(task: Task) -> list[str]:
    """Return what is said by people who want something else that looks like it."""
    return [*task.counter_examples, *_in_their_words(task.not_when)]


def _in_their_words(description: str) -> Iterator[str]:
    """Yield a description of people as they would say it, one sentence a case.

    "They ask where the lift is, or want to buy something." becomes "where the lift is" and "I want to buy something".
    """
    for sentence in re.split(r"[.!?]\s*", description):
        if _PERSON.search(sentence):
            for part in _PART.split(_first_person(sentence)):
                words = f"I {part}" if re.match(rf"{_VERB}\b", part) else part
                said = _ASKING.sub("", words.replace("I are ", "I am ")).strip()
                if len(said.split()) >= _FEWEST_WORDS:
                    yield said


def _first_person(sentence: str) -> str:
    who, *others = _PERSON.sub("I", sentence).split()
    verb = [_FIRST.get(word, word) for word in others[:1]]
    return " ".join([who, *verb, *(_MINE.get(word.lower(), word) for word in others[1:])])
