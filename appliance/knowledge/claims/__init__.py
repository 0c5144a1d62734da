"""Finds what a reply claims and nobody said: times, days, prices, numbers, places and names that no source contains.

It compares what is meant, not how it is spelt: `six in the evening` is `18:00`, `two dollars` is `$2`, and Wednesday is
within `Monday to Friday`. It does not understand sentences: a reply that puts the right words together wrongly passes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from appliance.knowledge.claims import amounts, calendar, clock, contacts, names, places
from appliance.knowledge.claims.mention import Found, Kind, Mention, Reading, scan
from appliance.knowledge.numerals import Digits
from appliance.knowledge.sentences import Sentence, sentences

__all__ = ["Claim", "Evidence", "Kind", "UnsupportedSentence", "first_unsupported_sentence", "unsupported"]

_RULES = (
    *contacts.ADDRESS_RULES,
    *calendar.DATE_RULES,
    *contacts.PHONE_RULES,
    *calendar.ALWAYS_RULES,
    *clock.RULES,
    *amounts.RULES,
    *places.RULES,
    *contacts.DIGIT_RULES,
    *clock.CONTEXT_RULES,
    *calendar.DAY_RULES,
    *amounts.PLAIN_RULES,
)
_SHORTEST_PHONE = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A part of a reply that no source supports."""

    kind: Kind
    text: str
    """As it stands in the reply."""
    start: int
    """Index of its first character in the reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsupportedSentence:
    """The first sentence of a reply that must not be spoken."""

    text: str
    start: int
    """Index of its first character in the reply; what stands before it is supported."""
    claims: tuple[Claim, ...]


class Evidence:
    """What the sources say, read once for any number of replies."""

    def __init__(self, sources: Iterable[str]) -> None:
        self._readings: set[Reading] = set()
        for source in sources:
            self._readings.update(("word", word) for word in names.words(source))
            for sentence in sentences(source):
                for mention in scan(Digits(sentence.text), _RULES)[0]:
                    self._add(mention.found)
        self._times = [reading for reading in self._readings if reading[0] == "time"]
        self._phones = [str(reading[1]) for reading in self._readings if reading[0] == "phone"]

    def unsupported(self, reply: str) -> list[Claim]:
        """Return the claims of a reply that nothing here supports, in the order of the reply."""
        return [claim for sentence in sentences(reply) for claim in self._unsupported(sentence)]

    def first_unsupported_sentence(self, reply: str) -> UnsupportedSentence | None:
        """Return the first sentence that makes such a claim, or None."""
        for sentence in sentences(reply):
            if claims := self._unsupported(sentence):
                return UnsupportedSentence(text=sentence.text, start=sentence.start, claims=tuple(claims))
        return None

    def _add(self, found: Found) -> None:
        self._readings |= found.readings
        if found.value is not None:
            self._readings.add(("any", found.value))

    def _unsupported(self, sentence: Sentence) -> list[Claim]:
        digits = Digits(sentence.text)
        mentions, rest = scan(digits, _RULES)
        claims = {
            span: Claim(kind=mention.kind, text=sentence.text[slice(*span)], start=sentence.start + span[0])
            for mention in [*mentions, *names.names(rest)]
            if mention.found.asserted and not self._supports(mention)
            for span in [digits.span(mention.start, mention.end)]
        }
        return sorted(claims.values(), key=lambda claim: claim.start)

    def _supports(self, mention: Mention) -> bool:
        readings = set(mention.found.readings)
        if mention.found.value is not None:
            readings.add(("loose", mention.found.value))
        return any(self._contains(reading) for reading in readings)

    def _contains(self, reading: Reading) -> bool:
        match reading:
            case ("time", *_):
                return any(_same_time(reading, known) for known in self._times)
            case ("phone", str(digits)):
                return any(_same_phone(digits, known) for known in self._phones)
            case _:
                return reading in self._readings


def unsupported(reply: str, sources: Iterable[str]) -> list[Claim]:
    """Return what `reply` claims and none of the `sources` says, in the order of the reply.

    Sources are the passages given to the model, what the person said, results of tools, the names of the persona and
    of the site, and the date and time the model was told.
    """
    return Evidence(sources).unsupported(reply)


def first_unsupported_sentence(reply: str, sources: Iterable[str]) -> UnsupportedSentence | None:
    """Return the first sentence of `reply` that makes a claim that none of the `sources` supports, or None."""
    return Evidence(sources).first_unsupported_sentence(reply)


def _same_phone(one: str, other: str) -> bool:
    """Tell whether two numbers are the same, with or without area and country code."""
    shorter, longer = sorted((one, other), key=len)
    return len(shorter) >= _SHORTEST_PHONE and longer.endswith(shorter)


def _same_time(one: Reading, other: Reading) -> bool:
    """Tell whether two times agree in the minute and, where both say so, in the half of the day and in their role."""
    return one[1] == other[1] and all(
        mine == theirs or "" in (mine, theirs) for mine, theirs in zip(one[2:], other[2:], strict=True)
    )
