"""What was found in a text, and where."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.config.redaction import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A value that was found, so that it can be recognised again."""

    kind: Kind
    normalised: str
    """A phone number in E.164 where that is known, else its digits; an address in lower case; a date of birth in ISO
    8601 as far as it was said; digits of cards; letters in capitals of an identity number or IBAN; a name in lower
    case without accents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A value and its place in a text."""

    finding: Finding
    start: int
    end: int


def match(kind: Kind, normalised: str, start: int, end: int) -> Match:
    """Return a match."""
    return Match(finding=Finding(kind=kind, normalised=normalised), start=start, end=end)
